//! Admission of an attempt that may have to wait: its backoff, then the permits that it needs.

use core::mem;
use core::task::Context;
use core::task::Poll;
use core::task::ready;
use core::time::Duration;

use crate::clock;
use crate::context::Pause;
use crate::context::Progress;
use crate::context::Scope;
use crate::costs::Costs;
use crate::error::Error;
use crate::error::Kind;
use crate::limiter::Counts;
use crate::limiter::Denial;
use crate::limiter::Grant;
use crate::limiter::Priority;
use crate::limiter::Refusal;
use crate::limiter::Request;
use crate::limiter::Shared;
use crate::limiter::Ticket;
use crate::limiter::TooLate;
use crate::limiter::Turn;
use crate::time::Instant;
use crate::time::Span;

use super::Setup;
use super::config::last_useful;
use super::config::latest_start;
use super::gathering::Entered;
use super::keyed::Sought;
use super::payment::CallTerms;
use super::payment::OwnCosts;
use super::payment::costs;
use super::phase::Gathered;
use super::phase::Gathering;
use super::phase::Phase;
use super::untyped::Core;

impl Core<'_> {
    /// Waits for the backoff and the permits of an attempt, measures the wait, and counts its outcome.
    #[cold]
    pub(super) fn wait_for_permit(
        &mut self,
        terms: CallTerms<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        self.name_limiter();
        self.note(Progress::Waiting);
        self.begin();
        let _entered = self.enter_span();
        let waited = self.wait.is_on();
        if !waited && !self.is_retry() {
            self.count(Counts::call);
        }
        let admitted = self.wait_or_enter(terms, cx);
        if waited != admitted.is_pending() {
            let now = clock::now();
            if let Some(scope) = &mut self.scope {
                scope.waited.press(now);
            }
        }
        let admitted = admitted.map_err(|refusal| {
            let waits = self.scope.as_ref().map(Scope::waits);
            refusal.after(waits.unwrap_or_default().total())
        });
        if let Poll::Ready(Ok(())) = admitted {
            let retry = self.is_retry();
            self.count(|counts| counts.admit(retry));
            self.note(Progress::UnderWay);
        }
        admitted
    }

    fn wait_or_enter(
        &mut self,
        terms: CallTerms<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        loop {
            let has_resources = self.limiter().is_some_and(Shared::has_resources);
            match &mut *self.wait {
                Phase::Idle | Phase::Running(_) | Phase::Timed(_) => {
                    match self.seek(terms)? {
                        Sought::Granted => return Poll::Ready(Ok(())),
                        Sought::Limiter if self.begin_joint(terms)? => continue,
                        Sought::Limiter => {}
                        Sought::Later => continue,
                    }
                    let gathered = Gathered::default();
                    if ready!(self.proceed(gathered, terms, cx))? {
                        return Poll::Ready(Ok(()));
                    }
                }
                Phase::Joint(_) => return self.poll_joint(terms, cx),
                Phase::Gathering(_) => {
                    if ready!(self.gather(terms, cx))? {
                        return Poll::Ready(Ok(()));
                    }
                }
                wait @ Phase::Turn(_) if has_resources => {
                    if let Phase::Turn(ticket) = mem::replace(wait, Phase::Idle) {
                        *self.wait = Gathering::after(ticket);
                    }
                }
                Phase::Backoff(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    *self.wait = Phase::Idle;
                }
                Phase::Turn(ticket) => {
                    let granted = ready!(ticket.poll(cx));
                    return Poll::Ready(self.end_wait(granted, terms));
                }
            }
        }
    }

    /// Ends the wait in a queue.
    fn end_wait(
        &mut self,
        granted: Result<Grant, Refusal>,
        terms: CallTerms<'_>,
    ) -> Result<(), Error> {
        let now = clock::now();
        *self.wait = Phase::Running(now);
        match granted {
            Ok(grant) => {
                let closed = self.pause_left(terms.can_refuse).minus(grant.left);
                self.pause(Pause::Cooldown, closed, now);
                self.set_slot(grant.slot);
                Ok(())
            }
            Err(refusal) => Err(self.refusal(Denial::Refused(refusal), terms.own, now)),
        }
    }

    /// Asks for the next permit that the attempt needs, or a place in a queue.
    pub(super) fn enter(
        &self,
        gathered: Gathered,
        terms: CallTerms<'_>,
        cx: &Context<'_>,
    ) -> Result<Entered, Error> {
        let CallTerms {
            own, can_refuse, ..
        } = terms;
        let setup = self.setup.as_ref().map_err(Error::clone)?;
        let now = clock::now();
        let scope = self.scope.as_ref();
        let deadline = scope.map_or(Instant::FAR, |scope| scope.bounds.deadline());
        if can_refuse && now >= deadline {
            return Err(self.located(Error::new(Kind::Deadline(Duration::ZERO))));
        }
        let Some(limiter) = self.limiter_handle() else {
            return Ok(Entered::Admitted { slot: false });
        };
        let request = self.request(setup, limiter, terms, gathered.latest, now);
        let entered = if limiter.has_resources() {
            gathered.ask_or_pass(limiter, self.function(), request, cx)
        } else {
            Ticket::enter(limiter, request, cx).map(|turn| match turn {
                Turn::Granted { slot } => Entered::Admitted { slot },
                Turn::Queued(ticket) => Entered::Limiter(Phase::Turn(ticket)),
            })
        };
        entered.map_err(|denial| self.refusal(denial, own, now))
    }

    /// Returns the request for a permit of this limiter. `planned`: the instant after which it is of no use, once that is known.
    pub(super) fn request(
        &self,
        setup: &Setup,
        limiter: &Shared,
        terms: CallTerms<'_>,
        planned: Option<Instant>,
        now: Instant,
    ) -> Request {
        let (scope, can_refuse) = (self.scope.as_ref(), terms.can_refuse);
        let latest = match planned.or_else(|| scope.and_then(Scope::latest)) {
            _ if !can_refuse => Instant::FAR,
            Some(planned) => planned,
            None => latest_start(&setup.config, self.deadline(), now),
        };
        Request {
            costs: costs(limiter, terms.own),
            latest,
            max_pause: self.pause_left(can_refuse),
            priority: match self.is_retry() {
                _ if limiter.is_nested() => Priority::Nested,
                true => Priority::Retries,
                false => Priority::First,
            },
            refusable: can_refuse,
            reports: true,
            slow: setup.config.slow,
            backed_off: scope.map_or(Span::ZERO, Scope::unreported_backoff),
        }
    }

    #[cold]
    pub(super) fn refusal(&self, denial: Denial, own: Option<&OwnCosts>, now: Instant) -> Error {
        let Some(limiter) = self.limiter() else {
            return Error::new(Kind::Shut);
        };
        self.refusal_by(limiter, denial, &costs(limiter, own), now)
    }

    /// Returns the error of a call that this limiter refuses.
    #[cold]
    pub(super) fn refusal_by(
        &self,
        limiter: &Shared,
        denial: Denial,
        costs: &Costs,
        now: Instant,
    ) -> Error {
        let last_useful = last_useful(self.deadline());
        let kind = limiter.kind_of(denial, costs, now, |why, wait| match why {
            TooLate::Closed => Kind::Closed(wait),
            TooLate::Queued { until } if until > last_useful => Kind::Deadline(wait),
            TooLate::Queued { .. } => Kind::MaxWait(wait),
        });
        let context = limiter.context_of(self.function(), self.is_retry());
        Error::new(kind).at(limiter.with_denial(denial, costs, context))
    }

    /// Returns the error with the limiter that it is about.
    #[cold]
    pub(super) fn located(&self, error: Error) -> Error {
        match self.limiter() {
            Some(limiter) => error.at(limiter.context(self.is_retry())),
            None => error,
        }
    }
}
