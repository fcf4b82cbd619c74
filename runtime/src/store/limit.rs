//! A limit in a store's units.

use crate::bucket::Shape;
use crate::time::Span;

use super::MAX_LIMITS;
use super::TICKS_PER_SECOND;

/// The nanoseconds of a tick.
pub(crate) const TICK: u64 = 250;

/// Longest time that a bucket takes to fill (2.2 years), so that sums stay exact in scripts whose numbers are
/// floating-point ones.
pub(super) const MAX_CAPACITY: u64 = 1 << 48;

const MINUTE: u64 = 60 * TICKS_PER_SECOND;

/// Settings of a token bucket, in [ticks](super::TICKS_PER_SECOND).
///
/// # Examples
///
/// ```
/// use paced::store::{Limit, TICKS_PER_SECOND};
///
/// // Five per second, ten at once.
/// let limit = Limit::new(TICKS_PER_SECOND / 5, 10);
/// assert_eq!(limit.interval(), 800_000);
/// assert_eq!(limit.capacity(), 8_000_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    interval: u64,
    capacity: u64,
}

impl Limit {
    /// Interval of the fastest limit, in ticks: 100,000 tokens per second. At higher rates ticks are too coarse.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, TICKS_PER_SECOND};
    ///
    /// assert_eq!(TICKS_PER_SECOND / Limit::MIN_INTERVAL, 100_000);
    /// ```
    pub const MIN_INTERVAL: u64 = 40;

    /// Creates a bucket that gains a token every `interval` ticks and holds `burst` of them.
    ///
    /// Values out of bounds are moved to the bound: an interval to 40 ticks at least (100,000 tokens per
    /// second), a burst to 1 at least.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Limit;
    ///
    /// assert_eq!(Limit::new(800_000, 5).capacity(), 4_000_000);
    /// assert_eq!(Limit::new(0, 0), Limit::new(Limit::MIN_INTERVAL, 1));
    /// ```
    pub const fn new(interval: u64, burst: u32) -> Self {
        let interval = if interval < Self::MIN_INTERVAL {
            Self::MIN_INTERVAL
        } else if interval > MAX_CAPACITY {
            MAX_CAPACITY
        } else {
            interval
        };
        let burst = if burst == 0 { 1 } else { burst as u64 };
        let capacity = interval.saturating_mul(burst);
        let capacity = if capacity > MAX_CAPACITY {
            MAX_CAPACITY
        } else {
            capacity
        };
        Self { interval, capacity }
    }

    /// Returns the ticks from one token to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Limit;
    ///
    /// assert_eq!(Limit::new(800_000, 5).interval(), 800_000);
    /// ```
    pub const fn interval(self) -> u64 {
        self.interval
    }

    /// Returns the ticks in which the empty bucket is filled.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::Limit;
    ///
    /// let limit = Limit::new(800_000, 5);
    /// assert_eq!(limit.capacity(), 5 * limit.interval());
    /// ```
    pub const fn capacity(self) -> u64 {
        self.capacity
    }

    /// Converts a shape, rounded so that it never allows more.
    pub(crate) fn of(shape: Shape) -> Self {
        let burst = (shape.capacity / shape.interval.max(Span::SHORTEST)).max(1);
        Self::new(
            shape.interval.nanos().div_ceil(TICK),
            u32::try_from(burst).unwrap_or(u32::MAX),
        )
    }

    /// Returns how far ahead its bucket can be full at the latest: filled from empty, with 512 tokens drawn
    /// ahead, and a minute for all else. Nothing is drawn further ahead; an instant further ahead was left by
    /// a slower limit or by a damaged state.
    pub(crate) const fn furthest(self) -> u64 {
        let ahead = self.interval.saturating_mul(512);
        let all = self.capacity.saturating_add(ahead).saturating_add(MINUTE);
        if all > 2 * MAX_CAPACITY {
            2 * MAX_CAPACITY
        } else {
            all
        }
    }

    /// Returns the same bucket, slowed to a token every `interval` ticks. It stays as large, so that an
    /// instant at which it is full means the same number of tokens gone before and after.
    pub(super) const fn slowed(self, interval: u64) -> Self {
        let slow = Self::new(interval, 1);
        if slow.interval <= self.interval {
            return self;
        }
        Self {
            interval: slow.interval,
            capacity: if self.capacity < slow.interval {
                slow.interval
            } else {
                self.capacity
            },
        }
    }
}

/// The limits that a request has to keep all at once, one to [four](MAX_LIMITS) of them.
///
/// # Examples
///
/// ```
/// use paced::store::{Limit, Limits, TICKS_PER_SECOND};
///
/// let second = Limit::new(TICKS_PER_SECOND / 5, 5);
/// let hour = Limit::new(3600 * TICKS_PER_SECOND / 5000, 5000);
/// let limits = Limits::new(&[second, hour]).expect("one to four");
/// assert_eq!(limits.as_slice().len(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    limits: [Limit; MAX_LIMITS],
    len: usize,
}

impl Limits {
    /// Creates the limits of a request with one limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Limits};
    ///
    /// let limit = Limit::new(800_000, 5);
    /// assert_eq!(Limits::one(limit).as_slice(), [limit]);
    /// ```
    pub const fn one(limit: Limit) -> Self {
        Self {
            limits: [limit; MAX_LIMITS],
            len: 1,
        }
    }

    /// Creates the limits of a request; `None` if there is none, or more than [four](MAX_LIMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Limits};
    ///
    /// let limit = Limit::new(800_000, 5);
    /// assert_eq!(Limits::new(&[limit]), Some(Limits::one(limit)));
    /// assert_eq!(Limits::new(&[]), None);
    /// ```
    pub fn new(limits: &[Limit]) -> Option<Self> {
        let (first, rest) = limits.split_first()?;
        let mut all = Self::one(*first);
        for limit in rest {
            *all.limits.get_mut(all.len)? = *limit;
            all.len += 1;
        }
        Some(all)
    }

    /// Returns the limits, in the order in which a [`State`](super::State) keeps them.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Limits};
    ///
    /// let both = [Limit::new(800_000, 5), Limit::new(2_880_000, 5000)];
    /// assert_eq!(Limits::new(&both).unwrap().as_slice(), both);
    /// ```
    pub fn as_slice(&self) -> &[Limit] {
        &self.limits[..self.len]
    }

    /// Returns the limit that paces, the first one: it is slowed by what is learnt, and empty after a pause.
    pub(super) const fn pacing(&self) -> Limit {
        self.limits[0]
    }

    pub(super) fn first_mut(&mut self) -> &mut Limit {
        &mut self.limits[0]
    }
}
