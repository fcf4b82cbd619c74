//! Long waits of calls that cannot be refused, which are announced before they begin.

use core::time::Duration;

use super::desk::Desk;
use super::request::Request;

/// A wait for the end of a cooldown is long from here on.
const LONG: u64 = 5_000_000_000;

/// A limiter announces no more than one long wait in so many nanoseconds.
const EVERY: u64 = 10_000_000_000;

/// When a limiter last announced a long wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced(Option<u64>);

impl Announced {
    pub(super) const NEVER: Self = Self(None);
}

impl Desk {
    /// The wait of a caller that has just joined the queue, if it has to be announced.
    pub(super) fn long_wait(&mut self, request: &Request, now: u64) -> Option<Duration> {
        let wait = self.cooldown.until().saturating_sub(now);
        let is_due = self.announced.0.is_none_or(|last| now >= last + EVERY);
        if request.refusable || wait <= LONG || !is_due {
            return None;
        }
        self.announced = Announced(Some(now));
        Some(Duration::from_nanos(wait))
    }
}

/// Says that a call waits for long, if it does.
pub(super) fn announce(wait: Option<Duration>) {
    #[cfg(feature = "tracing")]
    if let Some(wait) = wait {
        tracing::warn!(
            ?wait,
            "a call waits for the end of a cooldown and cannot be refused, since its error type does not \
             implement `From<paced::Error>`"
        );
    }
    #[cfg(not(feature = "tracing"))]
    let _ = wait;
}
