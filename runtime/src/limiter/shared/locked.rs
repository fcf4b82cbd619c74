//! State behind a limiter's lock: its rules, and the timers of its waiters.

use std::sync::MutexGuard;

use tokio::runtime::Handle;

#[cfg(feature = "blocking")]
use crate::blocking;
use crate::quota::Quota;
use crate::time::Instant;

use super::timers::Timers;
use crate::limiter::remote::client::Outbox;
use crate::limiter::runtime_id::RuntimeId;
use crate::limiter::state::LimiterState;
use crate::limiter::state::waiter::Waiter;
use crate::limiter::wake_list::WakeList;

#[derive(Debug)]
pub(in crate::limiter) struct Locked {
    pub(in crate::limiter) state: LimiterState,
    pub(super) timers: Timers,
}

impl Locked {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            state: LimiterState::new(quota),
            timers: Timers::new(),
        }
    }

    /// Removes a waiter from the queue.
    #[must_use = "dropping a waker can re-enter the limiter: not under the lock"]
    pub(in crate::limiter) fn leave(&mut self, index: u32) -> Waiter {
        let waiter = self.state.queue.leave(index);
        self.timers.unregister(waiter.runtime);
        waiter
    }

    /// Wakes the waiters of a runtime that has shut down. Polling one of them moves it to the runtime that polls it.
    pub(super) fn wake_waiters_of(&self, runtime: RuntimeId, wakes: &mut WakeList) {
        let waiters = self.state.queue.of_runtime(runtime);
        waiters.for_each(|waiter| wakes.add(waiter.waker.clone()));
    }

    pub(super) fn outbox(&mut self, now: Instant) -> Outbox {
        let (outgoing, event) = self.state.outbox();
        let runtime = Handle::try_current().ok();
        let runtime = runtime.or_else(|| self.timers.runtime());
        // Nothing is sent from a thread that is in no runtime, but for blocking functions.
        #[cfg(feature = "blocking")]
        let runtime = runtime.or_else(|| {
            let is_needed = !outgoing.is_empty() || self.state.needs_visit(now);
            let own = is_needed.then(blocking::runtime);
            own.flatten().cloned()
        });
        // Without a runtime it is arranged at a later visit.
        let visit_at = runtime.as_ref().and_then(|_| self.state.next_visit(now));
        Outbox {
            outgoing,
            event,
            leases: self.state.lease_order(),
            runtime,
            visit_at,
        }
    }
}

/// Removes waiter `index` and drops it after unlocking, because dropping its waker may re-enter the limiter.
pub(in crate::limiter) fn remove(mut locked: MutexGuard<'_, Locked>, index: u32) {
    let waiter = locked.leave(index);
    drop(locked);
    drop(waiter);
}

/// Does the same for a waiter without a permit, and counts its wait as given up.
pub(super) fn remove_without_permit(mut locked: MutexGuard<'_, Locked>, index: u32, now: Instant) {
    let waiter = locked.leave(index);
    locked.state.count_given_up(&waiter, now);
    drop(locked);
    drop(waiter);
}
