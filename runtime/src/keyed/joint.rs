//! Keys whose callers take from further limiters at the same time.

use core::future;
use std::sync::Arc;

use crate::clock;
use crate::costs::Costs;
use crate::error::Error;
use crate::error::Kind;
use crate::limiter::Denial;
use crate::limiter::JointWait;
use crate::limiter::Refusal;
use crate::limiter::Request;
use crate::limiter::Shared;
use crate::limiter::Wanted;
use crate::time::Instant;

use super::FurtherLimiter;
use super::KeyId;
use super::Keys;
use super::permit::KeptLimiter;

impl Keys {
    /// Returns the further limiters that calls take from at the same time, in their order.
    #[inline]
    pub(crate) fn further(&self) -> &[FurtherLimiter<Self>] {
        &self.further
    }

    /// Returns whether calls take only from the limiter of their key, and it is in no store.
    #[inline]
    pub(super) fn are_plain(&self) -> bool {
        self.further.is_empty() && !self.are_in_store()
    }

    /// Puts back what a call has taken at `at` that does not begin.
    #[cold]
    pub(super) fn put_back(&self, fingerprint: u64, cost: u32, at: Instant) {
        // Without a place for its limiter the key was full again, and is forgotten.
        if let Ok(limiter) = self.limiter(fingerprint) {
            limiter.put_back(&Costs::first(cost), at, Instant::FAR);
        }
    }

    /// Returns the limiters that a caller takes from that has this key alone, in their order: the key's own, and the one of
    /// all keys.
    fn limiters(&self, id: KeyId) -> Result<Vec<Arc<Shared>>, Error> {
        let mut limiters = vec![self.limiter_of(id)?];
        for further in self.further() {
            limiters.push(match further {
                FurtherLimiter::Shared(limiter) => Arc::clone(limiter),
                FurtherLimiter::Keyed(keys) => keys.limiter_of(id)?,
            });
        }
        Ok(limiters)
    }

    /// Takes `cost` requests of a key and of all keys at once, or returns the error of a caller that does not wait. Returns
    /// what the permit of the key has to keep.
    #[cold]
    pub(super) fn try_take_together(
        &self,
        id: KeyId,
        cost: u32,
        now: Instant,
    ) -> Result<Option<KeptLimiter>, Error> {
        let limiters = self.limiters(id)?;
        let costs = limiters
            .iter()
            .map(|limiter| limiter.costs_of_requests(cost));
        let wanted = limiters.iter().zip(costs);
        let (binding, free): (Vec<_>, Vec<_>) = wanted.partition(|(limiter, _)| limiter.enforces());
        let taken = binding
            .iter()
            .map(|(limiter, costs)| limiter.try_take_joint(costs, now));
        let Some(taken) = taken.collect::<Option<Vec<_>>>() else {
            return Err(self.refused_try(&binding));
        };
        // The slot is one of the key's own limiter, the first.
        let own = limiters.first();
        let mut slot = false;
        for (limiter, costs) in free {
            let passed = limiter.pass_by_hand(&costs);
            let passed =
                passed.map_err(|denial| self.named(limiter.not_yet(denial, &costs, now)))?;
            slot |= passed && own.is_some_and(|own| Arc::ptr_eq(own, limiter));
        }
        for permit in taken {
            let is_own = own.is_some_and(|own| permit.is_of(own));
            slot |= permit.use_up_by_hand() && is_own;
        }
        Ok(KeptLimiter::with_own(self, own, slot))
    }

    /// Returns the error of a caller that does not wait, and asks the stores of all its limits for what it takes, if the tokens
    /// are there when they answer: what only some of them had handed out would not last until the others have it.
    fn refused_try(&self, wanted: &[(&Arc<Shared>, Costs)]) -> Error {
        let now = clock::now();
        let mut last = None;
        let mut until = now;
        for (limiter, costs) in wanted {
            let request = Request {
                costs: *costs,
                latest: now,
                ..Request::ONE
            };
            match limiter.check_further(&request, 0) {
                Ok(()) => {}
                Err(Refusal::Late { until: due }) if due <= until => {}
                Err(Refusal::Late { until: due }) => {
                    until = due;
                    last = Some((limiter, costs));
                }
                Err(refusal) => {
                    return self.named(limiter.not_yet(Denial::Refused(refusal), costs, now));
                }
            }
        }
        let limiters = wanted.iter().map(|(limiter, _)| limiter);
        if let Some(answered) = limiters.filter_map(|it| it.answered_at(now)).max() {
            if until <= answered {
                for (limiter, costs) in wanted {
                    limiter.ask_for_try(costs, answered);
                }
            }
            until = until.max(answered);
        }
        match last {
            Some((limiter, costs)) => {
                let denial = Denial::Refused(Refusal::Late { until });
                self.named(limiter.not_yet(denial, costs, now))
            }
            // Another caller has just given its permit back, or the stores have to answer first.
            None => self.not_yet(until, now),
        }
    }

    /// Waits for `cost` requests of a key and of all keys. Returns what the permit of the key has to keep.
    pub(super) async fn take_together(
        &self,
        id: KeyId,
        cost: u32,
    ) -> Result<Option<KeptLimiter>, Error> {
        let limiters = self.limiters(id)?;
        let wanted = limiters.into_iter().map(|limiter| Wanted {
            request: Request {
                costs: limiter.costs_of_requests(cost),
                ..Request::ONE
            },
            limiter,
        });
        let mut wait = JointWait::new(wanted.collect());
        let granted = future::poll_fn(|cx| wait.poll(cx)).await;
        match granted {
            Ok(grant) => {
                wait.count_permits();
                let own = wait.wanted(0).map(|wanted| &wanted.limiter);
                Ok(KeptLimiter::with_own(self, own, grant.slot))
            }
            Err((at, denial)) => Err(match wait.wanted(at) {
                Some(Wanted { limiter, request }) => limiter.deny(denial, &request.costs),
                None => Error::new(Kind::Shut),
            }),
        }
    }
}
