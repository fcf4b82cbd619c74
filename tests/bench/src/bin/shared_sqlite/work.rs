//! The work of the processes.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Quota;
use paced::Rate;
use paced::store::Limit;
use paced::store::Limits;

/// How long each process works.
pub(crate) const TIME: Duration = Duration::from_secs(3);

/// Work of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Draws tokens of which there are always enough.
    Free { callers: u32 },
    /// Draws tokens of which there are few.
    Limited { callers: u32 },
    /// Draws now and then.
    Paced { callers: u32 },
    /// Takes permits of a limiter.
    Limiter { callers: u32 },
    /// Draws once.
    Once,
}

impl Work {
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let number = |text: &str| text.parse().map_err(|_| format!("no number: {text}"));
        Ok(match *words.as_slice() {
            ["free", callers] => Self::Free {
                callers: number(callers)?,
            },
            ["limited", callers] => Self::Limited {
                callers: number(callers)?,
            },
            ["paced", callers] => Self::Paced {
                callers: number(callers)?,
            },
            ["limiter", callers] => Self::Limiter {
                callers: number(callers)?,
            },
            ["once"] => Self::Once,
            _ => return Err(format!("no work: {words:?}")),
        })
    }

    pub(crate) fn words(self) -> Vec<String> {
        let mut words = vec![self.name().to_owned()];
        words.extend(self.callers().map(|callers| callers.to_string()));
        words
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Free { .. } => "free",
            Self::Limited { .. } => "limited",
            Self::Paced { .. } => "paced",
            Self::Limiter { .. } => "limiter",
            Self::Once => "once",
        }
    }

    pub(crate) const fn callers(self) -> Option<u32> {
        match self {
            Self::Free { callers }
            | Self::Limited { callers }
            | Self::Paced { callers }
            | Self::Limiter { callers } => Some(callers),
            Self::Once => None,
        }
    }

    /// Per second.
    pub(crate) const fn rate(self) -> u32 {
        match self {
            Self::Limiter { .. } => 2000,
            Self::Limited { .. } => 5000,
            _ => 100_000,
        }
    }

    pub(crate) const fn burst(self) -> u32 {
        match self {
            Self::Limiter { .. } => 100,
            Self::Limited { .. } => 1000,
            _ => 1_000_000_000,
        }
    }

    /// For the store.
    pub(crate) fn limits(self) -> Limits {
        let interval = paced::store::Ticks::SECOND / u64::from(self.rate());
        Limits::one(Limit::new(interval, self.burst()))
    }

    /// For a limiter.
    pub(crate) fn quota(self) -> Quota {
        let number = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        Quota::new(Rate::per_second(number(self.rate()))).with_burst(number(self.burst()))
    }
}
