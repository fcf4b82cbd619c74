//! A state that is lost, and clocks that are changed.

use paced::store::Action;
use paced::store::Reply;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::Wait;
use paced::store::step;

use crate::stepping::BURST;
use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::TICK;
use crate::stepping::ask;
use crate::stepping::draw;
use crate::stepping::learn_pace;
use crate::stepping::limits;
use crate::stepping::pause_for;

const HOUR: Ticks = Ticks::from_secs(3600);

fn ask_with(state: &mut State, now: Ticks, floor: &State, action: Action) -> Reply {
    step(
        state,
        now,
        &Request::new(action, limits()).with_floor(floor.clone()),
    )
}

/// A bucket with nothing left, closed for a minute, and slowed for an hour after that.
fn used() -> State {
    let mut state = State::default();
    ask(&mut state, START, draw(10));
    ask(&mut state, START, pause_for(60 * T));
    let learn = learn_pace(3 * T, HOUR);
    ask(&mut state, START, learn).state
}

#[test]
fn a_floor_brings_back_what_was_lost() {
    let floor = used();
    let mut lost = State::default();
    let answer = ask_with(&mut lost, START + T, &floor, Action::Peek);
    assert_eq!(answer.last().wait, Wait::ahead(62 * T));
    let mut back = floor.clone();
    // Tokens drawn before the loss are void, since not all of them may be known.
    back.generation += 1;
    back.seen = START + T;
    // Nor whether the bucket was full since.
    back.rows[0].spilt_at = START + T;
    assert_eq!(answer.state, back);
    // The same floor once more, as of another process, changes nothing.
    let again = ask_with(&mut lost, START + 2 * T, &floor, Action::Peek);
    assert_eq!(again.state, back);
}

#[test]
fn a_floor_that_is_older_changes_nothing() {
    let mut state = State::default();
    let mut floors = vec![state.clone()];
    let learn = |interval, duration| learn_pace(interval, duration);
    let actions = [
        draw(5),
        learn(9 * T, HOUR),
        draw(1),
        pause_for(30 * T),
        draw(1),
        learn(Ticks::ZERO, Ticks::ZERO),
        pause_for(90 * T),
    ];
    for (late, action) in (0..).zip(actions) {
        floors.push(ask(&mut state, START + late * T, action).state);
    }
    let before = state.clone();
    for floor in floors {
        let answer = ask_with(&mut state, START + 8 * T, &floor, Action::Peek);
        assert_eq!(answer.state, before, "{floor:?}");
    }
}

#[test]
fn a_floor_does_not_bring_back_slots_that_a_pause_made_void() {
    let mut state = State::default();
    ask(&mut state, START, draw(10));
    for _ in 0..100 {
        ask(&mut state, START, draw(1));
    }
    let floor = state.clone();
    ask(&mut state, START, pause_for(T));
    let answer = ask_with(&mut state, START, &floor, Action::Peek);
    assert_eq!(answer.last().wait, Wait::ahead(2 * T));
}

#[test]
fn a_floor_does_not_bring_back_a_pause_that_was_lifted() {
    let mut state = State::default();
    ask(&mut state, START, draw(3));
    let floor = ask(&mut state, START, pause_for(HOUR)).state;
    let lifted = ask(&mut state, START + T, Action::Resume { forget: false }).state;
    assert_eq!((lifted.generation, lifted.paused_until), (2, START + T));
    let answer = ask_with(&mut state, START + T, &floor, draw(1));
    assert_eq!((answer.granted(), answer.last().wait), (1, Wait::ahead(T)));
    // The state is kept for as long as a process may remember the pause.
    assert!(state.expires_at() > START + HOUR);
    // Nothing is to be lifted any more.
    let before = state.clone();
    assert_eq!(
        ask(&mut state, START + 2 * T, Action::Resume { forget: false }).state,
        before
    );
    // A later pause is not the one that was lifted.
    let later = ask(&mut state, START + 2 * T, pause_for(T)).state;
    assert_eq!(later.paused_until, START + 3 * T);
    let mut longer = floor;
    longer.paused_until = START + 2 * HOUR;
    let answer = ask_with(&mut state, START + 2 * T, &longer, Action::Peek);
    assert_eq!(answer.state.paused_until, START + 2 * HOUR);
}

#[test]
fn a_loss_makes_void_what_others_drew_since() {
    let floor = used();
    let mut lost = State::default();
    // A process that does not remember comes first.
    assert_eq!(ask(&mut lost, START + T, draw(4)).state.generation, 0);
    let answer = ask_with(&mut lost, START + 2 * T, &floor, Action::Peek);
    assert_eq!(answer.state.generation, floor.generation + 1);
    assert_eq!(answer.state.paused_until, START + 60 * T);
}

