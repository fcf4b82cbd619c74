//! Three kinds of limit, all of 30 requests per second in the long run.

use core::time::Duration;

use crate::limit::Rule;

/// Requests per second that every kind lets through.
pub const RATE: u32 = 30;

/// Length of the windows.
pub const WINDOW: Duration = Duration::from_secs(2);

/// Requests that a window holds.
pub const PER_WINDOW: u32 = 60;

/// Limit that a server enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// GCRA with a burst of 30.
    Gcra,
    /// Windows of 2 s, each begun by the first request after the one before is over.
    Fixed,
    /// At most 60 in any 2 s.
    Moving,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Gcra, Self::Fixed, Self::Moving];

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gcra => "gcra",
            Self::Fixed => "fixed",
            Self::Moving => "moving",
        }
    }

    /// Returns the rule that the server enforces.
    pub fn rule(self) -> Rule {
        match self {
            Self::Gcra => Rule::Bucket {
                limit: RATE,
                token: Duration::from_secs(1) / RATE,
                capacity: Duration::from_secs(1),
            },
            Self::Fixed => Rule::Fixed {
                limit: PER_WINDOW,
                length: WINDOW,
            },
            Self::Moving => Rule::Moving {
                limit: PER_WINDOW,
                length: WINDOW,
            },
        }
    }

    /// Returns the shortest time from the first of `calls` requests to the last one let through.
    ///
    /// GCRA takes its burst at once and then one each 1/rate: (calls - burst) / rate. Either window
    /// takes all it holds at its very beginning: (number of windows - 1) * length.
    pub fn ideal(self, calls: u32) -> Duration {
        match self {
            Self::Gcra => Duration::from_secs(1) * calls.saturating_sub(RATE) / RATE,
            Self::Fixed | Self::Moving => WINDOW * (calls.div_ceil(PER_WINDOW) - 1),
        }
    }
}
