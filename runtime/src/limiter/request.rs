//! A request for a permit, and the reasons for refusing it.

use super::state::news::SLOW;

/// A request for a permit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// How many tokens.
    pub(crate) cost: u32,
    /// A permit is of no use after this instant.
    pub(crate) latest: u64,
    /// Nanoseconds of cooldowns that the caller still waits for.
    pub(crate) patience: u64,
    pub(crate) priority: Priority,
    /// An error can be returned instead.
    pub(crate) refusable: bool,
    /// The limiter will be told what became of the attempt.
    pub(crate) reports: bool,
    /// A wait is announced that is longer than so many nanoseconds.
    pub(crate) slow: u64,
}

impl Request {
    /// One token, at whatever time, for a caller that reports nothing.
    pub(crate) const ONE: Self = Self {
        cost: 1,
        latest: u64::MAX,
        patience: u64::MAX,
        priority: Priority::First,
        refusable: true,
        reports: false,
        slow: SLOW,
    };
}

/// The line that a waiter belongs to. Those that come first here go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Calls that had a permit and did not pick it up in time.
    Returned,
    /// Calls that had an attempt before.
    Retries,
    /// Calls that wait for their first attempt.
    First,
}

impl Priority {
    pub(super) const ALL: [Self; 3] = [Self::Returned, Self::Retries, Self::First];

    /// Lines in the order in which the probe after a cooldown is taken from them. Retries come last: they
    /// were just refused.
    pub(super) const PROBE_ORDER: [Self; 3] = [Self::First, Self::Returned, Self::Retries];

    /// Returns whether the probe is taken from this line rather than from `other`.
    pub(super) fn probes_before(self, other: Self) -> bool {
        let rank = |priority| Self::PROBE_ORDER.iter().position(|&it| it == priority);
        rank(self) < rank(other)
    }
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A permit would come at this instant, later than it is of use.
    Late { until: u64 },
    /// A permit would come at this instant, after cooldowns that are too long for the caller.
    Closed { until: u64 },
    /// The bucket never holds as many tokens.
    TooLarge { burst: u32 },
    /// The store that the limiter shares its limit through refuses.
    NoStore,
    /// The limiter refuses all calls.
    Shut,
}

/// Why a permit is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    Refused(Refusal),
    NoRuntime,
}

/// What a permit is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Now,
    /// For when the caller has other limiters' permits as well.
    Later,
}
