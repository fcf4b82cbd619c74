//! Processes that share a state, and what they do.

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::Reply;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::step;
use proptest::prelude::*;

use crate::stepping::START;
use crate::stepping::learn_pace;
use crate::stepping::pause_for;

pub(crate) const PROCESSES: usize = 3;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A process draws.
    Draw {
        by: usize,
        tokens: u32,
        ahead: Ticks,
    },
    /// A process uses one of its slots, the oldest or the newest that is due.
    Use { by: usize, oldest: bool },
    /// A server asks a process for a pause.
    Pause { by: usize, duration: Ticks },
    /// A person ends all pauses.
    Resume { by: usize },
    /// A server's answers show a limit.
    Learn {
        by: usize,
        interval: Ticks,
        duration: Ticks,
    },
    /// Time passes.
    Pass { time: Ticks },
    /// The store's clock is set, by so much.
    Set { by: i64 },
    /// The store loses everything.
    Lose,
    /// The store forgets what it may forget.
    Expire,
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

pub(crate) struct World {
    limits: Limits,
    /// Real time.
    time: i64,
    /// The store's clock is ahead of it by this.
    ahead: i64,
    state: State,
    processes: [Process; PROCESSES],
    used: Vec<i64>,
    /// No pause was asked for since all were ended.
    is_lifted: bool,
    /// The state was lost, or the clock set.
    is_disturbed: bool,
    /// Number of times that a burst may have been given away once more.
    pub(crate) extra: usize,
}

pub(crate) fn signed(ticks: Ticks) -> i64 {
    i64::try_from(ticks.get()).unwrap()
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
            is_lifted: false,
            is_disturbed: false,
            extra: 0,
        }
    }

    pub(crate) fn run(limits: Limits, events: &[Event]) -> Self {
        let mut world = Self::new(limits);
        for event in events {
            world.apply(event);
        }
        world
    }

    fn now(&self) -> Ticks {
        Ticks::new(u64::try_from(self.time + self.ahead).unwrap())
    }

    fn pacing(&self) -> Limit {
        self.limits.as_slice()[0]
    }

    fn ask(&mut self, by: usize, action: Action) -> Reply {
        let mut request = Request::new(action, self.limits);
        request.floor = self.processes[by].floor.clone();
        let now = self.now();
        let answer = step(&mut self.state, now, &request);
        self.processes[by].floor = Some(answer.state.clone());
        if self.is_lifted && !self.is_disturbed {
            assert!(answer.state.paused_until <= answer.now, "{answer:?}");
        }
        answer
    }

    fn apply(&mut self, event: &Event) {
        match *event {
            Event::Draw { by, tokens, ahead } => self.draw(by, tokens, ahead),
            Event::Use { by, oldest } => self.use_one(by, oldest),
            Event::Pause { by, duration } => {
                self.is_lifted = false;
                let paused = self.ask(by, pause_for(duration));
                let answer = self.ask(by, Action::Peek);
                // Nothing is free before its end, and then the first after one interval.
                if duration > Ticks::ZERO {
                    let end = signed(paused.state.paused_until) - signed(answer.now);
                    assert!(end >= signed(duration), "{paused:?}");
                    let interval = signed(self.pacing().interval());
                    assert!(answer.last().wait.get() >= end + interval, "{answer:?}");
                }
            }
            Event::Learn {
                by,
                interval,
                duration,
            } => {
                self.ask(by, learn_pace(interval, duration));
            }
            Event::Resume { by } => {
                self.is_lifted = true;
                self.ask(by, Action::Resume { forget: false });
            }
            Event::Pass { time } => self.time += signed(time),
            Event::Set { by } => {
                self.is_disturbed = true;
                self.ahead += by;
                self.extra += usize::from(by > 0);
            }
            Event::Lose => {
                self.is_disturbed = true;
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

    fn draw(&mut self, by: usize, tokens: u32, ahead: Ticks) {
        let action = Action::Draw {
            tokens,
            horizon: ahead,
            longest: Ticks::MAX,
            drain: false,
        };
        let answer = self.ask(by, action);
        assert!(answer.granted() <= tokens);
        let last = answer.last();
        let mut waits: Vec<_> = answer.calls.iter().map(|call| call.wait.get()).collect();
        if last.every > Ticks::ZERO {
            let tokens = (0..last.granted).map(u64::from);
            waits.extend(tokens.map(|nth| last.wait.later(last.every * nth).get()));
        }
        assert_eq!(waits.len(), last.granted as usize);
        for wait in waits {
            self.processes[by].slots.push(Slot {
                due: self.time + wait,
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
    pub(crate) fn check(&self) -> Result<(), TestCaseError> {
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
