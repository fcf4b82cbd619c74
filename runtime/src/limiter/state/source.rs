//! Pays for permits: from the bucket, or from the tokens that a store has handed out.

use std::sync::Arc;

use crate::bucket::Bucket;
use crate::costs::Costs;
use crate::costs::TotalCosts;
use crate::limiter::remote::Demand;
use crate::limiter::remote::Outgoing;
use crate::limiter::remote::Payment;
use crate::limiter::remote::StoreEvent;
use crate::limiter::request::Priority;
use crate::limiter::wake_list::WakeList;
use crate::store::Reply;
use crate::store::StoreError;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::overflow::Overflow;
use super::waiter::WaiterState;
use super::waiter::expiry;
use super::why;

impl LimiterState {
    /// Takes tokens out of the bucket, or out of those that were drawn from the store. Returns until when
    /// they may be used. `Err`: the instant at which they can be taken.
    pub(in crate::limiter) fn pay(
        &mut self,
        cost: u32,
        now: Instant,
        credit: Span,
    ) -> Result<Instant, Instant> {
        let shape = match &mut self.remote {
            None => self.bucket.shape,
            Some(remote) => match remote.pay(cost, self.bucket.shape, now) {
                Payment::Until(until) => return Ok(until),
                Payment::At(due) => return Err(due),
                Payment::Own(shape) => shape,
            },
        };
        self.check_log(cost, now)?;
        self.overflow(now, credit);
        self.record_peak(now);
        // The declared bucket has room for the cost, or the caller would have been refused.
        let bucket = Bucket::new(self.bucket.tat, shape.with_room_for(cost));
        self.bucket.tat = bucket.take(cost, now, credit)?.tat;
        self.log_permit(cost, now);
        if let Some(remote) = &mut self.remote {
            remote.spend(cost, self.bucket.shape);
        }
        self.force_on_others(cost, now);
        Ok(Instant::FAR)
    }

    /// Takes tokens that the bucket in force has granted from the buckets that may replace it.
    pub(super) fn force_on_others(&mut self, cost: u32, now: Instant) {
        for bucket in [&mut self.declared, &mut self.refilled]
            .into_iter()
            .flatten()
        {
            bucket.force(cost, now);
        }
    }

    /// Lets tokens overflow that are there for longer than `credit`, if there are any.
    #[inline]
    pub(super) fn overflow(&mut self, now: Instant, credit: Span) {
        let full = now.before(credit);
        if self.bucket.tat < full {
            // While a hint's pace is in force, the declared bucket may not be full.
            if self.declared.is_none() {
                self.beyond
                    .gain(full.since(self.bucket.tat), self.bucket.shape);
            }
            self.bucket.tat = full;
            self.overflowed = Overflow::by(now);
        }
    }

    /// Puts unused tokens back.
    pub(in crate::limiter) fn give_back(&mut self, tokens: u64) {
        if let Some(peaks) = &mut self.peaks {
            peaks.raise(self.bucket.shape.price(tokens));
        }
        self.put_back_unused(tokens);
    }

    /// Puts unused tokens back, without a record of the higher levels.
    pub(super) fn put_back_unused(&mut self, tokens: u64) {
        if self.draws_calls() {
            return;
        }
        self.bucket.give_back(tokens);
        if let Some(remote) = &mut self.remote {
            remote.unspend(tokens);
        }
        for bucket in [&mut self.declared, &mut self.refilled]
            .into_iter()
            .flatten()
        {
            bucket.give_back(tokens);
        }
    }

    /// Plans the requests to the store for what waiters need. Returns when to come back for more.
    pub(super) fn plan_requests(&mut self, now: Instant) -> Instant {
        let tokens = self.usable_tokens(self.queue.cost_ahead(Priority::First));
        let Some(remote) = &mut self.remote else {
            return Instant::FAR;
        };
        if remote.draws_calls() {
            return self.plan_calls(now);
        }
        let head = self.queue.head();
        let demand = Demand {
            tokens,
            first: head
                .filter(|_| tokens > 0)
                .map_or(0, |head| self.queue.waiter(head).cost),
            latest: head.map_or(Instant::FAR, |head| self.queue.waiter(head).latest),
            soonest: self.soonest,
            waits_elsewhere: false,
        };
        remote.plan(demand, self.bucket.shape, now)
    }

