//! Measures the time that a call has waited.

use crate::time::Instant;
use crate::time::Span;

/// Stopwatch in one word. Stopped, it holds the nanoseconds measured so far. Running, it holds the instant at which it
/// would have been started from zero. Its user knows in which of the two states it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopwatch(u64);

impl Stopwatch {
    /// Stopped watch that has measured nothing.
    pub(super) const NEW: Self = Self(0);

    /// Starts the watch if it is stopped, and stops it if it runs. One subtraction does both.
    pub(crate) const fn press(&mut self, now: Instant) {
        self.0 = now.nanos().wrapping_sub(self.0);
    }

    /// Returns the time that it has measured. It has to be stopped.
    pub(super) const fn measured(self) -> Span {
        Span::from_nanos(self.0)
    }
}
