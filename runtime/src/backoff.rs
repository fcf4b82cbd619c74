//! Delay before a retry, where the server did not ask for one.

use core::time::Duration;

use crate::grammar;

/// Randomness of a backoff, so that callers that failed together do not retry together.
///
/// The names are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Backoff, CallOptions, Jitter, Limiter, Quota};
/// use std::io;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// let backoff = Backoff::new().jitter(Jitter::Full);
/// let options = CallOptions::new().max_retries(3).backoff(backoff);
/// let start = tokio::time::Instant::now();
/// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
/// assert!(out.await.is_err());
/// assert!(start.elapsed() <= Duration::from_secs(1 + 2 + 4 + 1));
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// The delay, plus a uniform draw from 0 to 1 s, or from 0 to `base` if that is shorter.
    #[default]
    Additive,
    /// A uniform draw from 0 to the delay.
    Full,
    /// Half the delay, plus a uniform draw from 0 to the other half.
    Equal,
    /// A uniform draw from `base` to three times the previous wait, at most `max`.
    Decorrelated,
    /// The delay without randomness. For tests: callers that failed together retry together.
    None,
}

/// Exponential backoff: `base * factor^(n - 1)` before retry `n`, at most `max`, with jitter.
///
/// The default is 1 s doubling to 60 s, plus a uniform 0 to 1 s.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Backoff, CallOptions, Jitter, Limiter, Quota};
/// use std::io;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// let backoff = Backoff::new().base(Duration::from_secs(2)).max(Duration::from_secs(5)).jitter(Jitter::None);
/// let options = CallOptions::new().max_retries(3).backoff(backoff);
/// let start = tokio::time::Instant::now();
/// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
/// assert!(out.await.is_err());
/// assert_eq!(start.elapsed(), Duration::from_secs(2 + 4 + 5));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    base: Duration,
    factor: f64,
    max: Duration,
    jitter: Jitter,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

impl Backoff {
    /// Returns the default backoff.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Backoff, CallOptions, Jitter, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let backoff = Backoff::new();
    /// let options = CallOptions::new().max_retries(3).backoff(backoff);
    /// let start = tokio::time::Instant::now();
    /// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
    /// assert!(out.await.is_err());
    /// assert!(start.elapsed() >= Duration::from_secs(1 + 2 + 4));
    /// assert!(start.elapsed() <= Duration::from_secs(2 + 3 + 5));
    /// # }
    /// ```
    pub const fn new() -> Self {
        Self {
            base: Duration::from_secs(1),
            factor: 2.0,
            max: Duration::from_secs(60),
            jitter: Jitter::Additive,
        }
    }

    /// Sets the delay before the first retry. Default: 1 s.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Backoff, CallOptions, Jitter, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let backoff = Backoff::new().base(Duration::from_secs(3)).jitter(Jitter::None);
    /// let options = CallOptions::new().max_retries(3).backoff(backoff);
    /// let start = tokio::time::Instant::now();
    /// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
    /// assert!(out.await.is_err());
    /// assert_eq!(start.elapsed(), Duration::from_secs(3 + 6 + 12));
    /// # }
    /// ```
    #[must_use]
    pub const fn base(self, base: Duration) -> Self {
        Self { base, ..self }
    }

    /// Sets the ratio of each delay to the one before: a finite number of at least 1. Default: 2.
    ///
    /// # Panics
    ///
    /// If `factor` is not a finite number of at least 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Backoff, CallOptions, Jitter, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let backoff = Backoff::new().factor(3.0).jitter(Jitter::None);
    /// let options = CallOptions::new().max_retries(3).backoff(backoff);
    /// let start = tokio::time::Instant::now();
    /// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
    /// assert!(out.await.is_err());
    /// assert_eq!(start.elapsed(), Duration::from_secs(1 + 3 + 9));
    /// # }
    /// ```
    #[must_use]
    pub const fn factor(self, factor: f64) -> Self {
        assert!(grammar::is_factor(factor), "{}", grammar::NO_FACTOR);
        Self { factor, ..self }
    }

    /// Sets the longest delay, before additive jitter. Default: 60 s.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Backoff, CallOptions, Jitter, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let backoff = Backoff::new().max(Duration::from_secs(2)).jitter(Jitter::None);
    /// let options = CallOptions::new().max_retries(3).backoff(backoff);
    /// let start = tokio::time::Instant::now();
    /// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
    /// assert!(out.await.is_err());
    /// assert_eq!(start.elapsed(), Duration::from_secs(1 + 2 + 2));
    /// # }
    /// ```
    #[must_use]
    pub const fn max(self, max: Duration) -> Self {
        Self { max, ..self }
    }

