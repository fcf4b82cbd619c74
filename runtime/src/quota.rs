//! Declared limits: a [`Rate`] and, with a burst, a [`Quota`].

use core::fmt;
use core::hash::Hash;
use core::hash::Hasher;
use core::num::NonZeroU32;
use core::num::NonZeroU64;
use core::str::FromStr;
use core::time::Duration;

use crate::error::Error;
use crate::grammar;
use crate::grammar::PerPeriod;
use crate::strict::StrictWindow;
use crate::time::Span;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Tokens per time: five per second, 300 per minute, one every 250 ms.
///
/// A rate is stored as the number of nanoseconds from one token to the next, rounded up. So the stored rate may be
/// slightly below the given one, and is never above it.
///
/// # Examples
///
/// ```
/// use paced::Rate;
///
/// let rate: Rate = "300/min".parse()?;
/// assert_eq!(rate, Rate::from_hz(5.0)?);
/// assert_eq!(rate.interval(), std::time::Duration::from_millis(200));
/// # Ok::<(), paced::Error>(())
/// ```
///
/// Rates of the same interval are equal: `"300/min"` is `5` per second. In a [strict window](Quota::strict) they differ.
#[derive(Clone, Copy)]
pub struct Rate {
    interval: NonZeroU64,
    /// The rate as it was given: so many tokens in so many nanoseconds.
    given: PerPeriod,
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.interval == other.interval
    }
}

impl Eq for Rate {}

impl Hash for Rate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.interval.hash(state);
    }
}

impl Rate {
    /// Returns the rate of `count` tokens per second.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::Rate;
    ///
    /// const RATE: Rate = Rate::per_second(NonZeroU32::new(4).unwrap());
    /// assert_eq!(RATE.interval(), std::time::Duration::from_millis(250));
    /// ```
    pub const fn per_second(count: NonZeroU32) -> Self {
        Self::whole(count, NANOS_PER_SECOND)
    }

    /// Returns the rate of `count` tokens per minute.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::Rate;
    ///
    /// const RATE: Rate = Rate::per_minute(NonZeroU32::new(30).unwrap());
    /// assert_eq!(RATE.interval(), std::time::Duration::from_secs(2));
    /// ```
    pub const fn per_minute(count: NonZeroU32) -> Self {
        Self::whole(count, 60 * NANOS_PER_SECOND)
    }

    /// Returns the rate of `count` tokens per hour.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::Rate;
    ///
    /// const RATE: Rate = Rate::per_hour(NonZeroU32::new(60).unwrap());
    /// assert_eq!(RATE.interval(), std::time::Duration::from_secs(60));
    /// ```
    pub const fn per_hour(count: NonZeroU32) -> Self {
        Self::whole(count, 3600 * NANOS_PER_SECOND)
    }

