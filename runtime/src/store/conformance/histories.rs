//! Long random histories.

use crate::store::Action;
use crate::store::Calls;
use crate::store::Limit;
use crate::store::Limits;
use crate::store::MAX_LIMITS;
use crate::store::PauseKind;
use crate::store::Request;
use crate::store::RetryBudget;
use crate::store::State;
use crate::store::Ticks;

use super::script::Bench;
use super::script::HOUR;
use super::script::SECOND;
use super::script::Scenario;

const HISTORIES: usize = 12;
const LENGTH: usize = 60;

pub(super) async fn check(bench: &Bench) {
    let promise = "every answer is the one that `step` gives";
    for number in 0..HISTORIES {
        let name = format!("history-{number}");
        let mut script = Scenario::new(bench, &name, promise, limits());
        // What askers remember: of this key, and of a state that was lost.
        let mut seen = vec![State::default()];
        let mut now = Ticks::ZERO;
        for _ in 0..LENGTH {
            let request = request(script.limits, &seen, now);
            let answer = script.request(request).await;
            now = answer.now;
            seen.push(answer.state);
            if below(10) == 0 {
                seen.push(invented(now));
            }
            if below(20) == 0 {
                // A program with other settings.
                script.limits = limits();
            }
        }
    }
}

fn below(count: u64) -> u64 {
    rand::random::<u64>() % count
}

/// Durations of every size, a few of them next to one another.
fn ticks() -> Ticks {
    match below(8) {
        0 => some_of(Ticks::new(3)),
        1 => some_of(Ticks::new(5000)),
        2 => SECOND / 20 + some_of(Ticks::new(3)),
        3 => some_of(SECOND),
        4 => some_of(HOUR),
        5 => some_of(1000 * HOUR),
        6 => some_of(Ticks::new(1 << 52)),
        _ => HOUR,
    }
}

fn some_of(ticks: Ticks) -> Ticks {
    Ticks::new(below(ticks.get()))
}

fn limits() -> Limits {
    let limits = [(); MAX_LIMITS].map(|()| {
        let interval = [
            Ticks::new(40),
            Ticks::new(400),
            SECOND,
            7 * SECOND + Ticks::new(3),
            HOUR,
        ][index(5)];
        Limit::new(interval, 1 + count(200))
    });
    let most = if below(2) == 0 { 1 } else { MAX_LIMITS };
    Limits::new(&limits[..=index(most)]).unwrap_or(Limits::one(limits[0]))
}

fn index(count: usize) -> usize {
    usize::try_from(below(count as u64)).unwrap_or(0)
}

fn count(most: u64) -> u32 {
    u32::try_from(below(most)).unwrap_or(0)
}

fn request(limits: Limits, seen: &[State], now: Ticks) -> Request {
    let mut request = Request::new(action(now), limits);
    for _ in 0..below(4) {
        request = request.then(action(now));
    }
    if below(2) == 0 {
        request = request.with_floor(seen[index(seen.len())].clone());
    }
    match below(6) {
        0 => request.not_after(now + HOUR),
        1 => request.not_after(now - Ticks::new(1) - some_of(SECOND)),
        2 => request.not_after(now - HOUR),
        3 => request
            .not_after(now - HOUR)
            .sent_at(now - HOUR - some_of(SECOND)),
        _ => request,
    }
}

fn action(now: Ticks) -> Action {
    match below(18) {
        0 => Action::Peek,
        1 => Action::Pause {
            duration: ticks(),
            kind: kind(),
        },
        2 => Action::Learn {
            row: u8::try_from(below(8)).unwrap_or(0),
            interval: if below(3) == 0 { Ticks::MAX } else { ticks() },
            duration: ticks(),
        },
        3 => Action::Draw {
            tokens: count(3),
            horizon: ticks(),
            longest: Ticks::MAX,
            drain: below(2) == 0,
        },
        4 => Action::Resume {
            forget: below(2) == 0,
        },
        5..12 => shared(now),
        12 | 13 => Action::DrawCalls {
            calls: Calls::new()
                .and(count(9), &[(); MAX_LIMITS].map(|()| count(4)))
                .and(1, &[1, count(300)]),
            horizon: ticks(),
            longest: ticks(),
            drain: below(9) == 0,
        },
        _ => Action::Draw {
            tokens: 1 + count(300),
            horizon: ticks(),
            longest: ticks(),
            drain: false,
        },
    }
}

fn shared(now: Ticks) -> Action {
    match below(7) {
        0 => Action::Override {
            limits: limits(),
            duration: if below(2) == 0 { Ticks::ZERO } else { ticks() },
        },
        1 | 2 => Action::Slots {
            process: u64::MAX - below(3),
            most: count(9),
            want: count(9),
            held: count(9),
            waiting: count(9),
        },
        3 => Action::Deposit {
            units: below(1_000_000),
            budget: budget(),
        },
        4 => Action::Withdraw {
            units: below(1_000_000),
            budget: budget(),
        },
        _ => Action::Settle {
            deltas: [(); MAX_LIMITS].map(|()| i64::from(count(99)) - 50),
            drawn: [(); MAX_LIMITS].map(|()| count(99)),
            drawn_at: now - some_of(SECOND),
        },
    }
}

fn budget() -> RetryBudget {
    RetryBudget {
        most: below(3_000_000),
        trickle: ticks(),
    }
}

/// A state that could have been, or not: all of it below 2^53.
fn invented(now: Ticks) -> State {
    let instant = || match below(3) {
        0 => Ticks::new(below(1 << 53)),
        1 => now - ticks(),
        _ => (now + ticks()).min(Ticks::new((1 << 53) - 1)),
    };
    let mut state = State::default();
    for row in &mut state.rows {
        row.full_at = instant();
        row.spilt_at = instant();
        row.learnt_interval = ticks();
        row.learnt_until = instant();
        row.quota.interval = ticks();
        row.override_interval = ticks();
        row.override_capacity = ticks();
    }
    state.paused_until = instant();
    state.pause_kind = kind();
    state.lifted_until = instant();
    state.override_until = instant();
    state.generation = below(1 << below(54));
    state.seen = instant();
    state
}

fn kind() -> PauseKind {
    if below(2) == 0 {
        PauseKind::Refuse
    } else {
        PauseKind::Wait
    }
}
