//! State of a strict window: the log of its permits, and what is known of the ways to the server.

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
}