    /// Returns the rate of `hz` tokens per second, which may be a fraction: `0.5` is one token every two seconds.
    ///
    /// # Errors
    ///
    /// [`is_invalid`](Error::is_invalid) if `hz` is zero, negative, infinite or NaN, above 1,000,000,000, or below one
    /// token in 30 days.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::Rate;
    ///
    /// assert_eq!(Rate::from_hz(0.5)?.interval(), std::time::Duration::from_secs(2));
    /// assert!(Rate::from_hz(f64::NAN).is_err());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn from_hz(hz: f64) -> Result<Self, Error> {
        match grammar::per_second(hz) {
            Ok(written) => Self::per(written),
            Err(wrong) => Err(Error::invalid(wrong.sentence())),
        }
    }

    /// Returns the rate of `count` tokens in each period of the length `per`.
    ///
    /// # Errors
    ///
    /// As [`from_hz`](Self::from_hz), also if `per` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::Rate;
    /// use std::time::Duration;
    ///
    /// let rate = Rate::new(100.0, Duration::from_secs(10))?;
    /// assert_eq!(rate.interval(), Duration::from_millis(100));
    /// # Ok::<(), paced::Error>(())
    /// ```
    #[expect(
        clippy::cast_precision_loss,
        reason = "the range is checked next, far below 2^52 ns"
    )]
    pub const fn new(count: f64, per: Duration) -> Result<Self, Error> {
        Self::of(count, per.as_nanos() as f64)
    }

    /// Returns the rate of `count` tokens in each `period` nanoseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a period is not negative, and saturates"
    )]
    pub(crate) const fn of(count: f64, period: f64) -> Result<Self, Error> {
        let given = PerPeriod {
            count,
            nanos: period as u64,
        };
        match grammar::interval(count, period) {
            Ok(nanos) => Ok(Self {
                given,
                ..Self::of_interval(Span::from_nanos(nanos))
            }),
            Err(wrong) => Err(Error::invalid(wrong.sentence())),
        }
    }

    /// Parses a rate such as `"5/s"`, `"300/min"`, `"5000/h"`, `"1000/day"`, `"1/250ms"` or `"1/10s"`.
    ///
    /// The text is a count with optional decimals, a slash, and a period. The period is a unit (`us`, `ms`, `s`,
    /// `min`, `h` or `d`), a number with a unit, or a sum of those: `"1/1m30s"`. A count alone, like `"5"`, is per
    /// second.
    ///
    /// Units have longer names as well: `sec`, `secs`, `second`, `seconds`, `m`, `mins`, `minute`, `minutes`, `hr`,
    /// `hrs`, `hour`, `hours`, `day`, `days`. Numbers may contain underscores, and each part may have spaces around it.
    ///
    /// The trait [`FromStr`] parses the same texts; its errors also quote the part of the text that is wrong.
    ///
    /// # Errors
    ///
    /// [`is_invalid`](Error::is_invalid) if the text has another form, or the rate is out of the range of
    /// [`from_hz`](Self::from_hz).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::Rate;
    ///
    /// assert_eq!(Rate::parse("300/min")?, Rate::parse("5")?);
    /// assert_eq!(Rate::parse("1_000 / hour")?.interval(), std::time::Duration::from_millis(3600));
    /// assert!(Rate::parse("5/parsec").is_err());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn parse(text: &str) -> Result<Self, Error> {
        match grammar::rate(text) {
            Ok(written) => Self::per(written),
            Err(fault) => Err(Error::invalid(fault.wrong.sentence())),
        }
    }

    /// Parses as [`parse`](Self::parse) does. Its error quotes the part of the text that is wrong.
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

    /// Returns the time from one token to the next, rounded up to whole nanoseconds.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Rate;
    /// let rate = Rate::parse("3/s")?;
    /// assert_eq!(rate.interval(), std::time::Duration::from_nanos(333_333_334));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn interval(self) -> Duration {
        Duration::from_nanos(self.interval.get())
    }

    /// Returns the tokens per second.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Rate;
    /// assert_eq!(Rate::parse("30/min")?.hz(), 0.5);
    /// # Ok::<(), paced::Error>(())
    /// ```
    #[expect(
        clippy::cast_precision_loss,
        reason = "intervals stay far below 2^52 ns"
    )]
    pub const fn hz(self) -> f64 {
        NANOS_PER_SECOND as f64 / self.interval.get() as f64
    }

    /// Returns the rate of one token in each `interval`.
    pub(crate) const fn of_interval(interval: Span) -> Self {
        let interval = match NonZeroU64::new(interval.nanos()) {
            Some(interval) => interval,
            None => NonZeroU64::MIN,
        };
        Self {
            interval,
            given: PerPeriod {
                count: 1.0,
                nanos: interval.get(),
            },
        }
    }

    /// Returns the time from one token to the next.
    pub(crate) const fn span(self) -> Span {
        Span::from_nanos(self.interval.get())
    }

    /// Returns the whole tokens of a period as it was given, at least 1.
    pub(crate) const fn count(self) -> NonZeroU32 {
        self.given_window().limit
    }

    /// Returns the period as it was given; one that holds less than a token is as long as it takes for one.
    pub(crate) const fn period(self) -> Span {
        self.given_window().period
    }

    const fn given_window(self) -> StrictWindow {
        let period = Span::from_nanos(self.given.nanos);
        StrictWindow::of(self.given.count, period, self.span())
    }

    /// Returns whether a period as it was given holds more than one token, and a part of another one.
    pub(crate) const fn splits_a_token(self) -> bool {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            clippy::float_cmp,
            reason = "a whole number is exact, and one that is too large saturates"
        )]
        let is_whole = self.given.count as u64 as f64 == self.given.count;
        self.given.count > 1.0 && !is_whole
    }

    const fn whole(count: NonZeroU32, nanos_of_period: u64) -> Self {
        let nanos = nanos_of_period.div_ceil(count.get() as u64);
        Self {
            given: PerPeriod {
                count: count.get() as f64,
                nanos: nanos_of_period,
            },
            ..Self::of_interval(Span::from_nanos(nanos))
        }
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
        let whole = |seconds| (u64::from(seconds) * NANOS_PER_SECOND) % self.interval == 0;
        // The interval is rounded to whole nanoseconds, so few units divide it. Else the first unit with a count of
        // at least 1 is used.
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

/// A [`Rate`] and a burst: how fast the bucket refills, and how many tokens it holds.
///
/// # Examples
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
    window: Option<StrictWindow>,
}

