//! `step`, one request at a time.

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::PauseKind;
use paced::store::Reply;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::Wait;
use paced::store::step;

/// Some time in November 2026.
pub(crate) const START: Ticks = Ticks::from_secs(1_795_500_000);

pub(crate) const SECOND: Ticks = Ticks::SECOND;

pub(crate) const TICK: Ticks = Ticks::new(1);

/// A token per second, ten at once.
pub(crate) const T: Ticks = SECOND;
pub(crate) const BURST: u32 = 10;

pub(crate) fn limits() -> Limits {
    Limits::one(Limit::new(T, BURST))
}

/// So slow that no token comes back during a test, however long the machine takes.
pub(crate) fn hourly() -> Limits {
    Limits::one(Limit::new(3600 * T, BURST))
}

pub(crate) const fn draw(tokens: u32) -> Action {
    Action::Draw {
        tokens,
        horizon: Ticks::ZERO,
        longest: Ticks::MAX,
        drain: false,
    }
}

pub(crate) const fn pause_for(duration: Ticks) -> Action {
    let kind = PauseKind::Wait;
    Action::Pause { duration, kind }
}

pub(crate) const fn learn_pace(interval: Ticks, duration: Ticks) -> Action {
    Action::Learn {
        row: 0,
        interval,
        duration,
    }
}

pub(crate) fn ask(state: &mut State, now: Ticks, action: Action) -> Reply {
    step(state, now, &Request::new(action, limits()))
}

/// Returns the granted tokens, and the time until the first.
pub(crate) fn granted(state: &mut State, now: Ticks, action: Action) -> (u32, Wait) {
    let answer = ask(state, now, action);
    (answer.granted(), answer.last().wait)
}

#[test]
fn a_full_bucket_gives_its_burst_with_instants_of_the_past() {
    let mut state = State::default();
    let answer = ask(&mut state, START, draw(100));
    assert_eq!(answer.now, START);
    assert_eq!((answer.granted(), answer.last().every), (BURST, T));
    // The last of the ten is due now.
    assert_eq!(answer.last().wait, Wait::past(9 * T));
    assert_eq!(answer.state.rows[0].full_at, START + 10 * T);
    assert_eq!(answer.state.seen, START);
    // The next one follows in the same row.
    assert_eq!(granted(&mut state, START, draw(1)), (1, Wait::ahead(T)));
}

#[test]
fn a_horizon_draws_ahead_and_the_first_token_may_lie_beyond_it() {
    let mut state = State::default();
    let ahead = |tokens, horizon, longest| Action::Draw {
        tokens,
        horizon,
        longest,
        drain: false,
    };
    assert_eq!(
        granted(&mut state, START, ahead(100, 3 * T, Ticks::ZERO)),
        (13, Wait::past(9 * T))
    );
    assert_eq!(
        granted(&mut state, START, ahead(100, T, 4 * T)),
        (1, Wait::ahead(4 * T))
    );
    // Nor further than the asker allows; nothing changes then.
    let before = state.clone();
    assert_eq!(
        granted(&mut state, START, ahead(100, T, 5 * T - TICK)),
        (0, Wait::ahead(5 * T))
    );
    assert_eq!(state, before);
}

#[test]
fn an_unchanged_state_is_not_written() {
    let mut state = State::default();
    for action in [
        Action::Peek,
        draw(0),
        pause_for(Ticks::ZERO),
        Action::Draw {
            tokens: 1,
            horizon: Ticks::ZERO,
            longest: Ticks::ZERO,
            drain: false,
        },
    ] {
        ask(&mut state, START, draw(BURST));
        let before = state.clone();
        ask(&mut state, START + TICK, action.clone());
        assert_eq!(state, before, "{action:?}");
    }
}

#[test]
fn a_peek_says_when_the_next_token_is_free() {
    let mut state = State::default();
    assert_eq!(
        granted(&mut state, START, Action::Peek),
        (0, Wait::past(9 * T))
    );
    ask(&mut state, START, draw(BURST));
    assert_eq!(
        granted(&mut state, START + T / 4, Action::Peek),
        (0, Wait::ahead(T - T / 4))
    );
}

#[test]
fn several_limits_are_taken_together_or_not_at_all() {
    let limits = Limits::new(&[Limit::new(T, 10), Limit::new(60 * T, 3)]).unwrap();
    let mut state = State::default();
    let mut ask = |now, tokens, longest| {
        let action = Action::Draw {
            tokens,
            horizon: Ticks::ZERO,
            longest,
            drain: false,
        };
        step(&mut state, now, &Request::new(action, limits))
    };
    let first = ask(START, 5, Ticks::ZERO);
    assert_eq!(
        (first.granted(), first.last().wait, first.last().every),
        (3, Wait::NONE, Ticks::ZERO)
    );
    assert_eq!(full_at(&first.state), [START + 3 * T, START + 180 * T]);
    // The slower one has nothing left: the faster one loses nothing to it.
    let none = ask(START + T, 5, 59 * T - TICK);
    assert_eq!((none.granted(), none.last().wait), (0, Wait::ahead(59 * T)));
    assert_eq!(none.state, first.state);
    // One token, taken from both when it may be used.
    let later = ask(START + T, 5, 59 * T);
    assert_eq!(
        (later.granted(), later.last().wait, later.last().every),
        (1, Wait::ahead(59 * T), Ticks::ZERO)
    );
    assert_eq!(full_at(&later.state), [START + 61 * T, START + 240 * T]);
}

fn full_at(state: &State) -> [Ticks; 2] {
    [0, 1].map(|row| state.rows[row].full_at)
}

