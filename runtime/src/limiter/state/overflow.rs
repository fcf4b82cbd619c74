//! Overflow of the bucket, and unused permits that were granted before it.

/// Instant of the last overflow, or of the last possible one. A permit that was granted before it must
/// not be refunded: the token that overflowed has replaced it.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Overflow(u64);

impl Overflow {
    pub(super) const NEVER: Self = Self(0);

    /// At some time until `now`.
    pub(in crate::limiter) const fn by(now: u64) -> Self {
        Self(now)
    }

    /// Returns whether a permit that was granted at `instant` has been replaced.
    pub(in crate::limiter) const fn covers(self, instant: u64) -> bool {
        instant < self.0
    }
}
