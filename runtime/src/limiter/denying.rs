//! Errors of callers that are denied a permit.

use core::time::Duration;

use crate::costs::Costs;
use crate::error::Kind;
use crate::time::Instant;

use super::request::Denial;
use super::request::Refusal;
use super::shared::Shared;

/// Reason for which a permit would come too late.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TooLate {
    /// Other callers are ahead, or the bucket is empty: it would come at this instant.
    Queued { until: Instant },
    /// The limiter is closed for longer than the caller waits for cooldowns.
    Closed,
}

impl Shared {
    /// Returns the kind of error of a caller that asked for `costs`. `too_late`: the kind where a permit would
    /// come too late, from the reason and the time until then.
    pub(crate) fn kind_of(
        &self,
        denial: Denial,
        costs: &Costs,
        now: Instant,
        too_late: impl FnOnce(TooLate, Duration) -> Kind,
    ) -> Kind {
        match denial {
            Denial::NoRuntime => Kind::NoRuntime,
            Denial::Refused(Refusal::TooLarge { burst }) => {
                let cost = costs.of(0);
                Kind::InsufficientCapacity { cost, burst }
            }
            Denial::Refused(Refusal::Shut) => Kind::Shut,
            Denial::Refused(Refusal::NoStore) => Kind::Store(self.no_store()),
            Denial::Refused(Refusal::Late { until }) => {
                too_late(TooLate::Queued { until }, until.since(now).into())
            }
            Denial::Refused(Refusal::Closed { until }) => {
                let wait = until.since(now);
                too_late(TooLate::Closed, wait.into())
            }
        }
    }
}
