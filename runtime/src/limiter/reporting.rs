//! Reports of attempts. One visit to the lock carries everything that a call tells of an attempt, and brings back
//! everything that the call decides by.

use std::sync::Arc;

use crate::clock;
use crate::costs::Costs;
use crate::costs::Settlement;
use crate::learning::DeclaredBucket;
use crate::learning::Observation;
use crate::time::Instant;
use crate::time::Span;

use super::request::Priority;
use super::resources::Function;
use super::shared::Shared;
use super::state::LimiterState;
use super::state::faults::Fault;
use super::state::rejection::Rejection;
use super::state::spread::Spread;
use super::state::spread::Understood;
use super::wake_list::WakeList;

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
    fn join(&mut self, resource: Self) {
        self.permit_at = self.permit_at.max(resource.permit_at);
        self.closed_until = self.closed_until.max(resource.closed_until);
        self.understood = self.understood.or(resource.understood);
    }
}

impl<'a> AttemptResult<'a> {
    /// Returns the refusal, also one that was reported before.
    const fn refusal(&self) -> Option<&Rejection<'a>> {
        match self {
            Self::UnderWay(refusal) => refusal.as_ref(),
            Self::Refused(refusal) | Self::RefusedBefore(refusal) => Some(refusal),
            Self::Passed | Self::LetThrough | Self::Failed(_) => None,
        }
    }

    const fn has_passed(&self) -> bool {
        matches!(self, Self::Passed | Self::LetThrough)
    }

    /// Returns whether a failed attempt was refused by the server. `None` if it did not fail.
    const fn failed(&self) -> Option<bool> {
        match self {
            Self::UnderWay(_) | Self::Passed => None,
            Self::LetThrough | Self::Failed(_) => Some(false),
            Self::Refused(_) | Self::RefusedBefore(_) => Some(true),
        }
    }
}

/// Part of a report that concerns one limiter: the declared one, or that of a resource.
#[derive(Clone, Copy, Debug)]
struct Part<'a> {
    /// Limits that it learns from.
    heard: Option<Observation<'a>>,
    /// Result of the attempt as it concerns this limiter.
    result: PartResult<'a>,
    /// The limiter is that of a resource.
    of_resource: bool,
    /// The resource that the response named is one of the limiter's own limits.
    of_row: bool,
}

#[derive(Clone, Copy, Debug)]
enum PartResult<'a> {
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
    const fn needs_lock(&self) -> bool {
        self.may_retry || self.settlement.is_some()
    }

    /// Returns whether a refusal is due to the resource that its response named: nothing is left of it.
    fn exhausts_resource(&self) -> bool {
        let heard = self.result.refusal().and_then(|refusal| refusal.heard);
        let left = heard.and_then(|heard| heard.hint.remaining());
        self.resource.is_some() && left.is_some_and(|left| left < 1.0)
    }

    /// Returns the limits that the response told of, for the limiter that they concern.
    fn limits(&self) -> Option<Observation<'a>> {
        let refused = self.result.refusal().and_then(|refusal| refusal.heard);
        let is_news = !matches!(self.result, AttemptResult::RefusedBefore(_));
        let own =
            refused.filter(|_| is_news && self.resource.is_some() && !self.exhausts_resource());
        self.heard.or(own)
    }

    /// Returns the limits that the response told of, where the resource is one of the limiter's own limits.
    fn limits_of_row(&self) -> Option<Observation<'a>> {
        let refused = self.result.refusal().and_then(|refusal| refusal.heard);
        let is_news = !matches!(self.result, AttemptResult::RefusedBefore(_));
        self.heard.or(refused.filter(|_| is_news))
    }

    /// Returns the part that concerns the declared limiter.
    fn own_part(&self, of_row: bool) -> Part<'a> {
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

    /// Returns the part that concerns a resource of the function. `named`: the response named it.
    fn part_of_resource(&self, named: bool) -> Part<'a> {
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
    const fn needs_lock(&self) -> bool {
        let is_plain = matches!(
            self.result,
            PartResult::Nothing | PartResult::Passed | PartResult::Ended
        );
        self.heard.is_some() || !is_plain
    }
}

impl Shared {
    /// Reports on an attempt: that it has ended, or what its body has observed. Visits the lock once, and those of
    /// the server's resources that it concerns once each.
    pub(crate) fn report(&self, report: &AttemptReport<'_>) -> Forecast {
        let of_row = report.resource.is_some_and(|name| self.is_row(name));
        let named = report
            .resource
            .filter(|_| !of_row)
            .map(|name| self.resource(name, report.function));
        let (own, mut forecast) = self.report_own(report, of_row);
        for resource in self.resources_of(report.function) {
            let is_named = named.as_ref().is_some_and(|it| Arc::ptr_eq(it, &resource));
            let part = report.part_of_resource(is_named);
            let binds = report.may_retry && resource.published.binds(clock::now());
            let learns =
                resource.published.is_attentive() && !matches!(part.result, PartResult::Nothing);
            if binds || learns || part.needs_lock() {
                let (_, of_resource) = resource.tell(report, &part, own);
                forecast.join(of_resource);
            }
        }
        forecast
    }