    /// Refuses the waiters that the store keeps waiting for too long. Returns whether anything has changed
    /// for the others.
    pub(super) fn review(&mut self, now: Instant, wakes: &mut WakeList) -> bool {
        let Some(remote) = &mut self.remote else {
            return false;
        };
        let unsettled = remote.is_unsettled(now);
        if !unsettled && self.soonest > now {
            return false;
        }
        let waiting = self.queue.waiting();
        let mut ahead = 0;
        let mut total = TotalCosts::default();
        for index in self.serving_order() {
            let cost = u64::from(self.queue.waiter(index).cost);
            let state = if self.draws_calls() {
                self.turned_away_in_store(index, &total, now)
            } else {
                self.turned_away(index, ahead + cost, now)
            };
            if let Some(state) = state {
                wakes.add(self.queue.decide(index, state));
            } else {
                ahead += cost;
                total = total.and(&self.queue.costs(index));
            }
        }
        self.expel(now, wakes);
        unsettled || self.queue.waiting() < waiting
    }

    /// Returns the new state of a waiter that cannot wait for the store any longer, and takes the last of
    /// `cost` tokens.
    fn turned_away(&self, index: u32, cost: u64, now: Instant) -> Option<WaiterState> {
        let remote = self.remote.as_ref()?;
        let waiter = self.queue.waiter(index);
        if waiter.refusable && remote.refusal(waiter.latest, now).is_some() {
            return Some(WaiterState::NoStore);
        }
        // A token that is held may be due within the timer's slack; a request of this very instant may still
        // be answered in it.
        let end = if remote.holds(cost) {
            expiry(waiter.latest)
        } else {
            waiter.latest
        };
        let over = end <= now && waiter.since < now && !remote.has_just_asked(now);
        let Bucket { tat, shape } = self.bucket;
        over.then(|| match remote.due_alone(cost, tat, shape, now) {
            Some(until) => WaiterState::Late { until },
            None => WaiterState::NoStore,
        })
    }

    /// Records the tokens that a caller which does not wait wants from the store.
    pub(in crate::limiter) fn want(&mut self, costs: &Costs) {
        if let Some(remote) = &mut self.remote {
            remote.want(costs.of(0));
            remote.want_call(costs);
        }
    }

    /// Returns why the store refuses a caller that has no use for a permit after `latest`; `None`: it may
    /// wait.
    pub(in crate::limiter) fn no_store(&self, latest: Instant, now: Instant) -> Option<Arc<str>> {
        self.remote.as_ref()?.refusal(latest, now)
    }

    /// Tells all processes that share the limit of a cooldown.
    pub(in crate::limiter) fn tell_pause(&mut self, until: Instant, now: Instant) {
        if let Some(remote) = &mut self.remote {
            remote.pause(until, self.bucket.shape, now);
        }
    }

    /// Tells all processes that share the limit of the pace that a server's answers ask for.
    pub(super) fn tell_pace(&mut self, now: Instant) {
        if self.draws_calls() {
            return self.tell_paces(now);
        }
        if let Some(remote) = &mut self.remote {
            remote.learn(self.learnt.pace(), self.bucket.shape, now);
        }
    }

    /// Handles a reply of the store.
    pub(in crate::limiter) fn answered_by_store(
        &mut self,
        id: u64,
        reply: &Reply,
        now: Instant,
        wakes: &mut WakeList,
    ) {
        let Some(remote) = &mut self.remote else {
            return;
        };
        let effect = remote.answered(id, reply, self.bucket.shape, now);
        self.bucket.tat = effect.full_at;
        self.follow_rows();
        if effect.lifted {
            self.open(now);
            self.bucket.tat = effect.full_at;
        }
        self.add_untold_debt(now);
        if effect.paused_until > self.cooldown.until() {
            if self.cooldown.until() <= now {
                self.announced.why = why::STORE;
            }
            self.close(effect.paused_until, now, wakes);
        }
        if effect.void {
            self.call_back(now);
        }
        self.expel(now, wakes);
    }

    /// Handles a failed request to the store.
    pub(in crate::limiter) fn failed_by_store(&mut self, id: u64, why: &StoreError, now: Instant) {
        if let Some(remote) = &mut self.remote {
            remote.failed(id, why, now);
        }
    }

    /// Handles a request to the store that was lost in this process.
    pub(in crate::limiter) fn lost_on_the_way(&mut self, id: u64, now: Instant) {
        if let Some(remote) = &mut self.remote {
            remote.lost(id, now);
        }
    }

    /// Returns the requests to send to the store, and the event to report.
    pub(in crate::limiter) fn outbox(&mut self) -> (Vec<Outgoing>, Option<StoreEvent>) {
        let remote = self.remote.as_mut();
        remote.map_or((Vec::new(), None), |remote| {
            (remote.outgoing(), remote.event())
        })
    }
}
