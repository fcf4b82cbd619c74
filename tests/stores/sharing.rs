//! `step` with quotas that differ, an operator's limits, slots of a limited concurrency, and a budget of retries.

use paced::store::Action;
use paced::store::Lease;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Reply;
use paced::store::Request;
use paced::store::RetryBudget;
use paced::store::State;
use paced::store::Ticks;
use paced::store::step;

use crate::stepping::SECOND;
use crate::stepping::START;
use crate::stepping::T;
use crate::stepping::TICK;
use crate::stepping::ask;
use crate::stepping::draw;
use crate::stepping::learn_pace;

fn per_second(tokens: u32) -> Limits {
    Limits::one(Limit::new(SECOND / u64::from(tokens), tokens))
}

fn ask_at(state: &mut State, now: Ticks, action: Action, limits: Limits) -> Reply {
    step(state, now, &Request::new(action, limits))
}

#[test]
fn the_tighter_of_two_quotas_holds_for_both_until_a_period_after_it_was_seen() {
    let (fast, slow) = (per_second(20), per_second(5));
    let mut state = State::default();
    let mut every = |late: Ticks, limits| {
        let reply = ask_at(&mut state, START + late, draw(1), limits);
        (reply.last().every, reply.state.rows[0].quota.interval_until)
    };
    let (quick, steady) = (SECOND / 20, SECOND / 5);
    assert_eq!(every(Ticks::ZERO, fast), (quick, Ticks::ZERO));
    // A tighter one holds at once, and a looser one makes that a matter of time.
    assert_eq!(every(TICK, slow), (steady, Ticks::ZERO));
    let end = START + 2 * TICK + SECOND;
    assert_eq!(every(2 * TICK, fast), (steady, end));
    // Renewed by the one that declares it, for a period at least.
    let end = START + SECOND / 2 + SECOND * 5 / 4;
    assert_eq!(every(SECOND / 2, slow), (steady, end));
    assert_eq!(every(SECOND, fast), (steady, end));
    // The process has gone.
    assert_eq!(every(end - START - TICK, fast), (steady, end));
    assert_eq!(every(end - START, fast), (quick, Ticks::ZERO));
}

#[test]
fn each_part_of_a_quota_holds_for_itself() {
    let (slow, small) = (Limit::new(T, 10), Limit::new(T / 2, 3));
    let mut state = State::default();
    for limit in [slow, small, slow, small] {
        ask_at(&mut state, START, draw(0), Limits::one(limit));
        ask_at(&mut state, START, draw(1), Limits::one(limit));
    }
    let all = ask_at(&mut state, START + 60 * T, draw(99), Limits::one(small));
    // Three at once, as the one says, and not two of the other's a second.
    assert_eq!((all.granted(), all.last().every), (3, T / 2));
    let quota = all.state.rows[0].quota;
    assert_eq!((quota.interval, quota.burst), (T / 2, 3));
}

#[test]
fn requests_that_agree_write_nothing_for_it() {
    let mut state = State::default();
    ask(&mut state, START, draw(1));
    let before = state.clone();
    ask(&mut state, START + 5 * T, Action::Peek);
    assert_eq!(state, before);
    let mut never = State::default();
    ask(&mut never, START, Action::Peek);
    assert_eq!(never, State::default());
}

#[test]
fn an_operator_sets_limits_instead_of_those_that_are_declared() {
    let mut state = State::default();
    let set = |limits, duration| Action::Override { limits, duration };
    ask(&mut state, START, set(per_second(4), 60 * T));
    let reply = ask(&mut state, START, draw(99));
    assert_eq!((reply.granted(), reply.last().every), (4, T / 4));
    // A learnt pace slows it all the same.
    ask(&mut state, START, learn_pace(T / 2, 10 * T));
    assert_eq!(ask(&mut state, START, draw(1)).last().every, T / 2);
    assert_eq!(ask(&mut state, START + 11 * T, draw(1)).last().every, T / 4);
    // It ends by itself, or by another decision.
    assert_eq!(ask(&mut state, START + 60 * T, draw(1)).last().every, T);
    ask(&mut state, START + 60 * T, set(per_second(4), 60 * T));
    ask(&mut state, START + 60 * T, set(per_second(4), Ticks::ZERO));
    assert_eq!(ask(&mut state, START + 60 * T, draw(1)).last().every, T);
    assert_eq!(state.rows[0].override_interval, Ticks::ZERO);
}

#[test]
fn a_process_that_remembers_brings_an_operators_limits_back() {
    let mut state = State::default();
    let (limits, duration) = (per_second(4), 60 * T);
    let floor = ask(&mut state, START, Action::Override { limits, duration }).state;
    let request = Request::new(draw(1), crate::stepping::limits()).with_floor(floor);
    let reply = step(&mut State::default(), START + T, &request);
    assert_eq!(reply.last().every, T / 4);
}

