//! `step` with nonsensical values.

use paced::store::Action;
use paced::store::Calls;
use paced::store::Lease;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::MAX_LIMITS;
use paced::store::PauseKind;
use paced::store::Request;
use paced::store::RetryBudget;
use paced::store::SentRun;
use paced::store::State;
use paced::store::Ticks;
use paced::store::Wait;
use paced::store::step;
use proptest::prelude::*;

use crate::stepping::SECOND;
use crate::stepping::START;
use crate::stepping::draw;
use crate::stepping::pause_for;

const DAY: Ticks = Ticks::from_secs(24 * 3600);

/// Mostly the edges.
fn number() -> impl Strategy<Value = u64> {
    let edges = [0, 1, 40, 1 << 48, 1 << 53, 1 << 63, u64::MAX];
    let near = (prop::sample::select(edges.to_vec()), -2..3_i64)
        .prop_map(|(edge, more)| edge.saturating_add_signed(more));
    prop_oneof![
        near,
        START.get() - 1000..START.get() + 1000,
        START.get()..START.get() + DAY.get(),
        any::<u64>()
    ]
}

fn time() -> impl Strategy<Value = Ticks> {
    number().prop_map(Ticks::new)
}

/// All numbers of a state, one after the other.
fn state() -> BoxedStrategy<State> {
    let numbers = prop::collection::vec(number(), 100);
    (numbers, any::<[bool; 4]>())
        .prop_map(|(numbers, [few, refuses, leases, runs])| {
            let mut numbers = numbers.into_iter();
            let mut number = || numbers.next().unwrap();
            let mut state = State::default();
            let rows = if few { 2 } else { MAX_LIMITS };
            for row in &mut state.rows[..rows] {
                row.full_at = Ticks::new(number());
                row.spilt_at = Ticks::new(number());
                row.learnt_interval = Ticks::new(number());
                row.learnt_until = Ticks::new(number());
                row.quota.interval = Ticks::new(number());
                row.quota.interval_until = Ticks::new(number());
                row.quota.burst = number();
                row.quota.burst_until = Ticks::new(number());
                row.override_interval = Ticks::new(number());
                row.override_capacity = Ticks::new(number());
            }
            state.paused_until = Ticks::new(number());
            state.lifted_until = Ticks::new(number());
            state.generation = number();
            state.override_until = Ticks::new(number());
            state.budget.missing = number();
            state.budget.at = Ticks::new(number());
            state.kept_until = Ticks::new(number());
            state.seen = Ticks::new(number());
            if refuses {
                state.pause_kind = PauseKind::Refuse;
            }
            let at = Ticks::new(number());
            if leases {
                let lease = Lease {
                    process: number(),
                    held: u32::MAX,
                    waiting: u32::MAX,
                    until: at,
                };
                state.leases = vec![lease; 3];
            }
            if runs {
                state.rows[1].runs = vec![SentRun { at, count: 7 }; 32];
            }
            state
        })
        .boxed()
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = (time(), any::<u32>()).prop_map(|(interval, burst)| Limit::new(interval, burst));
    prop::collection::vec(limit, 1..=MAX_LIMITS).prop_map(|limits| Limits::new(&limits).unwrap())
}

fn action() -> BoxedStrategy<Action> {
    let tokens = prop_oneof![0..3_u32, Just(u32::MAX)];
    let draw =
        (tokens, time(), time(), any::<bool>()).prop_map(|(tokens, horizon, longest, drain)| {
            Action::Draw {
                tokens,
                horizon,
                longest,
                drain,
            }
        });
    prop_oneof![
        4 => draw,
        1 => Just(Action::Peek),
        1 => any::<bool>().prop_map(|forget| Action::Resume { forget }),
        1 => time().prop_map(pause_for),
        1 => (any::<u8>(), time(), time())
            .prop_map(|(row, interval, duration)| Action::Learn { row, interval, duration }),
        3 => other(),
    ]
    .boxed()
}

fn other() -> BoxedStrategy<Action> {
    let most = || prop_oneof![0..9_u32, any::<u32>()];
    let budget = || (number(), time()).prop_map(|(most, trickle)| RetryBudget { most, trickle });
    prop_oneof![
        (
            prop::array::uniform8(prop_oneof![any::<i64>(), -9..9_i64]),
            prop::array::uniform8(most()),
            time()
        )
            .prop_map(|(deltas, drawn, drawn_at)| Action::Settle {
                deltas,
                drawn,
                drawn_at
            }),
        (
            prop::array::uniform8(most()),
            most(),
            time(),
            time(),
            any::<bool>()
        )
            .prop_map(
                |(costs, count, horizon, longest, drain)| Action::DrawCalls {
                    calls: Calls::new().and(count, &costs).and(1, &costs[..2]),
                    horizon,
                    longest,
                    drain,
                }
            ),
        (limits(), time()).prop_map(|(limits, duration)| Action::Override { limits, duration }),
        (number(), most(), most(), most(), most()).prop_map(
            |(process, most, want, held, waiting)| Action::Slots {
                process,
                most,
                want,
                held,
                waiting,
            }
        ),
        (number(), budget()).prop_map(|(units, budget)| Action::Deposit { units, budget }),
        (number(), budget()).prop_map(|(units, budget)| Action::Withdraw { units, budget }),
    ]
    .boxed()
}

