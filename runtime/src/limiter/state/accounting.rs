//! Counts waits, and takes snapshots of the state.

use core::mem;
use core::time::Duration;

use crate::limiter::fast_path::FastPath;
use crate::limiter::views::snapshot::Snapshot;
use crate::quota::Rate;
use crate::time::Instant;

use super::LimiterState;
use super::cooldown::Probe;
use super::waiter::Waiter;

impl LimiterState {
    /// Returns the state as it is at `now`, without what is counted outside of the lock.
    pub(in crate::limiter) fn snapshot(&self, now: Instant) -> Snapshot {
        let left = self.cooldown.until().since(now);
        let observed = self.observed_in_all();
        Snapshot {
            quota: self.quota(),
            rate: Rate::of_interval(self.bucket.shape.interval),
            available: self.available(now),
            waiting: self.queue.waiting(),
            in_flight: self.slots_held(),
            max_concurrency: self.max_concurrency(),
            closed: self.shut,
            cooldown: (!left.is_zero()).then_some(left.into()),
            waits: self.waits,
            counts: self.counts,
            would_have_waited: observed.waits,
            would_have_refused: observed.refused,
            rows: self.row_snapshots(now),
        }
    }

    pub(super) fn account(&mut self, index: u32, now: Instant) {
        let since = self.queue.waiter(index).since;
        let waited = now.since(since);
        let cooled = self.cooldown.overlap(since, now).min(waited);
        self.waits.cooldown += Duration::from(cooled);
        self.waits.queue += Duration::from(waited - cooled);
        self.account_row(Duration::from(waited - cooled));
    }

    /// Counts a wait that ended without a permit.
    pub(in crate::limiter) fn count_given_up(&mut self, waiter: &Waiter, now: Instant) {
        self.counts.waits_given_up += 1;
        self.waits.given_up += Duration::from(now.since(waiter.since));
    }

    /// Returns until when a call may have to wait for a permit: until the bucket is full, or for an unknown
    /// time.
    pub(in crate::limiter) fn binds_until(&self) -> Instant {
        let is_plain = self.remote.is_none()
            && self.slots.is_none()
            && self.queue.waiting() == 0
            && self.cooldown.probe() == Probe::Off
            && self.bucket.shape == self.declared_shape;
        if is_plain {
            self.bucket.tat.max(self.cooldown.until())
        } else {
            Instant::FAR
        }
    }

    /// Returns how many attempts have passed without a report since the last call of this function.
    pub(super) fn new_passes(&mut self, fast_path: &FastPath) -> u64 {
        let passes = fast_path.passes().wrapping_add(self.passed_settled);
        let seen = mem::replace(&mut self.passes, passes);
        passes.wrapping_sub(seen)
    }
}
