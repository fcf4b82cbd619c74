//! Spread of pauses: they end a little later than the server asked, so that processes which were asked to
//! come back at one instant do not all come back at it.

use core::time::Duration;

use crate::time::Span;

/// Longest time that is added.
const LONGEST: Duration = Duration::from_secs(1);

/// Time by which a pause may end later than the server asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    /// Upper bound, as a share of what it asked for.
    pub(crate) share: f64,
    /// A random number from 0 (included) to 1 (excluded).
    pub(crate) draw: f64,
}

impl Spread {
    /// No spread.
    pub(crate) const NONE: Self = Self {
        share: 0.0,
        draw: 0.0,
    };

    /// Returns the time to add to a pause of `asked`.
    pub(super) fn of(self, asked: Span) -> Span {
        let most = Duration::from(asked).mul_f64(self.share).min(LONGEST);
        Span::of(most.mul_f64(self.draw))
    }
}

/// Consequence of a refusal for the wait of its call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Understood {
    /// The wait, where it is not the one that the server asked for: a reset can be the instant at which a bucket
    /// is full again.
    pub(crate) wait: Option<Span>,
    /// Time to add.
    pub(crate) later: Span,
}

impl Understood {
    /// Returns the wait of a call that was asked to wait for `wait`, or backs off for as long.
    pub(crate) fn instead_of(self, wait: Span) -> Span {
        self.wait.unwrap_or(wait).plus(self.later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_added_and_no_more_than_a_second() {
        let of = |share, draw, seconds| {
            let asked = Span::of(Duration::from_secs(seconds));
            Spread { share, draw }.of(asked).nanos()
        };
        assert_eq!(of(0.05, 0.0, 10), 0);
        assert_eq!(of(0.0, 0.9, 10), 0);
        assert_eq!(of(0.05, 0.5, 10), 250_000_000);
        assert_eq!(of(0.05, 0.5, 3600), 500_000_000);
        assert_eq!(of(1.0, 0.5, u64::MAX / 1_000_000_000), 500_000_000);
    }
}
