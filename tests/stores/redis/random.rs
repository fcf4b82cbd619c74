//! Random actions, limits and states.

use paced::store::Action;
use paced::store::Calls;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::MAX_LIMITS;
use paced::store::PauseKind;
use paced::store::RetryBudget;
use paced::store::State;
use paced::store::Ticks;
use rand::RngExt as _;
use rand::rngs::StdRng;

pub(super) const SECOND: u64 = Ticks::SECOND.get();
pub(super) const HOUR: u64 = 3600 * SECOND;

/// Durations of every size, a few of them next to one another and a few beyond all bounds.
pub(super) fn ticks(dice: &mut StdRng) -> u64 {
    match dice.random_range(0..10) {
        0 => dice.random_range(0..3),
        1 => dice.random_range(0..5000),
        2 => SECOND / 20 + dice.random_range(0..3),
        3 => dice.random_range(0..SECOND),
        4 => dice.random_range(0..HOUR),
        5 => dice.random_range(0..1000 * HOUR),
        6 => dice.random_range(0..1 << 53),
        7 => dice.random(),
        8 => u64::MAX,
        _ => HOUR,
    }
}

pub(super) fn limits(dice: &mut StdRng) -> Limits {
    let limits = [(); MAX_LIMITS].map(|()| {
        let interval = match dice.random_range(0..8) {
            0 => 40,
            1 => 400,
            2 => SECOND,
            3 => 7 * SECOND + 3,
            4 => HOUR,
            _ => ticks(dice),
        };
        let burst = match dice.random_range(0..4) {
            0 => 1,
            1 => dice.random(),
            _ => dice.random_range(1..200),
        };
        let limit = Limit::new(Ticks::new(interval), burst);
        if dice.random() {
            limit.with_period(Ticks::new(ticks(dice)))
        } else {
            limit
        }
    });
    let count = if dice.random() {
        1
    } else {
        dice.random_range(1..=MAX_LIMITS)
    };
    Limits::new(&limits[..count]).expect("one to four limits")
}

pub(super) fn action(dice: &mut StdRng, limits: Limits, now: u64) -> Action {
    let near = limits.as_slice()[0].interval().get();
    let time = |dice: &mut StdRng| Ticks::new(ticks(dice));
    let ahead = |dice: &mut StdRng| {
        if dice.random() {
            Ticks::new(dice.random_range(0..20 * near))
        } else {
            time(dice)
        }
    };
    match dice.random_range(0..22) {
        0 => Action::Peek,
        1 | 2 => Action::Pause {
            duration: time(dice),
            kind: kind(dice),
        },
        3 => Action::Learn {
            row: dice.random_range(0..10),
            interval: match dice.random_range(0..5) {
                0 | 1 => Ticks::new(near + dice.random_range(0..near)),
                2 => Ticks::MAX,
                _ => time(dice),
            },
            duration: time(dice),
        },
        4 => Action::Resume {
            forget: dice.random(),
        },
        5..13 => shared(dice, now),
        13..17 => Action::DrawCalls {
            calls: calls(dice, limits),
            horizon: ahead(dice),
            longest: ahead(dice) + ahead(dice),
            drain: dice.random_range(0..8) == 0,
        },
        kind => Action::Draw {
            tokens: match dice.random_range(0..6) {
                0 => dice.random(),
                1 => dice.random_range(0..3),
                _ => dice.random_range(1..300),
            },
            horizon: ahead(dice),
            longest: if kind < 20 { Ticks::MAX } else { time(dice) },
            drain: kind == 17,
        },
    }
}

fn shared(dice: &mut StdRng, now: u64) -> Action {
    match dice.random_range(0..8) {
        0..3 => settle(dice, now),
        3 => Action::Override {
            limits: self::limits(dice),
            duration: if dice.random_range(0..4) == 0 {
                Ticks::ZERO
            } else {
                Ticks::new(ticks(dice))
            },
        },
        4 | 5 => slots(dice),
        6 => Action::Deposit {
            units: units(dice),
            budget: budget(dice),
        },
        _ => Action::Withdraw {
            units: units(dice),
            budget: budget(dice),
        },
    }
}

fn kind(dice: &mut StdRng) -> PauseKind {
    if dice.random() {
        PauseKind::Refuse
    } else {
        PauseKind::Wait
    }
}