#[test]
fn a_pause_reopens_at_the_paced_rate() {
    let mut state = State::default();
    let answer = ask(&mut state, START, pause_for(7 * T));
    assert_eq!(answer.state.paused_until, START + 7 * T);
    assert_eq!(answer.state.generation, 1);
    assert_eq!(answer.last().wait, Wait::ahead(8 * T));
    for (at, wait) in [(Ticks::ZERO, 8 * T), (5 * T, 4 * T), (7 * T, 3 * T)] {
        assert_eq!(
            granted(&mut state, START + at, draw(1)),
            (1, Wait::ahead(wait))
        );
    }
}

#[test]
fn a_pause_takes_back_what_was_drawn_ahead() {
    let mut state = State::default();
    ask(&mut state, START, draw(BURST));
    for _ in 0..30 {
        ask(&mut state, START, draw(1));
    }
    // Thirty tokens are given away up to half a minute ahead; all are void now.
    ask(&mut state, START, pause_for(2 * T));
    assert_eq!(granted(&mut state, START, draw(1)), (1, Wait::ahead(3 * T)));
}

#[test]
fn a_pause_is_extended_and_never_shortened() {
    let mut state = State::default();
    let mut pause = |now, duration| {
        let state = ask(&mut state, now, pause_for(duration)).state;
        (state.paused_until - START, state.generation)
    };
    assert_eq!(pause(START, 10 * T), (10 * T, 1));
    assert_eq!(pause(START, 3 * T), (10 * T, 1));
    assert_eq!(pause(START + T, 9 * T), (10 * T, 1));
    assert_eq!(pause(START + T, 20 * T), (21 * T, 2));
    // A little longer: by 50 ms at least, so that the next answers of the same kind change nothing.
    assert_eq!(pause(START + T + 4 * TICK, 20 * T), (21 * T + T / 20, 3));
    assert_eq!(pause(START + T + T / 20, 20 * T), (21 * T + T / 20, 3));
    // A new pause after the old one is exact again.
    assert_eq!(pause(START + 30 * T, 4 * TICK), (30 * T + 4 * TICK, 4));
}

#[test]
fn no_pause_is_longer_than_30_days_however_often_it_is_extended() {
    const MONTH: Ticks = Ticks::from_secs(30 * 24 * 3600);
    let mut state = State::default();
    for late in [0, 1, 2, 3, 1000].map(Ticks::new) {
        let duration = Ticks::MAX;
        let answer = ask(&mut state, START + late, pause_for(duration));
        assert_eq!(answer.state.paused_until, START + late + MONTH);
    }
}

#[test]
fn a_drained_bucket_begins_empty() {
    let mut state = State::default();
    let drain = Action::Draw {
        tokens: 1,
        horizon: Ticks::ZERO,
        longest: Ticks::ZERO,
        drain: true,
    };
    // Nothing within reach, but it counts all the same.
    assert_eq!(
        granted(&mut state, START, drain.clone()),
        (0, Wait::ahead(T))
    );
    assert_eq!(granted(&mut state, START, draw(1)), (1, Wait::ahead(T)));
    // A bucket that owes tokens already owes no more.
    assert_eq!(granted(&mut state, START, drain), (0, Wait::ahead(2 * T)));
}

#[test]
fn a_request_that_comes_too_late_changes_nothing() {
    let mut state = State::default();
    ask(&mut state, START, draw(BURST));
    let before = state.clone();
    for action in [draw(1), Action::Peek, pause_for(T)] {
        let request = Request::new(action, limits()).not_after(START + 10 * TICK);
        let answer = step(&mut state, START + 11 * TICK, &request);
        assert!(answer.stale);
        assert_eq!((answer.granted(), answer.state), (0, before.clone()));
        assert_eq!(
            (state.clone(), answer.now),
            (before.clone(), START + 11 * TICK)
        );
    }
    let request = Request::new(draw(1), limits()).not_after(START + 10 * TICK);
    assert!(!step(&mut state, START + 10 * TICK, &request).stale);
    // Ten minutes late is no late request but a clock that was changed.
    let changed = START + 10 * TICK + 600 * SECOND;
    assert!(step(&mut state.clone(), changed - TICK, &request).stale);
    assert!(!step(&mut state, changed, &request).stale);
}

#[test]
fn no_token_is_given_away_twice_to_processes_that_draw_ahead() {
    let mut state = State::default();
    let mut last = Wait::past(10 * T);
    let mut drawn = 0;
    for _ in 0..1000 {
        let answer = ask(&mut state, START, draw(1));
        if answer.granted() == 0 {
            break;
        }
        assert_eq!(answer.last().wait, last.later(T));
        last = answer.last().wait;
        drawn += 1;
    }
    // A burst, 512 tokens, and a minute's worth: from then on one as each comes free.
    assert_eq!(drawn, 10 + 512 + 60);
    assert_eq!(granted(&mut state, START + T - TICK, draw(1)).0, 0);
    assert_eq!(granted(&mut state, START + T, draw(9)), (1, last));
    assert_eq!(granted(&mut state, START + T, draw(9)).0, 0);
}

#[test]
fn limits_outside_of_bounds_are_put_to_their_edge() {
    assert_eq!(
        Limit::new(Ticks::ZERO, 0),
        Limit::new(Limit::MIN_INTERVAL, 1)
    );
    let slowest = Limit::new(Ticks::MAX, u32::MAX);
    assert_eq!(slowest, Limit::new(Ticks::new(1 << 48), 1));
    assert_eq!(slowest.capacity(), slowest.interval());
    let limit = Limit::new(T, 3);
    assert_eq!(Limits::new(&[]), None);
    assert_eq!(Limits::new(&[limit; 9]), None);
    assert_eq!(Limits::new(&[limit; 8]).unwrap().as_slice(), [limit; 8]);
    assert_eq!(Limits::new(&[limit]), Some(Limits::one(limit)));
}
