//! The part of a call that does not depend on types: admission, and what follows from an outcome.

use core::task::Context;
use core::task::Poll;
use std::sync::Arc;

use crate::clock;
use crate::context;
use crate::context::Pause;
use crate::context::Progress;
use crate::context::ResetUnit;
use crate::context::Scope;
use crate::error::Error;
use crate::events::CallSpan;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::limiter::Function;
use crate::limiter::Shared;
use crate::limiter::Understood;
use crate::retry::Advice;
use crate::retry::Cooldown;
use crate::retry::Judgement;
use crate::signal::Reading;
use crate::time::Instant;
use crate::time::Span;
use crate::verdict::Verdict;

use super::Setup;
use super::end::End;
use super::end::heard;
use super::next::NextAttempt;
use super::phase::Phase;

/// Reasons of a give-up.
const TOO_LONG: &str = "the server asked for a longer wait than max_cooldown allows";
const SPENT: &str = "a call inside the body has used up its retries";
const USED_UP: &str = "the retries are used up";

/// The part of a call that does not depend on types.
#[derive(Debug)]
pub(super) struct Core<'s> {
    pub(super) setup: &'s Result<Setup, Error>,
    /// The limiter that this call brings; without one, the function's own.
    pub(super) brought: Option<Arc<Shared>>,
    /// `None` before the first admission, and while it is lent to the body.
    pub(super) scope: Option<Scope>,
    pub(super) wait: Phase,
}

impl<'s> Core<'s> {
    pub(super) const fn new(setup: &'s Result<Setup, Error>, brought: Option<Arc<Shared>>) -> Self {
        Self {
            setup,
            brought,
            scope: None,
            wait: Phase::Nothing(0),
        }
    }

    /// Waits for the permits of the attempt.
    #[inline]
    pub(super) fn admit(
        &mut self,
        can_refuse: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        match self.wait {
            Phase::Nothing(0) => {
                let now = clock::quick();
                if self.pass(can_refuse, now) {
                    self.wait.begin(now.nanos());
                    return Poll::Ready(Ok(()));
                }
            }
            Phase::Nothing(_) | Phase::Timed(_) => return Poll::Ready(Ok(())),
            Phase::Backoff(_) | Phase::Turn(_) | Phase::Gathering(_) => {}
        }
        self.wait_for_permit(can_refuse, cx)
    }

    /// Takes a permit if no call has to wait for one.
    #[inline]
    fn pass(&mut self, can_refuse: bool, now: Instant) -> bool {
        let Ok(setup) = self.setup else { return false };
        // A call in whose span a subscriber is interested goes by the slow path, which opens it.
        if CallSpan::may_be_heard() {
            return false;
        }
        let scope = self.scope.get_or_insert_with(|| {
            context::begin(setup.config.deadline, setup.config.reset_unit, now.nanos())
        });
        if can_refuse && now.nanos() >= scope.bounds.deadline() {
            return false;
        }
        let retry = scope.number > 1;
        // Taken back where it has to wait.
        scope.progress = Progress::UnderWay;
        match self.limiter() {
            Some(limiter) if limiter.has_resources() && self.is_bound(limiter, now) => false,
            Some(limiter) => limiter.admit(retry, now),
            None => true,
        }
    }

    /// Returns the unit of resets in the server's responses.
    #[inline]
    pub(super) fn reset_unit(&self) -> ResetUnit {
        let setup = self.setup.as_ref();
        setup.map_or(ResetUnit::Guess, |setup| setup.config.reset_unit)
    }

    pub(super) fn deadline(&self) -> u64 {
        let scope = self.scope.as_ref();
        scope.map_or(u64::MAX, |scope| scope.bounds.deadline())
    }

    /// Returns the nanoseconds of cooldowns for which the call still waits.
    pub(super) fn patience(&self, can_refuse: bool) -> u64 {
        let scope = self.scope.as_ref().filter(|_| can_refuse);
        scope.map_or(Scope::UNLIMITED, Scope::patience)
    }

