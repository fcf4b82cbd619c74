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
use crate::keyed::FurtherCost;
use crate::keyed::Taken;
use crate::limiter::AttemptReport;
use crate::limiter::Counts;
use crate::limiter::Denial;
use crate::limiter::Forecast;
use crate::limiter::JointWait;
use crate::limiter::Request;
use crate::limiter::Shared;
use crate::limiter::TakenPermit;
use crate::limiter::Wanted;
use crate::time::Instant;
use crate::time::Span;

use super::keyed::Sought;
use super::keyed::first_cost;
use super::keyed::time_of_look;
use super::payment::CallTerms;
use super::payment::KeyOfCall;
use super::payment::costs;
use super::phase::Phase;
use super::untyped::Core;

impl Core<'_> {
    /// Returns the further limiters that a call takes from.
    #[inline]
    #[cfg_attr(
        not(feature = "test-util"),
        expect(clippy::unused_self, reason = "only calls of tests may be unpaced")
    )]
    pub(super) fn further<'k>(&self, key: KeyOfCall<'k>) -> &'k [FurtherCost] {
        #[cfg(feature = "test-util")]
        if self.is_unpaced() {
            return &[];
        }
        key.map_or(&[], CallKey::further)
    }

    /// Takes the permits of all limiters (`true`), or none of them.
    #[inline(never)]
    pub(super) fn pass_joint(
        &mut self,
        terms: CallTerms<'_>,
        key: &CallKey<'_>,
        now: Instant,
    ) -> bool {
        let mut compact = false;
        if self.brought.is_none() {
            match key.admit(first_cost(terms), now) {
                Some(Taken::Granted) => compact = true,
                Some(Taken::Limiter(limiter)) => self.brought = Some(limiter),
                None => return false,
            }
        }
        let own = self.brought.clone();
        let own = own
            .as_ref()
            .map(|limiter| (limiter, costs(limiter, terms.own)));
        let first = match &own {
            Some((limiter, costs)) => match limiter.try_take_joint(costs, now) {
                None => return false,
                first => first,
            },
            None => None,
        };
        let Some(taken) = take_further(key.further(), now) else {
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
            for limiter in key.further().iter().filter_map(FurtherCost::limiter) {
                limiter.count_retry(Span::ZERO);
            }
        }
        true
    }

    /// Finds the limiters of a call that did not get all permits at once.
    #[cold]
    pub(super) fn seek_joint(
        &mut self,
        terms: CallTerms<'_>,
        key: &CallKey<'_>,
    ) -> Result<Sought, Error> {
        let find = || {
            let limiter = match &self.brought {
                Some(limiter) => Arc::clone(limiter),
                None => key.limiter()?,
            };
            key.further()
                .iter()
                .try_for_each(|further| further.find().map(drop))?;
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
    pub(super) fn begin_joint(&mut self, terms: CallTerms<'_>) -> Result<bool, Error> {
        match terms.key.filter(|key| key.is_joint()) {
            Some(key) => self.begin_to_wait(terms, key),
            None => Ok(false),
        }
    }

    #[cold]
    fn begin_to_wait(&mut self, terms: CallTerms<'_>, key: &CallKey<'_>) -> Result<bool, Error> {
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
        for further in key.further() {
            let request = Request {
                costs: *further.costs(),
                backed_off: Span::ZERO,
                ..request
            };
            let limiter = further.find()?;
            if let Err(refusal) = limiter.check_further(&request, waiting) {
                let denial = Denial::Refused(refusal);
                return Err(self.refusal_by(limiter, denial, further.costs(), now));
            }
            let limiter = Arc::clone(limiter);
            wanted.push(Wanted { limiter, request });
        }
        self.clear_unreported_backoff();
        *self.wait = Phase::Joint(Box::new(JointWait::new(wanted)));
        Ok(true)
    }

    /// Waits for the permits of all limiters.
    pub(super) fn poll_joint(
        &mut self,
        terms: CallTerms<'_>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let Phase::Joint(wait) = &mut *self.wait else {
            return Poll::Ready(Ok(()));
        };
        let granted = ready!(wait.poll(cx));
        let now = clock::now();
        let Phase::Joint(wait) = mem::replace(&mut *self.wait, Phase::Idle) else {
            return Poll::Ready(Ok(()));
        };
        Poll::Ready(match granted {
            Ok(grant) => {
                *self.wait = Phase::Running(now);
                let closed = self.pause_left(terms.can_refuse).minus(grant.left);
                self.pause(Pause::Cooldown, closed, now);
                self.set_slot(grant.slot);
                let retry = self.is_retry();
                for limiter in self
                    .further(terms.key)
                    .iter()
                    .filter_map(FurtherCost::limiter)
                {
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
    pub(super) fn pass_further(&self, key: &CallKey<'_>) {
        let Some(sent) = self.wait.sent() else { return };
        for further in self.further(Some(key)) {
            if let Some(limiter) = further.limiter() {
                limiter.pass_further(sent, further.costs(), self.is_retry());
            }
        }
    }

    /// Counts the end of an attempt without an outcome in the further limiters.
    pub(super) fn end_further(&self, key: KeyOfCall<'_>) {
        for limiter in self.further(key).iter().filter_map(FurtherCost::limiter) {
            limiter.end_attempt();
        }
    }

    /// Reports on an attempt to the limiter of its call, if it has one, and to the further ones. What they took was corrected
    /// before.
    pub(super) fn report_to_all(&self, key: KeyOfCall<'_>, report: &AttemptReport<'_>) -> Forecast {
        let further = self.further(key);
        if further.is_empty() {
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
        for further in further {
            let Some(limiter) = further.limiter() else {
                continue;
            };
            let of_further = limiter.report_further(&AttemptReport {
                costs: *further.costs(),
                settlement: None,
                slot: false,
                ..*report
            });
            forecast.join(of_further);
        }
        forecast
    }
}

/// Takes the permits of all further limiters, or of none.
fn take_further(
    further: &[FurtherCost],
    now: Instant,
) -> Option<[Option<TakenPermit<'_>>; MAX_ROWS]> {
    let mut taken = [const { None }; MAX_ROWS];
    for (place, further) in taken.iter_mut().zip(further) {
        *place = Some(take_from(further, further.costs(), now)?);
    }
    Some(taken)
}

fn take_from<'p>(
    further: &'p FurtherCost,
    costs: &'p Costs,
    now: Instant,
) -> Option<TakenPermit<'p>> {
    let limiter: &Shared = further.find().ok()?;
    limiter.try_take_joint(costs, now)
}
