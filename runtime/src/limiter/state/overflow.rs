//! Overflow of the bucket, and unused permits that were granted before it.

use crate::time::Instant;

/// Instant of the last overflow, or of the last possible one. A permit that was granted before it must
/// not be refunded: the token that overflowed has replaced it.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Overflow(Instant);

impl Overflow {
    pub(super) const NEVER: Self = Self(Instant::EPOCH);

    /// At some time until `now`.
    pub(in crate::limiter) const fn by(now: Instant) -> Self {
        Self(now)
    }

    /// Returns the instant until which permits have been replaced.
    pub(in crate::limiter) const fn last(self) -> Instant {
        self.0
    }

    /// Returns whether a permit that was granted at `instant` has been replaced.
    pub(in crate::limiter) fn covers(self, instant: Instant) -> bool {
        instant < self.0
    }
}
