//! What is allowed: a [`Rate`] and, with a burst, a [`Quota`].

use core::fmt;
use core::num::NonZeroU32;
use core::num::NonZeroU64;
use core::str::FromStr;
use core::time::Duration;

use crate::error::Error;
use crate::grammar;
use crate::grammar::PerPeriod;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Tokens per time: five per second, 300 per minute, one every 250 ms.
///
/// Kept as the whole number of nanoseconds from one token to the next, rounded up: a rate that is
/// not a whole number of nanoseconds is held a hair below what was asked for, never above.
///
/// ```
/// use paced::Rate;
///
/// let rate: Rate = "300/min".parse()?;
/// assert_eq!(rate, Rate::from_hz(5.0)?);
/// assert_eq!(rate.interval(), std::time::Duration::from_millis(200));
/// # Ok::<(), paced::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    interval: NonZeroU64,
}

impl Rate {
    /// `count` tokens per second.
    pub const fn per_second(count: NonZeroU32) -> Self {
        Self::whole(count, NANOS_PER_SECOND)
    }

    /// `count` tokens per minute.
    pub const fn per_minute(count: NonZeroU32) -> Self {
        Self::whole(count, 60 * NANOS_PER_SECOND)
    }

    /// `count` tokens per hour.
    pub const fn per_hour(count: NonZeroU32) -> Self {
        Self::whole(count, 3600 * NANOS_PER_SECOND)
    }

    /// `hz` tokens per second, fractions allowed: `0.5` is one every two seconds.
    ///
    /// # Errors
    ///
    /// Zero, negative, infinite or NaN; faster than one per nanosecond; slower than one in 30 days.
    pub const fn from_hz(hz: f64) -> Result<Self, Error> {
        match grammar::per_second(hz) {
            Ok(written) => Self::per(written),
            Err(wrong) => Err(Error::invalid(wrong.sentence())),
        }
    }

    /// `count` tokens in every `per`.
    ///
    /// # Errors
    ///
    /// As [`from_hz`](Self::from_hz); also when `per` is zero.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the range is checked next, far below 2^52 ns"
    )]
    pub const fn new(count: f64, per: Duration) -> Result<Self, Error> {
        Self::of(count, per.as_nanos() as f64)
    }

    pub(crate) const fn of(count: f64, period: f64) -> Result<Self, Error> {
        match grammar::interval(count, period) {
            Ok(nanos) => Ok(Self::of_interval(nanos)),
            Err(wrong) => Err(Error::invalid(wrong.sentence())),
        }
    }

    /// Reads `"5/s"`, `"300/min"`, `"5000/h"`, `"1000/day"`, `"1/250ms"` or `"1/10s"`: a count with
    /// optional decimals, a slash, and a period of `us`, `ms`, `s`, `min`, `h` or `d` with an optional
    /// count, or be a sum: `"1/1m30s"`. A count alone, like `"5"`, is per second.
    ///
    /// Units may be written out: `sec`, `secs`, `second`, `seconds`, `m`, `mins`, `minute`, `minutes`, `hr`,
    /// `hrs`, `hour`, `hours`, `day`, `days`. Numbers may have underscores, and spaces may stand around each
    /// part.
    ///
    /// # Errors
    ///
    /// Text of another form, and the limits of [`from_hz`](Self::from_hz).
    pub const fn parse(text: &str) -> Result<Self, Error> {
        match grammar::rate(text) {
            Ok(written) => Self::per(written),
            Err(fault) => Err(Error::invalid(fault.wrong.sentence())),
        }
    }

    /// Reads the same, and says which part of the text is wrong.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let written = grammar::rate(text);
        Self::per(written.map_err(|fault| Error::misconfigured(fault.explain(text)))?)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the grammar has checked the range"
    )]
    const fn per(written: PerPeriod) -> Result<Self, Error> {
        Self::of(written.count, written.nanos as f64)
    }

    /// The time from one token to the next.
    pub const fn interval(self) -> Duration {
        Duration::from_nanos(self.interval.get())
    }

    /// Tokens per second.
    #[expect(
        clippy::cast_precision_loss,
        reason = "intervals stay far below 2^52 ns"
    )]
    pub const fn hz(self) -> f64 {
        NANOS_PER_SECOND as f64 / self.interval.get() as f64
    }

    /// One token in so many nanoseconds.
    pub(crate) const fn of_interval(nanos: u64) -> Self {
        match NonZeroU64::new(nanos) {
            Some(interval) => Self { interval },
            None => Self {
                interval: NonZeroU64::MIN,
            },
        }
    }

    pub(crate) const fn nanos(self) -> u64 {
        self.interval.get()
    }

    const fn whole(count: NonZeroU32, period: u64) -> Self {
        Self::of_interval(period.div_ceil(count.get() as u64))
    }
}

