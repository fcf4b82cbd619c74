//! Reports of attempts. One visit to the lock carries everything that a call tells of an attempt, and brings back
//! everything that the call decides by.

use std::sync::Arc;

use crate::clock;
use crate::costs::Costs;
use crate::learning::DeclaredBucket;
use crate::mode::Mode;
use crate::time::Instant;
use crate::time::Span;

use super::attempt_report::AttemptReport;
use super::attempt_report::AttemptResult;
use super::attempt_report::Forecast;
use super::attempt_report::Part;
use super::attempt_report::PartResult;
use crate::limiter::request::Priority;
use crate::limiter::shared::Shared;
use crate::limiter::state::LimiterState;
use crate::limiter::state::spread::Understood;
use crate::limiter::wake_list::WakeList;

impl Shared {
    /// Reports on an attempt: that it has ended, or what its body has observed. Visits the lock once, and those of
    /// the server's resources that it concerns once each.
    pub(crate) fn report(&self, report: &AttemptReport<'_>) -> Forecast {
        if self.mode.get() == Mode::Off {
            return self.report_off(report);
        }
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
        self.report_part(report, &report.own_part(of_row))
    }

    /// Reports to a limiter of the call that is not the one it reports to.
    pub(in crate::limiter) fn report_inner(
        &self,
        report: &AttemptReport<'_>,
        of_row: bool,
    ) -> Forecast {
        self.report_part(report, &report.inner_part(of_row)).1
    }

    fn report_part(
        &self,
        report: &AttemptReport<'_>,
        part: &Part<'_>,
    ) -> (Option<DeclaredBucket>, Forecast) {
        let learns = self.published.is_attentive() || self.has_slots();
        if report.needs_lock() || part.needs_lock() || learns {
            return self.tell(report, part, None);
        }
        self.count_end_of(report, false);
        if let Some(throttled) = report.result.failed() {
            self.count(|counts| counts.fail(throttled));
        }
        (None, Forecast::FREE)
    }

    /// Counts the end of an attempt. `learnt`: the limiter has learnt from it that it passed.
    pub(in crate::limiter) fn count_end_of(&self, report: &AttemptReport<'_>, learnt: bool) {
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
        if report.result.has_passed() && !part.of_resource {
            state.passed_in_slot();
        }
        if report.slot && !part.of_resource {
            state.release_slot();
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
            let costs = if part.of_resource {
                &Costs::ONE
            } else {
                &report.costs
            };
            forecast = state.forecast(costs, now);
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
        state.hear(
            (heard, &report.costs),
            own,
            report.spread,
            &self.fast_path,
            now,
            wakes,
        );
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
                let costs = report.taken();
                state.passed((sent, &costs), report.retry, fast_path, now);
            }
            PartResult::Nothing | PartResult::Passed => {}
            PartResult::Ended => {
                state.ended(sent, now);
                let of_row = part.of_row && report.exhausts_resource();
                if let (true, Some(refusal)) = (of_row, report.result.refusal()) {
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
                return Some(state.refused(refusal, &report.costs, fast_path, now, wakes));
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
        if !self.enforces() {
            // Only its own wait binds it.
            return Forecast {
                is_shut: self.shut,
                ..Forecast::FREE
            };
        }
        Forecast {
            permit_at: self.expected(Priority::Retries, true, costs, now),
            closed_until: self.cooldown.until(),
            ahead: self.queue.cost_ahead(Priority::Retries),
            is_shut: self.shut,
            understood: None,
        }
    }
}
