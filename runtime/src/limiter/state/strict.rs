//! Strict windows: the log that restricts a limiter beside its bucket.

use crate::bucket::Shape;
use crate::limiter::fast_path::FastPath;
use crate::quota::Quota;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::row_set::AtFault;
use super::strict_state::StrictState;

impl LimiterState {
    /// Changes the strict window with the quota. Permits in the log count on; without a log, the tokens that are
    /// used up do.
    pub(super) fn set_window(&mut self, quota: Quota, now: Instant) {
        let used = u64::from(self.quota().burst().get()).saturating_sub(self.free(now));
        let before = self.strict.take();
        self.strict = StrictState::of(quota);
        self.declared_shape = Shape::of(quota);
        let Some(strict) = &mut self.strict else {
            return;
        };
        let limit = strict.window.limit.get();
        let mut kept = None;
        if let Some(before) = before {
            if before.window.period == strict.window.period {
                strict.guard = before.guard;
            }
            kept = before.log;
        }
        if let Some((log, lasts)) = strict.logged_mut(now) {
            match kept {
                Some(mut kept) => {
                    kept.set_limit(limit);
                    *log = kept;
                }
                None => log.take(used, now, lasts),
            }
        }
    }

    /// Returns whether permits are counted in a log.
    pub(super) fn is_logged(&self) -> bool {
        self.strict.as_ref().is_some_and(|it| it.log.is_some())
    }

    /// Returns whether a log counts no permit.
    pub(in crate::limiter) fn is_window_empty(&self, now: Instant) -> bool {
        let limit = u64::from(self.quota().burst().get());
        self.free_in_log(now).is_none_or(|free| free >= limit)
    }

    /// Uses up the whole window, as if its permits had been granted just now.
    pub(in crate::limiter) fn fill_window(&mut self, now: Instant) {
        let logged = self.strict.as_mut().and_then(|it| it.logged_mut(now));
        if let Some((log, lasts)) = logged {
            log.fill(now, lasts);
        }
    }

    /// Returns the tokens that the log leaves free, if there is one.
    pub(super) fn free_in_log(&self, now: Instant) -> Option<u64> {
        self.strict.as_ref()?.free(now)
    }

    /// Returns the instant at which the log has room for `cost` tokens at once. `Ok`: now.
    pub(super) fn check_log(&self, cost: u32, now: Instant) -> Result<(), Instant> {
        self.strict
            .as_ref()
            .map_or(Ok(()), |strict| strict.check(cost, now))
    }

    /// Counts the tokens of a permit.
    pub(super) fn log_permit(&mut self, cost: u32, now: Instant) {
        if let Some(strict) = &mut self.strict {
            strict.count(u64::from(cost), now);
        }
    }

    /// Takes tokens out of the log that were taken at `since`, and not used.
    pub(super) fn unlog(&mut self, tokens: u64, since: Instant) {
        if let Some(strict) = &mut self.strict {
            strict.uncount(tokens, since);
        }
    }

    /// Takes all unused permits out of the log.
    pub(super) fn unlog_unused(&mut self) {
        if !self.is_logged() {
            return;
        }
        for index in self.queue.unused() {
            let waiter = self.queue.waiter(index);
            let (cost, since) = (waiter.cost, waiter.since);
            self.unlog(u64::from(cost), since);
        }
    }

    /// Follows the ways to the server as they are known now, and the clock of another runtime.
    pub(super) fn follow_ways(&mut self, fast_path: &FastPath, now: Instant) {
        let burst = self.quota.burst();
        let strict = self.strict.as_mut();
        let shape = strict.and_then(|strict| strict.shape(burst, now));
        if let Some(shape) = shape.filter(|shape| *shape != self.declared_shape) {
            self.declared_shape = shape;
            self.delayed = true;
            self.reshape(fast_path, now);
        }
    }

    /// Records how long the head of a response took after its request was sent. `None`: there is no response.
    pub(in crate::limiter) fn returned(
        &mut self,
        took: Option<Span>,
        fast_path: &FastPath,
        now: Instant,
    ) {
        self.returned_to_rows(took, now);
        if let Some(strict) = &mut self.strict {
            self.delayed |= strict.returned(took, now);
            self.follow_ways(fast_path, now);
        }
    }

    /// Handles a refusal although the windows of the limits that it is about were kept to.
    pub(super) fn refused_in_window(&mut self, at_fault: AtFault, now: Instant) {
        self.refused_in_rows(at_fault, now);
        if let (Some(strict), true) = (&mut self.strict, at_fault[0]) {
            strict.guard.refused(now);
            self.delayed = true;
        }
    }
}
