//! The error of a configuration: where it is, and what is wrong.

use core::fmt;

use crate::error::Error;
use crate::limiter::Misfit;

/// A mistake in a [`Config`](crate::Config): where it is, and what is wrong.
///
/// `Display` shows all of it. It can be turned into an [`Error`], which is [`is_invalid`](Error::is_invalid).
///
/// # Examples
///
/// ```
/// use paced::{ConfigError, LimiterConfig};
///
/// let error: ConfigError = LimiterConfig::new().rate("5/fortnight").unwrap_err();
/// assert_eq!(error.key(), Some("rate"));
/// assert!(error.to_string().contains("not a unit of time"), "{error}");
///
/// let error = paced::Error::from(error);
/// assert!(error.is_invalid());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError(Box<ConfigMistake>);

#[derive(Clone, PartialEq, Eq)]
struct ConfigMistake {
    place: Option<TextPlace>,
    keys: Vec<String>,
    sentence: String,
}

/// Place in a text, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextPlace {
    line: usize,
    column: usize,
}

impl TextPlace {
    /// Returns the place of a byte.
    #[cfg(feature = "config")]
    pub(super) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }
}

impl ConfigError {
    /// Creates an error. `keys`: those from the root to the mistake.
    #[cold]
    pub(super) fn new(keys: Vec<String>, sentence: impl Into<String>) -> Self {
        Self(Box::new(ConfigMistake {
            place: None,
            keys,
            sentence: sentence.into(),
        }))
    }

    /// Creates the error of a change to the limiter `name`.
    #[cold]
    pub(super) fn of_limiter(name: &str, misfit: Misfit) -> Self {
        let mut keys = vec!["limiter".to_owned(), name.to_owned()];
        keys.extend(misfit.keys);
        Self::new(keys, misfit.sentence)
    }

    /// Puts the limiter's name before the keys.
    pub(super) fn in_limiter(mut self, name: &str) -> Self {
        let keys = core::mem::take(&mut self.0.keys);
        let sentence = core::mem::take(&mut self.0.sentence);
        Self::of_limiter(name, Misfit { keys, sentence })
    }

    /// Adds the place in a text.
    #[cfg(feature = "config")]
    pub(super) fn at(mut self, place: Option<TextPlace>) -> Self {
        self.0.place = place;
        self
    }

    #[cfg(feature = "config")]
    pub(super) fn keys(&self) -> &[String] {
        &self.0.keys
    }

    /// Returns the line in the text, from 1 on. `None`: the configuration was built in code.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "config")] {
    /// let error = paced::Config::from_toml("[limiter.github]\nrate = 0").unwrap_err();
    /// assert_eq!(error.line(), Some(2));
    /// # }
    /// let built = paced::LimiterConfig::new().rate("0/s").unwrap_err();
    /// assert_eq!(built.line(), None);
    /// ```
    pub fn line(&self) -> Option<usize> {
        self.0.place.map(|place| place.line)
    }

    /// Returns the column in the line, in characters from 1 on. `None`: the configuration was built in code.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "config")] {
    /// let error = paced::Config::from_toml("[limiter.github]\nrate = 0").unwrap_err();
    /// assert_eq!(error.column(), Some(8));
    /// # }
    /// ```
    pub fn column(&self) -> Option<usize> {
        self.0.place.map(|place| place.column)
    }

    /// Returns the key of the mistake, as it stands in the text. `None`: the text is no TOML.
    ///
    /// # Examples
    ///
    /// ```
    /// let config = paced::Config::new().limiter("search", paced::LimiterConfig::new().burst(0));
    /// let error = config.apply().unwrap_err();
    /// assert_eq!(error.key(), Some("burst"));
    /// assert!(error.to_string().contains("`limiter.search.burst`"), "{error}");
    /// ```
    pub fn key(&self) -> Option<&str> {
        self.0.keys.last().map(String::as_str)
    }
}

/// Keys as they stand in a text: quoted where they have to be.
struct DottedKeys<'k>(&'k [String]);

impl fmt::Display for DottedKeys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
            let key = crate::nearest::short(key);
            if key.chars().all(is_plain) && !key.is_empty() {
                write!(f, "{dot}{key}")?;
            } else {
                write!(f, "{dot}{key:?}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigMistake {
            place,
            keys,
            sentence,
        } = &*self.0;
        if let Some(TextPlace { line, column }) = place {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !keys.is_empty() {
            write!(f, "`{}`: ", DottedKeys(keys))?;
        }
        f.write_str(sentence)
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigError({self})")
    }
}

impl core::error::Error for ConfigError {}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::misconfigured(error.to_string())
    }
}
