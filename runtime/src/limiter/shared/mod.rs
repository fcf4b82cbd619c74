//! Shared part of a limiter: the fast path, and the state with its timers behind one lock.
//!
//! The lock is a blocking one: it is held for a few lines of arithmetic and never across an await.

mod dispatch;
mod lease_runtimes;
pub(super) mod locked;
mod locking;
mod published;
pub(super) mod ticket;
mod timers;

#[cfg(test)]
use core::sync::atomic::AtomicU64;
use core::task::Context;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::Weak;

use tokio::runtime::Handle;

use crate::bucket::Shape;
use crate::clock;
use crate::quota::Quota;
use crate::time::Instant;

use self::locked::Locked;
use self::published::Published;
use super::callback::Callback;
use super::counts::LateCounts;
use super::counts::event_interval::EventInterval;
use super::fast_path::FastPath;
use super::fast_path::TryTake;
use super::mode_cell::ModeCell;
use super::name::Naming;
use super::remote::Remote;
use super::remote::RemoteConfig;
use super::remote::client::StoreClient;
use super::request::Denial;
use super::request::Grant;
use super::request::Priority;
use super::request::Refusal;
use super::request::Request;
use super::request::Use;
use super::resources::table::Resources;
use super::state::LimiterState;
use super::state::waiter::Waiter;
use super::state::waiter::WaiterState;
use super::units::Units;
use super::wake_list::WakeList;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) fast_path: FastPath,
    pub(super) published: Published,
    pub(super) late_counts: LateCounts,
    pub(super) long_waits: EventInterval,
    pub(super) mode: ModeCell,
    /// The limiters of the server's resources.
    pub(super) resources: Mutex<Resources<Self>>,
    pub(super) locked: Mutex<Locked>,
    pub(super) naming: Naming,
    /// Its limits, if it has several.
    pub(super) units: OnceLock<Box<Units>>,
    /// Store of the limit, if other processes share it.
    pub(super) client: OnceLock<StoreClient>,
    pub(super) me: Weak<dyn Callback>,
    /// Number of times that the lock was taken.
    #[cfg(test)]
    pub(super) visits: AtomicU64,
}

/// Result of asking for a permit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// The permit is taken. It may hold a slot.
    Granted { slot: bool },
    /// The caller waits at this index.
    Queued(u32),
}

impl Shared {
    /// Creates a limiter that shares its limit through a store.
    pub(super) fn linked(quota: Quota, client: StoreClient, config: RemoteConfig) -> Arc<Self> {
        let shared = Self::new(quota);
        shared.compare_quotas(&client, quota);
        shared.attach(client, config);
        shared
    }

    /// Moves the limit into a store, if it is in none.
    pub(super) fn attach(&self, client: StoreClient, config: RemoteConfig) {
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        if self.client.set(client).is_ok() {
            let state = &mut locked.state;
            // The fast path stays shut: permits come from the store.
            let mut remote = Remote::new(config);
            remote.set_period(state.quota().rate());
            state.remote = Some(Box::new(remote));
            state.lease_slots();
            if state.quota().logged_window().is_some() {
                state.set_quota(state.quota(), &self.fast_path, now, &mut wakes);
            }
            state.follow_store();
        }
        self.finish(locked, now, &mut wakes);
    }

    pub(super) fn new(quota: Quota) -> Arc<Self> {
        let shared = Self::full(quota);
        shared.start(quota);
        shared
    }