    /// Records a pause, for the call and for the outer call whose body it is in.
    pub(super) fn pause(&mut self, pause: Pause, nanos: u64, to: u64) {
        if nanos == 0 {
            return;
        }
        if let Some(scope) = &mut self.scope {
            scope.pause_for(pause, nanos, to);
        }
        context::with_current(|outer| outer.pause(nanos, to));
    }

    /// Reports the outcome to the limiter. Returns whether there will be another attempt.
    #[inline]
    pub(super) fn settle(&mut self, reading: &Reading, verdict: Verdict) -> bool {
        let fine = matches!(verdict, Verdict::Auto | Verdict::Done);
        match &mut self.scope {
            Some(scope) if fine && scope.is_quiet() && reading.is_quiet() => {
                scope.progress = Progress::Waiting;
            }
            _ => return self.settle_told(reading, verdict),
        }
        if let Some(limiter) = self.limiter() {
            let sent = Instant::from_nanos(self.wait.sent());
            limiter.passed_unseen(self.function(), sent, self.is_retry());
        }
        false
    }

    /// [`settle`](Self::settle) for all but a success without an observation.
    #[inline(never)]
    fn settle_told(&mut self, reading: &Reading, verdict: Verdict) -> bool {
        let sent = self.wait.sent();
        let _entered = self.enter_span();
        let reported = self.end_attempt();
        let (Ok(setup), Some(scope)) = (self.setup, &self.scope) else {
            return false;
        };
        self.wait = Phase::Nothing(0);
        if reading.unread && scope.status.is_none() && verdict == Verdict::Auto {
            setup.unread.tell();
        }
        let told = reading.conclude(scope, setup.config.respects_headers, verdict);
        self.time_response(told.failure, scope, Instant::from_nanos(sent));
        let judgement = match verdict {
            Verdict::Auto => setup.config.retry.judge(told.failure, told.advice),
            verdict => Judgement::by_user(verdict, told.advice),
        };
        if let (Some(limiter), Some(hint)) = (self.limiter(), told.unheard) {
            let heard = heard(&setup.config, hint, sent, clock::now().nanos());
            let spread = setup.config.spread();
            limiter.hear(self.function(), &heard, spread);
        }
        if judgement.verdict == Verdict::Done {
            if let Some(limiter) = self.limiter() {
                let resource = told.hint.and_then(Hint::resource);
                let sent = Instant::from_nanos(sent);
                limiter.passed_telling(self.function(), resource, sent, scope.number > 1);
            }
            return false;
        }
        let end = End {
            sent,
            failure: told.failure.unwrap_or(Failure::Other),
            advice: told.advice,
            received: told.received,
            hint: told.hint,
            retry: scope.number > 1,
            reported,
            by_user: verdict != Verdict::Auto,
        };
        let (failure, next) = (end.failure, self.settle_failure(&end, judgement));
        self.go_on(failure, judgement, next)
    }

