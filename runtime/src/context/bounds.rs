//! End of a call: its deadline, or its budget for cooldowns and backoffs.

use crate::time::Instant;
use crate::time::Span;

/// End of a call: a deadline and, if its function has no deadline of its own, a budget of
/// [`PAUSE_BUDGET`](Self::PAUSE_BUDGET) for its cooldowns and backoffs. It is one word, because it is part of every
/// call's future: the highest bit tells whether the budget applies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds(u64);

impl Bounds {
    /// Time for which a call without a deadline waits for cooldowns and backoffs in all.
    pub(super) const PAUSE_BUDGET: Span = Span::from_secs(300);
    /// Deadline that is never reached.
    pub(super) const NEVER: Instant = Instant::from_nanos(Self::DEADLINE);
    /// Bits of the deadline.
    const DEADLINE: u64 = !Self::HAS_BUDGET;
    /// Bit that is set where the budget applies.
    const HAS_BUDGET: u64 = 1 << 63;

    /// Bounds outside of any call.
    pub(super) const NONE: Self = Self(Self::DEADLINE);

    /// Returns the bounds of a call that begins at `now`, has to end after `deadline`, and is inside of a call with
    /// the deadline `outer`.
    #[inline]
    pub(super) fn of(deadline: Option<Span>, now: Instant, outer: Instant) -> Self {
        match deadline {
            Some(deadline) => Self(now.after(deadline).min(outer).nanos()),
            None => Self(outer.nanos() | Self::HAS_BUDGET),
        }
    }

    /// Returns the instant at which the call has to end.
    #[inline]
    pub(crate) const fn deadline(self) -> Instant {
        Instant::from_nanos(self.0 & Self::DEADLINE)
    }

    /// Returns whether the budget for cooldowns and backoffs applies.
    pub(super) const fn has_pause_budget(self) -> bool {
        self.0 & Self::HAS_BUDGET != 0
    }
}
