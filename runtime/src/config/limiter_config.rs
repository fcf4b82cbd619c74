//! Builder of the changes to one limiter.

use core::fmt;
use core::num::NonZeroU32;

use crate::grammar;
use crate::limiter::LimitChange;
use crate::limiter::LimiterChanges;
use crate::mode::Mode;
use crate::quota::Rate;

use super::error::ConfigError;

/// Changes to one limiter, for a [`Config`](crate::Config). What is not set stays as it was declared.
///
/// The names are those of the keys in TOML.
///
/// # Examples
///
/// ```
/// use paced::{Config, LimiterConfig};
///
/// let github = LimiterConfig::new().rate("5000/h")?.burst(10);
/// Config::new().limiter("github", github).apply()?;
/// # Ok::<(), paced::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "changes have no effect outside of a `Config` that is applied"]
pub struct LimiterConfig {
    changes: LimiterChanges,
    wrong: Option<ConfigError>,
}

impl LimiterConfig {
    /// Returns an empty set of changes.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::{Config, LimiterConfig};
    ///
    /// Config::new().limiter("github", LimiterConfig::new()).apply()?;
    /// # Ok::<(), paced::ConfigError>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the rate of the only limit, or of the first one of requests, as text: `"300/min"`, `"1/250ms"`, `"5"` for
    /// five per second.
    ///
    /// A burst that was declared stays, and one that was not follows the rate as it does in a declaration.
    ///
    /// # Errors
    ///
    /// The text is no rate, or the rate is zero, below one call in 30 days or above 1,000,000,000 per second.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Config, Limiter, LimiterConfig, Quota};
    ///
    /// let users = Limiter::builder(Quota::per_second(NonZeroU32::new(5).unwrap())).name("users").build()?;
    /// Config::new().limiter("users", LimiterConfig::new().rate("20/s")?).apply()?;
    /// assert_eq!(users.snapshot().quota, Quota::per_second(NonZeroU32::new(20).unwrap()));
    ///
    /// assert!(LimiterConfig::new().rate("0/s").is_err());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn rate(mut self, rate: &str) -> Result<Self, ConfigError> {
        self.changes.first.rate = Some(rate_of(rate, &["rate"])?);
        Ok(self)
    }

    /// Sets the burst of the only limit, or of the first one of requests, in tokens. Zero is an error of
    /// [`Config::apply`](crate::Config::apply).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Config, Limiter, LimiterConfig, Quota};
    ///
    /// let users = Limiter::builder(Quota::per_second(NonZeroU32::new(5).unwrap())).name("users").build()?;
    /// Config::new().limiter("users", LimiterConfig::new().burst(1)).apply()?;
    /// assert_eq!(users.snapshot().quota.burst(), NonZeroU32::MIN);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn burst(mut self, burst: u32) -> Self {
        match NonZeroU32::new(burst) {
            Some(burst) => self.changes.first.burst = Some(burst),
            None => self.wrong(&["burst"], grammar::NO_BURST),
        }
        self
    }

    /// Sets the rates of limits by their units, as [`limit`](Self::limit) does for one.
    ///
    /// # Errors
    ///
    /// As [`rate`](Self::rate).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Config, Limiter, LimiterConfig, Quota};
    ///
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let openai = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).name("openai").build()?;
    /// let tier = LimiterConfig::new().limits([("requests", "5000/min"), ("tokens", "800000/min")])?;
    /// Config::new().limiter("openai", tier).apply()?;
    /// assert_eq!(openai.snapshot().row("tokens").unwrap().quota, per_minute(800_000));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn limits<'t>(
        self,
        limits: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, ConfigError> {
        let mut limits = limits.into_iter();
        limits.try_fold(self, |config, (unit, rate)| config.limit(unit, rate, None))
    }

    /// Sets the rate and the burst of a limit by its unit. `None`: that stays as it was declared.
    ///
    /// Where a limiter has several limits of one unit, such as one for a second and one for a day, it is called for each of
    /// them, in the order of their declaration.
    ///
    /// # Errors
    ///
    /// As [`rate`](Self::rate).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Config, Limiter, LimiterConfig, Quota};
    ///
    /// let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).unwrap());
    /// let azure = Limiter::builder(per_minute(500)).row("tokens", per_minute(30_000)).name("azure").build()?;
    /// let tier = LimiterConfig::new().limit("tokens", "800000/min", 40_000)?;
    /// Config::new().limiter("azure", tier).apply()?;
    /// assert_eq!(azure.snapshot().row("tokens").unwrap().quota.burst().get(), 40_000);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn limit<'t>(
        mut self,
        unit: &str,
        rate: impl Into<Option<&'t str>>,
        burst: impl Into<Option<u32>>,
    ) -> Result<Self, ConfigError> {
        let rate = rate.into();
        let rate = rate.map(|rate| rate_of(rate, &["limits", unit]));
        let burst = burst.into().map(NonZeroU32::new);
        if burst == Some(None) {
            self.wrong(&["limits", unit, "burst"], grammar::NO_BURST);
        }
        let change = LimitChange {
            rate: rate.transpose()?,
            burst: burst.flatten(),
        };
        self.changes.add_limit(unit, change);
        Ok(self)
    }

    /// Sets the bound on calls in flight. Zero is an error of [`Config::apply`](crate::Config::apply).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::{Config, LimiterConfig};
    ///
    /// let none = Config::new().limiter("github", LimiterConfig::new().max_concurrency(0));
    /// assert_eq!(none.apply().unwrap_err().key(), Some("max_concurrency"));
    /// ```
    pub fn max_concurrency(mut self, calls: u32) -> Self {
        match NonZeroU32::new(calls) {
            Some(calls) => self.changes.max_concurrency = Some(calls),
            None => self.wrong(&["max_concurrency"], grammar::NO_SLOTS),
        }
        self
    }

    /// Sets the mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::{Config, LimiterConfig, Mode};
    ///
    /// let trial = Config::new().limiter("github", LimiterConfig::new().mode(Mode::Observe));
    /// # drop(trial);
    /// ```
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.changes.mode = Some(mode);
        self
    }

    /// Returns the changes, or the first mistake in them.
    pub(super) fn into_changes(self) -> Result<LimiterChanges, ConfigError> {
        self.wrong.map_or(Ok(self.changes), Err)
    }

    /// Records a mistake, unless there is one.
    fn wrong(&mut self, keys: &[&str], sentence: impl fmt::Display) {
        let error = || ConfigError::new(owned(keys), sentence.to_string());
        self.wrong.get_or_insert_with(error);
    }
}

pub(super) const NO_NAME: &str = "a limiter's name has at least one letter";

/// Parses a rate.
pub(super) fn rate_of(text: &str, keys: &[&str]) -> Result<Rate, ConfigError> {
    Rate::read(text).map_err(|error| ConfigError::new(owned(keys), error.to_string()))
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}
