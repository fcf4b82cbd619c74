//! A request for a permit, and the reasons for refusing it.

use crate::costs::Costs;
use crate::time::Instant;
use crate::time::Span;

/// Longest wait that is not announced, unless the options of a call set another.
pub(crate) const SLOW: Span = Span::from_secs(5);

/// A request for a permit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Number of tokens, of each limit.
    pub(crate) costs: Costs,
    /// Instant after which a permit is of no use.
    pub(crate) latest: Instant,
    /// Longest time in cooldowns that the caller still accepts.
    pub(crate) max_pause: Span,
    pub(crate) priority: Priority,
    /// The call can be refused with an error.
    pub(crate) refusable: bool,
    /// The outcome of the attempt will be reported to the limiter.
    pub(crate) reports: bool,
    /// Longest wait that is not announced.
    pub(crate) slow: Span,
    /// Time for which the caller has backed off before, if no request has carried it.
    pub(crate) backed_off: Span,
}

impl Request {
    /// One token, at whatever time, for a caller that reports nothing.
    pub(crate) const ONE: Self = Self {
        costs: Costs::ONE,
        latest: Instant::FAR,
        max_pause: Span::LONGEST,
        priority: Priority::First,
        refusable: true,
        reports: false,
        slow: SLOW,
        backed_off: Span::ZERO,
    };

    /// Returns the request to a resource: one token. Backoffs are counted by the limiter alone.
    pub(crate) const fn to_resource(self) -> Self {
        Self {
            costs: Costs::ONE,
            backed_off: Span::ZERO,
            ..self
        }
    }
}

/// A permit that was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Time in cooldowns that the caller would still have accepted.
    pub(crate) left: Span,
    /// It holds a slot, which has to be released.
    pub(crate) slot: bool,
}

/// Class of a waiter in the queue. Earlier variants are served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Calls in the body of another call that holds a slot of the same limiter, and so waits for them.
    Nested,
    /// Calls that were granted a permit and did not pick it up in time.
    Returned,
    /// Calls that had an attempt before.
    Retries,
    /// Calls that wait for their first attempt.
    First,
}

impl Priority {
    pub(super) const ALL: [Self; 4] = [Self::Nested, Self::Returned, Self::Retries, Self::First];

    /// Priorities in the order in which the probe after a cooldown is chosen from them. Retries come last:
    /// they were just refused.
    pub(super) const PROBE_ORDER: [Self; 4] =
        [Self::Nested, Self::First, Self::Returned, Self::Retries];

    /// Returns the priority of a waiter that missed its permit.
    pub(super) const fn returned(self) -> Self {
        match self {
            Self::Nested => Self::Nested,
            _ => Self::Returned,
        }
    }

    /// Returns whether the probe is chosen from this priority rather than from `other`.
    pub(super) fn probes_before(self, other: Self) -> bool {
        let rank = |priority| Self::PROBE_ORDER.iter().position(|&it| it == priority);
        rank(self) < rank(other)
    }
}

/// Reasons for refusing a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A permit would be granted at this instant, later than it is of use.
    Late { until: Instant },
    /// A permit would be granted at this instant, after cooldowns that are too long for the caller.
    Closed { until: Instant },
    /// The limit at `row` never holds as many tokens.
    TooLarge { row: usize, burst: u32 },
    /// The store that the limiter shares its limit through refuses.
    NoStore,
    /// The limiter refuses all calls.
    Shut,
}

/// Reasons for not granting a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    Refused(Refusal),
    NoRuntime,
}

/// Use of a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Now,
    /// Once the caller has permits of other limiters as well.
    Later,
}
