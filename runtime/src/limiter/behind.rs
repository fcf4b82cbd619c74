//! What is behind a limiter's lock: the desk, and the timers of those who wait at it.

use std::sync::MutexGuard;

use tokio::runtime::Handle;

use crate::quota::Quota;

use super::alarm::Alarms;
use super::desk::Desk;
use super::link::Errands;
use super::waiter::Waiter;

#[derive(Debug)]
pub(super) struct Behind {
    pub(super) desk: Desk,
    pub(super) alarms: Alarms,
}

impl Behind {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            desk: Desk::new(quota),
            alarms: Alarms::new(),
        }
    }

    /// Takes a waiter out of the queue.
    #[must_use = "dropping a waker can come back here: not under the lock"]
    pub(super) fn leave(&mut self, index: u32) -> Waiter {
        let waiter = self.desk.queue.leave(index);
        self.alarms.dismiss(waiter.runtime);
        waiter
    }

    pub(super) fn errands(&mut self) -> Errands {
        let (orders, news) = self.desk.errands();
        let runtime = Handle::try_current().ok();
        Errands {
            orders,
            news,
            runtime: runtime.or_else(|| self.alarms.runtime()),
        }
    }
}

/// Lets a waiter go whom nothing else depends on, and drops it once the lock is released.
pub(super) fn part(mut behind: MutexGuard<'_, Behind>, index: u32) {
    let waiter = behind.leave(index);
    drop(behind);
    drop(waiter);
}

/// The same for one that goes without a permit.
pub(super) fn part_in_vain(mut behind: MutexGuard<'_, Behind>, index: u32, now: u64) {
    let waiter = behind.leave(index);
    behind.desk.waited_in_vain(&waiter, now);
    drop(behind);
    drop(waiter);
}
