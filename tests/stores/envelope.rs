//! What processes that share a state can use of it together, whatever they do.

use paced::store::Action;
use paced::store::Answer;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Request;
use paced::store::State;
use paced::store::TICKS_PER_SECOND as SECOND;
use paced::store::step;
use proptest::prelude::*;

use crate::stepping::START;

const PROCESSES: usize = 3;

#[derive(Clone, Debug)]
enum Event {
    /// A process draws.
    Draw { by: usize, tokens: u32, ahead: u64 },
    /// A process uses one of its slots, the oldest or the newest that is due.
    Use { by: usize, oldest: bool },
    /// A server asks a process for a pause.
    Pause { by: usize, duration: u64 },
    /// A server's answers show a limit.
    Learn {
        by: usize,
        interval: u64,
        duration: u64,
    },
    /// Time passes.
    Pass { time: u64 },
    /// The store's clock is set, by so much.
    Set { by: i64 },
    /// The store loses everything.
    Lose,
    /// The store forgets what it may forget.
    Expire,
}

/// In intervals of the first limit.
fn scaled(interval: u64) -> impl Strategy<Value = u64> {
    prop_oneof![0..interval, 0..20 * interval, Just(interval)]
}

fn usual(interval: u64) -> BoxedStrategy<Event> {
    let by = 0..PROCESSES;
    let tokens = prop_oneof![1..5_u32, Just(1000)];
    prop_oneof![
        6 => (by.clone(), tokens, prop_oneof![Just(0), scaled(interval)])
            .prop_map(|(by, tokens, ahead)| Event::Draw { by, tokens, ahead }),
        12 => (by.clone(), any::<bool>()).prop_map(|(by, oldest)| Event::Use { by, oldest }),
        1 => (by.clone(), scaled(interval))
            .prop_map(|(by, duration)| Event::Pause { by, duration }),
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
    let interval = prop_oneof![40..1000_u64, SECOND / 50..SECOND, SECOND..3600 * SECOND];
    (interval, 1..20_u32).prop_map(|(interval, burst)| Limit::new(interval, burst))
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// In real time, as all that happens outside of the store.
    due: i64,
    generation: u64,
}

#[derive(Default)]
struct Process {
    floor: Option<State>,
    slots: Vec<Slot>,
}

struct World {
    limits: Limits,
    /// Real time.
    time: i64,
    /// The store's clock is ahead of it by this.
    ahead: i64,
    state: State,
    processes: [Process; PROCESSES],
    used: Vec<i64>,
    /// How often a burst may have been given away once more.
    extra: usize,
}

fn signed(ticks: u64) -> i64 {
    i64::try_from(ticks).unwrap()
}

impl World {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            time: 0,
            ahead: signed(START),
            state: State::default(),
            processes: Default::default(),
            used: Vec::new(),
            extra: 0,
        }
    }

    fn run(limits: Limits, events: &[Event]) -> Self {
        let mut world = Self::new(limits);
        for event in events {
            world.apply(event);
        }
        world
    }

    fn now(&self) -> u64 {
        u64::try_from(self.time + self.ahead).unwrap()
    }

    fn pacing(&self) -> Limit {
        self.limits.as_slice()[0]
    }

    fn ask(&mut self, by: usize, action: Action) -> Answer {
        let mut request = Request::new(action, self.limits);
        request.floor = self.processes[by].floor;
        let now = self.now();
        let answer = step(&mut self.state, now, &request);
        self.processes[by].floor = Some(answer.state);
        answer
    }

    fn apply(&mut self, event: &Event) {
        match *event {
            Event::Draw { by, tokens, ahead } => self.draw(by, tokens, ahead),
            Event::Use { by, oldest } => self.use_one(by, oldest),
            Event::Pause { by, duration } => {
                let paused = self.ask(by, Action::Pause { duration });
                let answer = self.ask(by, Action::Peek);
                // Nothing is free before its end, and then the first after one interval.
                if duration > 0 {
                    let end = signed(paused.state.paused_until) - signed(answer.now);
                    assert!(end >= signed(duration), "{paused:?}");
                    let interval = signed(self.pacing().interval());
                    assert!(answer.wait >= end + interval, "{answer:?}");
                }
            }
            Event::Learn {
                by,
                interval,
                duration,
            } => {
                self.ask(by, Action::Learn { interval, duration });
            }
            Event::Pass { time } => self.time += signed(time),
            Event::Set { by } => {
                self.ahead += by;
                self.extra += usize::from(by > 0);
            }
            Event::Lose => {
                self.state = State::default();
                self.extra += 1;
            }
            Event::Expire => {
                if self.state.expires_at() <= self.now() {
                    self.state = State::default();
                }
            }
        }
    }

    fn draw(&mut self, by: usize, tokens: u32, ahead: u64) {
        let action = Action::Draw {
            tokens,
            horizon: ahead,
            longest: u64::MAX,
            drain: false,
        };
        let answer = self.ask(by, action);
        assert!(answer.granted <= tokens);
        for nth in 0..answer.granted {
            self.processes[by].slots.push(Slot {
                due: self.time + answer.wait + signed(answer.every) * i64::from(nth),
                generation: answer.state.generation,
            });
        }
    }

    /// As a limiter does: asks whether its slots still hold, forgets the old ones, and uses one.
    fn use_one(&mut self, by: usize, oldest: bool) {
        let generation = self.ask(by, Action::Peek).state.generation;
        let limit = self.pacing();
        let late = match self.limits.as_slice() {
            [_] => signed(limit.capacity() - limit.interval()),
            // A token of several limits was taken from each of them at its instant.
            _ => 0,
        };
        let time = self.time;
        let slots = &mut self.processes[by].slots;
        slots.retain(|slot| slot.generation == generation && slot.due + late >= time);
        slots.sort_by_key(|slot| slot.due);
        let due = slots.partition_point(|slot| slot.due <= time);
        if due > 0 {
            slots.remove(if oldest { 0 } else { due - 1 });
            self.used.push(time);
        }
    }

    /// No interval holds more than the bucket and what flows into it meanwhile.
    fn check(&self) -> Result<(), TestCaseError> {
        for limit in self.limits.as_slice() {
            let burst = limit.capacity() / limit.interval();
            let bursts = usize::try_from(burst).unwrap() * (1 + self.extra);
            for (first, from) in self.used.iter().enumerate() {
                for (last, to) in self.used.iter().enumerate().skip(first) {
                    let inflow = (to - from) / signed(limit.interval());
                    let allowed = bursts + usize::try_from(inflow).unwrap();
                    prop_assert!(
                        last - first < allowed,
                        "{} used in {} ticks, {limit:?}",
                        last - first + 1,
                        to - from
                    );
                }
            }
        }
        Ok(())
    }
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
    fn a_loss_that_somebody_remembers_lets_nothing_through(
        (limit, mut events) in limit().prop_flat_map(|limit| run_with(limit, Just(Event::Lose))),
    ) {
        for event in &mut events {
            if let Event::Draw { by, .. }
            | Event::Use { by, .. }
            | Event::Pause { by, .. }
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
                    longest: u64::MAX,
                    drain: false,
                },
                Event::Pause { duration, .. } => Action::Pause { duration },
                Event::Learn { interval, duration, .. } => Action::Learn { interval, duration },
                Event::Pass { time } => {
                    now += time;
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
                (one.granted, one.wait.max(0), one.every, one.state.paused_until.max(now)),
                (other.granted, other.wait.max(0), other.every, other.state.paused_until.max(now))
            );
        }
    }
}