#[test]
fn a_floor_that_cannot_be_true_closes_nothing_for_long() {
    let mut floor = State::default();
    for row in &mut floor.rows {
        row.full_at = Ticks::MAX;
        row.spilt_at = Ticks::MAX;
        row.learnt_interval = Ticks::MAX;
        row.learnt_until = Ticks::MAX;
        row.override_interval = Ticks::MAX;
        row.override_capacity = Ticks::MAX;
        row.quota.burst = u64::MAX;
    }
    floor.override_until = Ticks::MAX;
    floor.lifted_until = Ticks::MAX;
    floor.kept_until = Ticks::MAX;
    floor.paused_until = Ticks::MAX;
    floor.generation = u64::MAX;
    floor.seen = Ticks::MAX;
    let mut state = State::default();
    ask_with(&mut state, START, &floor, draw(1));
    assert!(state.paused_until <= START && state.rows[0].learnt_until <= START);
    assert!(ask(&mut state, START, Action::Peek).last().wait <= Wait::ahead((512 + 60 + 1) * T));
}

#[test]
fn a_clock_set_back_by_an_hour_changes_no_wait() {
    for (late, action) in [
        (Ticks::ZERO, draw(1)),
        (Ticks::ZERO, Action::Peek),
        (30 * T, Action::Peek),
        (80 * T, Action::Peek),
    ] {
        let (mut kept, mut set_back) = (used(), used());
        let then = START + late;
        // The last change is what tells of the clock: time that passed since counts once more.
        let right = ask(&mut kept, START, action.clone());
        let answer = ask(&mut set_back, then - HOUR, action);
        assert_eq!(
            (answer.granted(), answer.last().wait),
            (right.granted(), right.last().wait)
        );
        assert_eq!(answer.state.seen, then - HOUR);
        assert_eq!(answer.state.generation, right.state.generation);
        assert_eq!(
            answer.state.paused_until - (then - HOUR),
            right.state.paused_until - START
        );
    }
}

#[test]
fn a_clock_set_back_after_an_idle_hour_costs_that_hour_at_most() {
    let mut state = used();
    // An hour and a minute later the clock is set back by an hour.
    let answer = ask(&mut state, START + 60 * T, Action::Peek);
    assert_eq!(answer.last().wait, Wait::ahead(3 * T));
}

#[test]
fn a_floor_of_before_the_clock_was_set_back_moves_along() {
    let floor = used();
    let mut state = floor.clone();
    let now = START - HOUR;
    let first = ask_with(&mut state, now, &floor, Action::Peek);
    assert_eq!(first.state.paused_until, now + 60 * T);
    let lost = ask_with(&mut State::default(), now, &floor, Action::Peek);
    assert_eq!(lost.last().wait, first.last().wait);
}

#[test]
fn a_clock_set_forward_costs_one_burst_at_most() {
    let mut state = State::default();
    ask(&mut state, START, draw(10));
    for hour in 1..4 {
        let answer = ask(&mut state, START + hour * HOUR, draw(100));
        assert_eq!(answer.granted(), 10);
        // Set right again: the bucket is as empty as it was just before.
        let answer = ask(&mut state, START + T, draw(100));
        assert_eq!((answer.granted(), answer.last().wait), (1, Wait::ahead(T)));
    }
}

#[test]
fn a_clock_that_is_set_forward_fills_no_bucket_and_ends_no_pause() {
    let mut state = State::default();
    ask(&mut state, START, draw(BURST));
    // Two processes that saw the old time, one after the other: by it a token has come back.
    let request = Request::new(draw(BURST), limits()).not_after(START + T);
    let changed = START + T + HOUR;
    let answer = step(&mut state, changed, &request);
    assert_eq!(
        (answer.granted(), answer.last().wait),
        (1, Wait::NONE),
        "{answer:?}"
    );
    let answer = step(&mut state, changed + TICK, &request);
    assert_eq!(
        (answer.granted(), answer.last().wait),
        (1, Wait::ahead(T - TICK)),
        "{answer:?}"
    );

    let mut paused = State::default();
    ask(&mut paused, START, pause_for(60 * T));
    let seen = paused.clone();
    step(&mut paused, changed, &request);
    assert_eq!(paused.paused_until, START + 60 * T + HOUR);
    // The same where the state is lost, as one that has expired by the new time.
    let mut lost = State::default();
    step(&mut lost, changed, &request.clone().with_floor(seen));
    assert_eq!(lost.paused_until, START + 60 * T + HOUR);
}

/// A request may be on its way for long before its time is over: the clock was set since it was sent.
#[test]
fn a_clock_that_is_set_forward_has_moved_since_the_request_was_sent() {
    let mut paused = State::default();
    ask(&mut paused, START, pause_for(60 * T));
    let request = Request::new(draw(BURST), limits());
    let request = request.not_after(START + 30 * T).sent_at(START + T);
    let answer = step(&mut paused, START + T + HOUR, &request);
    assert_eq!(paused.paused_until, START + 60 * T + HOUR);
    assert_eq!(answer.granted(), 1);
    // A change by the new time was made before.
    let mut changed = answer.state;
    step(&mut changed, START + 2 * T + HOUR, &request);
    assert_eq!(changed.paused_until, START + 60 * T + HOUR);
    // Another process changed it by the old time, and the request was overtaken.
    let mut paused = State::default();
    ask(&mut paused, START + 2 * T, pause_for(60 * T));
    step(&mut paused, START + 3 * T + HOUR, &request);
    assert_eq!(paused.paused_until, START + 62 * T + HOUR + 2 * T);
}
