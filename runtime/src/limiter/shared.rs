//! A limiter's shared part: the gate, and the desk with its timers behind one lock.
//!
//! The lock is a blocking one: it is held for a few lines of arithmetic and never across an await.

use core::task::Context;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::Weak;

use tokio::runtime::Handle;

use crate::bucket::Shape;
use crate::clock;
use crate::quota::Quota;

use super::alarm::Setting;
use super::announcing::why;
use super::behind;
use super::behind::Behind;
use super::counts::Counts;
use super::desk::Desk;
use super::desk::Standing;
use super::gate::Gate;
use super::gate::Passage;
use super::link::Link;
use super::naming::Naming;
use super::notes::Notes;
use super::request::Denial;
use super::request::Refusal;
use super::request::Request;
use super::resources::Table;
use super::supply::Supply;
use super::supply::Terms;
use super::ticket::Ticket;
use super::ticket::Use;
use super::waiter::State;
use super::waiter::Waiter;
use super::wakes::Wakes;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) gate: Gate,
    pub(super) notes: Notes,
    /// The limiters of the server's resources.
    pub(super) resources: Mutex<Table>,
    behind: Mutex<Behind>,
    pub(super) naming: Naming,
    /// Where the limit is shared with other processes.
    pub(super) link: OnceLock<Link>,
    pub(super) me: Weak<Self>,
}

impl Shared {
    /// A limiter that shares its limit through a store.
    pub(super) fn linked(quota: Quota, link: Link, terms: Terms) -> Arc<Self> {
        let shared = Self::new(quota);
        shared.attach(link, terms);
        shared
    }

    /// Moves the limit into a store, if it is in none.
    pub(super) fn attach(&self, link: Link, terms: Terms) {
        let (mut behind, now) = self.visit();
        if self.link.set(link).is_ok() {
            // The gate stays shut: the bucket behind it is not this process's own.
            behind.desk.supply = Some(Box::new(Supply::new(terms)));
        }
        self.settle(behind, now, &mut Wakes::new());
    }