    /// Reports a failure to the limiter. Returns the wait for another attempt, if one makes sense.
    #[cold]
    fn settle_failure(
        &self,
        end: &End<'_>,
        judgement: Judgement,
    ) -> Result<NextAttempt, &'static str> {
        let (Ok(setup), Some(scope)) = (self.setup, &self.scope) else {
            return Err("the call has not begun");
        };
        let (now, config) = (clock::now().nanos(), &setup.config);
        let received = end.received.unwrap_or(now);
        let draw = rand::random();
        let (before, delay) = (scope.tries(), scope.delay());
        let step = config.retry.decide(judgement, before, delay, draw);
        let spent = scope.is_spent_on(end.failure);
        let tried = scope.number > 1 || step.retry_in.is_some();
        let mut wait = step.retry_in.map(clock::nanos);
        let mut floor = clock::nanos(judgement.floor);
        if let Some(limiter) = self.limiter() {
            if let Some(understood) = self.report_failure(limiter, end, step.cooldown, received) {
                wait = wait.map(|wait| understood.instead_of(Span::from_nanos(wait)).nanos());
                floor = understood.wait.map_or(floor, Span::nanos);
            }
        }
        let next = wait.map(|wait| NextAttempt {
            base: received,
            wait,
            now,
            throttle: step.throttle,
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

    /// Reports a failure to the limiter. Returns what it means for the wait of the call, if it was a refusal.
    fn report_failure(
        &self,
        limiter: &Shared,
        end: &End<'_>,
        cooldown: Cooldown,
        received: u64,
    ) -> Option<Understood> {
        let (Ok(setup), Some(scope)) = (self.setup, &self.scope) else {
            return None;
        };
        let (config, function) = (&setup.config, self.function());
        let told = match cooldown {
            Cooldown::Told(told) => Some(told),
            Cooldown::Untold => None,
            Cooldown::None if end.was_let_through() => {
                let resource = end.hint.and_then(Hint::resource);
                let sent = Instant::from_nanos(end.sent);
                limiter.passed_telling(function, resource, sent, end.retry);
                return None;
            }
            Cooldown::None => {
                let again = scope.previous().is_some_and(Failure::is_fault);
                let fault = end.fault(config, received, again);
                limiter.end_attempt();
                limiter.failed(function, Instant::from_nanos(end.sent), fault.as_ref());
                return None;
            }
        };
        let refused = end.refused(config, received, told);
        limiter.end_attempt();
        Some(limiter.refused(function, &refused))
    }

    /// Plans another attempt if it makes sense, or gives the call up.
    fn go_on(
        &mut self,
        failure: Failure,
        judgement: Judgement,
        next: Result<NextAttempt, &str>,
    ) -> bool {
        let throttled = matches!(judgement.verdict, Verdict::Throttled { .. });
        self.count(|counts| counts.fail(throttled));
        if let Some(scope) = &mut self.scope {
            scope.fail(failure);
        }
        let why = match next {
            Ok(next) if self.plan(next, failure) => return true,
            Ok(_) if self.limiter().is_some_and(Shared::is_shut) => "the limiter is closed",
            Ok(_) => "another attempt would come too late",
            Err(why) => why,
        };
        if judgement.is_retryable() {
            self.give_up(self.number(), &why);
        }
        false
    }

    /// Reports to the limiter at once what the body has observed.
    #[inline]
    pub(super) fn heed(&mut self) {
        if self.scope.as_mut().is_some_and(Scope::take_unheard) {
            self.heed_observation();
        }
    }

    #[cold]
    fn heed_observation(&mut self) {
        let (Ok(setup), Some(scope), Some(limiter)) = (self.setup, &self.scope, self.limiter())
        else {
            return;
        };
        let sent = self.wait.sent();
        self.time_response(None, scope, Instant::from_nanos(sent));
        let Some((hint, received)) = scope.hint().filter(|_| setup.config.respects_headers) else {
            return;
        };
        let failure = scope
            .status
            .map_or(Failure::Other, |status| Failure::Status(status.get()));
        let advice = Advice::of(hint, false);
        let asked = advice.retry_after.filter(|wait| !wait.is_zero());
        if let (true, Some(wait)) = (advice.refuses(Some(failure)), asked) {
            let end = End {
                sent,
                failure,
                advice,
                received: Some(received),
                hint: Some(hint),
                retry: scope.number > 1,
                reported: scope.progress.is_reported(),
                by_user: false,
            };
            let refused = end.refused(&setup.config, received, Some(wait));
            limiter.refused(self.function(), &refused);
            if let Some(scope) = &mut self.scope {
                scope.progress = Progress::Reported;
            }
        } else {
            let heard = heard(&setup.config, hint, sent, received);
            let spread = setup.config.spread();
            limiter.hear(self.function(), &heard, spread);
        }
    }

    pub(super) fn is_retry(&self) -> bool {
        self.scope.as_ref().is_some_and(|scope| scope.number > 1)
    }

    /// Returns the function whose call it is.
    #[inline]
    pub(super) fn function(&self) -> Function {
        let setup = self.setup.as_ref();
        setup.map_or(Function::NONE, |setup| setup.function)
    }
}
