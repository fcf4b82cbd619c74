//! Configuration while the program runs: [`Config`].

mod error;
mod limiter_config;
#[cfg(feature = "config")]
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::error::ConfigError;
pub use self::limiter_config::LimiterConfig;
use crate::limiter;
use crate::limiter::Configuration;
use crate::limiter::ConfiguredLimiter;

use self::limiter_config::NO_NAME;

/// Changes to the limits of a program, while it runs: from TOML, or built in code.
///
/// Limiters go by their names, and those of annotated functions by the functions' paths. A name that no limiter has yet is
/// kept, and applied when the limiter is declared: by the first call of its function, or by
/// [`Limiter::builder`](crate::Limiter::builder). Limiters in a `static`, which have no name, and
/// [`unregistered`](crate::LimiterBuilder::unregistered) ones are not reached. A name of a [`Keyed`](crate::Keyed), and of a
/// function with the option `key`, stands for all keys.
///
/// The order of precedence:
///
/// 1. [`Limiter::set_quota`](crate::Limiter::set_quota), [`set_limit`](crate::Limiter::set_limit) and
///    [`set_mode`](crate::Limiter::set_mode), until a configuration is applied that is [`overriding`](Self::overriding);
/// 2. the configuration that was applied last;
/// 3. the declaration: the attribute, or the builder;
/// 4. the defaults.
///
/// The [guide](crate::guide::config) has the keys, and shows how to read a file anew.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "config")]
/// # fn main() -> Result<(), paced::Error> {
/// use core::num::NonZeroU32;
/// use paced::{Config, Limiter, Quota};
///
/// let text = r#"
///     [limiter.github]
///     rate = "5000/h"
///     burst = 10
/// "#;
/// let config = Config::from_toml(text)?;
/// config.apply()?;
/// assert_eq!(config.unused(), ["github"]);
///
/// let github = Limiter::builder(Quota::per_second(NonZeroU32::MIN)).name("github").build()?;
/// assert_eq!(github.snapshot().available, 10);
/// assert!(config.unused().is_empty());
/// # Ok(()) }
/// # #[cfg(not(feature = "config"))] fn main() {}
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a configuration has no effect until it is applied"]
pub struct Config {
    limiters: Arc<BTreeMap<Arc<str>, Arc<ConfiguredLimiter>>>,
    overriding: bool,
    /// First mistake in what was built in code.
    wrong: Option<ConfigError>,
    /// The text, in which mistakes are found that show when it is applied.
    #[cfg(feature = "config")]
    text: Option<Arc<str>>,
}

