//! What is allowed: a [`Rate`] and, with a burst, a [`Quota`].

use core::fmt;
use core::num::NonZeroU32;
use core::num::NonZeroU64;
use core::str::FromStr;
use core::time::Duration;

use crate::error::Error;

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
    /// The slowest rate: one token in 30 days.
    const SLOWEST: u64 = 30 * 24 * 3600 * NANOS_PER_SECOND;

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
        Self::new(hz, Duration::from_secs(1))
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

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "both ends of the range are checked just before; below 2^52 ns the quotient is exact to the nanosecond"
    )]
    pub(crate) const fn of(count: f64, period: f64) -> Result<Self, Error> {
        if !(count.is_finite() && count > 0.0) {
            return Err(Error::invalid("rate must be a finite number above 0"));
        }
        let nanos = period / count;
        if nanos.is_nan() || nanos > Self::SLOWEST as f64 {
            return Err(Error::invalid("rate must be at least one token in 30 days"));
        }
        if nanos < 1.0 {
            return Err(Error::invalid(
                "rate must be at most 1,000,000,000 tokens per second",
            ));
        }
        let floor = nanos as u64;
        let interval = if (floor as f64) < nanos {
            floor + 1
        } else {
            floor
        };
        match NonZeroU64::new(interval) {
            Some(interval) => Ok(Self { interval }),
            None => Err(Error::invalid("rate needs a period above 0")),
        }
    }

    /// Reads `"5/s"`, `"300/min"`, `"5000/h"`, `"1000/day"`, `"1/250ms"` or `"1/10s"`: a count with
    /// optional decimals, a slash, and a period of `ms`, `s`, `min`, `h` or `d` with an optional count.
    ///
    /// # Errors
    ///
    /// Text of another form, and the limits of [`from_hz`](Self::from_hz).
    pub const fn parse(text: &str) -> Result<Self, Error> {
        let (bytes, mut at) = (text.as_bytes(), 0);
        let Some((count, next)) = number(bytes, at) else {
            return Err(Error::invalid(RATE_FORM));
        };
        at = skip_spaces(bytes, next);
        if at >= bytes.len() || bytes[at] != b'/' {
            return Err(Error::invalid(RATE_FORM));
        }
        at = skip_spaces(bytes, at + 1);
        let (periods, next) = match number(bytes, at) {
            Some(found) => found,
            None => (1.0, at),
        };
        at = skip_spaces(bytes, next);
        match unit(bytes, at) {
            Some(nanos) if periods > 0.0 => Self::of(count, periods * nanos),
            _ => Err(Error::invalid(RATE_FORM)),
        }
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
        Self::parse(text)
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
            Some(burst) => Self { rate, burst },
            None => Self {
                rate,
                burst: NonZeroU32::MIN,
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
        Self {
            rate: self.rate,
            burst,
        }
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
        write!(f, "{} with a burst of {}", self.rate, self.burst)
    }
}

const RATE_FORM: &str = "a rate is written like \"5/s\", \"300/min\", \"5000/h\" or \"1/250ms\"";

/// A decimal number at `at`, and where it ends.
const fn number(bytes: &[u8], mut at: usize) -> Option<(f64, usize)> {
    let (mut value, mut scale, mut digits, mut decimals) = (0.0, 1.0, 0, false);
    while at < bytes.len() {
        match bytes[at] {
            digit @ b'0'..=b'9' => {
                digits += 1;
                value = value * 10.0 + (digit - b'0') as f64;
                if decimals {
                    scale *= 10.0;
                }
            }
            b'.' if !decimals && digits > 0 => decimals = true,
            b'_' if digits > 0 => {}
            _ => break,
        }
        at += 1;
    }
    if digits == 0 {
        None
    } else {
        Some((value / scale, at))
    }
}

const fn skip_spaces(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] == b' ' {
        at += 1;
    }
    at
}

/// The nanoseconds of the unit that fills the rest of `bytes`.
const fn unit(bytes: &[u8], at: usize) -> Option<f64> {
    const UNITS: [(&[u8], f64); 16] = [
        (b"ms", 1e6),
        (b"s", 1e9),
        (b"sec", 1e9),
        (b"second", 1e9),
        (b"seconds", 1e9),
        (b"m", 60e9),
        (b"min", 60e9),
        (b"minute", 60e9),
        (b"minutes", 60e9),
        (b"h", 3600e9),
        (b"hour", 3600e9),
        (b"hours", 3600e9),
        (b"d", 86_400e9),
        (b"day", 86_400e9),
        (b"days", 86_400e9),
        (b"us", 1e3),
    ];
    let mut i = 0;
    while i < UNITS.len() {
        if ends_with(bytes, at, UNITS[i].0) {
            return Some(UNITS[i].1);
        }
        i += 1;
    }
    None
}

const fn ends_with(bytes: &[u8], at: usize, name: &[u8]) -> bool {
    if bytes.len() - at != name.len() {
        return false;
    }
    let mut i = 0;
    while i < name.len() {
        if bytes[at + i] != name[i] {
            return false;
        }
        i += 1;
    }
    true
}