    /// Sets the jitter. Default: additive.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Backoff, CallOptions, Jitter, Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let backoff = Backoff::new().jitter(Jitter::None);
    /// let options = CallOptions::new().max_retries(3).backoff(backoff);
    /// let start = tokio::time::Instant::now();
    /// let out = limiter.call_with(options, || async { Err::<(), io::Error>(io::ErrorKind::ConnectionRefused.into()) });
    /// assert!(out.await.is_err());
    /// assert_eq!(start.elapsed(), Duration::from_secs(1 + 2 + 4));
    /// # }
    /// ```
    #[must_use]
    pub const fn jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// Returns the delay before retry `retry` (the first is 1), without jitter.
    pub(crate) fn plain(self, retry: u32) -> Duration {
        let exponent = i32::try_from(retry.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.base.as_secs_f64() * self.factor.powi(exponent);
        // `powi` overflows to infinity, and then `max` applies.
        Duration::try_from_secs_f64(seconds).map_or(self.max, |delay| delay.min(self.max))
    }

    /// Returns the delay before retry `retry`, with jitter. `previous` is the delay before the retry before, `draw` a
    /// random number from 0 (included) to 1 (excluded).
    pub(crate) fn delay(self, retry: u32, previous: Duration, draw: f64) -> Duration {
        let plain = self.plain(retry);
        match self.jitter {
            Jitter::Additive => plain.saturating_add(ADDITIVE.min(self.base).mul_f64(draw)),
            Jitter::Full => plain.mul_f64(draw),
            Jitter::Equal => plain / 2 + (plain / 2).mul_f64(draw),
            Jitter::Decorrelated => {
                let spread = previous
                    .max(self.base)
                    .saturating_mul(3)
                    .saturating_sub(self.base);
                (self.base + spread.min(self.max).mul_f64(draw)).min(self.max)
            }
            Jitter::None => plain,
        }
    }
}

/// Maximum of additive jitter.
const ADDITIVE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn doubles_from_one_second_to_sixty() {
        let delays: Vec<u64> = (1..=8).map(|n| Backoff::new().plain(n).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn no_retry_number_overflows() {
        let steep = Backoff::new()
            .base(Duration::MAX)
            .max(Duration::MAX)
            .factor(f64::MAX);
        for retry in [0, 1, 2, 1000, u32::MAX] {
            assert_eq!(Backoff::new().plain(retry.max(8)), Duration::from_secs(60));
            assert!(steep.delay(retry, Duration::MAX, 0.99) >= steep.plain(retry));
        }
    }

    #[test]
    fn additive_jitter_only_adds() {
        let backoff = Backoff::new();
        assert_eq!(backoff.delay(3, SECOND, 0.0), 4 * SECOND);
        assert_eq!(backoff.delay(3, SECOND, 0.5), Duration::from_millis(4500));
    }

    #[test]
    fn additive_jitter_is_no_longer_than_the_base() {
        let fast = Backoff::new().base(Duration::from_millis(10));
        assert_eq!(fast.delay(1, SECOND, 0.5), Duration::from_millis(15));
    }

    #[test]
    fn each_jitter_has_its_range() {
        let at = |jitter, draw| Backoff::new().jitter(jitter).delay(3, 2 * SECOND, draw);
        assert_eq!(at(Jitter::Full, 0.0), Duration::ZERO);
        assert_eq!(at(Jitter::Full, 0.5), 2 * SECOND);
        assert_eq!(at(Jitter::Equal, 0.0), 2 * SECOND);
        assert_eq!(at(Jitter::Equal, 0.5), 3 * SECOND);
        assert_eq!(at(Jitter::Decorrelated, 0.0), SECOND);
        assert_eq!(at(Jitter::Decorrelated, 0.5), Duration::from_millis(3500));
        assert_eq!(at(Jitter::None, 0.9), 4 * SECOND);
    }

    #[test]
    fn a_factor_is_a_finite_number_of_at_least_one() {
        for factor in [0.5, -1.0, f64::NAN, f64::INFINITY] {
            assert!(!grammar::is_factor(factor), "{factor}");
        }
        assert!(grammar::is_factor(1.0));
    }

    #[test]
    #[should_panic(expected = "a finite number of at least 1")]
    fn a_factor_below_one_is_refused() {
        let _ = Backoff::new().factor(0.5);
    }
}
