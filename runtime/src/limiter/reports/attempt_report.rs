//! Reports of attempts as values: what a call tells of one, and the parts that concern each limiter.

use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::Settlement;
use crate::learning::Observation;
use crate::time::Instant;

use crate::limiter::resources::Function;
use crate::limiter::state::faults::Fault;
use crate::limiter::state::rejection::Rejection;
use crate::limiter::state::spread::Spread;
use crate::limiter::state::spread::Understood;

/// Report of a call on its attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptReport<'a> {
    pub(crate) function: Function,
    /// Instant at which the attempt was sent.
    pub(crate) sent: Instant,
    /// Instant at which the head of its response was received. `None`: there is no response.
    pub(crate) received: Option<Instant>,
    /// It was not the call's first attempt.
    pub(crate) retry: bool,
    /// Limits that its response told of, unless an earlier report has carried them.
    pub(crate) heard: Option<Observation<'a>>,
    /// Resource that its response named.
    pub(crate) resource: Option<&'a str>,
    /// Time by which a pause may end later than the server asked.
    pub(crate) spread: Spread,
    pub(crate) result: AttemptResult<'a>,
    /// Another attempt may follow: its forecast is wanted.
    pub(crate) may_retry: bool,
    /// Costs of each attempt of the call.
    pub(crate) costs: Costs,
    /// Correction of its costs, if it has ended.
    pub(crate) settlement: Option<Settlement>,
    /// It has ended, and releases its slot.
    pub(crate) slot: bool,
}

/// Result of an attempt, as its limiter distinguishes them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AttemptResult<'a> {
    /// The body runs on. It has observed a response, which may be a refusal.
    UnderWay(Option<Rejection<'a>>),
    /// It succeeded.
    Passed,
    /// It failed, but the server neither refused it nor failed itself: a 404, for example.
    LetThrough,
    /// It failed for a reason other than a limit. The fault says when the server asked callers to come back, if it did.
    Failed(Option<Fault>),
    /// The server refused it.
    Refused(Rejection<'a>),
    /// The server refused it, as an earlier report has said.
    RefusedBefore(Rejection<'a>),
}

/// State of a limiter after a report, as far as the call decides by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forecast {
    /// Instant of the permit for a retry that joins the queue now.
    pub(crate) permit_at: Instant,
    /// End of the cooldown. An instant in the past if there is none.
    pub(crate) closed_until: Instant,
    /// Tokens for which other callers wait ahead of a retry.
    pub(crate) ahead: u64,
    /// The limiter refuses all calls.
    pub(crate) is_shut: bool,
    /// Consequence of a refusal for the wait of its call.
    pub(crate) understood: Option<Understood>,
}

impl Forecast {
    /// Forecast of a call without a limiter.
    pub(crate) const FREE: Self = Self {
        permit_at: Instant::EPOCH,
        closed_until: Instant::EPOCH,
        ahead: 0,
        is_shut: false,
        understood: None,
    };

    /// Adds the forecast of a resource, whose permit is needed as well.
    pub(crate) fn join(&mut self, resource: Self) {
        self.permit_at = self.permit_at.max(resource.permit_at);
        self.closed_until = self.closed_until.max(resource.closed_until);
        self.understood = self.understood.or(resource.understood);
    }
}

impl<'a> AttemptResult<'a> {
    /// Returns the refusal, also one that was reported before.
    pub(super) const fn refusal(&self) -> Option<&Rejection<'a>> {
        match self {
            Self::UnderWay(refusal) => refusal.as_ref(),
            Self::Refused(refusal) | Self::RefusedBefore(refusal) => Some(refusal),
            Self::Passed | Self::LetThrough | Self::Failed(_) => None,
        }
    }

    pub(super) const fn has_passed(&self) -> bool {
        matches!(self, Self::Passed | Self::LetThrough)
    }

    /// Returns whether a failed attempt was refused by the server. `None` if it did not fail.
    pub(in crate::limiter) const fn failed(&self) -> Option<bool> {
        match self {
            Self::UnderWay(_) | Self::Passed => None,
            Self::LetThrough | Self::Failed(_) => Some(false),
            Self::Refused(_) | Self::RefusedBefore(_) => Some(true),
        }
    }
}

