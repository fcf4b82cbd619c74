//! A limit in a store's units.

use crate::bucket::Shape;
use crate::time::Span;

use super::MAX_LIMITS;
use super::Ticks;

/// Longest time that a bucket takes to fill (2.2 years), so that sums stay exact in scripts whose numbers are
/// floating-point ones.
pub(super) const MAX_CAPACITY: Ticks = Ticks::new(1 << 48);

/// Longest period: 30 days.
const LONGEST_PERIOD: Ticks = Ticks::from_secs(30 * 24 * 3600);

const MINUTE: Ticks = Ticks::from_secs(60);

/// Settings of a token bucket.
///
/// # Examples
///
/// ```
/// use paced::store::{Limit, Ticks};
///
/// // Five per second, ten at once.
/// let limit = Limit::new(Ticks::SECOND / 5, 10);
/// assert_eq!(limit.interval(), Ticks::from_millis(200));
/// assert_eq!(limit.capacity(), Ticks::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    interval: Ticks,
    capacity: Ticks,
    period: Ticks,
}

impl Limit {
    /// Interval of the fastest limit, 10 µs: 100,000 tokens per second. At higher rates ticks are too coarse.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Ticks};
    ///
    /// assert_eq!(Ticks::SECOND / Limit::MIN_INTERVAL, 100_000);
    /// ```
    pub const MIN_INTERVAL: Ticks = Ticks::new(40);

    /// Creates a bucket that gains a token every `interval` and holds `burst` of them.
    ///
    /// Values out of bounds are moved to the bound: an interval to 10 µs at least (100,000 tokens per
    /// second), a burst to 1 at least.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Ticks};
    ///
    /// assert_eq!(Limit::new(Ticks::from_millis(200), 5).capacity(), Ticks::SECOND);
    /// assert_eq!(Limit::new(Ticks::ZERO, 0), Limit::new(Limit::MIN_INTERVAL, 1));
    /// ```
    pub const fn new(interval: Ticks, burst: u32) -> Self {
        let interval = interval.at_least(Self::MIN_INTERVAL).at_most(MAX_CAPACITY);
        let burst = if burst == 0 { 1 } else { burst as u64 };
        Self::holding(interval, burst)
    }

    pub(super) const fn holding(interval: Ticks, burst: u64) -> Self {
        let capacity = interval.saturating_mul(burst).at_most(MAX_CAPACITY);
        Self {
            interval,
            capacity,
            period: capacity.at_least(Ticks::SECOND).at_most(LONGEST_PERIOD),
        }
    }

    /// Returns the limit with its period, from a second to 30 days: the time for which its tokens are counted, such as
    /// the hour of `5000/h`. Without it, the time in which the bucket fills, and at least a second.
    ///
    /// The period bounds how far a [settlement](super::Action::Settle) can overdraw the bucket, and is the time for
    /// which the tighter of two quotas holds that different processes declare.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Ticks};
    ///
    /// let hour = Ticks::from_secs(3600);
    /// let limit = Limit::new(hour / 5000, 5);
    /// assert_eq!(limit.period(), 5 * (hour / 5000));
    /// assert_eq!(limit.with_period(hour).period(), hour);
    /// ```
    #[must_use]
    pub const fn with_period(self, period: Ticks) -> Self {
        Self {
            period: period.at_least(Ticks::SECOND).at_most(LONGEST_PERIOD),
            ..self
        }
    }

    /// Returns the time for which tokens are counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Ticks};
    ///
    /// assert_eq!(Limit::new(Ticks::from_millis(200), 50).period(), Ticks::from_secs(10));
    /// assert_eq!(Limit::new(Ticks::from_millis(200), 1).period(), Ticks::SECOND);
    /// ```
    pub const fn period(self) -> Ticks {
        self.period
    }

    /// Returns the time from one token to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Ticks};
    ///
    /// assert_eq!(Limit::new(Ticks::SECOND / 5, 5).interval(), Ticks::SECOND / 5);
    /// ```
    pub const fn interval(self) -> Ticks {
        self.interval
    }

    /// Returns the time in which the empty bucket is filled.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Ticks};
    ///
    /// let limit = Limit::new(Ticks::from_millis(200), 5);
    /// assert_eq!(limit.capacity(), 5 * limit.interval());
    /// ```
    pub const fn capacity(self) -> Ticks {
        self.capacity
    }

    /// Converts a shape, rounded so that it never allows more.
    pub(crate) fn of(shape: Shape) -> Self {
        let burst = (shape.capacity / shape.interval.max(Span::SHORTEST)).max(1);
        Self::new(
            Ticks::from_span_up(shape.interval),
            u32::try_from(burst).unwrap_or(u32::MAX),
        )
    }

