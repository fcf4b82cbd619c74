//! End of a call: its deadline, or its budget for cooldowns and backoffs.

use core::time::Duration;

use crate::clock;

/// End of a call: a deadline and, if its function has no deadline of its own, a budget of
/// [`PATIENCE`](Self::PATIENCE) for its cooldowns and backoffs. It is one word, because it is part of every
/// call's future: the highest bit tells whether the budget applies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds(u64);

impl Bounds {
    /// Nanoseconds for which a call without a deadline waits for cooldowns and backoffs in all.
    pub(super) const PATIENCE: u64 = clock::nanos(Duration::from_secs(300));
    /// Deadline that is never reached.
    pub(super) const NEVER: u64 = u64::MAX >> 1;
    /// Bit that is set where the budget applies.
    const PATIENT: u64 = 1 << 63;

    /// Bounds outside of any call.
    pub(super) const NONE: Self = Self(Self::NEVER);

    /// Returns the bounds of a call that begins at `now`, has `deadline` nanoseconds, and is inside of a call with
    /// the deadline `outer`.
    #[inline]
    pub(super) fn of(deadline: Option<u64>, now: u64, outer: u64) -> Self {
        match deadline {
            Some(deadline) => Self(now.saturating_add(deadline).min(outer)),
            None => Self(outer | Self::PATIENT),
        }
    }

    /// Returns the instant at which the call has to end.
    #[inline]
    pub(crate) const fn deadline(self) -> u64 {
        self.0 & Self::NEVER
    }

    /// Returns whether the budget for cooldowns and backoffs applies.
    pub(super) const fn is_patient(self) -> bool {
        self.0 & Self::PATIENT != 0
    }
}
