//! Instants and spans of time as integers with a unit.
//!
//! Both count nanoseconds and are as cheap as a `u64`. The bare number is for what needs an integer: atomics, products
//! of 128 bits, and the conversion to the ticks of a store.
//!
//! The operators `+` and `-` are those of integers. A result that may be out of range is computed by a method, which
//! saturates.

use core::fmt;
use core::ops::Add;
use core::ops::AddAssign;
use core::ops::Div;
use core::ops::Sub;
use core::time::Duration;

/// An instant of [`clock`](crate::clock), in nanoseconds since its epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub(crate) struct Instant(u64);

/// A length of time in nanoseconds, never negative.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub(crate) struct Span(u64);

impl Instant {
    /// The epoch: earlier than every instant at which something happens.
    pub(crate) const EPOCH: Self = Self(0);

    /// Later than every instant that a limiter computes.
    pub(crate) const FAR: Self = Self(u64::MAX);

    /// Returns the instant that is `nanos` nanoseconds after the epoch.
    #[inline]
    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the epoch.
    #[inline]
    pub(crate) const fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to this instant, zero if `earlier` is later.
    #[inline]
    pub(crate) const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Returns the instant `span` before this one, at least the epoch.
    #[inline]
    pub(crate) const fn before(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// Returns the instant `span` after this one, at most [`FAR`](Self::FAR).
    #[inline]
    pub(crate) const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// Returns the time between this instant and another one, whichever is earlier.
    pub(crate) const fn abs_diff(self, other: Self) -> Span {
        Span(self.0.abs_diff(other.0))
    }
}

impl Add<Span> for Instant {
    type Output = Self;

    #[inline]
    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}

impl Sub<Span> for Instant {
    type Output = Self;

    #[inline]
    fn sub(self, span: Span) -> Self {
        Self(self.0 - span.0)
    }
}

impl Sub for Instant {
    type Output = Span;

    #[inline]
    fn sub(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after the epoch", Duration::from_nanos(self.0))
    }
}

impl Span {
    /// No time.
    pub(crate) const ZERO: Self = Self(0);

    /// The shortest time that is not zero: a nanosecond.
    pub(crate) const SHORTEST: Self = Self(1);

    /// Longer than every span that a limiter computes.
    pub(crate) const LONGEST: Self = Self(u64::MAX);

