//! The bucket's overflow, and permits that were granted before it and are not used.

use super::LimiterState;

/// Instant of the last overflow, or of the last possible one. A permit that was granted before it must
/// not be refunded: the token that overflowed has replaced it.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Overflow(u64);

impl Overflow {
    pub(in crate::limiter) const NEVER: Self = Self(0);

    /// At some time until `now`.
    pub(in crate::limiter) const fn by(now: u64) -> Self {
        Self(now)
    }

    /// Returns whether a permit that was granted at `instant` has been replaced.
    pub(in crate::limiter) const fn covers(self, instant: u64) -> bool {
        instant < self.0
    }
}

impl LimiterState {
    /// Lets tokens overflow that are there for longer than `credit`, if there are any.
    pub(in crate::limiter) fn overflow(&mut self, now: u64, credit: u64) {
        let full = now.saturating_sub(credit);
        if self.tat < full {
            self.tat = full;
            self.overflowed = Overflow::by(now);
        }
    }
}
