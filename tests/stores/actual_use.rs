//! `step` beside buckets that count what calls really use: what is given back never lets a store have more tokens than they.

mod events;

use paced::store::Action;
use paced::store::Calls;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::MAX_LIMITS;
use paced::store::Reply;
use paced::store::Request;
use paced::store::State;
use paced::store::Ticks;
use paced::store::step;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;

use self::events::Event;
use self::events::ROWS;
use self::events::events;
use crate::stepping::START;

/// Number of random runs; `PACED_RUNS` sets another.
fn runs() -> u32 {
    let runs = std::env::var("PACED_RUNS");
    runs.map_or(300, |runs| runs.parse().expect("a number of runs"))
}

/// A call that was served. `used`: what it counts with, which is its cost until it is settled.
#[derive(Clone, Copy, Debug)]
struct Call {
    at: Ticks,
    costs: [u32; ROWS],
    ends_with: [u32; ROWS],
    used: [u32; ROWS],
    /// Times from one token to the next by which it was counted.
    every: [Ticks; ROWS],
}

fn limits([one, other]: [u64; ROWS]) -> Limits {
    let one = Limit::new(Ticks::new(one), 10);
    let other = Limit::new(Ticks::new(other), 30);
    Limits::new(&[one, other]).expect("two")
}

/// A store, and all calls that it has served since the last pause.
struct World {
    limits: Limits,
    state: State,
    now: Ticks,
    open: Vec<usize>,
    all: Vec<Call>,
    void: Vec<Call>,
    /// Says that calls drew more than they did.
    lies: bool,
}

impl World {
    fn new(lies: bool) -> Self {
        Self {
            limits: limits([40, 100]),
            state: State::default(),
            now: START,
            open: Vec::new(),
            all: Vec::new(),
            void: Vec::new(),
            lies,
        }
    }

    fn ask(&mut self, action: Action) -> Reply {
        let request = Request::new(action, self.limits);
        step(&mut self.state, self.now, &request)
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Draw { costs, used, count } => self.draw(*costs, *used, *count),
            Event::Settle {
                which,
                together,
                early,
            } => {
                let mut ended = Vec::new();
                for which in which {
                    if !self.open.is_empty() {
                        ended.push(self.open.swap_remove(which % self.open.len()));
                    }
                }
                let size = if *together { ended.len().max(1) } else { 1 };
                for ended in ended.chunks(size) {
                    self.settle(ended, Ticks::new(*early));
                }
            }
            Event::Pass { ticks } => self.now = self.now + Ticks::new(*ticks),
            Event::Learn { row } => {
                self.ask(Action::Learn {
                    row: *row,
                    interval: Ticks::new(150),
                    duration: Ticks::new(700),
                });
            }
            Event::Override { intervals, ticks } => {
                self.ask(Action::Override {
                    limits: limits(*intervals),
                    duration: Ticks::new(*ticks),
                });
            }
            Event::Declare { intervals } => {
                self.limits = limits(*intervals);
                self.ask(Action::Peek);
            }
            Event::Pause => {
                self.ask(crate::stepping::pause_for(Ticks::new(100)));
                self.now = self.now + Ticks::new(100);
                self.void = self.open.drain(..).map(|nth| self.all[nth]).collect();
                self.all.clear();
            }
            Event::GiveBack { which } if !self.void.is_empty() => {
                let call = self.void.swap_remove(which % self.void.len());
                self.settle_all(call);
            }
            Event::GiveBack { .. } => {}
        }
    }

    fn draw(&mut self, costs: [u32; ROWS], used: [u32; ROWS], count: u32) {
        let reply = self.ask(Action::DrawCalls {
            calls: Calls::new().and(count, &costs),
            horizon: Ticks::new(500),
            longest: Ticks::MAX,
            drain: false,
        });
        let every = [0, 1].map(|row| self.every(row));
        for call in &reply.calls {
            self.open.push(self.all.len());
            self.all.push(Call {
                at: self.now + call.wait.to_come(),
                costs,
                ends_with: used,
                used: costs,
                every,
            });
        }
    }

    /// Returns the time from one token to the next by which the store counts now, but for what was learnt.
    fn every(&self, row: usize) -> Ticks {
        let (state, declared) = (
            &self.state.rows[row],
            self.limits.as_slice()[row].interval(),
        );
        let held = state.quota.interval_until;
        if self.state.override_until > self.now {
            state.override_interval
        } else if held == Ticks::ZERO || held > self.now {
            declared.max(state.quota.interval)
        } else {
            declared
        }
    }

    /// Gives back all that a call has drawn.
    fn settle_all(&mut self, call: Call) {
        let mut deltas = [0; MAX_LIMITS];
        let mut drawn = [0; MAX_LIMITS];
        for row in 0..ROWS {
            deltas[row] = -i64::from(call.costs[row]);
            drawn[row] = call.costs[row];
        }
        self.ask(Action::Settle {
            deltas,
            drawn,
            drawn_at: call.at,
        });
    }

    /// Corrects calls in one action, and another one for what they used beyond their costs.
    fn settle(&mut self, ended: &[usize], early: Ticks) {
        let (mut refunds, mut charges) = ([0; MAX_LIMITS], [0; MAX_LIMITS]);
        let mut least = [u32::MAX; MAX_LIMITS];
        let mut drawn_at = Ticks::MAX;
        for nth in ended {
            let call = &mut self.all[*nth];
            // One that is not made yet has used nothing.
            let all = if call.at > self.now {
                [0; ROWS]
            } else {
                call.ends_with
            };
            drawn_at = drawn_at.min(call.at - early);
            for row in 0..ROWS {
                let (drawn, used) = (call.costs[row], all[row]);
                call.used[row] = used.min(drawn);
                if used < drawn {
                    refunds[row] -= i64::from(drawn - used);
                    least[row] = least[row].min(used);
                } else {
                    charges[row] += i64::from(used - drawn);
                }
            }
        }
        let more = |row| u32::try_from(charges[row]).expect("small");
        self.all.push(Call {
            at: self.now,
            costs: [0; ROWS],
            ends_with: [0; ROWS],
            used: [more(0), more(1)],
            every: [0, 1].map(|row| self.every(row)),
        });
        let mut drawn = [0; MAX_LIMITS];
        for row in (0..ROWS).filter(|row| refunds[*row] < 0) {
            let unused = u32::try_from(refunds[row].unsigned_abs()).expect("small");
            drawn[row] = unused + least[row] + u32::from(self.lies);
        }
        for (deltas, drawn, drawn_at) in [
            (refunds, drawn, drawn_at),
            (charges, [0; MAX_LIMITS], Ticks::ZERO),
        ] {
            self.ask(Action::Settle {
                deltas,
                drawn,
                drawn_at,
            });
        }
    }

    /// Returns the instant at which a bucket is full that counts what the calls use since the last pause.
    fn full_at(&self, row: usize) -> Ticks {
        let mut calls: Vec<_> = self.all.iter().filter(|call| call.used[row] > 0).collect();
        calls.sort_by_key(|call| call.at);
        let take = |full_at: Ticks, call: &&Call| {
            full_at.max(call.at) + call.every[row] * u64::from(call.used[row])
        };
        calls.iter().fold(Ticks::ZERO, take).max(self.now)
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        self.ask(Action::Peek);
        for row in 0..ROWS {
            let stored = self.state.rows[row].full_at.max(self.now);
            let counted = self.full_at(row);
            prop_assert!(stored >= counted, "row {row}: {stored:?}, {counted:?}");
        }
        Ok(())
    }
}