fn request() -> BoxedStrategy<Request> {
    let instant = || prop::option::of(time());
    let some = (prop::option::of(state()), instant(), instant());
    (
        action(),
        prop::collection::vec(action(), 0..4),
        limits(),
        some,
    )
        .prop_map(|(action, more, limits, (floor, end, sent))| {
            let mut request = more
                .into_iter()
                .fold(Request::new(action, limits), Request::then);
            request.floor = floor;
            request.not_after = end;
            request.sent_at = sent;
            request
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Tests are built with overflow checks.
    #[test]
    fn no_value_makes_it_panic(
        mut state in state(),
        requests in prop::collection::vec((time(), request()), 1..6),
    ) {
        for (now, request) in requests {
            let answer = step(&mut state, now, &request);
            prop_assert_eq!(&answer.state, &state);
            prop_assert_eq!(answer.now, now);
            // All tokens are due before the bucket that gave them is full.
            let pauses = |action: &Action| !matches!(action, Action::Peek | Action::Draw { .. } | Action::Learn { .. });
            let since = request.actions.iter().rposition(pauses).unwrap_or(0);
            for answer in answer.answers[since..].iter().filter(|answer| answer.every > Ticks::ZERO) {
                let ahead = u64::from(answer.granted - 1) * answer.every;
                let last = i128::from(now.get()) + i128::from(answer.wait.later(ahead).get());
                prop_assert!(last <= i128::from(now.get()) + i128::from(state.rows[0].full_at.get()), "{answer:?}");
            }
        }
    }

    #[test]
    fn every_state_comes_back_from_its_bytes(state in state()) {
        prop_assert_eq!(State::from_bytes(&state.to_bytes()), Ok(state));
    }

    /// No bytes make it panic, and those that it takes are what it would write.
    #[test]
    fn all_bytes_are_a_state_or_an_error(
        version in prop_oneof![Just(1), Just(2), any::<u8>()],
        rest in prop_oneof![
            prop::collection::vec(any::<u8>(), 72),
            prop::collection::vec(any::<u8>(), 0..200),
        ],
    ) {
        let bytes = [vec![version], rest].concat();
        let read = State::from_bytes(&bytes);
        if version != 2 {
            prop_assert_eq!(read.is_ok(), version == 1 && bytes.len() == 73);
        }
        match read {
            Ok(state) => prop_assert_eq!(State::from_bytes(&state.to_bytes()), Ok(state)),
            Err(error) => prop_assert_eq!(error.is_newer(), version > 2),
        }
    }

    /// A pause or something learnt ends after 30 days, and then the bucket is at most this far ahead:
    /// filled from empty, 512 tokens, a minute, and a period.
    #[test]
    fn no_state_closes_a_limiter_for_longer_than_documented(
        mut state in state(),
        floor in state(),
        interval in (40..DAY.get()).prop_map(Ticks::new),
        burst in 1..1000_u32,
        looks in prop::collection::vec((0..30 * DAY.get()).prop_map(Ticks::new), 0..4),
    ) {
        let limits = Limits::one(Limit::new(interval, burst));
        let peek = Request::new(Action::Peek, limits);
        step(&mut state, START, &peek.clone().with_floor(floor));
        let mut looks = looks;
        looks.sort_unstable();
        for later in looks {
            step(&mut state, START + later, &peek);
        }
        let end = START + 30 * DAY;
        let wait = step(&mut state, end, &peek).last().wait;
        // And a debt of one period.
        let period = limits.as_slice()[0].period();
        let furthest = 513 * interval + 60 * SECOND + period;
        prop_assert!(wait <= Wait::ahead(furthest), "{wait:?} > {furthest:?}");
        let answer = step(&mut state, end + furthest, &Request::new(draw(1), limits));
        prop_assert!(answer.granted() == 1 && answer.last().wait <= Wait::NONE, "{answer:?}");
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
    let wait = step(&mut state, START, &Request::new(Action::Peek, fast))
        .last()
        .wait;
    // The tighter quota holds for a period, and cuts nothing.
    let hour = 3600 * SECOND;
    assert_eq!(wait, Wait::ahead(11 * hour));
    let later = START + 10 * hour;
    let wait = step(&mut state, later, &Request::new(Action::Peek, fast))
        .last()
        .wait;
    assert_eq!(wait, Wait::ahead((512 + 60 + 1 + 10) * SECOND));
}

#[test]
fn a_generation_that_cannot_be_counted_further_starts_again() {
    let mut state = State::default();
    state.generation = u64::MAX;
    let request = Request::new(pause_for(SECOND), crate::stepping::limits());
    assert_eq!(step(&mut state, START, &request).state.generation, 1);
}
