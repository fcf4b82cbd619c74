//! `step` with calls that draw from several limits, and are settled afterwards.

use paced::store::Action;
use paced::store::Calls;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::MAX_LIMITS;
use paced::store::Reply;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::Wait;
use paced::store::step;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;

use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::TICK;
use crate::stepping::pause_for;

/// A request per second and 10 at once, and 100 tokens per second and 1,000 at once.
fn limits() -> Limits {
    Limits::new(&[Limit::new(T, 10), Limit::new(T / 100, 1000)]).unwrap()
}

fn ask(state: &mut State, now: Ticks, action: Action) -> Reply {
    step(state, now, &Request::new(action, limits()))
}

const fn draw(calls: Calls, horizon: Ticks, longest: Ticks) -> Action {
    Action::DrawCalls {
        calls,
        horizon,
        longest,
        drain: false,
    }
}

fn settle(deltas: &[i64], drawn_at: Ticks) -> Action {
    let mut all = [0; MAX_LIMITS];
    all[..deltas.len()].copy_from_slice(deltas);
    Action::Settle {
        deltas: all,
        drawn: [0; MAX_LIMITS],
        drawn_at,
    }
}

fn calls(count: u32, costs: &[u32]) -> Calls {
    Calls::new().and(count, costs)
}

#[test]
fn calls_are_served_in_their_order_and_each_waits_for_its_slowest_limit() {
    let mut state = State::default();
    let queue = calls(2, &[1, 400]).and(1, &[1, 600]).and(2, &[1, 10]);
    let reply = ask(&mut state, START, draw(queue, 9 * T, Ticks::MAX));
    let served = reply.calls.iter().map(|call| (call.wait, call.row));
    // The small ones could go at once, but do not overtake.
    let later = (Wait::ahead(4 * T), 1);
    let expected = [
        (Wait::NONE, 0),
        (Wait::NONE, 0),
        later,
        (Wait::ahead(4 * T + T / 10), 1),
        (Wait::ahead(4 * T + T / 5), 1),
    ];
    assert_eq!(served.collect::<Vec<_>>(), expected);
    assert_eq!((reply.granted(), reply.last().wait), (5, Wait::NONE));
}

#[test]
fn a_call_takes_of_all_limits_or_of_none() {
    let mut state = State::default();
    ask(&mut state, START, draw(calls(1, &[0, 1000]), T, T));
    let before = state.clone();
    let late = ask(&mut state, START, draw(calls(3, &[1, 100]), T, T - TICK));
    assert_eq!((late.granted(), late.last().wait), (0, Wait::ahead(T)));
    assert_eq!(state, before);
    // One that costs nothing there is not held up, but for those ahead of it.
    let free = ask(&mut state, START, draw(calls(1, &[1]), T, T));
    assert_eq!((free.granted(), free.last().wait), (1, Wait::NONE));
    assert_eq!(state.rows[1], before.rows[1]);
}

#[test]
fn a_call_of_more_than_a_bucket_holds_goes_when_it_is_full_and_owes_the_rest() {
    let mut state = State::default();
    let first = ask(&mut state, START, draw(calls(2, &[1, 1500]), T, Ticks::MAX));
    assert_eq!((first.granted(), first.last().wait), (1, Wait::NONE));
    let wait = ask(&mut state, START, draw(calls(1, &[1, 1]), T, T))
        .last()
        .wait;
    assert_eq!(wait, Wait::ahead(5 * T + T / 100));
}

#[test]
fn a_pause_holds_for_calls_that_cost_nothing_too() {
    let mut state = State::default();
    ask(&mut state, START, pause_for(30 * T));
    let reply = ask(&mut state, START, draw(calls(1, &[0, 1]), T, Ticks::MAX));
    assert_eq!(reply.last().wait, Wait::ahead(30 * T));
}

#[test]
fn more_than_was_drawn_is_a_debt_of_up_to_a_period() {
    let mut state = State::default();
    ask(&mut state, START, draw(calls(1, &[1, 100]), T, T));
    let debt = ask(&mut state, START, settle(&[0, 1400], START));
    assert_eq!(debt.granted(), 0, "nothing is forgiven");
    let next = |state: &mut State, now| ask(state, now, draw(calls(1, &[0, 1]), T, T)).last().wait;
    assert_eq!(next(&mut state, START), Wait::ahead(5 * T + T / 100));
    // The bucket's capacity and its period, which is as long: no further.
    let debt = ask(&mut state, START, settle(&[0, 9999], START));
    assert_eq!(debt.granted(), 9999 - 500);
    assert_eq!(next(&mut state, START), Wait::ahead(10 * T + T / 100));
    // Nothing cuts it later on, and it is paid off like any other.
    assert_eq!(
        next(&mut state, START + 4 * T),
        Wait::ahead(6 * T + T / 100)
    );
}