    fn full(quota: Quota) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            fast_path: FastPath::new(Shape::of(quota)),
            published: Published::new(),
            late_counts: LateCounts::new(),
            long_waits: EventInterval::new(),
            mode: ModeCell::new(),
            resources: Mutex::new(Resources::EMPTY),
            locked: Mutex::new(Locked::new(quota)),
            naming: Naming::default(),
            units: OnceLock::new(),
            client: OnceLock::new(),
            me: me.clone() as Weak<dyn Callback>,
            #[cfg(test)]
            visits: AtomicU64::new(0),
        })
    }

    pub(super) const fn fast_path(&self) -> &FastPath {
        &self.fast_path
    }

    /// Takes a permit if no caller waits and the bucket has the tokens.
    #[inline]
    pub(crate) fn pass(&self, cost: u32, now: Instant) -> bool {
        self.fast_path.pass(cost, now) == TryTake::Taken
    }

    /// Admits a call's attempt if no caller waits and the bucket has a token.
    #[inline]
    pub(crate) fn admit(&self, now: Instant) -> bool {
        let passed = self.pass(1, now);
        if passed {
            self.fast_path.count_attempt();
        }
        passed
    }

    /// Takes a permit now. Returns whether it holds a slot. The refusal carries the instant at which one is free.
    #[inline]
    pub(super) fn take(&self, cost: u32, now: Instant) -> Result<bool, Refusal> {
        match self.fast_path.pass(cost, now) {
            TryTake::Taken => Ok(false),
            TryTake::Empty(until) => Err(Refusal::Late { until }),
            TryTake::Slow => self.try_take(&self.costs_of_requests(cost)),
        }
    }

    /// Takes a permit now, or joins the queue and returns the index of the waiter.
    pub(super) fn enter(&self, request: Request, cx: &Context<'_>) -> Result<Entry, Denial> {
        let handle = Handle::try_current();
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        locked.state.waits.backoff += Duration::from(request.backed_off);
        let entered = match locked.state.admit(&request, now) {
            Ok(()) => Ok(Entry::Granted {
                slot: locked.state.takes_slot(request.priority),
            }),
            Err(refusal @ (Refusal::TooLarge { .. } | Refusal::NoStore)) => {
                Err(Denial::Refused(refusal))
            }
            Err(Refusal::Shut) if request.refusable => Err(Denial::Refused(Refusal::Shut)),
            Err(Refusal::Late { .. } | Refusal::Closed { .. } | Refusal::Shut) => match handle {
                Err(_) => Err(Denial::NoRuntime),
                Ok(handle) => {
                    let waiter = waiter(&locked.state, &handle, request, cx, now);
                    let joined = self.join(&mut locked, &handle, waiter, &request, now, &mut wakes);
                    joined.map(Entry::Queued)
                }
            },
        };
        self.finish(locked, now, &mut wakes);
        entered
    }

    /// Joins the queue, also where a permit is free at once.
    pub(super) fn enqueue(&self, request: Request, cx: &Context<'_>) -> Result<u32, Denial> {
        let handle = Handle::try_current().map_err(|_| Denial::NoRuntime)?;
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        let waiter = waiter(&locked.state, &handle, request, cx, now);
        let joined = self.join(&mut locked, &handle, waiter, &request, now, &mut wakes);
        self.finish(locked, now, &mut wakes);
        joined
    }

    /// Joins the queue.
    pub(super) fn join(
        &self,
        locked: &mut Locked,
        handle: &Handle,
        waiter: Waiter,
        request: &Request,
        now: Instant,
        wakes: &mut WakeList,
    ) -> Result<u32, Denial> {
        let state = &mut locked.state;
        let joined = state.join(waiter, &request.costs, request.slow, now, wakes);
        joined
            .inspect(|_| locked.timers.register(handle, &self.me))
            .map_err(Denial::Refused)
    }

    /// Returns the outcome of a wait, or `None` while it lasts.
    pub(super) fn check(
        &self,
        index: u32,
        cx: &Context<'_>,
        wanted: Use,
    ) -> Option<Result<Grant, Refusal>> {
        let mut locked = self.lock();
        let mut now = clock::now();
        // More than once if the permit that it comes back for is late as well, because this thread was stopped between
        // the two locks: another thread has passed that permit on, and nothing would wake this caller.
        while locked.state.is_late(index, now) {
            locked = self.come_back(locked, index);
            now = clock::now();
        }
        let closed = locked.state.cooldown.closed_for(now);
        let slots = locked.state.slots.is_some();
        let waiter = locked.state.queue.waiter_mut(index);
        let since = waiter.since;
        let outcome = match waiter.state() {
            WaiterState::Granted { .. } | WaiterState::Held { .. } => Ok(Grant {
                left: waiter.max_closed.minus(closed),
                slot: slots && waiter.priority != Priority::Nested,
            }),
            _ => {
                let Some(refusal) = locked.state.refusal_of(index) else {
                    self.keep_waiting(locked, index, cx);
                    return None;
                };
                Err(refusal)
            }
        };
        if outcome.is_ok() {
            locked.state.picked_up(since, now);
        }
        match outcome {
            Ok(_) if wanted == Use::Later => locked.state.queue.hold(index),
            Ok(_) => locked::remove(locked, index),
            Err(_) => locked::remove_without_permit(locked, index, now),
        }
        Some(outcome)
    }

    /// Replaces the waker of a waiter, and moves it to the runtime that polls it.
    fn keep_waiting(&self, mut locked: MutexGuard<'_, Locked>, index: u32, cx: &Context<'_>) {
        let waiter = locked.state.queue.waiter_mut(index);
        let known = waiter
            .waker
            .as_ref()
            .is_some_and(|known| known.will_wake(cx.waker()));
        // Dropping a waker can drop a task, which can re-enter the limiter: not under the lock.
        let replaced = if known {
            None
        } else {
            waiter.waker.replace(cx.waker().clone())
        };
        if self.follow(&mut locked, index) {
            self.finish(locked, clock::now(), &mut WakeList::new());
        } else {
            drop(locked);
        }
        drop(replaced);
    }

    /// Puts a waiter that did not pick up its permit in time at the front again. If the next one is due, it is granted at once.
    /// The waiter has no waker then: the caller looks at its state before it gives the lock back.
    pub(super) fn come_back<'a>(
        &'a self,
        mut locked: MutexGuard<'a, Locked>,
        index: u32,
    ) -> MutexGuard<'a, Locked> {
        let now = self.begin(&mut locked);
        let mut wakes = WakeList::new();
        locked.state.come_back(index, now, &mut wakes);
        self.finish(locked, now, &mut wakes);
        self.lock()
    }

    /// Removes a waiter whose future is dropped; its place and its permit go to the next waiter.
    pub(super) fn abandon(&self, index: u32) {
        let mut locked = self.lock();
        // A waiter behind another one leaves nothing that could be granted now.
        if self.client.get().is_none() && locked.state.queue.is_behind(index) {
            return locked::remove_without_permit(locked, index, clock::now());
        }
        let now = self.begin(&mut locked);
        let costs = locked.state.queue.costs(index);
        let waiter = locked.leave(index);
        // A permit that was held for use with others' is passed on, and was no wait in vain.
        if !matches!(waiter.state(), WaiterState::Held { .. }) {
            locked.state.count_given_up(&waiter, now);
        }
        locked
            .state
            .take_back((waiter.state(), waiter.priority), waiter.since, &costs, now);
        self.finish(locked, now, &mut WakeList::new());
    }
}

/// Returns a waiter for the queue of a limiter in this state.
pub(super) fn waiter(
    state: &LimiterState,
    handle: &Handle,
    request: Request,
    cx: &Context<'_>,
    now: Instant,
) -> Waiter {
    let closed = state.cooldown.closed_for(now);
    Waiter::new(cx.waker().clone(), request, now, closed, handle.id())
}
