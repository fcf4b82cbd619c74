//! The bucket's overflow, and permits that were granted before it and are not used.

use super::desk::Desk;

/// Instant of the last overflow, or of the last possible one. A permit that was granted before it must
/// not be refunded: the token that overflowed has replaced it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spilt(u64);

impl Spilt {
    pub(super) const NEVER: Self = Self(0);

    /// At some time until `now`.
    pub(super) const fn by(now: u64) -> Self {
        Self(now)
    }

    /// Returns whether a permit that was granted at `instant` has been replaced.
    pub(super) const fn covers(self, instant: u64) -> bool {
        instant < self.0
    }
}

impl Desk {
    /// Lets tokens overflow that are there for longer than `credit`, if there are any.
    pub(super) fn spill(&mut self, now: u64, credit: u64) {
        let full = now.saturating_sub(credit);
        if self.tat < full {
            self.tat = full;
            self.spilt = Spilt::by(now);
        }
    }
}