impl Quota {
    /// Returns the quota with this rate and the default burst: the tokens of one second, at least 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::{Quota, Rate};
    ///
    /// assert_eq!(Quota::new(Rate::parse("5/s")?).burst().get(), 5);
    /// assert_eq!(Quota::new(Rate::parse("5/min")?).burst().get(), 1);
    /// # Ok::<(), paced::Error>(())
    /// ```
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most 10^9, an interval is at least 1 ns"
    )]
    pub const fn new(rate: Rate) -> Self {
        let whole = NANOS_PER_SECOND / rate.interval.get();
        // Rounding must not cost a token: three per second are 333,333,334 ns apart, of which only two fit a second.
        let rounded_up = NANOS_PER_SECOND.div_ceil(whole + 1) == rate.interval.get();
        let burst = if rounded_up { whole + 1 } else { whole };
        Self {
            rate,
            burst: match NonZeroU32::new(burst as u32) {
                Some(burst) => burst,
                None => NonZeroU32::MIN,
            },
            starts_empty: false,
            window: None,
        }
    }

    /// Returns the quota of a strict window: no interval of the rate's period, wherever it begins, holds more tokens
    /// than the rate's count. For servers that count the calls of a minute (or of any other period), whether their
    /// windows are fixed or slide: [`per_minute`](Self::per_minute) may let a few more through in some interval of a
    /// minute, as many as the burst.
    ///
    /// The rate counts as it was given: `"60/min"` is 60 in a minute, and `"1/s"` 1 in a second. A part of a token does
    /// not count, so `"1.5/s"` is 1 in a second; a period that holds less than one is as long as it takes for one.
    /// Times on the way to the server are allowed for, see the option
    /// [`window`](macro@crate::rate_limited#window).
    ///
    /// [`burst`](Self::burst) is the whole count: all of it may be taken at once, and comes back one period later. The
    /// limiter remembers when its permits were granted, in 1 KB at most, and a call costs a lock. With
    /// [`with_burst`](Self::with_burst) there is no memory: what is beyond the burst is spread evenly over the period. A
    /// burst of the whole count or more counts as none.
    ///
    /// Without a burst it cannot be kept in a [store](crate::store) yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Limiter, Quota, Rate};
    ///
    /// const MINUTE: Quota = Quota::strict(Rate::per_minute(NonZeroU32::new(60).unwrap()));
    /// assert_eq!(MINUTE.burst().get(), 60);
    /// let limiter = Limiter::new(MINUTE);
    /// limiter.try_acquire_many(60)?;
    /// assert!(limiter.try_acquire().unwrap_err().retry_after() > Some(Duration::from_secs(60)));
    ///
    /// let ten_seconds = Quota::strict(Rate::parse("100/10s")?);
    /// assert_eq!(ten_seconds.to_string(), "at most 100 in any 10s");
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn strict(rate: Rate) -> Self {
        let window = rate.given_window();
        Self {
            burst: window.limit,
            window: Some(window),
            ..Self::new(rate)
        }
    }

    /// Returns the quota of a strict window, with this burst if there is one.
    ///
    /// # Errors
    ///
    /// A rate that has to be rounded, or a burst that is not less than the window.
    pub(crate) const fn in_strict_window(
        rate: Rate,
        burst: Option<NonZeroU32>,
    ) -> Result<Self, Error> {
        let quota = Self::strict(rate);
        if rate.splits_a_token() {
            return Err(Error::invalid(grammar::SPLIT_TOKEN));
        }
        match burst {
            None => Ok(quota),
            Some(burst) if burst.get() >= quota.burst.get() => {
                Err(Error::invalid(grammar::STRICT_BURST))
            }
            Some(burst) => Ok(quota.with_burst(burst)),
        }
    }

    /// Returns the quota of `count` tokens per second with the default burst, `count`.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::Quota;
    ///
    /// const QUOTA: Quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// assert_eq!(QUOTA.burst().get(), 5);
    /// ```
    pub const fn per_second(count: NonZeroU32) -> Self {
        Self::new(Rate::per_second(count))
    }

    /// Returns the quota of `count` tokens per minute with the default burst: the tokens of one second, at least 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::Quota;
    ///
    /// const QUOTA: Quota = Quota::per_minute(NonZeroU32::new(300).unwrap());
    /// assert_eq!(QUOTA.burst().get(), 5);
    /// ```
    pub const fn per_minute(count: NonZeroU32) -> Self {
        Self::new(Rate::per_minute(count))
    }

    /// Returns the quota of `count` tokens per hour with the default burst: the tokens of one second, at least 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::Quota;
    ///
    /// const QUOTA: Quota = Quota::per_hour(NonZeroU32::new(5000).unwrap());
    /// assert_eq!(QUOTA.burst().get(), 1);
    /// ```
    pub const fn per_hour(count: NonZeroU32) -> Self {
        Self::new(Rate::per_hour(count))
    }

    /// Sets the burst: the capacity of the bucket, in tokens. Default: the tokens of one second, at least 1.
    ///
    /// In a [strict window](Self::strict) it is at most the window's count.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::Quota;
    ///
    /// const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();
    /// assert_eq!(Quota::per_hour(TEN).with_burst(TEN).burst(), TEN);
    /// ```
    #[must_use]
    pub const fn with_burst(self, burst: NonZeroU32) -> Self {
        let burst = match self.window {
            Some(window) if burst.get() > window.limit.get() => window.limit,
            _ => burst,
        };
        Self { burst, ..self }
    }

    /// Returns the quota for a limiter whose bucket is empty at first. Its first permit comes one interval after it is
    /// first used, and the next ones at the paced rate until there are tokens to save up.
    ///
    /// For programs that are restarted again and again, by a supervisor after each failure or by cron: with a full
    /// bucket each start would send a burst, whatever the runs before it had sent. With an empty one a run cannot
    /// send more than the rate allows, and all runs one after the other do not either. At `"1/h"` the first call waits
    /// for an hour: a job that is to make its one call at once needs a [store](crate::store) instead, which knows what
    /// the runs before have used. With a store this changes nothing.
    ///
    /// # Examples
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

    /// Returns the quota with a bucket that is full at first.
    pub(crate) const fn starting_full(self) -> Self {
        Self {
            starts_empty: false,
            ..self
        }
    }

    /// Returns the strict window, if there is one.
    pub(crate) const fn window(self) -> Option<StrictWindow> {
        self.window
    }

    /// Returns the strict window, if its permits have to be remembered.
    pub(crate) const fn logged_window(self) -> Option<StrictWindow> {
        match self.window {
            Some(window) if self.burst.get() >= window.limit.get() => Some(window),
            _ => None,
        }
    }

    /// Returns the quota of a strict window that needs no memory. A window of one token is none then.
    pub(crate) const fn without_log(self) -> Self {
        match self.logged_window() {
            Some(StrictWindow {
                limit: NonZeroU32::MIN,
                ..
            }) => self.without_window(),
            Some(_) => self.with_burst(NonZeroU32::MIN),
            None => self,
        }
    }

    /// Returns the quota of the same rate and burst without a strict window.
    pub(crate) const fn without_window(self) -> Self {
        Self {
            window: None,
            ..self
        }
    }

    /// Returns whether a limiter of this quota begins with an empty bucket.
    pub(crate) const fn starts_empty(self) -> bool {
        self.starts_empty
    }

    /// Returns the rate.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::{Quota, Rate};
    ///
    /// let rate = Rate::parse("300/min")?;
    /// assert_eq!(Quota::new(rate).rate(), rate);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn rate(self) -> Rate {
        self.rate
    }

    /// Returns the capacity of the bucket, in tokens.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::{Quota, Rate};
    ///
    /// assert_eq!(Quota::new(Rate::parse("20/s")?).burst().get(), 20);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn burst(self) -> NonZeroU32 {
        self.burst
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.window {
            None => write!(f, "{} with a burst of {}", self.rate, self.burst)?,
            Some(StrictWindow { limit, period }) => {
                write!(f, "at most {limit} in any {period:?}")?;
                if self.burst < limit {
                    write!(f, " with a burst of {}", self.burst)?;
                }
            }
        }
        if self.starts_empty {
            f.write_str(", empty at first")?;
        }
        Ok(())
    }
}