/// Part of a report that concerns one limiter: the declared one, or that of a resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// Limits that it learns from.
    pub(super) heard: Option<Observation<'a>>,
    /// Result of the attempt as it concerns this limiter.
    pub(super) result: PartResult<'a>,
    /// The limiter is that of a resource.
    pub(super) of_resource: bool,
    /// The resource that the response named is one of the limiter's own limits.
    pub(super) of_row: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum PartResult<'a> {
    Nothing,
    Passed,
    /// The attempt has ended, and says nothing about this limiter.
    Ended,
    Failed(Fault),
    Refused(Rejection<'a>),
    RefusedBefore(Rejection<'a>),
}

impl<'a> AttemptReport<'a> {
    /// Returns whether the declared limiter has to be locked for it, whatever its part is.
    pub(super) const fn needs_lock(&self) -> bool {
        self.may_retry || self.settlement.is_some() || self.slot
    }

    /// Returns what the attempt has taken of each limit, as far as it is known.
    pub(super) fn taken(&self) -> Costs {
        let mut taken = self.costs;
        if let Some(settlement) = &self.settlement {
            for row in 0..MAX_ROWS {
                if let Some(spent) = settlement.spent.of(row) {
                    taken.set(row, spent);
                }
            }
        }
        taken
    }

    /// Returns whether a refusal is due to the resource that its response named: nothing is left of it.
    pub(super) fn exhausts_resource(&self) -> bool {
        let heard = self.result.refusal().and_then(|refusal| refusal.heard);
        let left = heard.and_then(|heard| heard.hint.remaining());
        self.resource.is_some() && left.is_some_and(|left| left < 1.0)
    }

    /// Returns the limits that the response told of, for the limiter that they concern.
    fn limits(&self) -> Option<Observation<'a>> {
        let is_own = self.resource.is_some() && !self.exhausts_resource();
        self.heard.or(self.refused_limits().filter(|_| is_own))
    }

    /// Returns the limits that the response told of, where the resource is one of the limiter's own limits.
    fn limits_of_row(&self) -> Option<Observation<'a>> {
        self.heard.or(self.refused_limits())
    }

    /// Returns the limits that a refusal told of, unless an earlier report has carried them.
    fn refused_limits(&self) -> Option<Observation<'a>> {
        let is_news = !matches!(self.result, AttemptResult::RefusedBefore(_));
        let refusal = self.result.refusal().filter(|_| is_news);
        refusal.and_then(|refusal| refusal.heard)
    }

    /// Returns the part that concerns the declared limiter.
    pub(super) fn own_part(&self, of_row: bool) -> Part<'a> {
        let told = |refusal: &Rejection<'a>| Rejection {
            heard: refusal.heard.filter(|_| self.resource.is_none()),
            ..*refusal
        };
        let result = match &self.result {
            AttemptResult::UnderWay(None) => PartResult::Nothing,
            AttemptResult::Passed | AttemptResult::LetThrough => PartResult::Passed,
            AttemptResult::Failed(Some(fault)) => PartResult::Failed(*fault),
            _ if self.exhausts_resource() => PartResult::Ended,
            AttemptResult::Failed(None) => PartResult::Ended,
            AttemptResult::RefusedBefore(refusal) => PartResult::RefusedBefore(told(refusal)),
            AttemptResult::UnderWay(Some(refusal)) | AttemptResult::Refused(refusal) => {
                PartResult::Refused(told(refusal))
            }
        };
        Part {
            heard: if of_row {
                self.limits_of_row()
            } else {
                self.limits()
            },
            result,
            of_resource: false,
            of_row,
        }
    }

    /// Returns the part that concerns a limiter that the call takes from as well, but does not report to.
    pub(super) fn inner_part(&self, of_row: bool) -> Part<'a> {
        let is_about = of_row || self.resource.is_none();
        Part {
            heard: self.limits_of_row().filter(|_| is_about),
            result: match &self.result {
                AttemptResult::UnderWay(None) => PartResult::Nothing,
                result if result.has_passed() => PartResult::Passed,
                _ => PartResult::Ended,
            },
            of_resource: false,
            of_row,
        }
    }

    /// Returns the part that concerns a resource of the function. `named`: the response named it.
    pub(super) fn part_of_resource(&self, named: bool) -> Part<'a> {
        let result = match &self.result {
            AttemptResult::UnderWay(None) => PartResult::Nothing,
            result if result.has_passed() && (named || self.resource.is_none()) => {
                PartResult::Passed
            }
            AttemptResult::RefusedBefore(refusal) if named && self.exhausts_resource() => {
                PartResult::RefusedBefore(*refusal)
            }
            AttemptResult::UnderWay(Some(refusal)) | AttemptResult::Refused(refusal)
                if named && self.exhausts_resource() =>
            {
                PartResult::Refused(*refusal)
            }
            _ => PartResult::Ended,
        };
        Part {
            heard: self.limits().filter(|_| named),
            result,
            of_resource: true,
            of_row: false,
        }
    }
}

impl Part<'_> {
    /// Returns whether the limiter has to be locked for it, even if it learns nothing from passes.
    pub(super) const fn needs_lock(&self) -> bool {
        let is_plain = matches!(
            self.result,
            PartResult::Nothing | PartResult::Passed | PartResult::Ended
        );
        self.heard.is_some() || !is_plain
    }
}
