//! The [`Mode`] of a limiter: whether it holds calls back.

/// The mode of a limiter: whether it holds calls back, or only tells what it would do.
///
/// # Examples
///
/// ```
/// use paced::{Config, LimiterConfig, Mode};
///
/// let trial = Config::new().limiter("github", LimiterConfig::new().mode(Mode::Observe));
/// # drop(trial);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Calls wait for their permits, and may be refused.
    #[default]
    Enforce,
    /// Calls are accounted and listened to, and nothing is held back.
    Observe,
    /// Calls go past the limiter.
    Off,
}
