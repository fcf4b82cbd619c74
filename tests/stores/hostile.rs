//! `step` with nonsensical values.

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::State;
use paced::store::TICKS_PER_SECOND as SECOND;
use paced::store::step;
use proptest::prelude::*;

use crate::stepping::START;
use crate::stepping::draw;

const DAY: u64 = 24 * 3600 * SECOND;

/// Mostly the edges.
fn number() -> impl Strategy<Value = u64> {
    let edges = [0, 1, 40, 1 << 48, 1 << 53, 1 << 63, u64::MAX];
    let near = (prop::sample::select(edges.to_vec()), -2..3_i64)
        .prop_map(|(edge, more)| edge.saturating_add_signed(more));
    prop_oneof![
        near,
        START - 1000..START + 1000,
        START..START + DAY,
        any::<u64>()
    ]
}

fn state() -> impl Strategy<Value = State> {
    let instants = [number(), number(), number(), number()];
    (instants, number(), number(), number(), number(), number()).prop_map(
        |(full_at, paused_until, generation, learnt_interval, learnt_until, seen)| State {
            full_at,
            paused_until,
            generation,
            learnt_interval,
            learnt_until,
            seen,
        },
    )
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = (number(), any::<u32>()).prop_map(|(interval, burst)| Limit::new(interval, burst));
    prop::collection::vec(limit, 1..5).prop_map(|limits| Limits::new(&limits).unwrap())
}

fn action() -> impl Strategy<Value = Action> {
    let tokens = prop_oneof![0..3_u32, Just(u32::MAX)];
    let draw = (tokens, number(), number(), any::<bool>()).prop_map(
        |(tokens, horizon, longest, drain)| Action::Draw {
            tokens,
            horizon,
            longest,
            drain,
        },
    );
    prop_oneof![
        4 => draw,
        1 => Just(Action::Peek),
        1 => any::<bool>().prop_map(|forget| Action::Resume { forget }),
        1 => number().prop_map(|duration| Action::Pause { duration }),
        1 => (number(), number())
            .prop_map(|(interval, duration)| Action::Learn { interval, duration }),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let instant = || prop::option::of(number());
    let some = (prop::option::of(state()), instant(), instant());
    (action(), limits(), some).prop_map(|(action, limits, (floor, end, sent))| {
        let mut request = Request::new(action, limits);
        request.floor = floor;
        request.not_after = end;
        request.sent_at = sent;
        request
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Tests are built with overflow checks.
    #[test]
    fn no_value_makes_it_panic(
        mut state in state(),
        requests in prop::collection::vec((number(), request()), 1..6),
    ) {
        for (now, request) in requests {
            let answer = step(&mut state, now, &request);
            prop_assert_eq!(answer.state, state);
            prop_assert_eq!(answer.now, now);
            // All tokens are due before the bucket that gave them is full.
            let last = i128::from(answer.wait)
                + i128::from(answer.every) * i128::from(answer.granted.saturating_sub(1));
            if answer.granted > 0 {
                prop_assert!(last <= i128::from(state.full_at[0]), "{answer:?}");
            }
        }
    }

    /// A pause or something learnt ends after 30 days, and then the bucket is at most this far ahead:
    /// filled from empty, 512 tokens, a minute.
    #[test]
    fn no_state_closes_a_limiter_for_longer_than_documented(
        mut state in state(),
        floor in state(),
        interval in 40..DAY,
        burst in 1..1000_u32,
        looks in prop::collection::vec(0..30 * DAY, 0..4),
    ) {
        let limits = Limits::one(Limit::new(interval, burst));
        let peek = Request::new(Action::Peek, limits);
        step(&mut state, START, &peek.with_floor(floor));
        let mut looks = looks;
        looks.sort_unstable();
        for later in looks {
            step(&mut state, START + later, &peek);
        }
        let end = START + 30 * DAY;
        let wait = step(&mut state, end, &peek).wait;
        let furthest = 513 * interval + 60 * SECOND;
        prop_assert!(wait <= i64::try_from(furthest).unwrap(), "{wait} > {furthest}");
        let answer = step(&mut state, end + furthest, &Request::new(draw(1), limits));
        prop_assert!(answer.granted == 1 && answer.wait <= 0, "{answer:?}");
    }
}

#[test]
fn a_wait_left_by_a_slower_limit_is_cut() {
    let slow = Limits::one(Limit::new(3600 * SECOND, 10));
    let fast = Limits::one(Limit::new(SECOND, 10));
    let mut state = State::default();
    for _ in 0..20 {
        step(&mut state, START, &Request::new(draw(1), slow));
    }
    let wait = step(&mut state, START, &Request::new(Action::Peek, fast)).wait;
    assert_eq!(wait, i64::try_from((512 + 60 + 1) * SECOND).unwrap());
}

#[test]
fn a_generation_that_cannot_be_counted_further_starts_again() {
    let mut state = State {
        generation: u64::MAX,
        ..State::default()
    };
    let request = Request::new(
        Action::Pause { duration: SECOND },
        crate::stepping::limits(),
    );
    assert_eq!(step(&mut state, START, &request).state.generation, 1);
}
