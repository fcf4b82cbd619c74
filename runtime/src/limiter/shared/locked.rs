//! State behind a limiter's lock: its rules, and the timers of its waiters.

use std::sync::MutexGuard;

use tokio::runtime::Handle;

#[cfg(feature = "blocking")]
use crate::blocking;
use crate::quota::Quota;
use crate::time::Instant;

use super::lease_runtimes::LeaseRuntimes;
use super::timers::Timers;
use crate::limiter::remote::client::Outbox;
use crate::limiter::runtime_id::RuntimeId;
use crate::limiter::state::LimiterState;
use crate::limiter::state::leases::LeaseOrder;
use crate::limiter::state::waiter::Waiter;
use crate::limiter::wake_list::WakeList;

#[derive(Debug)]
pub(in crate::limiter) struct Locked {
    pub(in crate::limiter) state: LimiterState,
    pub(super) timers: Timers,
    /// `None`: no task has leased slots from a store.
    lease_runtimes: Option<Box<LeaseRuntimes>>,
}

impl Locked {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            state: LimiterState::new(quota),
            timers: Timers::new(),
            lease_runtimes: None,
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
        if let (Some(runtimes), Some(runtime)) = (&mut self.lease_runtimes, &runtime) {
            runtimes.called_from(runtime);
        }
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
        let leases = self.state.lease_order();
        if let (Some(LeaseOrder::Start(_)), Some(runtime)) = (leases, &runtime) {
            self.lease_task_starts(runtime.id());
        }
        Outbox {
            outgoing,
            event,
            leases,
            runtime,
            visit_at,
        }
    }

    fn lease_task_starts(&mut self, runtime: RuntimeId) {
        match &mut self.lease_runtimes {
            Some(runtimes) => runtimes.started_on(runtime),
            none => *none = Some(Box::new(LeaseRuntimes::new(runtime))),
        }
    }

    /// Records that the task that leases slots has ended with its runtime. Returns another runtime, and the number of this
    /// process for a task there, if slots are still held or wanted.
    pub(super) fn lease_task_ended(
        &mut self,
        runtime: RuntimeId,
        wakes: &mut WakeList,
    ) -> Option<(Handle, u64)> {
        self.state.lease_task_ended();
        self.timers.end(runtime);
        self.wake_waiters_of(runtime, wakes);
        let runtimes = self.lease_runtimes.as_mut();
        let other = runtimes.and_then(|runtimes| runtimes.take_other(runtime));
        let other = other.or_else(|| self.timers.runtime())?;
        let Some(LeaseOrder::Start(process)) = self.state.lease_order() else {
            return None;
        };
        self.lease_task_starts(other.id());
        Some((other, process))
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
