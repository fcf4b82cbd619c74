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
use crate::limiter::Function;
use crate::limiter::Shared;
use crate::signal::Reading;
use crate::time::Instant;
use crate::time::Span;
use crate::verdict::Verdict;

use super::Setup;
use super::payment::CallTerms;
use super::payment::KeyOfCall;
use super::payment::OwnCosts;
use super::payment::Paid;
use super::payment::costs;
use super::phase::CallPhase;
use super::phase::Phase;

/// The part of a call that does not depend on types.
#[derive(Debug)]
pub(super) struct Core<'s> {
    pub(super) setup: &'s Result<Setup, Error>,
    /// The limiter that this call brings; without one, the function's own.
    pub(super) brought: Option<Arc<Shared>>,
    /// `None` before the first admission, and while it is lent to the body.
    pub(super) scope: Option<Scope>,
    pub(super) wait: CallPhase,
}

impl<'s> Core<'s> {
    pub(super) const fn new(setup: &'s Result<Setup, Error>, brought: Option<Arc<Shared>>) -> Self {
        Self {
            setup,
            brought,
            scope: None,
            wait: CallPhase::new(),
        }
    }

    /// Waits for the permits of the attempt.
    #[inline]
    pub(super) fn admit(
        &mut self,
        terms: CallTerms<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        self.admit_on(terms.own, terms.key, terms.can_refuse, cx)
    }

    /// The same on terms that come one by one: as a whole they would go through memory.
    #[inline]
    fn admit_on(
        &mut self,
        own: Option<&OwnCosts>,
        key: KeyOfCall<'_>,
        can_refuse: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        // Two comparisons take less than a jump by a table.
        let is_admitted = if matches!(*self.wait, Phase::Idle) {
            self.begin_at_once(own, key, can_refuse)
        } else {
            matches!(*self.wait, Phase::Running(_) | Phase::Timed(_))
        };
        if is_admitted {
            return Poll::Ready(Ok(()));
        }
        let terms = CallTerms {
            own,
            key,
            can_refuse,
        };
        self.wait_for_permit(terms, cx)
    }

    /// Begins an attempt if no call has to wait for a permit.
    #[inline]
    pub(super) fn begin_at_once(
        &mut self,
        own: Option<&OwnCosts>,
        key: KeyOfCall<'_>,
        can_refuse: bool,
    ) -> bool {
        let now = clock::quick();
        let terms = CallTerms {
            own,
            key,
            can_refuse,
        };
        let passed = self.pass(terms, now);
        if passed {
            self.wait.begin(now);
        }
        passed
    }

    /// Takes a permit if no call has to wait for one.
    #[inline]
    fn pass(&mut self, terms: CallTerms<'_>, now: Instant) -> bool {
        let Ok(setup) = self.setup else { return false };
        // A call in whose span a subscriber is interested goes by the slow path, which opens it.
        if CallSpan::may_be_heard() {
            return false;
        }
        let scope = match &mut self.scope {
            Some(scope) => scope,
            none => {
                let config = &setup.config;
                context::begin(none, config.deadline, config.reset_unit, now)
            }
        };
        if terms.can_refuse && now >= scope.bounds.deadline() {
            return false;
        }
        let retry = scope.number > 1;
        // `wait_for_permit` sets this back if the call has to wait.
        scope.progress = Progress::UnderWay;
        match self.limiter() {
            Some(limiter) if limiter.has_resources() && self.is_bound(limiter, now) => false,
            Some(limiter) => {
                // The path of one token stays shut where permits need more than one bucket.
                if !(terms.own.is_none() && limiter.admit(now)) {
                    return match terms.key {
                        None => self.pass_by_lock(terms.own, retry, now),
                        Some(_) => self.pass_by_key(terms, retry, now),
                    };
                }
                if retry {
                    self.count_retry();
                }
                true
            }
            // A call with a key has no limiter until it needs the whole one of its key.
            None => terms.key.is_none() || self.pass_by_key(terms, retry, now),
        }
    }

    /// Takes a permit of the call's key.
    #[inline(never)]
    fn pass_by_key(&mut self, terms: CallTerms<'_>, retry: bool, now: Instant) -> bool {
        if let Some(passed) = self.pass_key(terms, now) {
            return passed;
        }
        match self.limiter() {
            Some(limiter) if limiter.has_resources() && self.is_bound(limiter, now) => false,
            _ => self.pass_by_lock(terms.own, retry, now),
        }
    }

