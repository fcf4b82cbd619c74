//! The unit of time of all stores.

use core::ops::Add;
use core::ops::Div;
use core::ops::Mul;
use core::ops::Sub;
use core::time::Duration;

use crate::time::Span;

/// Nanoseconds of a tick.
const NANOS: u64 = 250;

/// A time in ticks of 250 ns: an instant of a store's clock, counted from 1970, or a length of time.
///
/// Whole ticks are exact in every database and script language until 2041. Sums, differences and products stay within
/// [`ZERO`](Self::ZERO) and [`MAX`](Self::MAX): they never overflow.
///
/// # Examples
///
/// ```
/// use paced::store::Ticks;
/// use std::time::Duration;
///
/// let since_1970 = Duration::from_millis(1_500);
/// assert_eq!(Ticks::from_duration(since_1970), 3 * Ticks::SECOND / 2);
/// assert_eq!(Ticks::from_millis(1_500).get(), 6_000_000);
/// assert_eq!(Ticks::SECOND - Ticks::from_secs(2), Ticks::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Ticks(u64);

impl Ticks {
    /// No time; as an instant, the beginning of 1970.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{State, Ticks};
    ///
    /// assert_eq!(State::default().paused_until, Ticks::ZERO);
    /// ```
    pub const ZERO: Self = Self(0);

    /// The longest time.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// assert_eq!(Ticks::MAX + Ticks::SECOND, Ticks::MAX);
    /// ```
    pub const MAX: Self = Self(u64::MAX);

    /// A second: 4,000,000 ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// assert_eq!(Ticks::SECOND.get(), 4_000_000);
    /// ```
    pub const SECOND: Self = Self(1_000_000_000 / NANOS);

    /// Returns a time of `count` ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// assert_eq!(Ticks::new(4_000_000), Ticks::SECOND);
    /// ```
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// Returns the number of ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// assert_eq!(Ticks::new(7).get(), 7);
    /// ```
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns a time of `seconds`.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// assert_eq!(Ticks::from_secs(60), 60 * Ticks::SECOND);
    /// ```
    pub const fn from_secs(seconds: u64) -> Self {
        Self::SECOND.saturating_mul(seconds)
    }

    /// Returns a time of `milliseconds`.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// assert_eq!(Ticks::from_millis(200), Ticks::SECOND / 5);
    /// ```
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(1_000_000 / NANOS).saturating_mul(milliseconds)
    }

    /// Returns the ticks in `duration`, rounded down and at most [`MAX`](Self::MAX).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    /// use std::time::{Duration, SystemTime, UNIX_EPOCH};
    ///
    /// assert_eq!(Ticks::from_duration(Duration::from_nanos(999)), Ticks::new(3));
    /// // The time of a store that goes by the machine's clock:
    /// let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    /// assert!(Ticks::from_duration(since_1970) > Ticks::from_secs(1_795_000_000));
    /// ```
    pub const fn from_duration(duration: Duration) -> Self {
        let ticks = duration.as_nanos() / NANOS as u128;
        if ticks > u64::MAX as u128 {
            return Self::MAX;
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared just before")]
        Self(ticks as u64)
    }

    /// Returns the time as a duration.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    /// use std::time::Duration;
    ///
    /// assert_eq!(Ticks::from_millis(200).to_duration(), Duration::from_millis(200));
    /// ```
    pub const fn to_duration(self) -> Duration {
        let seconds = self.0 / Self::SECOND.0;
        #[expect(clippy::cast_possible_truncation, reason = "less than a second")]
        let nanos = (self.0 % Self::SECOND.0 * NANOS) as u32;
        Duration::new(seconds, nanos)
    }

    /// Returns the ticks in `span`, rounded down.
    pub(crate) const fn from_span(span: Span) -> Self {
        Self(span.nanos() / NANOS)
    }

    /// Returns the ticks in `span`, rounded up.
    pub(crate) const fn from_span_up(span: Span) -> Self {
        Self(span.nanos().div_ceil(NANOS))
    }

    /// Returns the time as a span, at most [`Span::LONGEST`].
    pub(crate) const fn span(self) -> Span {
        Span::from_nanos(self.0.saturating_mul(NANOS))
    }

    /// Returns the sum; `+` in constants.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// const LATER: Ticks = Ticks::SECOND.saturating_add(Ticks::new(1));
    /// assert_eq!(LATER, Ticks::SECOND + Ticks::new(1));
    /// ```
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the difference, zero where `other` is larger; `-` in constants.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// assert_eq!(Ticks::new(1).saturating_sub(Ticks::SECOND), Ticks::ZERO);
    /// ```
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns the product; `*` in constants.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Ticks;
    ///
    /// const HOUR: Ticks = Ticks::SECOND.saturating_mul(3600);
    /// assert_eq!(HOUR, 3600 * Ticks::SECOND);
    /// ```
    #[must_use]
    pub const fn saturating_mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// Returns the smaller of both; `min` in constants.
    pub(super) const fn at_most(self, most: Self) -> Self {
        if self.0 > most.0 { most } else { self }
    }

    /// Returns the larger of both; `max` in constants.
    pub(super) const fn at_least(self, least: Self) -> Self {
        if self.0 < least.0 { least } else { self }
    }
}

impl Add for Ticks {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl Sub for Ticks {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl Mul<u64> for Ticks {
    type Output = Self;

    fn mul(self, factor: u64) -> Self {
        self.saturating_mul(factor)
    }
}

impl Mul<Ticks> for u64 {
    type Output = Ticks;

    fn mul(self, ticks: Ticks) -> Ticks {
        ticks * self
    }
}

/// Rounds down. Panics if the divisor is 0.
impl Div<u64> for Ticks {
    type Output = Self;

    fn div(self, divisor: u64) -> Self {
        Self(self.0 / divisor)
    }
}

/// Returns how many times the divisor fits in. Panics if it is 0.
impl Div for Ticks {
    type Output = u64;

    fn div(self, divisor: Self) -> u64 {
        self.0 / divisor.0
    }
}

impl From<Ticks> for Duration {
    fn from(ticks: Ticks) -> Self {
        ticks.to_duration()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_rounded_down_or_up_to_whole_ticks() {
        let span = Span::from_nanos(501);
        assert_eq!(Ticks::from_span(span), Ticks::new(2));
        assert_eq!(Ticks::from_span_up(span), Ticks::new(3));
        assert_eq!(Ticks::from_span_up(Span::from_nanos(500)), Ticks::new(2));
    }

    #[test]
    fn ticks_are_exact_spans_or_the_longest() {
        assert_eq!(Ticks::new(2).span(), Span::from_nanos(500));
        assert_eq!(Ticks::MAX.span(), Span::LONGEST);
    }
}
