//! Callers that do not wait: the store is asked for the next one.

use crate::bucket::Shape;
use crate::costs::Costs;
use crate::store::Action;
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

    /// Asks whether there has been a pause, if the call is here that a caller lacks which comes again at `at`, and would not be
    /// used then without asking.
    pub(in crate::limiter) fn confirm_for_try(
        &mut self,
        costs: &Costs,
        at: Instant,
        shape: Shape,
        now: Instant,
    ) {
        let asks = self.can_be_asked(now) && now >= self.not_before && !self.is_asking();
        if asks && self.holds_call(costs) && !self.is_fresh(at) {
            self.push(Action::Peek, shape, now);
        }
    }

    /// Returns whether to ask whether there has been a pause, for a caller that does not wait and comes again.
    pub(super) fn asks_for_try(&self, now: Instant) -> bool {
        let due = self.slots.due(u64::from(self.wanted));
        self.wanted > 0 && due.is_some_and(|due| due <= now) && !self.is_asking()
    }
}
