//! The most that processes can use of a shared state together, whatever they do.

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::step;
use proptest::prelude::*;

use crate::stepping::SECOND;
use crate::stepping::START;
use crate::stepping::learn_pace;
use crate::stepping::pause_for;
use crate::world::Event;
use crate::world::PROCESSES;
use crate::world::World;
use crate::world::signed;

/// In intervals of the first limit.
fn scaled(interval: Ticks) -> impl Strategy<Value = Ticks> {
    let ticks = interval.get();
    prop_oneof![0..ticks, 0..20 * ticks, Just(ticks)].prop_map(Ticks::new)
}

fn usual(interval: Ticks) -> BoxedStrategy<Event> {
    let by = 0..PROCESSES;
    let tokens = prop_oneof![1..5_u32, Just(1000)];
    prop_oneof![
        6 => (by.clone(), tokens, prop_oneof![Just(Ticks::ZERO), scaled(interval)])
            .prop_map(|(by, tokens, ahead)| Event::Draw { by, tokens, ahead }),
        12 => (by.clone(), any::<bool>()).prop_map(|(by, oldest)| Event::Use { by, oldest }),
        1 => (by.clone(), scaled(interval))
            .prop_map(|(by, duration)| Event::Pause { by, duration }),
        1 => by.clone().prop_map(|by| Event::Resume { by }),
        1 => (by, scaled(interval), scaled(interval))
            .prop_map(|(by, interval, duration)| Event::Learn { by, interval, duration }),
        6 => scaled(interval).prop_map(|time| Event::Pass { time }),
        1 => Just(Event::Expire),
    ]
    .boxed()
}

fn events(event: BoxedStrategy<Event>) -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event, 1..150)
}

fn limit() -> impl Strategy<Value = Limit> {
    let interval = {
        let second = SECOND.get();
        prop_oneof![40..1000_u64, second / 50..second, second..3600 * second]
    };
    (interval, 1..20_u32).prop_map(|(interval, burst)| Limit::new(Ticks::new(interval), burst))
}

fn runs() -> impl Strategy<Value = (Limit, Vec<Event>)> {
    limit().prop_flat_map(|limit| (Just(limit), events(usual(limit.interval()))))
}

fn run_with(
    limit: Limit,
    special: impl Strategy<Value = Event> + 'static,
) -> impl Strategy<Value = (Limit, Vec<Event>)> {
    let event = prop_oneof![9 => usual(limit.interval()), 1 => special].boxed();
    (Just(limit), events(event))
}

fn jump() -> impl Strategy<Value = i64> {
    let hour = signed(3600 * SECOND);
    prop_oneof![Just(hour), 1..hour, 1..signed(SECOND)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// However slots are drawn and used, up to a burst's time late.
    #[test]
    fn the_envelope_holds((limit, events) in runs()) {
        World::run(Limits::one(limit), &events).check()?;
    }

    #[test]
    fn the_envelope_of_every_limit_holds((limit, events) in runs(), more in limit()) {
        let limits = Limits::new(&[limit, more]).unwrap();
        World::run(limits, &events).check()?;
    }

    /// A clock that is set back lets nothing more through.
    #[test]
    fn the_envelope_holds_when_the_clock_is_set_back(
        (limit, events) in limit()
            .prop_flat_map(|limit| run_with(limit, jump().prop_map(|by| Event::Set { by: -by }))),
    ) {
        World::run(Limits::one(limit), &events).check()?;
    }

    /// One that is set forward, one burst.
    #[test]
    fn a_clock_set_forward_lets_one_burst_through(
        (limit, events) in limit().prop_flat_map(|limit| {
            let set = (jump(), any::<bool>()).prop_map(|(by, back)| Event::Set {
                by: if back { -by } else { by },
            });
            run_with(limit, set)
        }),
    ) {
        World::run(Limits::one(limit), &events).check()?;
    }

    /// A store that loses everything, at most one burst.
    #[test]
    fn a_loss_lets_one_burst_through(
        (limit, events) in limit().prop_flat_map(|limit| run_with(limit, Just(Event::Lose))),
    ) {
        World::run(Limits::one(limit), &events).check()?;
    }

    /// Nothing, if only one process uses it: it remembers all.
    #[test]
    fn a_loss_that_a_process_remembers_lets_nothing_through(
        (limit, mut events) in limit().prop_flat_map(|limit| run_with(limit, Just(Event::Lose))),
    ) {
        for event in &mut events {
            if let Event::Draw { by, .. }
            | Event::Use { by, .. }
            | Event::Pause { by, .. }
            | Event::Resume { by }
            | Event::Learn { by, .. } = event
            {
                *by = 0;
            }
        }
        let mut world = World::run(Limits::one(limit), &events);
        world.extra = 0;
        world.check()?;
    }

    /// Forgetting a state when it may be forgotten changes no later answer.
    #[test]
    fn an_expired_state_means_nothing((limit, events) in runs(), more in prop::option::of(limit())) {
        let limits: Vec<_> = [limit].into_iter().chain(more).collect();
        let limits = Limits::new(&limits).unwrap();
        let (mut kept, mut forgotten) = (State::default(), State::default());
        let mut now = START;
        for event in events {
            let action = match event {
                Event::Draw { tokens, ahead, .. } => Action::Draw {
                    tokens,
                    horizon: ahead,
                    longest: Ticks::MAX,
                    drain: false,
                },
                Event::Pause { duration, .. } => pause_for(duration),
                Event::Resume { .. } => Action::Resume { forget: false },
                Event::Learn { interval, duration, .. } => learn_pace(interval, duration),
                Event::Pass { time } => {
                    now = now + time;
                    continue;
                }
                _ => {
                    if forgotten.expires_at() <= now {
                        forgotten = State::default();
                    }
                    Action::Peek
                }
            };
            let request = Request::new(action, limits);
            let (one, other) = (step(&mut kept, now, &request), step(&mut forgotten, now, &request));
            prop_assert_eq!(
                (one.granted(), one.last().wait.to_come(), one.last().every, one.state.paused_until.max(now)),
                (other.granted(), other.last().wait.to_come(), other.last().every, other.state.paused_until.max(now))
            );
        }
    }
}