#[test]
fn less_than_was_drawn_is_given_back_unless_the_bucket_was_full_since() {
    let mut state = State::default();
    ask(&mut state, START, draw(calls(1, &[1, 800]), T, T));
    ask(&mut state, START + T, settle(&[0, -700], START));
    assert_eq!(state.rows[1].full_at, START + T);
    // Full again by that: what else was drawn before brings nothing more.
    ask(&mut state, START + T, draw(calls(1, &[0, 300]), T, T));
    let before = state.clone();
    ask(&mut state, START + T, settle(&[0, -50], START));
    assert_eq!(state, before);
    // A settlement of this draw does.
    ask(
        &mut state,
        START + 2 * T,
        settle(&[0, -50], START + T + TICK),
    );
    assert_eq!(state.rows[1].full_at, before.rows[1].full_at - T / 2);
    // Full by itself, and drawn from again.
    ask(&mut state, START + 9 * T, draw(calls(1, &[0, 300]), T, T));
    let before = state.clone();
    ask(&mut state, START + 9 * T, settle(&[0, -50], START + 2 * T));
    assert_eq!(state, before);
}

#[test]
fn what_was_used_without_a_draw_takes_room_from_what_is_given_back() {
    let mut state = State::default();
    ask(&mut state, START, draw(calls(1, &[1, 800]), T, T));
    ask(&mut state, START + T, settle(&[0, 300], Ticks::ZERO));
    // The bucket lacked 700 then, as 100 had flowed in.
    ask(&mut state, START + 2 * T, settle(&[0, -800], START));
    assert_eq!(state.rows[1].full_at, START + 4 * T);
}

#[test]
fn a_pause_makes_void_what_was_to_be_given_back() {
    let mut state = State::default();
    ask(&mut state, START, draw(calls(5, &[1]), T, T));
    ask(&mut state, START, pause_for(T));
    let before = state.clone();
    for late in [Ticks::ZERO, 2 * T] {
        ask(&mut state, START + late, settle(&[-5], START));
        assert_eq!(state, before);
    }
}

/// A call that was served, and what it really takes.
#[derive(Clone, Copy)]
struct Call {
    at: Ticks,
    drawn: [u32; 2],
    used: [u32; 2],
}

#[derive(Clone, Debug)]
enum Event {
    Draw {
        costs: [u32; 2],
        used: [u32; 2],
        count: u32,
    },
    Settle {
        which: usize,
    },
    Pass {
        time: Ticks,
    },
    Learn {
        row: u8,
    },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let costs = || [0..10_u32, 0..30_u32];
    let event = prop_oneof![
        4 => (costs(), costs(), 1..4_u32)
            .prop_map(|(costs, used, count)| Event::Draw { costs, used, count }),
        5 => any::<usize>().prop_map(|which| Event::Settle { which }),
        4 => prop_oneof![0..40_u64, 0..2_000_u64].prop_map(|time| Event::Pass { time: Ticks::new(time) }),
        1 => (0..2_u8).prop_map(|row| Event::Learn { row }),
    ];
    prop::collection::vec(event, 1..120)
}

/// Plays calls that use no more than they drew, and checks that no interval holds more than the buckets that count
/// what is used. `blind` gives everything back whatever happened since.
fn play(events: &[Event], blind: bool) -> Result<(), TestCaseError> {
    let (one, other) = (
        Limit::new(Ticks::new(40), 10),
        Limit::new(Ticks::new(100), 30),
    );
    let limits = Limits::new(&[one, other]).unwrap();
    let (mut state, mut now) = (State::default(), START);
    let (mut open, mut all): (Vec<Call>, Vec<Call>) = (Vec::new(), Vec::new());
    let mut ask = |now, action| step(&mut state, now, &Request::new(action, limits));
    for event in events {
        match event {
            Event::Draw { costs, used, count } => {
                let reply = ask(now, draw(calls(*count, costs), Ticks::new(500), Ticks::MAX));
                for call in &reply.calls {
                    let call = Call {
                        at: now + call.wait.to_come(),
                        drawn: *costs,
                        used: [0, 1].map(|row| used[row].min(costs[row])),
                    };
                    open.push(call);
                    all.push(call);
                }
            }
            Event::Settle { which } if !open.is_empty() => {
                let call = open.swap_remove(which % open.len());
                let delta = |row: usize| i64::from(call.used[row]) - i64::from(call.drawn[row]);
                let drawn_at = if blind { Ticks::MAX } else { call.at };
                ask(now, settle(&[delta(0), delta(1)], drawn_at));
            }
            Event::Settle { .. } => {}
            Event::Pass { time } => now = now + *time,
            Event::Learn { row } => {
                let (interval, duration) = (Ticks::new(150), Ticks::new(700));
                let row = *row;
                ask(
                    now,
                    Action::Learn {
                        row,
                        interval,
                        duration,
                    },
                );
            }
        }
    }
    for (row, limit) in limits.as_slice().iter().enumerate() {
        check(&mut all, row, *limit)?;
    }
    Ok(())
}

fn check(all: &mut [Call], row: usize, limit: Limit) -> Result<(), TestCaseError> {
    all.sort_by_key(|call| call.at);
    for first in 0..all.len() {
        let mut sum = Ticks::ZERO;
        for call in &all[first..] {
            sum = sum + limit.interval() * u64::from(call.used[row]);
            let most = limit.capacity() + (call.at - all[first].at);
            prop_assert!(sum <= most, "row {row}: {sum:?} of {most:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_bucket_that_counts_what_is_used_is_never_overdrawn(events in events()) {
        play(&events, false)?;
    }
}

/// The check above finds what it is for.
#[test]
fn a_bucket_is_overdrawn_where_all_is_given_back() {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(2000)
    };
    let blind = TestRunner::new(config).run(&events(), |events| play(&events, true));
    assert!(blind.is_err());
}
