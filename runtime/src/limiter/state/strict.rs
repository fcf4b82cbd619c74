//! Strict windows: a gate beside the bucket, and what is known of the ways to the server.

use crate::bucket::Shape;
use crate::guard::Guard;
use crate::limiter::fast_path::FastPath;
use crate::quota::Quota;
use crate::run_log::RunLog;
use crate::strict::StrictWindow;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;

/// State of a limiter with a strict window.
#[derive(Debug)]
pub(in crate::limiter) struct StrictState {
    window: StrictWindow,
    guard: Guard,
    /// Permits that count. `None`: the shape of the bucket keeps to the window.
    log: Option<RunLog>,
}

impl StrictState {
    pub(super) fn of(quota: Quota) -> Option<Box<Self>> {
        let window = quota.window()?;
        let log = quota.logged_window().map(|it| RunLog::new(it.limit.get()));
        Some(Box::new(Self {
            window,
            guard: Guard::new(window),
            log,
        }))
    }

    /// Returns the log, and the time for which its permits count.
    fn logged(&self, now: Instant) -> Option<(&RunLog, Span)> {
        let log = self.log.as_ref()?;
        Some((log, self.guard.lasts(now)))
    }

    fn logged_mut(&mut self, now: Instant) -> Option<(&mut RunLog, Span)> {
        let log = self.log.as_mut()?;
        Some((log, self.guard.lasts(now)))
    }
}

impl LimiterState {
    /// Changes the strict window with the quota. Permits in the log count on; without a log, the tokens that are
    /// used up do.
    pub(super) fn set_window(&mut self, quota: Quota, now: u64) {
        let used = u64::from(self.quota().burst().get()).saturating_sub(self.free(now));
        let before = self.strict.take();
        self.strict = StrictState::of(quota);
        self.declared = Shape::of(quota);
        let Some(strict) = &mut self.strict else {
            return;
        };
        let (now, limit) = (Instant::from_nanos(now), strict.window.limit.get());
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
    pub(in crate::limiter) fn is_window_empty(&self, now: u64) -> bool {
        let limit = u64::from(self.quota().burst().get());
        self.free_in_log(now).is_none_or(|free| free >= limit)
    }

    /// Uses up the whole window, as if its permits had been granted just now.
    pub(in crate::limiter) fn fill_window(&mut self, now: u64) {
        let now = Instant::from_nanos(now);
        let logged = self.strict.as_mut().and_then(|it| it.logged_mut(now));
        if let Some((log, lasts)) = logged {
            log.fill(now, lasts);
        }
    }

    /// Returns the tokens that the log leaves free, if there is one.
    pub(super) fn free_in_log(&self, now: u64) -> Option<u64> {
        let now = Instant::from_nanos(now);
        let (log, lasts) = self.strict.as_ref()?.logged(now)?;
        Some(log.available(now, lasts))
    }

    /// Returns the instant at which the log has room for `cost` tokens at once. `Ok`: now.
    pub(super) fn check_log(&self, cost: u32, now: u64) -> Result<(), u64> {
        let now = Instant::from_nanos(now);
        let Some((log, lasts)) = self.strict.as_ref().and_then(|it| it.logged(now)) else {
            return Ok(());
        };
        let due = log.due(u64::from(cost), now, lasts);
        if due > now { Err(due.nanos()) } else { Ok(()) }
    }

    /// Counts the tokens of a permit.
    pub(super) fn log_permit(&mut self, cost: u32, now: u64) {
        let now = Instant::from_nanos(now);
        let logged = self.strict.as_mut().and_then(|it| it.logged_mut(now));
        if let Some((log, lasts)) = logged {
            log.take(u64::from(cost), now, lasts);
        }
    }

    /// Takes a permit out of the log that was granted at `since`, and not used.
    pub(super) fn unlog_permit(&mut self, cost: u32, since: u64) {
        let log = self.strict.as_mut().and_then(|it| it.log.as_mut());
        if let Some(log) = log {
            log.give_back(u64::from(cost), Instant::from_nanos(since));
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
            self.unlog_permit(cost, since);
        }
    }

    /// Returns the instant at which the last of `cost` tokens is free by the log, from `start` on. `due`: the same
    /// instant by the bucket.
    ///
    /// It is exact for calls of one token. Where calls take several tokens at once, and more than the limit are taken
    /// before them, it is the earliest possible one.
    pub(super) fn due_in_log(
        &self,
        cost: u64,
        start: u64,
        now: u64,
        due: impl Fn(u64) -> u64,
    ) -> Option<u64> {
        let (log, lasts) = self.strict.as_ref()?.logged(Instant::from_nanos(now))?;
        let (first, free_at, later) = log.when(cost, Instant::from_nanos(start), lasts);
        let first_at = free_at.nanos().max(due(first));
        Some(first_at.saturating_add(later.nanos()))
    }

    /// Follows the ways to the server as they are known now, and the clock of another runtime.
    pub(super) fn follow_ways(&mut self, fast_path: &FastPath, now: u64) {
        let Some(strict) = &mut self.strict else {
            return;
        };
        let at = Instant::from_nanos(now);
        if let Some(log) = &mut strict.log {
            log.tame(at);
            return;
        }
        let lasts = strict.guard.lasts_about(at);
        let shape = Shape::strict(strict.window, self.quota.burst(), lasts);
        if shape != self.declared {
            self.declared = shape;
            self.delayed = true;
            self.reshape(fast_path, now);
        }
    }

    /// Records how long the head of a response took after its request was sent. `None`: there is no response.
    pub(in crate::limiter) fn returned(
        &mut self,
        took: Option<u64>,
        fast_path: &FastPath,
        now: u64,
    ) {
        if let Some(strict) = &mut self.strict {
            let at = Instant::from_nanos(now);
            let before = strict.guard.lasts(at);
            strict.guard.record(took.map(Span::from_nanos), at);
            self.delayed |= strict.guard.lasts(at) > before;
            self.follow_ways(fast_path, now);
        }
    }

    /// Handles a refusal although the window was kept to.
    pub(super) fn refused_in_window(&mut self, now: u64) {
        if let Some(strict) = &mut self.strict {
            strict.guard.refused(Instant::from_nanos(now));
            self.delayed = true;
        }
    }
}