/// Corrections of every size, of a draw that was made at about now.
fn settle(dice: &mut StdRng, now: u64) -> Action {
    let deltas = [(); MAX_LIMITS].map(|()| match dice.random_range(0..6) {
        0 => dice.random::<i64>() >> dice.random_range(0..60),
        1 => dice.random_range(-9..9),
        2 => dice.random_range(-999..999),
        3 => [i64::MIN, i64::MAX][dice.random_range(0..2)],
        _ => 0,
    });
    let drawn_at = match dice.random_range(0..5) {
        0 => now.saturating_add(ticks(dice)),
        1 => 0,
        2 => now,
        _ => now.saturating_sub(ticks(dice)),
    };
    let drawn = deltas.map(|delta| {
        let refund = u32::try_from(delta.unsigned_abs()).unwrap_or(u32::MAX);
        match dice.random_range(0..6) {
            0 => 0,
            1 => dice.random(),
            2 => refund,
            _ => refund.saturating_add(dice.random_range(0..99)),
        }
    });
    Action::Settle {
        deltas,
        drawn,
        drawn_at: Ticks::new(drawn_at),
    }
}

fn calls(dice: &mut StdRng, limits: Limits) -> Calls {
    let mut calls = Calls::new();
    for _ in 0..dice.random_range(0..4) {
        let costs = limits.as_slice().iter().map(|limit| {
            let burst = limit.capacity() / limit.interval();
            match dice.random_range(0..8) {
                0 | 1 => 0,
                2..5 => 1,
                5 => dice.random(),
                _ => u32::try_from(dice.random_range(0..=burst)).unwrap_or(u32::MAX),
            }
        });
        let costs: Vec<_> = costs.collect();
        calls = calls.and(dice.random_range(0..20), &costs);
    }
    calls
}

/// Few processes and many, and numbers that no double holds.
fn slots(dice: &mut StdRng) -> Action {
    let process = match dice.random_range(0..3) {
        0 => u64::MAX - dice.random_range(0..3),
        1 => dice.random_range(0..100) << 56,
        _ => dice.random_range(0..3),
    };
    let count = |dice: &mut StdRng| match dice.random_range(0..5) {
        0 => dice.random(),
        1 => 0,
        _ => dice.random_range(0..20),
    };
    Action::Slots {
        process,
        most: count(dice),
        want: count(dice),
        held: count(dice),
        waiting: count(dice),
    }
}

fn units(dice: &mut StdRng) -> u64 {
    match dice.random_range(0..5) {
        0 => dice.random(),
        1 => RetryBudget::RETRY / 5,
        _ => RetryBudget::RETRY,
    }
}

fn budget(dice: &mut StdRng) -> RetryBudget {
    RetryBudget {
        most: match dice.random_range(0..4) {
            0 => dice.random(),
            _ => dice.random_range(0..10) * RetryBudget::RETRY,
        },
        trickle: Ticks::new(if dice.random() { 40_000 } else { ticks(dice) }),
    }
}

/// A state that could have been, or not.
pub(super) fn invented(dice: &mut StdRng, now: u64) -> State {
    let rows = dice.random_range(0..=MAX_LIMITS);
    let mut instant = || match dice.random_range(0..8) {
        0 => dice.random(),
        1 => dice.random_range(0..1 << 53),
        2 => u64::MAX,
        3..5 => now.saturating_sub(ticks(dice)),
        _ => now.saturating_add(ticks(dice)),
    };
    let mut instant = || Ticks::new(instant());
    let mut state = State::default();
    for row in &mut state.rows[..rows] {
        row.full_at = instant();
        row.spilt_at = instant();
        row.learnt_until = instant();
    }
    state.lifted_until = instant();
    state.override_until = instant();
    state.paused_until = instant();
    state.seen = instant();
    state.generation = if dice.random_range(0..8) == 0 {
        (1 << 52) + dice.random_range(0..2)
    } else {
        dice.random::<u64>() >> dice.random_range(0..64)
    };
    for row in &mut state.rows[..rows] {
        row.learnt_interval = Ticks::new(ticks(dice));
        if dice.random() {
            row.override_interval = Ticks::new(ticks(dice));
            row.override_capacity = Ticks::new(ticks(dice));
        }
    }
    state.pause_kind = kind(dice);
    state
}