impl Config {
    /// Returns a configuration that changes nothing. Applied, it returns all limiters to what was declared.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Config, Limiter, LimiterConfig, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let jobs = Limiter::builder(quota).name("jobs").build()?;
    /// Config::new().limiter("jobs", LimiterConfig::new().rate("1/s")?).apply()?;
    /// Config::new().apply()?;
    /// assert_eq!(jobs.snapshot().quota, quota);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses a configuration. Nothing is changed before [`apply`](Self::apply).
    ///
    /// # Errors
    ///
    /// The first mistake: a text that is not TOML, an unknown key, a value of a wrong type, a text that is not a rate, a zero, a
    /// limiter that is named twice. What depends on the limiters is an error of [`apply`](Self::apply).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::Config;
    ///
    /// let config = Config::from_toml(
    ///     r#"
    ///     [limiter.openai]
    ///     limits = { requests = "500/min", tokens = { rate = "30000/min", burst = 30000 } }
    ///
    ///     [limiter."my_crate::api::user"]
    ///     rate = "5/s"
    ///     "#,
    /// )?;
    /// assert_eq!(config.unused(), ["my_crate::api::user", "openai"]);
    ///
    /// let error = Config::from_toml("[limiter.github]\nbrust = 10").unwrap_err();
    /// assert_eq!((error.line(), error.column()), (Some(2), Some(1)));
    /// assert!(error.to_string().ends_with("unknown key `brust`, did you mean `burst`?"), "{error}");
    /// # Ok::<(), paced::ConfigError>(())
    /// ```
    #[cfg(feature = "config")]
    #[cfg_attr(docsrs, doc(cfg(feature = "config")))]
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let (limiters, overriding) = self::text::parse(text)?;
        Ok(Self {
            limiters: Arc::new(limiters),
            overriding,
            wrong: None,
            text: Some(text.into()),
        })
    }

    /// Adds changes to the limiter of this name. A mistake in them, and a name that is given twice, are errors of
    /// [`apply`](Self::apply).
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::{Config, LimiterConfig};
    ///
    /// let slow = LimiterConfig::new().rate("1/s")?;
    /// let config = Config::new().limiter("my_crate::api::user", slow.clone());
    /// config.apply()?;
    /// assert_eq!(config.unused(), ["my_crate::api::user"]);
    ///
    /// let twice = config.limiter("my_crate::api::user", slow);
    /// assert!(twice.apply().unwrap_err().to_string().contains("twice"));
    /// # Ok::<(), paced::ConfigError>(())
    /// ```
    pub fn limiter(mut self, name: &str, changes: LimiterConfig) -> Self {
        let added = self.add(name, changes);
        self.wrong = self.wrong.or(added.err());
        self
    }

    fn add(&mut self, name: &str, changes: LimiterConfig) -> Result<(), ConfigError> {
        let error = |sentence: &str| {
            ConfigError::new(vec!["limiter".to_owned(), name.to_owned()], sentence)
        };
        if name.is_empty() {
            return Err(error(NO_NAME));
        }
        if self.limiters.contains_key(name) {
            return Err(error("the limiter is configured twice"));
        }
        let changes = changes.into_changes();
        let changes = changes.map_err(|error| error.in_limiter(name))?;
        // A copy only where the configuration was cloned.
        let limiters = Arc::make_mut(&mut self.limiters);
        limiters.insert(name.into(), Arc::new(ConfiguredLimiter::new(changes)));
        Ok(())
    }

    /// Makes it go before quotas and modes that the program has set by hand: it changes these too, and forgets that they
    /// were set.
    /// In TOML: `override = true`. Default: what was set by hand stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Config, Limiter, LimiterConfig, Quota};
    ///
    /// let quota = |count| Quota::per_second(NonZeroU32::new(count).unwrap());
    /// let mail = Limiter::builder(quota(5)).name("mail").build()?;
    /// mail.set_quota(quota(1));
    ///
    /// let config = Config::new().limiter("mail", LimiterConfig::new().rate("20/s")?);
    /// config.apply()?;
    /// assert_eq!(mail.snapshot().quota, quota(1), "set by hand");
    /// config.overriding().apply()?;
    /// assert_eq!(mail.snapshot().quota, quota(20));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub const fn overriding(mut self) -> Self {
        self.overriding = true;
        self
    }

    /// Puts the configuration in force, in the place of the one that was applied before. Limiters that it does not name
    /// return to what was declared.
    ///
    /// Calls that wait keep their order and are planned anew. Tokens that are used up stay used up: the bucket is full
    /// after as many tokens as before, at the new rate. A call that waits for more tokens than a new burst gets
    /// [`is_insufficient_capacity`](crate::Error::is_insufficient_capacity).
    ///
    /// It may be applied again, and from any thread; the last one counts.
    ///
    /// # Errors
    ///
    /// Then nothing is changed:
    ///
    /// * a mistake in what was built in code: a zero, a name given twice;
    /// * a unit that a limiter does not have, or has more often than it is given;
    /// * a quota that the limiter cannot have, such as a burst in a strict window that is not less than its count, or more
    ///   than 100,000 per second in a store.
    ///
    /// A limiter that is declared later may show such a mistake, too. Then the limiter keeps its declaration, an event at
    /// level `error` tells, and [`unused`](Self::unused) lists the name.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Config, Limiter, LimiterConfig, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::new(5).unwrap());
    /// let [maps, routes] = ["maps", "routes"].map(|name| Limiter::builder(quota).name(name).build());
    /// let (maps, routes) = (maps?, routes?);
    ///
    /// let wrong = LimiterConfig::new().limits([("request", "50/s")])?;
    /// let config = Config::new().limiter("maps", LimiterConfig::new().rate("50/s")?).limiter("routes", wrong);
    /// let error = config.apply().unwrap_err();
    /// assert!(error.to_string().contains("did you mean `requests`?"), "{error}");
    /// assert_eq!(maps.snapshot().quota, quota, "nothing is changed");
    /// # drop(routes);
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn apply(&self) -> Result<(), ConfigError> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let configuration = Configuration {
            limiters: Arc::clone(&self.limiters),
            overriding: self.overriding,
        };
        let applied = limiter::apply(&configuration);
        applied.map_err(|(name, misfit)| self.located(ConfigError::of_limiter(&name, misfit)))
    }

    /// Adds the place in the text to an error.
    #[cfg(feature = "config")]
    fn located(&self, error: ConfigError) -> ConfigError {
        let text = self.text.as_ref();
        let place = text.and_then(|text| self::text::find(text, error.keys()));
        error.at(place)
    }

    #[cfg(not(feature = "config"))]
    fn located(&self, error: ConfigError) -> ConfigError {
        let _ = self;
        error
    }

    /// Returns the names of which no limiter has been declared since the configuration was built: after the program's first
    /// calls, they are misspelt names.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::{Config, LimiterConfig};
    ///
    /// let config = Config::new().limiter("githbu", LimiterConfig::new().rate("1/s")?);
    /// config.apply()?;
    /// // .. the program has run for a while ..
    /// for name in config.unused() {
    ///     eprintln!("there is no limiter {name}");
    /// }
    /// # assert_eq!(config.unused(), ["githbu"]);
    /// # Ok::<(), paced::ConfigError>(())
    /// ```
    pub fn unused(&self) -> Vec<&str> {
        let unused = self.limiters.iter().filter(|(_, it)| !it.is_used());
        unused.map(|(name, _)| &**name).collect()
    }
}
