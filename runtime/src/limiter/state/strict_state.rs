//! State of a strict window: the log of its permits, and what is known of the ways to the server.

use core::num::NonZeroU32;

use crate::bucket::Shape;
use crate::guard::Guard;
use crate::quota::Quota;
use crate::run_log::RunLog;
use crate::strict::StrictWindow;
use crate::time::Instant;
use crate::time::Span;

/// State of a limiter with a strict window.
#[derive(Debug)]
pub(in crate::limiter) struct StrictState {
    pub(super) window: StrictWindow,
    pub(super) guard: Guard,
    /// Permits that count. `None`: the shape of the bucket keeps to the window.
    pub(super) log: Option<RunLog>,
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
    pub(super) fn logged(&self, now: Instant) -> Option<(&RunLog, Span)> {
        let log = self.log.as_ref()?;
        Some((log, self.guard.lasts(now)))
    }

    pub(super) fn logged_mut(&mut self, now: Instant) -> Option<(&mut RunLog, Span)> {
        let log = self.log.as_mut()?;
        Some((log, self.guard.lasts(now)))
    }

    /// Returns the instant at which the log has room for `cost` tokens at once. `Ok`: now.
    pub(super) fn check(&self, cost: u32, now: Instant) -> Result<(), Instant> {
        let Some((log, lasts)) = self.logged(now) else {
            return Ok(());
        };
        let due = log.due(u64::from(cost), now, lasts);
        if due > now { Err(due) } else { Ok(()) }
    }

    /// Counts tokens that are taken at `now`.
    pub(super) fn count(&mut self, tokens: u64, now: Instant) {
        if let Some((log, lasts)) = self.logged_mut(now) {
            log.take(tokens, now, lasts);
        }
    }

    /// Counts tokens no more that were taken at `since`, and not used.
    pub(super) fn uncount(&mut self, tokens: u64, since: Instant) {
        if let Some(log) = &mut self.log {
            log.give_back(tokens, since);
        }
    }

    /// Returns the tokens that the log leaves free, if there is one.
    pub(super) fn free(&self, now: Instant) -> Option<u64> {
        let (log, lasts) = self.logged(now)?;
        Some(log.available(now, lasts))
    }

    /// Returns the instant at which the last of `cost` tokens is free by the log, from `start` on. `due`: the same
    /// instant by the bucket.
    ///
    /// It is exact for calls of one token. Where calls take several tokens at once, and more than the limit are taken
    /// before them, it is the earliest possible one.
    pub(super) fn due(
        &self,
        cost: u64,
        start: Instant,
        now: Instant,
        due: impl Fn(u64) -> Instant,
    ) -> Option<Instant> {
        let (log, lasts) = self.logged(now)?;
        let (first, free_at, later) = log.when(cost, start, lasts);
        Some(free_at.max(due(first)).after(later))
    }

    /// Returns the shape of the bucket by the ways to the server as they are known now. `None`: a log counts instead.
    pub(super) fn shape(&mut self, burst: NonZeroU32, now: Instant) -> Option<Shape> {
        if let Some(log) = &mut self.log {
            log.tame(now);
            return None;
        }
        Some(Shape::strict(
            self.window,
            burst,
            self.guard.lasts_about(now),
        ))
    }

    /// Records how long the head of a response took after its request was sent. Returns whether permits count for longer
    /// since.
    pub(super) fn returned(&mut self, took: Option<Span>, now: Instant) -> bool {
        let before = self.guard.lasts(now);
        self.guard.record(took, now);
        self.guard.lasts(now) > before
    }
}