    /// Takes a permit where the path of one token does not do.
    #[inline(never)]
    fn pass_by_lock(&mut self, own: Option<&OwnCosts>, retry: bool, now: Instant) -> bool {
        let Some(limiter) = self.limiter() else {
            return true;
        };
        if limiter.has_slots() {
            let Some(slot) = limiter.admit_in_slot(&costs(limiter, own), now) else {
                return false;
            };
            self.set_slot(slot);
        } else {
            let usual;
            let costs = match own {
                Some(own) => own.costs(),
                None if limiter.has_rows() => {
                    usual = limiter.usual_costs();
                    &usual
                }
                None => return false,
            };
            if !limiter.admit_costs(costs, now) {
                return false;
            }
        }
        if retry {
            self.count_retry();
        }
        true
    }

    /// Counts a retry that was admitted at once.
    #[cold]
    #[inline(never)]
    pub(super) fn count_retry(&mut self) {
        let scope = self.scope.as_ref();
        let backed_off = scope.map_or(Span::ZERO, Scope::unreported_backoff);
        if let Some(limiter) = self.limiter() {
            limiter.count_retry(backed_off);
        }
        self.clear_unreported_backoff();
    }

    /// Records that the limiter has been told of the time spent in backoffs.
    #[cold]
    pub(super) fn clear_unreported_backoff(&mut self) {
        if let Some(scope) = &mut self.scope {
            scope.clear_unreported_backoff();
        }
    }

    /// Returns the unit of resets in the server's responses.
    #[inline]
    pub(super) fn reset_unit(&self) -> ResetUnit {
        let setup = self.setup.as_ref();
        setup.map_or(ResetUnit::Guess, |setup| setup.config.reset_unit)
    }

    pub(super) fn deadline(&self) -> Instant {
        let scope = self.scope.as_ref();
        scope.map_or(Instant::FAR, |scope| scope.bounds.deadline())
    }

    /// Returns the time for which the call still waits for cooldowns.
    pub(super) fn pause_left(&self, can_refuse: bool) -> Span {
        let scope = self.scope.as_ref().filter(|_| can_refuse);
        scope.map_or(Scope::UNLIMITED, Scope::pause_left)
    }

    /// Records a pause, for the call and for the outer call whose body it is in.
    pub(super) fn pause(&mut self, pause: Pause, length: Span, to: Instant) {
        if length.is_zero() {
            return;
        }
        if let Some(scope) = &mut self.scope {
            scope.pause_for(pause, length, to);
        }
        context::with_current(|outer| outer.pause(length, to));
    }

    /// Reports the outcome to the limiter. Returns whether there will be another attempt.
    #[inline]
    pub(super) fn settle(&mut self, paid: Paid<'_>, reading: &Reading, verdict: Verdict) -> bool {
        let fine = matches!(verdict, Verdict::Auto | Verdict::Done);
        match &mut self.scope {
            Some(scope) if fine && scope.is_quiet() && reading.is_quiet() => {
                scope.progress = Progress::Waiting;
            }
            _ => return self.settle_told(paid, reading, verdict),
        }
        if let Some(key) = paid.key.filter(|key| key.is_joint()) {
            self.pass_further(key);
        }
        if paid.is_news() {
            self.adopt(paid.key);
            self.report_spent(paid);
            return false;
        }
        if let Some(limiter) = self.limiter().filter(|limiter| !limiter.count_pass()) {
            self.report_pass(limiter, paid.own);
        }
        false
    }

    /// Reports a success without an observation to a limiter that learns from it.
    #[cold]
    #[inline(never)]
    pub(super) fn report_pass(&self, limiter: &Shared, own: Option<&OwnCosts>) {
        let Some(sent) = self.wait.sent() else { return };
        let costs = &costs(limiter, own);
        self.tell_of_no_cost(limiter, own);
        if self.has_slot() {
            limiter.end_in_slot(self.function(), (sent, costs), self.is_retry());
        } else {
            limiter.learn_from_pass(self.function(), (sent, costs), self.is_retry());
        }
    }

    /// Says once for each function that its calls name no cost, where that matters: nothing was spent either.
    pub(super) fn tell_of_no_cost(&self, limiter: &Shared, own: Option<&OwnCosts>) {
        if let (Ok(setup), None, true) = (self.setup, own, limiter.has_rows()) {
            if self.spending().is_none() {
                setup.origin.unread().tell_cost(limiter);
            }
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
