//! Calls that take from several limiters at the same time: from that of their key, and from limits that all keys share.
//!
//! A call reports to the limiter of its first key. The others hear what it took, and what responses told of their limits.

use core::mem;
use core::task::Context;
use core::task::Poll;
use core::task::ready;
use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::clock;
use crate::context::Pause;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::error::Error;
use crate::error::Kind;
use crate::keyed::CallKey;
use crate::keyed::KeyPart;
use crate::keyed::Taken;
use crate::limiter::AttemptReport;
use crate::limiter::Counts;
use crate::limiter::Denial;
use crate::limiter::Forecast;
use crate::limiter::NestedWait;
use crate::limiter::Request;
use crate::limiter::Shared;
use crate::limiter::TakenPermit;
use crate::limiter::Wanted;
use crate::time::Instant;
use crate::time::Span;

use super::keyed::Sought;
use super::keyed::first_cost;
use super::keyed::time_of_look;
use super::payment::KeyOfCall;
use super::payment::Terms;
use super::payment::costs;
use super::phase::Phase;
use super::untyped::Core;

impl Core<'_> {
    /// Returns the parts of a call's key in further limiters.
    #[inline]
    pub(super) fn parts<'k>(&self, key: KeyOfCall<'k>) -> &'k [KeyPart] {
        #[cfg(feature = "test-util")]
        if self.is_unpaced() {
            return &[];
        }
        key.map_or(&[], CallKey::parts)
    }

    /// Takes the permits of all limiters (`true`), or none of them.
    #[inline(never)]
    pub(super) fn pass_nested(
        &mut self,
        terms: Terms<'_>,
        key: &CallKey<'_>,
        now: Instant,
    ) -> bool {
        let mut compact = false;
        if self.brought.is_none() {
            match key.admit(first_cost(terms), now) {
                Ok(Taken::Granted) => compact = true,
                Ok(Taken::Limiter(limiter)) => self.brought = Some(limiter),
                Err(_) => return false,
            }
        }
        let own = self.brought.clone();
        let own = own
            .as_ref()
            .map(|limiter| (limiter, costs(limiter, terms.own)));
        let first = match &own {
            Some((limiter, costs)) => match limiter.take_beside(costs, now) {
                None => return false,
                first => first,
            },
            None => None,
        };
        let Some(taken) = take_parts(key.parts(), now) else {
            if compact {
                key.put_back(first_cost(terms), now);
            }
            return false;
        };
        let slot = first.is_some_and(TakenPermit::use_up);
        for permit in taken.into_iter().flatten() {
            permit.use_up();
        }
        self.set_slot(slot);
        if self.is_retry() {
            self.count_retry();
            for limiter in key.parts().iter().filter_map(KeyPart::limiter) {
                limiter.count_retry(Span::ZERO);
            }
        }
        true
    }

    /// Finds the limiters of a call that did not get all permits at once.
    #[cold]
    pub(super) fn seek_nested(
        &mut self,
        terms: Terms<'_>,
        key: &CallKey<'_>,
    ) -> Result<Sought, Error> {
        let find = || {
            let limiter = match &self.brought {
                Some(limiter) => Arc::clone(limiter),
                None => key.limiter()?,
            };
            key.parts()
                .iter()
                .try_for_each(|part| part.find().map(drop))?;
            Ok(limiter)
        };
        match find() {
            Ok(limiter) => {
                let is_new = self.brought.replace(limiter).is_none();
                self.name_limiter();
                if is_new && !self.is_retry() {
                    self.count(Counts::call);
                }
                Ok(Sought::Limiter)
            }
            Err(error) if terms.can_refuse || Handle::try_current().is_err() => Err(error),
            Err(_) => {
                let sleep = tokio::time::sleep(time_of_look(key));
                *self.wait = Phase::Backoff(Box::pin(sleep));
                Ok(Sought::Later)
            }
        }
    }

    /// Begins to wait for the permits of all limiters. `false`: there is one at most.
    pub(super) fn begin_nested(&mut self, terms: Terms<'_>) -> Result<bool, Error> {
        match terms.key.filter(|key| key.is_nested()) {
            Some(key) => self.begin_to_wait(terms, key),
            None => Ok(false),
        }
    }

    #[cold]
    fn begin_to_wait(&mut self, terms: Terms<'_>, key: &CallKey<'_>) -> Result<bool, Error> {
        let setup = self.setup.as_ref().map_err(Error::clone)?;
        let now = clock::now();
        if terms.can_refuse && now >= self.deadline() {
            return Err(self.located(Error::new(Kind::Deadline(Duration::ZERO))));
        }
        let Some(limiter) = self.limiter_handle() else {
            return Ok(false);
        };
        let request = self.request(setup, limiter, terms, None, now);
        let mut wanted = vec![Wanted {
            limiter: Arc::clone(limiter),
            request,
        }];
        let waiting = limiter.waiting();
        for part in key.parts() {
            let request = Request {
                costs: *part.costs(),
                backed_off: Span::ZERO,
                ..request
            };
            let limiter = part.find()?;
            if let Err(refusal) = limiter.check_beside(&request, waiting) {
                let denial = Denial::Refused(refusal);
                return Err(self.refusal_by(limiter, denial, part.costs(), now));
            }
            let limiter = Arc::clone(limiter);
            wanted.push(Wanted { limiter, request });
        }
        self.clear_unreported_backoff();
        *self.wait = Phase::Nested(Box::new(NestedWait::new(wanted)));
        Ok(true)
    }

    /// Waits for the permits of all limiters.
    pub(super) fn poll_nested(
        &mut self,
        terms: Terms<'_>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let Phase::Nested(wait) = &mut *self.wait else {
            return Poll::Ready(Ok(()));
        };
        let granted = ready!(wait.poll(cx));
        let now = clock::now();
        let Phase::Nested(wait) = mem::replace(&mut *self.wait, Phase::Idle) else {
            return Poll::Ready(Ok(()));
        };
        Poll::Ready(match granted {
            Ok(grant) => {
                *self.wait = Phase::Running(now);
                let closed = self.pause_left(terms.can_refuse).minus(grant.left);
                self.pause(Pause::Cooldown, closed, now);
                self.set_slot(grant.slot);
                let retry = self.is_retry();
                for limiter in self.parts(terms.key).iter().filter_map(KeyPart::limiter) {
                    limiter.count_admission(retry);
                }
                Ok(())
            }
            Err((at, denial)) => Err(match wait.wanted(at) {
                Some(Wanted { limiter, request }) => {
                    self.refusal_by(limiter, denial, &request.costs, now)
                }
                None => Error::new(Kind::Shut),
            }),
        })
    }

    /// Counts the end of an attempt that passed in the further limiters, which may learn from it.
    #[cold]
    #[inline(never)]
    pub(super) fn pass_parts(&self, key: &CallKey<'_>) {
        let Some(sent) = self.wait.sent() else { return };
        for part in self.parts(Some(key)) {
            if let Some(limiter) = part.limiter() {
                limiter.pass_beside(sent, part.costs(), self.is_retry());
            }
        }
    }

    /// Counts the end of an attempt without an outcome in the further limiters.
    pub(super) fn end_parts(&self, key: KeyOfCall<'_>) {
        for limiter in self.parts(key).iter().filter_map(KeyPart::limiter) {
            limiter.end_attempt();
        }
    }

    /// Reports on an attempt to the limiter of its call, if it has one, and to the further ones. What they took was corrected
    /// before.
    pub(super) fn report_to_all(&self, key: KeyOfCall<'_>, report: &AttemptReport<'_>) -> Forecast {
        let parts = self.parts(key);
        if parts.is_empty() {
            let limiter = self.limiter();
            return limiter.map_or(Forecast::FREE, |limiter| limiter.report(report));
        }
        let mut forecast = Forecast::FREE;
        if let Some(limiter) = self.limiter() {
            // A resource that is no limit has no queue here: what the server says of it holds for the key.
            let resource = report.resource.filter(|name| limiter.is_row(name));
            forecast = limiter.report(&AttemptReport {
                resource,
                ..*report
            });
        }
        for part in parts {
            let Some(limiter) = part.limiter() else {
                continue;
            };
            let of_part = limiter.report_beside(&AttemptReport {
                costs: *part.costs(),
                settlement: None,
                slot: false,
                ..*report
            });
            forecast.join(of_part);
        }
        forecast
    }
}

/// Takes the permits of all parts, or of none.
fn take_parts(parts: &[KeyPart], now: Instant) -> Option<[Option<TakenPermit<'_>>; MAX_ROWS]> {
    let mut taken = [const { None }; MAX_ROWS];
    for (place, part) in taken.iter_mut().zip(parts) {
        *place = Some(take_part(part, part.costs(), now)?);
    }
    Some(taken)
}

fn take_part<'p>(part: &'p KeyPart, costs: &'p Costs, now: Instant) -> Option<TakenPermit<'p>> {
    let limiter: &Shared = part.find().ok()?;
    limiter.take_beside(costs, now)
}
