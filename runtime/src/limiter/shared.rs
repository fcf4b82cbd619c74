//! Shared part of a limiter: the fast path, and the state with its timers behind one lock.
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
use crate::time::Instant;
use crate::time::Span;

use super::callback::Callback;
use super::counts::Counts;
use super::fast_path::FastPath;
use super::fast_path::TryTake;
use super::locked;
use super::locked::Locked;
use super::name::Naming;
use super::published::Published;
use super::remote::Remote;
use super::remote::RemoteConfig;
use super::remote::client::StoreClient;
use super::request::Denial;
use super::request::Refusal;
use super::request::Request;
use super::request::Use;
use super::resources::Resources;
use super::state::LimiterState;
use super::state::Next;
use super::state::waiter::Waiter;
use super::state::waiter::WaiterState;
use super::timers::Setting;
use super::wake_list::WakeList;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) fast_path: FastPath,
    pub(super) published: Published,
    /// The limiters of the server's resources.
    pub(super) resources: Mutex<Resources<Self>>,
    locked: Mutex<Locked>,
    pub(super) naming: Naming,
    /// Store of the limit, if other processes share it.
    pub(super) client: OnceLock<StoreClient>,
    pub(super) me: Weak<dyn Callback>,
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
            // The fast path stays shut: permits come from the store.
            locked.state.remote = Some(Box::new(Remote::new(config)));
            let quota = locked.state.quota();
            if quota.logged_window().is_some() {
                let state = &mut locked.state;
                state.set_quota(quota, &self.fast_path, now, &mut wakes);
            }
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
            resources: Mutex::new(Resources::EMPTY),
            locked: Mutex::new(Locked::new(quota)),
            naming: Naming::default(),
            client: OnceLock::new(),
            me: me.clone() as Weak<dyn Callback>,
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
    pub(crate) fn admit(&self, retry: bool, now: Instant) -> bool {
        let passed = self.pass(1, now);
        if passed {
            self.fast_path.count_attempt();
            if retry {
                self.count(Counts::retry);
            }
        }
        passed
    }

    /// Takes a permit now. The refusal carries the instant at which one is free.
    #[inline]
    pub(super) fn take(&self, cost: u32, now: Instant) -> Result<(), Refusal> {
        match self.fast_path.pass(cost, now) {
            TryTake::Taken => Ok(()),
            TryTake::Empty(until) => Err(Refusal::Late { until }),
            TryTake::Slow => {
                let request = Request {
                    cost,
                    ..Request::ONE
                };
                self.with_state(|state, now, _| state.take(&request, now))
            }
        }
    }

    /// Takes a permit now (`None`), or joins the queue and returns the index of the waiter.
    pub(super) fn enter(&self, request: Request, cx: &Context<'_>) -> Result<Option<u32>, Denial> {
        let handle = Handle::try_current();
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        let entered = match locked.state.take(&request, now) {
            Ok(()) => Ok(None),
            Err(refusal @ (Refusal::TooLarge { .. } | Refusal::NoStore)) => {
                Err(Denial::Refused(refusal))
            }
            Err(Refusal::Shut) if request.refusable => Err(Denial::Refused(Refusal::Shut)),
            Err(Refusal::Late { .. } | Refusal::Closed { .. } | Refusal::Shut) => match handle {
                Err(_) => Err(Denial::NoRuntime),
                Ok(handle) => {
                    let joined = self.join(&mut locked, &handle, request, cx, now, &mut wakes);
                    joined.map(Some)
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
        let joined = self.join(&mut locked, &handle, request, cx, now, &mut wakes);
        self.finish(locked, now, &mut wakes);
        joined
    }

    fn join(
        &self,
        locked: &mut Locked,
        handle: &Handle,
        request: Request,
        cx: &Context<'_>,
        now: Instant,
        wakes: &mut WakeList,
    ) -> Result<u32, Denial> {
        let closed = locked.state.cooldown.closed_for(now);
        let waiter = Waiter::new(cx.waker().clone(), request, now, closed, handle.id());
        let joined = locked.state.join(waiter, request.slow, now, wakes);
        joined
            .inspect(|_| locked.timers.register(handle, &self.me))
            .map_err(Denial::Refused)
    }

    /// Returns the outcome of a wait, or `None` while it lasts. A permit carries the unused patience.
    pub(super) fn check(
        &self,
        index: u32,
        cx: &Context<'_>,
        wanted: Use,
    ) -> Option<Result<Span, Refusal>> {
        let mut locked = self.lock();
        let now = clock::now();
        if locked.state.is_late(index, now) {
            locked = self.come_back(locked, index, cx);
        }
        let burst = locked.state.quota().burst().get();
        let closed = locked.state.cooldown.closed_for(now);
        let waiter = locked.state.queue.waiter_mut(index);
        let outcome = match waiter.state() {
            WaiterState::Granted { .. } | WaiterState::Held { .. } => {
                Ok(waiter.patience.minus(closed))
            }
            WaiterState::Late { until } => Err(Refusal::Late { until }),
            WaiterState::Closed { until } => Err(Refusal::Closed { until }),
            WaiterState::TooLarge => Err(Refusal::TooLarge { burst }),
            WaiterState::NoStore => Err(Refusal::NoStore),
            WaiterState::Shut => Err(Refusal::Shut),
            WaiterState::Waiting | WaiterState::Absent => {
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
                let runtime = waiter.runtime;
                self.follow(locked, index, runtime);
                drop(replaced);
                return None;
            }
        };
        match outcome {
            Ok(_) if wanted == Use::Later => locked.state.queue.hold(index),
            Ok(_) => locked::remove(locked, index),
            Err(_) => locked::remove_without_permit(locked, index, now),
        }
        Some(outcome)
    }

    /// Puts a waiter that did not pick up its permit in time at the front again.
    fn come_back<'a>(
        &'a self,
        mut locked: MutexGuard<'a, Locked>,
        index: u32,
        cx: &Context<'_>,
    ) -> MutexGuard<'a, Locked> {
        let now = self.begin(&mut locked);
        locked.state.queue.waiter_mut(index).waker = Some(cx.waker().clone());
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
        let waiter = locked.leave(index);
        // A permit that was held for use with others' is passed on, and was no wait in vain.
        if !matches!(waiter.state(), WaiterState::Held { .. }) {
            locked.state.count_given_up(&waiter, now);
        }
        locked
            .state
            .take_back(waiter.state(), waiter.since, waiter.cost, now);
        self.finish(locked, now, &mut WakeList::new());
    }

    pub(super) fn with_state<T>(
        &self,
        act: impl FnOnce(&mut LimiterState, Instant, &mut WakeList) -> T,
    ) -> T {
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        let result = act(&mut locked.state, now, &mut wakes);
        self.finish(locked, now, &mut wakes);
        result
    }

    /// Locks the state, takes over the bucket from the fast path, and reads the clock last: with an older
    /// time, the bucket would look as if it lay in the future.
    pub(super) fn lock_state(&self) -> (MutexGuard<'_, Locked>, Instant) {
        let mut locked = self.lock();
        let now = self.begin(&mut locked);
        (locked, now)
    }

    pub(super) fn begin(&self, locked: &mut Locked) -> Instant {
        let handed = self.fast_path.shut();
        let now = clock::now();
        locked.state.take_over(handed, &self.fast_path, now);
        now
    }

    /// Ends a locked section: grants the permits that are due, sets the timers for the next one, opens the
    /// fast path if no caller waits, and wakes waiters after unlocking.
    pub(super) fn finish<'a>(
        &'a self,
        mut locked: MutexGuard<'a, Locked>,
        mut now: Instant,
        wakes: &mut WakeList,
    ) {
        loop {
            match locked.state.grant(now, wakes) {
                Next::Due(due) => match locked.timers.set(due) {
                    Setting::Set => break,
                    Setting::Fired => now = clock::now(),
                },
                Next::Idle => {
                    locked.state.hand_back(&self.fast_path, now);
                    break;
                }
                Next::More => {
                    let news = locked.state.news(now);
                    drop(locked);
                    news.tell(self.label());
                    wakes.wake();
                    (locked, now) = self.lock_state();
                }
            }
        }
        let state = &locked.state;
        self.published.write(
            state.is_attentive(),
            state.strict.is_some(),
            state.binds_until(),
        );
        let outbox = self.client.get().is_some().then(|| locked.outbox());
        let news = locked.state.news(now);
        drop(locked);
        news.tell(self.label());
        wakes.wake();
        if let Some(outbox) = outbox {
            self.run(outbox);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Locked> {
        // No code under the lock panics halfway through a change.
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
