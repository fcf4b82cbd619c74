//! Another attempt that makes sense.

use crate::limiter::Forecast;
use crate::time::Instant;
use crate::time::Span;

/// Another attempt that makes sense: so long after an instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct NextAttempt {
    pub(super) base: Instant,
    pub(super) wait: Span,
    pub(super) now: Instant,
    /// It does not count as a retry.
    pub(super) throttle: bool,
    pub(super) forecast: Forecast,
}