    pub(super) fn new(quota: Quota) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            gate: Gate::new(Shape::of(quota)),
            notes: Notes::new(),
            resources: Mutex::new(Table::EMPTY),
            behind: Mutex::new(Behind::new(quota)),
            naming: Naming::default(),
            link: OnceLock::new(),
            me: me.clone(),
        })
    }

    pub(super) const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Takes a permit if nobody waits and the bucket has the tokens.
    #[inline]
    pub(crate) fn pass(&self, cost: u32, now: u64) -> bool {
        self.gate.pass(cost, now) == Passage::Passed
    }

    /// Admits a call's attempt if nobody waits and the bucket has a token.
    #[inline]
    pub(crate) fn admit(&self, retry: bool, now: u64) -> bool {
        let passed = self.pass(1, now);
        if passed {
            self.gate.count_attempt();
            if retry {
                self.count(Counts::retry);
            }
        }
        passed
    }

    /// Takes a permit now or says when there is one.
    #[inline]
    pub(super) fn take(&self, cost: u32, now: u64) -> Result<(), Refusal> {
        match self.gate.pass(cost, now) {
            Passage::Passed => Ok(()),
            Passage::Empty(until) => Err(Refusal::Late { until }),
            Passage::Shut => {
                let request = Request {
                    cost,
                    ..Request::ONE
                };
                self.at_desk(|desk, now, _| desk.take(&request, now))
            }
        }
    }

    /// Takes a permit now or a place in the queue.
    pub(crate) fn enter(
        &self,
        request: Request,
        cx: &Context<'_>,
    ) -> Result<Option<Ticket>, Denial> {
        let handle = Handle::try_current();
        let (mut behind, now) = self.visit();
        let mut wakes = Wakes::new();
        let entered = match behind.desk.take(&request, now) {
            Ok(()) => Ok(None),
            Err(refusal @ (Refusal::TooLarge { .. } | Refusal::NoStore)) => {
                Err(Denial::Refused(refusal))
            }
            Err(Refusal::Late { .. } | Refusal::Closed { .. }) => match handle {
                Err(_) => Err(Denial::NoRuntime),
                Ok(handle) => {
                    let joined = self.join(&mut behind, &handle, request, cx, now, &mut wakes);
                    joined.map(Some)
                }
            },
        };
        self.settle(behind, now, &mut wakes);
        entered
    }

    /// Takes a place in the queue, whether there is a permit at once or not.
    pub(crate) fn line_up(&self, request: Request, cx: &Context<'_>) -> Result<Ticket, Denial> {
        let handle = Handle::try_current().map_err(|_| Denial::NoRuntime)?;
        let (mut behind, now) = self.visit();
        let mut wakes = Wakes::new();
        let joined = self.join(&mut behind, &handle, request, cx, now, &mut wakes);
        self.settle(behind, now, &mut wakes);
        joined
    }

    fn join(
        &self,
        behind: &mut Behind,
        handle: &Handle,
        request: Request,
        cx: &Context<'_>,
        now: u64,
        wakes: &mut Wakes,
    ) -> Result<Ticket, Denial> {
        let times = (now, behind.desk.cooldown.closed_for(now));
        let waiter = Waiter::new(cx.waker().clone(), request, times, handle.id());
        let joined = behind.desk.join(waiter, now, wakes);
        joined.map_err(Denial::Refused).map(|index| {
            behind.alarms.enrol(handle, &self.me);
            let shared = self.me.upgrade().expect("it is in use");
            Ticket::new(shared, index)
        })
    }

    /// Returns the outcome of a wait, or `None` while it lasts. A permit carries the unused patience, in
    /// nanoseconds.
    pub(super) fn check(
        &self,
        index: u32,
        cx: &Context<'_>,
        wanted: Use,
    ) -> Option<Result<u64, Refusal>> {
        let mut behind = self.lock();
        let now = clock::now();
        if behind.desk.is_late(index, now) {
            behind = self.come_back(behind, index, cx);
        }
        let burst = behind.desk.quota().burst().get();
        let closed = behind.desk.cooldown.closed_for(now);
        let waiter = behind.desk.queue.waiter_mut(index);
        let outcome = match waiter.state() {
            State::Granted { .. } | State::Held { .. } => {
                Ok(waiter.patience.saturating_sub(closed))
            }
            State::Late { until } => Err(Refusal::Late { until }),
            State::Closed { until } => Err(Refusal::Closed { until }),
            State::TooLarge => Err(Refusal::TooLarge { burst }),
            State::NoStore => Err(Refusal::NoStore),
            State::Waiting | State::Absent => {
                let known = waiter
                    .waker
                    .as_ref()
                    .is_some_and(|known| known.will_wake(cx.waker()));
                // Dropping a waker can drop a task, and that can come back here: not under the lock.
                let replaced = if known {
                    None
                } else {
                    waiter.waker.replace(cx.waker().clone())
                };
                let runtime = waiter.runtime;
                self.follow(behind, index, runtime);
                drop(replaced);
                return None;
            }
        };
        match outcome {
            Ok(_) if wanted == Use::Later => behind.desk.queue.hold(index),
            Ok(_) => behind::part(behind, index),
            Err(_) => behind::part_in_vain(behind, index, now),
        }
        Some(outcome)
    }

    /// Puts a waiter at the front again that did not pick up its permit in time.
    fn come_back<'a>(
        &'a self,
        mut behind: MutexGuard<'a, Behind>,
        index: u32,
        cx: &Context<'_>,
    ) -> MutexGuard<'a, Behind> {
        let now = self.begin(&mut behind);
        behind.desk.queue.waiter_mut(index).waker = Some(cx.waker().clone());
        let mut wakes = Wakes::new();
        behind.desk.come_back(index, now, &mut wakes);
        self.settle(behind, now, &mut wakes);
        self.lock()
    }

    /// Takes a waiter out that nobody wants any more; its place and its permit go to the next.
    pub(super) fn abandon(&self, index: u32) {
        let mut behind = self.lock();
        // Who stands behind another leaves nothing that anybody could have now.
        if self.link.get().is_none() && behind.desk.queue.is_behind(index) {
            return behind::part_in_vain(behind, index, clock::now());
        }
        let now = self.begin(&mut behind);
        let waiter = behind.leave(index);
        behind.desk.waited_in_vain(&waiter, now);
        behind
            .desk
            .take_back(waiter.state(), waiter.since, waiter.cost, now);
        self.settle(behind, now, &mut Wakes::new());
    }

    /// Closes the limiter until `until`.
    pub(super) fn cool_down(&self, until: u64) {
        self.at_desk(|desk, now, wakes| desk.cool_down(until, why::BY_HAND, now, wakes));
    }

    pub(super) fn at_desk<T>(&self, act: impl FnOnce(&mut Desk, u64, &mut Wakes) -> T) -> T {
        let (mut behind, now) = self.visit();
        let mut wakes = Wakes::new();
        let result = act(&mut behind.desk, now, &mut wakes);
        self.settle(behind, now, &mut wakes);
        result
    }

    /// Takes the lock, then the state from the gate, then the time: an older time would make the
    /// state look as if it lay in the future.
    pub(super) fn visit(&self) -> (MutexGuard<'_, Behind>, u64) {
        let mut behind = self.lock();
        let now = self.begin(&mut behind);
        (behind, now)
    }

    pub(super) fn begin(&self, behind: &mut Behind) -> u64 {
        let handed = self.gate.shut();
        let now = clock::now();
        behind.desk.take_over(handed, &self.gate, now);
        now
    }

    /// Ends every visit to the desk: grants what is due, sets the timers for what is next, opens the
    /// gate if nobody waits, and wakes whom it concerns outside the lock.
    pub(super) fn settle<'a>(
        &'a self,
        mut behind: MutexGuard<'a, Behind>,
        mut now: u64,
        wakes: &mut Wakes,
    ) {
        loop {
            match behind.desk.grant(now, wakes) {
                Standing::Due(due) => match behind.alarms.set(due) {
                    Setting::Set => break,
                    Setting::Rang => now = clock::now(),
                },
                Standing::Idle => {
                    behind.desk.close_for(&self.gate, now);
                    break;
                }
                Standing::More => {
                    let news = behind.desk.news(now);
                    drop(behind);
                    news.tell(self.label());
                    wakes.wake();
                    (behind, now) = self.visit();
                }
            }
        }
        self.notes.write(&behind.desk);
        let errands = self.link.get().is_some().then(|| behind.errands());
        let news = behind.desk.news(now);
        drop(behind);
        news.tell(self.label());
        wakes.wake();
        if let Some(errands) = errands {
            self.run(errands);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Behind> {
        // Nothing behind the lock can panic half-way through a change.
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
