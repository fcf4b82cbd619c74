//! Callers that do not wait: the store is asked for the next one.

use crate::time::Instant;
use crate::time::Span;

use super::Remote;

/// Shortest time after which the answer to a request is expected.
const SOONEST: Span = Span::from_millis(1);

impl Remote {
    /// Returns when the answer to a request is expected that is sent at `now`.
    pub(in crate::limiter) fn answered_at(&self, now: Instant) -> Instant {
        now + self.slowest.max(SOONEST)
    }

    /// Returns whether to ask whether there has been a pause, for a caller that does not wait and comes again.
    pub(super) fn asks_for_try(&self, now: Instant) -> bool {
        let due = self.slots.due(u64::from(self.wanted));
        self.wanted > 0 && due.is_some_and(|due| due <= now) && !self.is_asking()
    }
}