    /// Returns how far ahead its bucket can be full at the latest: filled from empty, with 512 tokens drawn
    /// ahead, and a minute for all else. Nothing is drawn further ahead; an instant further ahead was left by
    /// a slower limit or by a damaged state.
    pub(crate) const fn furthest(self) -> Ticks {
        let ahead = self.interval.saturating_mul(512);
        let all = self.capacity.saturating_add(ahead).saturating_add(MINUTE);
        all.at_most(MAX_CAPACITY.saturating_mul(2))
    }

    /// Returns how far ahead its bucket can be full at the latest with a debt of settlements, which is one period at
    /// most.
    pub(super) const fn deepest(self) -> Ticks {
        self.furthest().saturating_add(self.period)
    }

    /// Returns the most that one call can take out of the bucket, as a time: it is empty then, and owes a period.
    pub(super) const fn most(self) -> Ticks {
        self.capacity.saturating_add(self.period)
    }

    /// Returns the number of tokens that the bucket holds.
    pub(super) const fn burst(self) -> u64 {
        self.capacity.get() / self.interval.get()
    }

    /// Returns the same bucket, slowed to a token every `interval`. It stays as large, so that an
    /// instant at which it is full means the same number of tokens gone before and after.
    pub(super) fn slowed(self, interval: Ticks) -> Self {
        let interval = interval.at_least(Self::MIN_INTERVAL).at_most(MAX_CAPACITY);
        if interval <= self.interval {
            return self;
        }
        Self {
            interval,
            capacity: self.capacity.max(interval),
            period: self.period,
        }
    }

    /// Returns the limit with a token every `interval` at best, and `burst` tokens at most; 0 stands for no bound.
    pub(super) fn tightened(self, interval: Ticks, burst: u64) -> Self {
        let own = self.burst();
        let fewest = if burst == 0 { own } else { own.min(burst) };
        if interval <= self.interval && fewest == own {
            return self;
        }
        let interval = self.interval.max(interval).at_most(MAX_CAPACITY);
        Self {
            period: self.period,
            ..Self::holding(interval, fewest)
        }
    }

    /// Returns the limit that an operator has set instead of this one.
    pub(super) fn replaced(self, interval: Ticks, capacity: Ticks) -> Self {
        let interval = interval.at_least(Self::MIN_INTERVAL).at_most(MAX_CAPACITY);
        Self {
            interval,
            capacity: capacity.at_least(interval).at_most(MAX_CAPACITY),
            period: self.period,
        }
    }
}

/// The limits that a request has to keep all at once, one to [eight](MAX_LIMITS) of them.
///
/// # Examples
///
/// ```
/// use paced::store::{Limit, Limits, Ticks};
///
/// let second = Limit::new(Ticks::SECOND / 5, 5);
/// let hour = Limit::new(Ticks::from_secs(3600) / 5000, 5000);
/// let limits = Limits::new(&[second, hour]).expect("one to eight");
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
    /// use paced::store::{Limit, Limits, Ticks};
    ///
    /// let limit = Limit::new(Ticks::from_millis(200), 5);
    /// assert_eq!(Limits::one(limit).as_slice(), [limit]);
    /// ```
    pub const fn one(limit: Limit) -> Self {
        Self {
            limits: [limit; MAX_LIMITS],
            len: 1,
        }
    }

    /// Creates the limits of a request; `None` if there is none, or more than [eight](MAX_LIMITS).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::{Limit, Limits, Ticks};
    ///
    /// let limit = Limit::new(Ticks::from_millis(200), 5);
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
    /// use paced::store::{Limit, Limits, Ticks};
    ///
    /// let both = [Limit::new(Ticks::from_millis(200), 5), Limit::new(Ticks::from_millis(720), 5000)];
    /// assert_eq!(Limits::new(&both).unwrap().as_slice(), both);
    /// ```
    pub fn as_slice(&self) -> &[Limit] {
        &self.limits[..self.len]
    }

    /// Returns the limit that paces, the first one: it is empty after a pause.
    pub(super) const fn pacing(&self) -> Limit {
        self.limits[0]
    }

    /// Returns the limits, each changed by what is known of its row.
    pub(super) fn changed<R>(&self, rows: &[R], change: impl Fn(Limit, &R) -> Limit) -> Self {
        let mut limits = *self;
        for (limit, row) in limits.limits.iter_mut().take(self.len).zip(rows) {
            *limit = change(*limit, row);
        }
        limits
    }
}
