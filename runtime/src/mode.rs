//! Modes of a limiter.

use core::fmt;

/// Effect of a [`Limiter`](crate::Limiter) on the calls that go through it.
///
/// A mode is chosen where the limiter is built ([`LimiterBuilder::mode`](crate::LimiterBuilder::mode)), by the option
/// [`mode`](macro@crate::rate_limited#mode) of an annotated function, by a [configuration](crate::Config), and at any time by
/// [`Limiter::set_mode`](crate::Limiter::set_mode). It holds for all functions that share the limiter. (`mode = "off"` in an
/// attribute is not a mode of the limiter: it takes the limiter away from one function.) The guide has a
/// [page](crate::guide::observing) about it.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Limiter, Mode, Quota};
///
/// let limiter = Limiter::new(Quota::per_hour(NonZeroU32::MIN));
/// limiter.set_mode(Mode::Observe);
/// for _ in 0..3 {
///     limiter.try_acquire()?;
/// }
/// assert_eq!(limiter.snapshot().would_have_refused, 2);
/// assert_eq!(Mode::Observe.to_string(), "observe");
/// # Ok::<(), paced::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Calls wait for permits and cooldowns, or are refused. The default.
    #[default]
    Enforce,
    /// No call waits or is refused. The limiter accounts for calls and listens to servers as usual, and
    /// [says](crate::Snapshot::would_have_waited) how long calls would have waited, and how many would have been refused.
    Observe,
    /// No call waits or is refused, nothing is taken, and nothing is learnt. Only calls and their outcomes are counted.
    Off,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Enforce, Self::Observe, Self::Off];

    /// Returns the number by which it is stored.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the mode of a [`number`](Self::number).
    pub(crate) fn numbered(number: u8) -> Self {
        let mode = Self::ALL.get(usize::from(number));
        mode.copied().unwrap_or_default()
    }
}

/// Writes `enforce`, `observe` or `off`.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
            Self::Off => "off",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_modes() {
        for mode in Mode::ALL {
            assert_eq!(Mode::numbered(mode.number()), mode);
        }
    }
}
