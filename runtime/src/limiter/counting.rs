//! Counts what happens on a limiter, and assembles its snapshot.

use core::time::Duration;

use crate::time::Span;

use super::counts::Counts;
use super::shared::Shared;
use super::snapshot::Snapshot;

impl Shared {
    /// Counts a rare event.
    pub(crate) fn count(&self, what: impl FnOnce(&mut Counts)) {
        what(&mut self.lock().state.counts);
    }

    /// Records a wait that was spent outside the queue.
    pub(crate) fn add_backoff(&self, delay: Span, slow: Span) {
        self.with_state(|state, now, _| {
            state.waits.backoff += Duration::from(delay);
            state.expect_backoff(delay, slow, now);
        });
    }

    /// Counts the end of an attempt from which nothing is learnt.
    #[cold]
    pub(crate) fn end_attempt(&self) {
        self.fast_path.count_end();
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let own = self.with_state(|state, now, _| state.snapshot(now));
        self.with_resources(self.with_fast_path(own))
    }

    /// Adds the counts of the fast path.
    fn with_fast_path(&self, mut own: Snapshot) -> Snapshot {
        // In this order: an attempt begins before it ends.
        let ended = self.fast_path.ended();
        let (attempts, permits) = self.fast_path.counts();
        let counts = &mut own.counts;
        counts.calls = counts.calls.wrapping_add(attempts);
        counts.attempts += attempts;
        counts.granted = counts.attempts + permits;
        own.in_flight = counts.attempts.saturating_sub(ended);
        own
    }
}
