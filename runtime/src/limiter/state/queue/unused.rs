//! Permits that waiters were granted and have not used yet, and those that are granted next.

use crate::costs::Costs;
use crate::limiter::request::Priority;
use crate::time::Instant;

use super::Queue;
use super::WaiterState;

impl Queue {
    /// Returns the waiters with an unused permit.
    pub(in crate::limiter) fn unused(&self) -> Vec<u32> {
        self.iter(self.granted)
            .chain(self.iter(self.held))
            .collect()
    }

    /// Returns whether a permit that was granted at `instant`, to a caller that reports, is not used yet.
    pub(in crate::limiter) fn holds_unused(&self, instant: Instant) -> bool {
        let unused = self.iter(self.granted).chain(self.iter(self.held));
        let mut unused = unused.map(|index| {
            let waiter = self.waiter(index);
            waiter.reports && waiter.since == instant
        });
        unused.any(|is_it| is_it)
    }

    /// Returns the costs of the first `count` waiters without a permit, in order.
    pub(in crate::limiter) fn front(&self, count: usize) -> Vec<Costs> {
        let waiters = self.by_priority.iter().flat_map(|list| self.iter(*list));
        waiters.take(count).map(|index| self.costs(index)).collect()
    }

    /// Counts the unused permits of callers that report.
    pub(in crate::limiter) fn granted_attempts(&self) -> usize {
        let unused = self.iter(self.granted).chain(self.iter(self.held));
        unused.filter(|&index| self.waiter(index).reports).count()
    }

    /// Puts a waiter that was absent, and is polled again, ahead of those that never had a permit. One that was absent
    /// before goes ahead of all others: it is being polled, so it can use a permit, while the others may be late again.
    pub(in crate::limiter) fn come_back(&mut self, index: u32, now: Instant) {
        let waiter = self.waiter_mut(index);
        let again = waiter.priority == Priority::Returned;
        waiter.since = now;
        waiter.priority = waiter.priority.returned();
        waiter.set(WaiterState::Waiting);
        if again {
            self.push_front(index);
        } else {
            self.push_back(index);
        }
    }
}
