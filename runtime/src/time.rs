//! Instants and spans of time as integers with a unit.
//!
//! Both count nanoseconds and are as cheap as a `u64`. Only this module and the bit-packed fast path of the limiter
//! look at the bare number.

use core::fmt;
use core::ops::Add;
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
}

impl Add<Span> for Instant {
    type Output = Self;

    #[inline]
    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
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

    /// Returns a span of `nanos` nanoseconds.
    #[inline]
    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds.
    #[inline]
    pub(crate) const fn nanos(self) -> u64 {
        self.0
    }

    /// Returns whether it is no time at all.
    #[inline]
    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns both spans together, at most 584 years.
    #[inline]
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns what is left of this span without `other`, zero if `other` is longer.
    #[inline]
    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        Self::from_nanos(span.0)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Duration::from(*self), f)
    }
}
