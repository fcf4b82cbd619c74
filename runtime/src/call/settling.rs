//! Settles an attempt that has failed, or whose response was observed: one report to the limiter, then another attempt
//! or the end of the call.

use core::time::Duration;

use crate::clock;
use crate::context;
use crate::context::Scope;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::learning::Observation;
use crate::limiter::AttemptReport;
use crate::limiter::AttemptResult;
use crate::limiter::Forecast;
use crate::retry::Advice;
use crate::retry::CooldownPlan;
use crate::retry::Judgement;
use crate::retry::Step;
use crate::signal::Reading;
use crate::time::Instant;
use crate::time::Span;
use crate::verdict::Verdict;

use super::Setup;
use super::end::End;
use super::end::heard;
use super::keyed;
use super::next::NextAttempt;
use super::outcome::Conclusion;
use super::payment::Ending;
use super::payment::Paid;
use super::phase::Phase;
use super::untyped::Core;

/// Reasons of a give-up.
const TOO_LONG: &str = "the server asked for a longer wait than max_cooldown allows";
const SPENT: &str = "a call inside the body has used up its retries";
const USED_UP: &str = "the retries are used up";

impl Core<'_> {
    /// [`settle`](Self::settle) for all but a success without an observation.
    #[inline(never)]
    pub(super) fn settle_told(
        &mut self,
        paid: Paid<'_>,
        reading: &Reading,
        verdict: Verdict,
    ) -> bool {
        #[cfg(feature = "blocking")]
        let _runtime = self.enter_runtime();
        self.settle_in_runtime(paid, reading, verdict)
    }

    /// Settles it on a thread whose runtime has the timers of another attempt.
    fn settle_in_runtime(&mut self, paid: Paid<'_>, reading: &Reading, verdict: Verdict) -> bool {
        let Some(sent) = self.wait.sent() else {
            return false;
        };
        let _span = self.enter_span();
        let carries = self.carry_observation(paid, reading, verdict);
        let reported = self.end_attempt();
        let (Ok(setup), Some(scope)) = (self.setup, &self.scope) else {
            return false;
        };
        *self.wait = Phase::Idle;
        if reading.unread && scope.status.is_none() && verdict == Verdict::Auto {
            setup.origin.unread().tell();
        }
        let told = reading.conclude(scope, setup.config.respects_headers, verdict);
        let judgement = judge(setup, &told, verdict);
        let now = clock::now();
        let observed = carries && self.observed_refusal(setup).is_none();
        let unheard = told.hint.filter(|_| observed).or(told.unheard);
        let received = told.received.unwrap_or(now);
        let heard = unheard.map(|hint| heard(&setup.config, hint, sent, received));
        let answered = matches!(told.failure, None | Some(Failure::Status(_)));
        let arrived = self.head_received(answered.then_some(now));
        let is_news = heard.is_some() || keyed::is_news(judgement.verdict, told.failure);
        keyed::adopt(&mut self.brought, paid.key.filter(|_| is_news), Some(scope));
        if judgement.verdict == Verdict::Done {
            self.report_success(setup, paid, &told, heard, (sent, arrived));
            return false;
        }
        let end = End {
            sent,
            failure: told.failure.unwrap_or(Failure::Other),
            advice: told.advice,
            received: told.received,
            arrived,
            hint: told.hint,
            retry: scope.number > 1,
            reported,
            is_news: carries,
            by_user: verdict != Verdict::Auto,
        };
        let next = self.settle_failure(&end, paid, heard, judgement, now);
        self.go_on(end.failure, judgement, next)
    }

    /// Reports what the body has observed last, unless the report on the end of the attempt carries it. Returns whether
    /// it does.
    fn carry_observation(&mut self, paid: Paid<'_>, reading: &Reading, verdict: Verdict) -> bool {
        if !self.scope.as_mut().is_some_and(Scope::take_unheard) {
            return false;
        }
        let carries = self.can_carry_observation(reading, verdict);
        if !carries {
            self.adopt(paid.key);
            self.heed_observation(paid.own, paid.key);
        }
        carries
    }

    /// Returns whether the outcome says nothing but what the body has observed.
    fn can_carry_observation(&self, reading: &Reading, verdict: Verdict) -> bool {
        let (Ok(setup), Some(scope)) = (self.setup, &self.scope) else {
            return false;
        };
        let told = reading.conclude(scope, setup.config.respects_headers, verdict);
        let same = |refusal: ObservedRefusal| Verdict::Throttled {
            retry_after: Some(refusal.wait),
        };
        let refusal = self.observed_refusal(setup).map(same);
        told.received.is_some()
            && refusal.is_none_or(|refusal| judge(setup, &told, verdict).verdict == refusal)
    }

    fn report_success(
        &self,
        setup: &Setup,
        paid: Paid<'_>,
        told: &Conclusion<'_>,
        heard: Option<Observation<'_>>,
        (sent, received): (Instant, Option<Instant>),
    ) {
        if let Some(limiter) = self.limiter() {
            self.tell_of_no_cost(limiter, paid.own);
        }
        let ended = self.attempt_costs(paid, sent, Ending::Sent);
        self.report_to_all(
            paid.key,
            &AttemptReport {
                function: self.function(),
                sent,
                received,
                retry: self.is_retry(),
                heard,
                resource: told.hint.and_then(Hint::resource),
                spread: setup.config.spread(),
                result: AttemptResult::Passed,
                may_retry: false,
                costs: ended.costs,
                settlement: ended.settlement,
                slot: ended.slot,
            },
        );
    }

    /// Reports a failure to the limiter. Returns the wait for another attempt, if one makes sense.
    #[cold]
    fn settle_failure(
        &self,
        end: &End<'_>,
        paid: Paid<'_>,
        heard: Option<Observation<'_>>,
        judgement: Judgement,
        now: Instant,
    ) -> Result<NextAttempt, &'static str> {
        let (Ok(setup), Some(scope)) = (self.setup, &self.scope) else {
            return Err("the call has not begun");
        };
        let config = &setup.config;
        let draw = rand::random();
        let (before, delay) = (scope.tries(), scope.delay());
        let step = config.retry.decide(judgement, before, delay, draw);
        let spent = scope.is_spent_on(end.failure);
        let tried = scope.number > 1 || step.retry_in.is_some();
        let mut wait = step.retry_in.map(Span::of);
        let mut floor = Span::of(judgement.floor);
        let forecast = self.report_failure((setup, paid), end, heard, step, now);
        if let Some(understood) = forecast.understood {
            wait = wait.map(|wait| understood.instead_of(wait));
            floor = understood.wait.unwrap_or(floor);
        }
        let next = wait.map(|wait| NextAttempt {
            base: end.received.unwrap_or(now),
            wait,
            now,
            throttle: step.throttle,
            forecast,
        });
        let next = match next {
            _ if floor > config.max_cooldown => Err(TOO_LONG),
            Some(_) if spent => Err(SPENT),
            next => next.ok_or(USED_UP),
        };
        if next.is_err() && judgement.is_retryable() && tried {
            context::with_current(|outer| outer.spend(end.failure));
        }
        next
    }

    /// Reports a failure to the limiter.
    fn report_failure(
        &self,
        (setup, paid): (&Setup, Paid<'_>),
        end: &End<'_>,
        heard: Option<Observation<'_>>,
        step: Step,
        now: Instant,
    ) -> Forecast {
        let previous = self.scope.as_ref().and_then(Scope::previous);
        let (config, received) = (&setup.config, end.received.unwrap_or(now));
        let result = match step.cooldown {
            CooldownPlan::None if end.was_let_through() => AttemptResult::LetThrough,
            CooldownPlan::None => {
                let again = previous.is_some_and(Failure::is_fault);
                AttemptResult::Failed(end.fault(config, received, again))
            }
            CooldownPlan::Untold => AttemptResult::Refused(end.refused(config, received, None)),
            CooldownPlan::Told(told) => {
                let refusal = end.refused(config, received, Some(told));
                let observed = self.observed_refusal(setup).map(|observed| observed.wait);
                let is_known = end.reported && !end.is_news && end.received.is_some();
                if is_known && observed == Some(told) {
                    AttemptResult::RefusedBefore(refusal)
                } else {
                    AttemptResult::Refused(refusal)
                }
            }
        };
        let about = match result {
            AttemptResult::Failed(_) => heard.map(|heard| heard.hint),
            _ => end.hint,
        };
        let ended = self.attempt_costs(paid, end.sent, Ending::of(end.failure, &result));
        let report = AttemptReport {
            function: self.function(),
            sent: end.sent,
            received: end.arrived,
            retry: end.retry,
            heard,
            resource: about.and_then(Hint::resource),
            spread: config.spread(),
            result,
            may_retry: step.retry_in.is_some(),
            costs: ended.costs,
            settlement: ended.settlement,
            slot: ended.slot,
        };
        self.report_to_all(paid.key, &report)
    }

    /// Plans another attempt if it makes sense, or gives the call up.
    fn go_on(
        &mut self,
        failure: Failure,
        judgement: Judgement,
        next: Result<NextAttempt, &str>,
    ) -> bool {
        if let Some(scope) = &mut self.scope {
            scope.fail(failure);
        }
        let why = match next {
            Ok(next) if self.plan(next, failure) => return true,
            Ok(next) if next.forecast.is_shut => "the limiter is closed",
            Ok(_) => "another attempt would come too late",
            Err(why) => why,
        };
        if judgement.is_retryable() {
            self.give_up(self.number(), &why);
        }
        false
    }

    /// Returns the instant at which the body has observed a response, or else `ended`.
    fn head_received(&self, ended: Option<Instant>) -> Option<Instant> {
        let scope = self.scope.as_ref();
        let observed = scope.and_then(Scope::hint).map(|(_, received)| received);
        observed.or(ended)
    }

    /// Returns the refusal that the body has observed, if the server said for how long.
    pub(super) fn observed_refusal(&self, setup: &Setup) -> Option<ObservedRefusal> {
        let scope = self.scope.as_ref()?;
        let (hint, _) = scope.hint().filter(|_| setup.config.respects_headers)?;
        let failure = scope
            .status
            .map_or(Failure::Other, |status| Failure::Status(status.get()));
        let advice = Advice::of(hint, false);
        let wait = advice.retry_after.filter(|wait| !wait.is_zero())?;
        let is_refusal = advice.refuses(Some(failure));
        is_refusal.then_some(ObservedRefusal {
            failure,
            advice,
            wait,
        })
    }
}

/// Returns the verdict on an attempt, which is the user's where there is one.
fn judge(setup: &Setup, told: &Conclusion<'_>, verdict: Verdict) -> Judgement {
    match verdict {
        Verdict::Auto => setup.config.retry.judge(told.failure, told.advice),
        verdict => Judgement::by_user(verdict, told.advice),
    }
}

/// Refusal that the body has observed.
#[derive(Clone, Copy, Debug)]
pub(super) struct ObservedRefusal {
    pub(super) failure: Failure,
    pub(super) advice: Advice,
    /// Wait that the server asked for.
    pub(super) wait: Duration,
}
