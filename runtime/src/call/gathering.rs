//! Admission where the server has told of resources: permits of theirs, then one of the limiter.

use core::mem;
use core::task::Context;
use core::task::Poll;
use core::task::ready;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::clock;
use crate::context::Pause;
use crate::error::Error;
use crate::limiter::Denial;
use crate::limiter::Function;
use crate::limiter::Priority;
use crate::limiter::Refusal;
use crate::limiter::Request;
use crate::limiter::Shared;
use crate::limiter::Ticket;
use crate::limiter::Turn;
use crate::time::Instant;

use super::payment::CallTerms;
use super::phase::Gathered;
use super::phase::Gathering;
use super::phase::Phase;
use super::untyped::Core;

/// Result of asking for permits.
#[derive(Debug)]
pub(super) enum Entered {
    /// The attempt has all that it needs. It may hold a slot, which has to be released.
    Admitted { slot: bool },
    /// It has a place in the limiter's queue, and is woken when its turn comes.
    Limiter(Phase),
    /// It has a place in a resource's queue, which has to be polled.
    Resource(Phase),
}

impl Gathering {
    fn of(gathered: Gathered, turn: Ticket, is_last: bool) -> Phase {
        Phase::Gathering(Box::new(Self {
            gathered,
            turn,
            is_last,
        }))
    }

    /// Continues a wait for the limiter that began before the server named resources.
    pub(super) fn after(turn: Ticket) -> Phase {
        let latest = Some(turn.latest());
        let gathered = Gathered {
            latest,
            ..Gathered::default()
        };
        Self::of(gathered, turn, true)
    }
}

impl Gathered {
    /// Returns a place whose permit has been called back.
    fn take_lost(&mut self) -> Option<Ticket> {
        let lost = self.held.iter().position(|ticket| !ticket.is_held());
        lost.map(|at| self.held.remove(at))
    }

    fn is_complete(&self, limiter: &Shared, function: Function, now: Instant) -> bool {
        let has = |resource| self.held.iter().any(|ticket| ticket.is_of(resource));
        self.held.iter().all(Ticket::is_held) && limiter.binding(function, now).iter().all(has)
    }

    fn use_up(self) {
        self.held.into_iter().for_each(|ticket| {
            ticket.use_up();
        });
    }

    /// Asks for the next permit that an attempt needs. A limiter that does not hold calls back lets it pass.
    pub(super) fn ask_or_pass(
        self,
        limiter: &Arc<Shared>,
        function: Function,
        request: Request,
        cx: &Context<'_>,
    ) -> Result<Entered, Denial> {
        if limiter.enforces() {
            return self.ask(limiter, function, request, cx);
        }
        let mut missing = limiter.binding(function, clock::now());
        missing.retain(|resource| !self.held.iter().any(|ticket| ticket.is_of(resource)));
        let slot = limiter.pass_with(&missing, &request)?;
        self.use_up();
        Ok(Entered::Admitted { slot })
    }

    /// Asks for the next permit that an attempt needs.
    fn ask(
        mut self,
        limiter: &Arc<Shared>,
        function: Function,
        request: Request,
        cx: &Context<'_>,
    ) -> Result<Entered, Denial> {
        self.latest = Some(request.latest);
        if let Some(lost) = self.take_lost() {
            return Ok(Entered::Resource(Gathering::of(self, lost, false)));
        }
        let now = clock::now();
        let mut missing = limiter.binding(function, now);
        missing.retain(|resource| !self.held.iter().any(|ticket| ticket.is_of(resource)));
        let of_resource = request.to_resource();
        if let Some(resource) = missing.first() {
            // The waits for all missing permits are known now. A call for which one is too long does not begin to wait.
            let (permit, opens) = limiter.forecast_with(&missing, request.priority, &request.costs);
            if permit > request.latest {
                return Err(Denial::Refused(Refusal::Late { until: permit }));
            }
            if opens.since(now) > request.max_pause {
                return Err(Denial::Refused(Refusal::Closed { until: permit }));
            }
            if Handle::try_current().is_ok() {
                let turn = Ticket::enqueue(resource, of_resource, cx)?;
                return Ok(Entered::Resource(Gathering::of(self, turn, false)));
            }
        }
        // Outside of a runtime all permits are taken at once, or none is to be had.
        for resource in &missing {
            Ticket::enter(resource, of_resource, cx)?;
        }
        let priority = match request.priority {
            Priority::Nested => Priority::Nested,
            _ if self.returned => Priority::Returned,
            priority => priority,
        };
        let request = Request {
            priority,
            ..request
        };
        match Ticket::enter(limiter, request, cx)? {
            Turn::Queued(turn) => Ok(Entered::Limiter(Gathering::of(self, turn, true))),
            Turn::Granted { slot } => {
                self.use_up();
                Ok(Entered::Admitted { slot })
            }
        }
    }
}

impl Core<'_> {
    /// Returns whether the call may have to wait for a resource.
    #[cold]
    pub(super) fn is_bound(&self, limiter: &Shared, now: Instant) -> bool {
        limiter.is_bound(self.function(), now)
    }

    /// Waits for a permit, and asks for the next one. Returns `true` once there are all.
    pub(super) fn gather(
        &mut self,
        terms: CallTerms<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<bool, Error>> {
        let Phase::Gathering(gathering) = &mut *self.wait else {
            return Poll::Ready(Ok(false));
        };
        let granted = ready!(gathering.turn.hold(cx));
        let now = clock::now();
        let Phase::Gathering(gathering) = mem::replace(&mut *self.wait, Phase::Idle) else {
            return Poll::Ready(Ok(false));
        };
        let grant = match granted {
            Ok(grant) => grant,
            Err(refusal) => {
                return Poll::Ready(Err(self.refusal(Denial::Refused(refusal), terms.own, now)));
            }
        };
        let closed = self.pause_left(terms.can_refuse).minus(grant.left);
        self.pause(Pause::Cooldown, closed, now);
        let Gathering {
            mut gathered,
            turn,
            is_last,
        } = *gathering;
        let complete = self
            .limiter()
            .is_none_or(|limiter| gathered.is_complete(limiter, self.function(), now));
        if is_last && complete {
            gathered.use_up();
            let is_held = turn.use_up();
            self.set_slot(grant.slot && is_held);
            self.wait.begin(now);
            return Poll::Ready(Ok(true));
        }
        if is_last {
            // A resource has been closed meanwhile. Others may use the permit.
            gathered.returned = true;
            drop(turn);
        } else {
            gathered.held.push(turn);
        }
        self.proceed(gathered, terms, cx)
    }

    /// Asks for the next permit. Pending while the limiter makes the call wait; `true` once there are all.
    pub(super) fn proceed(
        &mut self,
        gathered: Gathered,
        terms: CallTerms<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<bool, Error>> {
        match self.enter(gathered, terms, cx) {
            Ok(Entered::Admitted { slot }) => {
                self.clear_unreported_backoff();
                self.set_slot(slot);
                self.wait.begin(clock::now());
                Poll::Ready(Ok(true))
            }
            // A caller that is granted a permit as soon as it joins the queue has been woken already.
            Ok(Entered::Limiter(wait)) => {
                self.clear_unreported_backoff();
                *self.wait = wait;
                Poll::Pending
            }
            Ok(Entered::Resource(wait)) => {
                *self.wait = wait;
                Poll::Ready(Ok(false))
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