fn slots(state: &mut State, now: Ticks, process: u64, numbers: [u32; 3]) -> u32 {
    let [want, held, waiting] = numbers;
    let action = Action::Slots {
        process,
        most: 8,
        want,
        held,
        waiting,
    };
    ask(state, now, action).granted()
}

#[test]
fn slots_are_shared_by_the_callers_that_wait_and_nobody_loses_one_that_is_used() {
    let mut state = State::default();
    assert_eq!(slots(&mut state, START, 1, [20, 0, 20]), 8);
    assert_eq!(slots(&mut state, START, 2, [2, 0, 2]), 0);
    // A slot is given back, and another one wanted: the other process waits for its part.
    assert_eq!(slots(&mut state, START, 1, [1, 7, 1]), 7);
    assert_eq!(slots(&mut state, START, 2, [2, 0, 2]), 1);
    assert_eq!(slots(&mut state, START, 1, [2, 6, 2]), 6);
    assert_eq!(slots(&mut state, START, 2, [2, 1, 1]), 2);
    let held: u32 = state.leases.iter().map(|lease| lease.held).sum();
    assert_eq!((held, state.leases.len()), (8, 2));
    // A process without callers leaves no lease.
    assert_eq!(slots(&mut state, START, 2, [0, 0, 0]), 0);
    assert_eq!(state.leases.len(), 1);
}

#[test]
fn slots_of_a_process_that_died_are_free_ten_seconds_later_and_do_not_come_back() {
    let mut state = State::default();
    assert_eq!(slots(&mut state, START, 1, [8, 0, 8]), 8);
    assert_eq!(slots(&mut state, START + 10 * T - TICK, 2, [3, 0, 3]), 0);
    assert_eq!(slots(&mut state, START + 10 * T, 2, [3, 0, 3]), 3);
    // It was only stopped, and renews what it has no more.
    assert_eq!(slots(&mut state, START + 11 * T, 1, [0, 8, 0]), 0);
    assert_eq!(slots(&mut state, START + 11 * T, 1, [9, 8, 9]), 5);
    assert!(state.expires_at() >= START + 21 * T);
}

#[test]
fn leases_move_along_with_a_clock_that_is_set_back() {
    let mut state = State::default();
    slots(&mut state, START, 1, [8, 0, 8]);
    let back = START - 3600 * T;
    assert_eq!(slots(&mut state, back, 2, [1, 0, 1]), 0);
    assert_eq!(state.leases[0].until, back + 10 * T);
    assert_eq!(slots(&mut state, back + 10 * T, 2, [1, 0, 1]), 1);
}

#[test]
fn sixty_four_processes_hold_leases_and_no_more() {
    let mut state = State::default();
    for process in 0..64 {
        slots(&mut state, START, process, [1, 0, 1]);
    }
    let leases: Vec<Lease> = state.leases.clone();
    assert_eq!(slots(&mut state, START, 99, [1, 0, 1]), 0);
    assert_eq!((state.leases.len(), &state.leases), (64, &leases));
}

#[test]
fn a_budget_of_retries_is_paid_into_and_trickles() {
    let budget = RetryBudget {
        most: 2 * RetryBudget::RETRY,
        trickle: 10 * T / 1000,
    };
    let mut state = State::default();
    let mut take = |now| {
        let units = RetryBudget::RETRY;
        ask(&mut state, now, Action::Withdraw { units, budget }).granted()
    };
    assert_eq!([take(START), take(START), take(START)], [1, 1, 0]);
    // A retry in ten seconds, to the tick.
    assert_eq!(take(START + 10 * T - TICK), 0);
    assert_eq!([take(START + 10 * T), take(START + 10 * T)], [1, 0]);
    let mut pay = |now, units| ask(&mut state, now, Action::Deposit { units, budget }).state;
    for _ in 0..4 {
        pay(START + 10 * T, RetryBudget::RETRY / 5);
    }
    let left = pay(START + 10 * T, 0).budget.missing;
    assert_eq!(left, 2 * RetryBudget::RETRY - 4 * RetryBudget::RETRY / 5);
    // Nothing is left of it in a state that has expired.
    let full = pay(START + 4000 * T, 0);
    assert_eq!(full.budget.missing, 0);
}

#[test]
fn the_smallest_share_of_a_retry_refills_a_budget() {
    let budget = RetryBudget {
        most: RetryBudget::RETRY,
        trickle: Ticks::ZERO,
    };
    let mut state = State::default();
    let mut act = |now, action| ask(&mut state, now, action).granted();
    let take = Action::Withdraw {
        units: RetryBudget::RETRY,
        budget,
    };
    assert_eq!(act(START, take.clone()), 1);
    for call in 1..=1000 {
        assert_eq!(act(START + call * TICK, take.clone()), 0);
        act(
            START + call * TICK,
            Action::Deposit {
                units: 1000,
                budget,
            },
        );
    }
    assert_eq!(act(START + 2000 * TICK, take), 1);
}