    /// Reports to the declared limiter. Returns the declared bucket, if it is known.
    fn report_own(
        &self,
        report: &AttemptReport<'_>,
        of_row: bool,
    ) -> (Option<DeclaredBucket>, Forecast) {
        let part = report.own_part(of_row);
        if report.needs_lock() || part.needs_lock() || self.published.is_attentive() {
            return self.tell(report, &part, None);
        }
        self.count_end_of(report, false);
        if let Some(throttled) = report.result.failed() {
            self.count(|counts| counts.fail(throttled));
        }
        (None, Forecast::FREE)
    }

    /// Counts the end of an attempt. `learnt`: the limiter has learnt from it that it passed.
    fn count_end_of(&self, report: &AttemptReport<'_>, learnt: bool) {
        match report.result {
            AttemptResult::UnderWay(_) => {}
            result if result.has_passed() && !learnt && !self.has_resources() => {
                self.fast_path.count_pass();
            }
            _ => self.fast_path.count_end(),
        }
    }

    /// Tells this limiter its part of a report, in one visit to its lock.
    fn tell(
        &self,
        report: &AttemptReport<'_>,
        part: &Part<'_>,
        own: Option<DeclaredBucket>,
    ) -> (Option<DeclaredBucket>, Forecast) {
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        let state = &mut locked.state;
        let own = own.or_else(|| state.own(now).filter(|_| !part.of_resource));
        if let (Some(settlement), false) = (&report.settlement, part.of_resource) {
            state.settle(settlement, now);
        }
        if !part.of_resource {
            let took = report.received.map(|received| received.since(report.sent));
            state.returned(took, &self.fast_path, now);
        }
        self.listen(state, report, part, own, now, &mut wakes);
        let learns = state.is_attentive();
        if !part.of_resource {
            self.count_end_of(report, learns);
            if let Some(throttled) = report.result.failed() {
                state.counts.fail(throttled);
            }
        }
        let understood = self.settle(state, report, part, now, &mut wakes);
        let (locked, now) = self.grant(locked, now, &mut wakes);
        let state = &locked.state;
        let mut forecast = Forecast::FREE;
        if report.may_retry && !(part.of_resource && state.binds_until() <= now) {
            forecast = state.forecast(
                if part.of_resource {
                    &Costs::ONE
                } else {
                    &report.costs
                },
                now,
            );
        }
        self.release(locked, now, &mut wakes);
        let forecast = Forecast {
            understood,
            ..forecast
        };
        (own, forecast)
    }

    /// Applies what the response told of the server's limits.
    fn listen(
        &self,
        state: &mut LimiterState,
        report: &AttemptReport<'_>,
        part: &Part<'_>,
        own: Option<DeclaredBucket>,
        now: Instant,
        wakes: &mut WakeList,
    ) {
        let Some(heard) = &part.heard else { return };
        if !part.of_resource && !part.of_row && report.resource.is_some() {
            // The limits are those of the resource alone.
            return state.took(heard.received.since(heard.sent));
        }
        let before = state.bucket.shape.interval;
        state.hear(heard, own, report.spread, &self.fast_path, now, wakes);
        if part.of_resource && state.bucket.shape.interval > before && state.learnt.pace().is_some()
        {
            state.begin_pace(heard.sent, now, wakes);
        }
    }

    /// Applies the result of the attempt. Returns what a refusal means for the wait of the call.
    fn settle(
        &self,
        state: &mut LimiterState,
        report: &AttemptReport<'_>,
        part: &Part<'_>,
        now: Instant,
        wakes: &mut WakeList,
    ) -> Option<Understood> {
        let (sent, fast_path) = (report.sent, &self.fast_path);
        match &part.result {
            PartResult::Passed if state.is_attentive() => {
                state.passed(sent, report.retry, fast_path, now);
            }
            PartResult::Nothing | PartResult::Passed => {}
            PartResult::Ended => {
                state.ended(sent, now);
                if let (true, Some(refusal)) = (part.of_row, report.result.refusal()) {
                    let wait = refusal
                        .wait
                        .map_or(Span::ZERO, |it| it.min(refusal.longest));
                    let resource = report.resource.unwrap_or_default();
                    state.close_row(resource, refusal.received.after(wait));
                }
            }
            PartResult::Failed(fault) => {
                state.ended(sent, now);
                state.failed(fault, now, wakes);
            }
            PartResult::Refused(refusal) => {
                return Some(state.refused(refusal, fast_path, now, wakes));
            }
            PartResult::RefusedBefore(refusal) => {
                state.ended(sent, now);
                return Some(state.understand(refusal, now).0);
            }
        }
        None
    }
}

impl LimiterState {
    /// Returns what a call that may be retried decides by.
    fn forecast(&self, costs: &Costs, now: Instant) -> Forecast {
        Forecast {
            permit_at: self.expected(Priority::Retries, true, costs, now),
            closed_until: self.cooldown.until(),
            ahead: self.queue.cost_ahead(Priority::Retries),
            is_shut: self.shut,
            understood: None,
        }
    }
}