    /// Returns a span of `nanos` nanoseconds.
    #[inline]
    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns a span of `millis` milliseconds.
    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// Returns a span of `seconds` seconds.
    pub(crate) const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1_000_000_000)
    }

    /// Returns a span of `nanos` nanoseconds without their fraction: zero if they are negative or not a number, and
    /// [`LONGEST`](Self::LONGEST) if they are too many.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is out of range saturates"
    )]
    pub(crate) const fn from_f64(nanos: f64) -> Self {
        Self(nanos as u64)
    }

    /// Returns the length of `duration`, at most 146 years.
    pub(crate) const fn of(duration: Duration) -> Self {
        const MOST: u64 = 1 << 62;
        let whole = duration.as_secs().saturating_mul(1_000_000_000);
        let nanos = whole.saturating_add(duration.subsec_nanos() as u64);
        Self(if nanos > MOST { MOST } else { nanos })
    }

    /// Returns the nanoseconds.
    #[inline]
    pub(crate) const fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the nanoseconds as a float, exact below 2^53.
    #[expect(clippy::cast_precision_loss, reason = "the docs say so")]
    pub(crate) const fn to_f64(self) -> f64 {
        self.0 as f64
    }

    /// Returns whether it is no time at all.
    #[inline]
    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns whether it is a multiple of `unit`.
    pub(crate) const fn is_whole(self, unit: Self) -> bool {
        self.0 % unit.0 == 0
    }

    /// Returns the sum, at most [`LONGEST`](Self::LONGEST).
    #[inline]
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the difference, zero if `other` is longer.
    #[inline]
    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns the difference, whichever is longer.
    pub(crate) const fn abs_diff(self, other: Self) -> Self {
        Self(self.0.abs_diff(other.0))
    }

    /// Returns how often `part` fits in, `None` if `part` is no time at all.
    pub(crate) const fn checked_div(self, part: Self) -> Option<u64> {
        self.0.checked_div(part.0)
    }

    /// Returns the span `count` times, at most [`LONGEST`](Self::LONGEST).
    #[inline]
    pub(crate) const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Add for Span {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

/// Returns how often one span fits into another.
impl Div for Span {
    type Output = u64;

    #[inline]
    fn div(self, part: Self) -> u64 {
        self.0 / part.0
    }
}

impl Div<u64> for Span {
    type Output = Self;

    #[inline]
    fn div(self, parts: u64) -> Self {
        Self(self.0 / parts)
    }
}

impl From<Span> for Duration {
    #[inline]
    fn from(span: Span) -> Self {
        Self::from_nanos(span.0)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Duration::from(*self), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Instant = Instant::from_nanos(5);
    const TWO: Span = Span::from_nanos(2);

    #[test]
    fn operators_are_those_of_integers() {
        assert_eq!((FIVE + TWO).nanos(), 7);
        assert_eq!((FIVE - TWO).nanos(), 3);
        assert_eq!(FIVE - Instant::from_nanos(3), TWO);
        assert_eq!((TWO + TWO).nanos(), 4);
        assert_eq!(TWO - TWO, Span::ZERO);
        assert_eq!(Span::from_nanos(7) / TWO, 3);
        assert_eq!((Span::from_nanos(7) / 3).nanos(), 2);
    }

    #[test]
    fn methods_saturate() {
        assert_eq!(FIVE.since(Instant::FAR), Span::ZERO);
        assert_eq!(Instant::FAR.since(Instant::EPOCH), Span::LONGEST);
        assert_eq!(FIVE.before(Span::from_nanos(6)), Instant::EPOCH);
        assert_eq!(FIVE.after(Span::LONGEST), Instant::FAR);
        assert_eq!(TWO.plus(Span::LONGEST), Span::LONGEST);
        assert_eq!(TWO.minus(Span::LONGEST), Span::ZERO);
        assert_eq!(TWO.times(3), Span::from_nanos(6));
        assert_eq!(TWO.times(u64::MAX), Span::LONGEST);
    }

    #[test]
    fn differences_have_no_direction() {
        let three = Instant::from_nanos(3);
        assert_eq!((FIVE.abs_diff(three), three.abs_diff(FIVE)), (TWO, TWO));
        assert_eq!(TWO.abs_diff(Span::ZERO), TWO);
        assert_eq!(Span::ZERO.abs_diff(TWO), TWO);
    }

    #[test]
    fn nothing_is_divided_by_no_time() {
        assert_eq!(Span::from_nanos(5).checked_div(TWO), Some(2));
        assert_eq!(TWO.checked_div(Span::ZERO), None);
    }

    #[test]
    fn instants_and_spans_are_ordered() {
        assert!(Instant::EPOCH < FIVE && FIVE < Instant::FAR);
        assert!(Span::ZERO < Span::SHORTEST && Span::SHORTEST < TWO && TWO < Span::LONGEST);
        assert_eq!(FIVE.max(Instant::from_nanos(6)).nanos(), 6);
    }

    #[test]
    fn a_span_converts_from_and_to_durations() {
        let duration = Duration::new(2, 5);
        assert_eq!(Span::of(duration).nanos(), 2_000_000_005);
        assert_eq!(Duration::from(Span::of(duration)), duration);
        assert_eq!(Span::of(Duration::MAX).nanos(), 1 << 62);
        assert_eq!(Span::from_millis(2_000), Span::from_secs(2));
    }

    #[test]
    fn a_span_converts_from_and_to_floats() {
        assert_eq!(Span::from_f64(2.9), TWO);
        assert_eq!(Span::from_f64(-1.0), Span::ZERO);
        assert_eq!(Span::from_f64(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_f64(f64::INFINITY), Span::LONGEST);
        assert!((TWO.to_f64() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn debug_output_has_units() {
        assert_eq!(format!("{FIVE:?}"), "5ns after the epoch");
        assert_eq!(format!("{:?}", Span::from_millis(1)), "1ms");
    }
}
