//! Measures the time that a call has waited.

/// Nanoseconds in one word: while it stands, those that have been measured; while it runs, the instant at which it
/// would have been started for as many. Whoever uses it knows which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopwatch(u64);

impl Stopwatch {
    /// It stands, and nothing has been measured.
    pub(super) const NEW: Self = Self(0);

    /// Starts it if it stands, and stops it if it runs.
    pub(crate) const fn press(&mut self, now: u64) {
        self.0 = now.wrapping_sub(self.0);
    }

    pub(super) const fn nanos(self) -> u64 {
        self.0
    }
}