fn run(runs: u32, lies: bool) -> Result<(), String> {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(runs)
    };
    let play = |events: Vec<Event>| {
        let mut world = World::new(lies);
        for event in &events {
            world.apply(event);
            world.check()?;
        }
        Ok(())
    };
    let played = TestRunner::new(config).run(&events(), play);
    played.map_err(|error| error.to_string())
}

#[test]
fn a_store_never_has_more_than_a_bucket_that_counts_what_is_used() {
    run(runs(), false).expect("none was overdrawn");
}

/// More calls than are told apart.
#[test]
fn calls_that_use_what_has_flowed_in_give_back_all_else() {
    let mut world = World::new(false);
    for _ in 0..8 {
        world.draw([0, 3], [0, 1], 1);
        world.now = world.now + Ticks::new(5);
    }
    for nth in [3, 7, 0, 1, 6, 5, 2, 4] {
        world.settle(&[nth], Ticks::ZERO);
    }
    assert_eq!(world.state.rows[1].full_at, START + Ticks::new(8 * 100));
}

/// Draws ten tokens by an operator's limit that `ends`, and ten by the declared one, and gives the first ten back.
fn back_from_override(ends: impl FnOnce(&mut World)) -> Ticks {
    let mut world = World::new(false);
    let set = Event::Override {
        intervals: [40, 40],
        ticks: 50,
    };
    world.apply(&set);
    world.draw([0, 10], [0, 0], 1);
    ends(&mut world);
    world.draw([0, 10], [0, 10], 1);
    world.settle(&[0], Ticks::ZERO);
    world.state.rows[1].full_at
}

#[test]
fn what_was_drawn_by_a_faster_limit_is_not_given_back_by_a_slower_one() {
    let removed = Event::Override {
        intervals: [40, 100],
        ticks: 0,
    };
    let full_at = START + Ticks::new(10 * 40 + 10 * 100);
    assert_eq!(back_from_override(|world| world.apply(&removed)), full_at);
    let expired = |world: &mut World| world.now = world.now + Ticks::new(60);
    assert_eq!(back_from_override(expired), full_at);
}

/// The check above finds what it is for.
#[test]
fn a_token_too_many_is_found() {
    run(1000, true).expect_err("one was overdrawn");
}
