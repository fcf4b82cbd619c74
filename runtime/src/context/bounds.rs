//! How long a call goes on.

use core::time::Duration;

use crate::clock;

/// End of a call: an instant and, where its function has no deadline of its own, a budget of
/// [`PATIENCE`](Self::PATIENCE) for its cooldowns and backoffs. One word, since it is part of every call's
/// future.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds(u64);

impl Bounds {
    /// Nanoseconds of cooldowns and backoffs that a call without a deadline waits for in all.
    pub(super) const PATIENCE: u64 = clock::nanos(Duration::from_secs(300));
    /// An instant that never comes.
    pub(super) const NEVER: u64 = u64::MAX >> 1;
    const PATIENT: u64 = 1 << 63;

    pub(super) const NONE: Self = Self(Self::NEVER);

    /// The bounds of a call that begins at `now` inside of a call that ends at `outer`.
    #[inline]
    pub(super) fn of(deadline: Option<u64>, now: u64, outer: u64) -> Self {
        match deadline {
            Some(deadline) => Self(now.saturating_add(deadline).min(outer)),
            None => Self(outer | Self::PATIENT),
        }
    }

    /// The instant at which the call has to be over.
    #[inline]
    pub(crate) const fn deadline(self) -> u64 {
        self.0 & Self::NEVER
    }

    pub(super) const fn is_patient(self) -> bool {
        self.0 & Self::PATIENT != 0
    }
}
