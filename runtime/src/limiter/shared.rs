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

use super::callback::Callback;
use super::counts::Counts;
use super::fast_path::FastPath;
use super::fast_path::TryTake;
use super::locked;
use super::locked::Locked;
use super::name::Naming;
use super::notes::Published;
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
    pub(super) notes: Published,
    /// The limiters of the server's resources.
    pub(super) resources: Mutex<Resources<Self>>,
    locked: Mutex<Locked>,
    pub(super) naming: Naming,
    /// Where the limit is shared with other processes.
    pub(super) client: OnceLock<StoreClient>,
    pub(super) me: Weak<dyn Callback>,
}

impl Shared {
    /// A limiter that shares its limit through a store.
    pub(super) fn linked(quota: Quota, client: StoreClient, config: RemoteConfig) -> Arc<Self> {
        let shared = Self::new(quota);
        shared.compare_quotas(&client, quota);
        shared.attach(client, config);
        shared
    }

    /// Moves the limit into a store, if it is in none.
    pub(super) fn attach(&self, client: StoreClient, config: RemoteConfig) {
        let (mut locked, now) = self.lock_state();
        if self.client.set(client).is_ok() {
            // The gate stays shut: the bucket behind it is not this process's own.
            locked.state.remote = Some(Box::new(Remote::new(config)));
        }
        self.settle(locked, now, &mut WakeList::new());
    }

    pub(super) fn new(quota: Quota) -> Arc<Self> {
        let shared = Self::full(quota);
        shared.start(quota);
        shared
    }

    fn full(quota: Quota) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            fast_path: FastPath::new(Shape::of(quota)),
            notes: Published::new(),
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

    /// Takes a permit if nobody waits and the bucket has the tokens.
    #[inline]
    pub(crate) fn pass(&self, cost: u32, now: u64) -> bool {
        self.fast_path.pass(cost, now) == TryTake::Taken
    }

    /// Admits a call's attempt if nobody waits and the bucket has a token.
    #[inline]
    pub(crate) fn admit(&self, retry: bool, now: u64) -> bool {
        let passed = self.pass(1, now);
        if passed {
            self.fast_path.count_attempt();
            if retry {
                self.count(Counts::retry);
            }
        }
        passed
    }

    /// Takes a permit now or says when there is one.
    #[inline]
    pub(super) fn take(&self, cost: u32, now: u64) -> Result<(), Refusal> {
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

    /// Takes a permit now, or a place in the queue and returns its index.
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
        self.settle(locked, now, &mut wakes);
        entered
    }

    /// Takes a place in the queue, whether there is a permit at once or not.
    pub(super) fn enqueue(&self, request: Request, cx: &Context<'_>) -> Result<u32, Denial> {
        let handle = Handle::try_current().map_err(|_| Denial::NoRuntime)?;
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        let joined = self.join(&mut locked, &handle, request, cx, now, &mut wakes);
        self.settle(locked, now, &mut wakes);
        joined
    }

    fn join(
        &self,
        locked: &mut Locked,
        handle: &Handle,
        request: Request,
        cx: &Context<'_>,
        now: u64,
        wakes: &mut WakeList,
    ) -> Result<u32, Denial> {
        let times = (now, locked.state.cooldown.closed_for(now));
        let waiter = Waiter::new(cx.waker().clone(), request, times, handle.id());
        let joined = locked.state.join(waiter, request.slow, now, wakes);
        joined
            .inspect(|_| locked.timers.register(handle, &self.me))
            .map_err(Denial::Refused)
    }

    /// Returns the outcome of a wait, or `None` while it lasts. A permit carries the unused patience, in
    /// nanoseconds.
    pub(super) fn check(
        &self,
        index: u32,
        cx: &Context<'_>,
        wanted: Use,
    ) -> Option<Result<u64, Refusal>> {
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
                Ok(waiter.patience.saturating_sub(closed))
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
                // Dropping a waker can drop a task, and that can come back here: not under the lock.
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
            Ok(_) => locked::part(locked, index),
            Err(_) => locked::part_in_vain(locked, index, now),
        }
        Some(outcome)
    }

    /// Puts a waiter at the front again that did not pick up its permit in time.
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
        self.settle(locked, now, &mut wakes);
        self.lock()
    }

    /// Takes a waiter out that nobody wants any more; its place and its permit go to the next.
    pub(super) fn abandon(&self, index: u32) {
        let mut locked = self.lock();
        // Who stands behind another leaves nothing that anybody could have now.
        if self.client.get().is_none() && locked.state.queue.is_behind(index) {
            return locked::part_in_vain(locked, index, clock::now());
        }
        let now = self.begin(&mut locked);
        let waiter = locked.leave(index);
        locked.state.waited_in_vain(&waiter, now);
        locked
            .state
            .take_back(waiter.state(), waiter.since, waiter.cost, now);
        self.settle(locked, now, &mut WakeList::new());
    }

    pub(super) fn with_state<T>(
        &self,
        act: impl FnOnce(&mut LimiterState, u64, &mut WakeList) -> T,
    ) -> T {
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        let result = act(&mut locked.state, now, &mut wakes);
        self.settle(locked, now, &mut wakes);
        result
    }

    /// Takes the lock, then the state from the gate, then the time: an older time would make the
    /// state look as if it lay in the future.
    pub(super) fn lock_state(&self) -> (MutexGuard<'_, Locked>, u64) {
        let mut locked = self.lock();
        let now = self.begin(&mut locked);
        (locked, now)
    }

    pub(super) fn begin(&self, locked: &mut Locked) -> u64 {
        let handed = self.fast_path.shut();
        let now = clock::now();
        locked.state.take_over(handed, &self.fast_path, now);
        now
    }

    /// Ends every visit to the desk: grants what is due, sets the timers for what is next, opens the
    /// gate if nobody waits, and wakes whom it concerns outside the lock.
    pub(super) fn settle<'a>(
        &'a self,
        mut locked: MutexGuard<'a, Locked>,
        mut now: u64,
        wakes: &mut WakeList,
    ) {
        loop {
            match locked.state.grant(now, wakes) {
                Next::Due(due) => match locked.timers.set(due) {
                    Setting::Set => break,
                    Setting::Fired => now = clock::now(),
                },
                Next::Idle => {
                    locked.state.close_for(&self.fast_path, now);
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
        self.notes.write(state.is_attentive(), state.binds_until());
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
        // Nothing behind the lock can panic half-way through a change.
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
