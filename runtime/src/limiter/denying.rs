//! Errors of callers that are denied a permit.

use core::time::Duration;

use crate::clock;
use crate::costs::Costs;
use crate::error::Error;
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
    /// Counts the refusal of a caller that waits without a bound, and returns its error.
    #[cold]
    pub(crate) fn deny(&self, denial: Denial, costs: &Costs) -> Error {
        self.count_refused();
        let kind = self.kind_of(denial, costs, clock::now(), |_, wait| Kind::Deadline(wait));
        Error::new(kind).at(self.with_denial(denial, costs, self.context(false)))
    }

    /// Returns the error of a caller that does not wait.
    #[cold]
    pub(crate) fn not_yet(&self, denial: Denial, costs: &Costs, now: Instant) -> Error {
        let kind = self.kind_of(denial, costs, now, |_, wait| Kind::NotYet(wait));
        let error = Error::new(kind);
        match self.unit_of_denial(denial, costs) {
            None => error,
            Some(_) => error.at(self.with_denial(denial, costs, self.context(false))),
        }
    }

    /// Returns the kind of error of a caller that asked for these tokens. `too_late`: the kind where a permit would
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
            Denial::Refused(Refusal::TooLarge { row, burst }) => Kind::InsufficientCapacity {
                cost: costs.of(row),
                burst,
            },
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