impl FromStr for Rate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::read(text)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("s", 1_u32), ("min", 60), ("h", 3600), ("d", 86_400)];
        let whole = |seconds| (u64::from(seconds) * NANOS_PER_SECOND) % self.nanos() == 0;
        // Most intervals are rounded to whole nanoseconds: then the unit of the first count above 1.
        let count = |seconds| (self.hz() * f64::from(seconds) * 1000.0).round() / 1000.0;
        let is_exact = units.into_iter().find(|unit| whole(unit.1));
        let found = is_exact.or_else(|| units.into_iter().find(|unit| count(unit.1) >= 1.0));
        if let Some((unit, seconds)) = found {
            return write!(f, "{}/{unit}", count(seconds));
        }
        write!(f, "1/{:?}", self.interval())
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rate({self})")
    }
}

/// How much is allowed: a [`Rate`], and how many tokens may be saved up while nobody calls.
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::Quota;
///
/// const QUOTA: Quota = Quota::per_second(NonZeroU32::new(5).unwrap())
///     .with_burst(NonZeroU32::new(10).unwrap());
/// assert_eq!(QUOTA.burst().get(), 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    rate: Rate,
    burst: NonZeroU32,
    starts_empty: bool,
}

impl Quota {
    /// `rate`, with one second's worth of tokens as burst, and at least 1.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most 10^9, an interval is at least 1 ns"
    )]
    pub const fn new(rate: Rate) -> Self {
        let whole = NANOS_PER_SECOND / rate.nanos();
        // Three per second are 333,333,334 ns apart: rounding must not cost one of them.
        let rounded_up = NANOS_PER_SECOND.div_ceil(whole + 1) == rate.nanos();
        let burst = if rounded_up { whole + 1 } else { whole };
        match NonZeroU32::new(burst as u32) {
            Some(burst) => Self {
                rate,
                burst,
                starts_empty: false,
            },
            None => Self {
                rate,
                burst: NonZeroU32::MIN,
                starts_empty: false,
            },
        }
    }

    /// `count` tokens per second; burst as in [`new`](Self::new).
    pub const fn per_second(count: NonZeroU32) -> Self {
        Self::new(Rate::per_second(count))
    }

    /// `count` tokens per minute; burst as in [`new`](Self::new).
    pub const fn per_minute(count: NonZeroU32) -> Self {
        Self::new(Rate::per_minute(count))
    }

    /// `count` tokens per hour; burst as in [`new`](Self::new).
    pub const fn per_hour(count: NonZeroU32) -> Self {
        Self::new(Rate::per_hour(count))
    }

    /// The same rate with another burst: the capacity of the bucket, in tokens.
    #[must_use]
    pub const fn with_burst(self, burst: NonZeroU32) -> Self {
        Self { burst, ..self }
    }

    /// The same, for a limiter whose bucket is empty at first: its first permit comes one interval after it is first
    /// used, and the next ones at the paced rate until there are tokens to save up.
    ///
    /// For programs that are restarted again and again, by a supervisor after each failure or by cron: with a full
    /// bucket each start would send a burst, whatever the runs before it had sent. With an empty one a run cannot
    /// send more than the rate allows, and all runs one after the other do not either. At `"1/h"` the first call waits
    /// for an hour: a job that is to make its one call at once needs a [store](crate::store) instead, which knows what
    /// the runs before have used. With a store this changes nothing.
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// const QUOTA: Quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// static API: Limiter = Limiter::new(QUOTA.starting_empty());
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let start = tokio::time::Instant::now();
    /// API.acquire().await?;
    /// assert_eq!(start.elapsed().as_millis(), 200);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn starting_empty(self) -> Self {
        Self {
            starts_empty: true,
            ..self
        }
    }

    /// Whether a limiter of this quota begins with an empty bucket.
    pub(crate) const fn starts_empty(self) -> bool {
        self.starts_empty
    }

    /// The rate.
    pub const fn rate(self) -> Rate {
        self.rate
    }

    /// The capacity of the bucket, in tokens.
    pub const fn burst(self) -> NonZeroU32 {
        self.burst
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with a burst of {}", self.rate, self.burst)?;
        if self.starts_empty {
            f.write_str(", empty at first")?;
        }
        Ok(())
    }
}
