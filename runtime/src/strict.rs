//! Strict windows: the limit of one, and the time for which a permit counts in it.

use core::num::NonZeroU32;

use crate::time::Span;

/// Least bound on the way to the server that is allowed for, where the period is long enough for it.
const LEAST_BOUND: Span = Span::from_secs(1);

/// A limit for each interval of a period, wherever the interval begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StrictWindow {
    /// Tokens that an interval of the period holds at most.
    pub(crate) limit: NonZeroU32,
    pub(crate) period: Span,
}

impl StrictWindow {
    /// Returns the window of `count` tokens in each `period`, rounded down to whole tokens. A period that
    /// holds less than one is as long as it takes for one, `interval`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count that is too large saturates, and is above 0"
    )]
    pub(crate) const fn of(count: f64, period: Span, interval: Span) -> Self {
        match NonZeroU32::new(count as u32) {
            Some(limit) => Self { limit, period },
            None => Self {
                limit: NonZeroU32::MIN,
                period: interval,
            },
        }
    }

    /// Returns the longest way to the server that is allowed for: a twentieth of the period, at least one second or
    /// half of the period.
    ///
    /// The time until a response says little about the way there if the server takes long to answer.
    pub(crate) const fn longest_way(self) -> Span {
        let half = self.longest_way_after_refusal();
        let part = self.period.nanos() / 20;
        let least = if half.nanos() < LEAST_BOUND.nanos() {
            half
        } else {
            LEAST_BOUND
        };
        if part > least.nanos() {
            Span::from_nanos(part)
        } else {
            least
        }
    }

    /// Returns the longest way that is allowed for after a refusal that the count did not foresee: half of the period.
    pub(crate) const fn longest_way_after_refusal(self) -> Span {
        Span::from_nanos(self.period.nanos() / 2)
    }
}
