//! Pays for permits: from the bucket, or from the tokens that a store has handed out.

use std::sync::Arc;

use crate::bucket;
use crate::limiter::remote::Demand;
use crate::limiter::remote::Outgoing;
use crate::limiter::remote::Payment;
use crate::limiter::remote::StoreEvent;
use crate::limiter::request::Priority;
use crate::limiter::wake_list::WakeList;
use crate::store::Answer;
use crate::store::StoreError;

use super::LimiterState;
use super::news::why;
use super::overflow::Overflow;
use super::waiter::WaiterState;
use super::waiter::expiry;

impl LimiterState {
    /// Takes tokens out of the bucket, or out of those that were drawn from the store. Returns until when
    /// they may be used. `Err`: the instant at which they can be taken.
    pub(in crate::limiter) fn pay(&mut self, cost: u32, now: u64, credit: u64) -> Result<u64, u64> {
        let shape = match &mut self.remote {
            None => self.shape,
            Some(remote) => match remote.pay(cost, self.shape, now) {
                Payment::Until(until) => return Ok(until),
                Payment::At(due) => return Err(due),
                Payment::Own(shape) => shape,
            },
        };
        self.check_log(cost, now)?;
        self.overflow(now, credit);
        // The declared bucket has room for the cost, or the caller would have been refused.
        self.tat = bucket::take(self.tat, shape.with_room_for(cost), cost, now, credit)?;
        self.log_permit(cost, now);
        if let Some(remote) = &mut self.remote {
            remote.spend(cost, self.shape);
        }
        for bucket in [&mut self.declared_level, &mut self.refilled]
            .into_iter()
            .flatten()
        {
            bucket.pay(cost, now);
        }
        Ok(u64::MAX)
    }

    /// Lets tokens overflow that are there for longer than `credit`, if there are any.
    pub(super) fn overflow(&mut self, now: u64, credit: u64) {
        let full = now.saturating_sub(credit);
        if self.tat < full {
            self.tat = full;
            self.overflowed = Overflow::by(now);
        }
    }

    /// Puts unused tokens back.
    pub(in crate::limiter) fn give_back(&mut self, tokens: u64) {
        self.tat = self.tat.saturating_sub(self.shape.price(tokens));
        if let Some(remote) = &mut self.remote {
            remote.unspend(tokens);
        }
        for bucket in [&mut self.declared_level, &mut self.refilled]
            .into_iter()
            .flatten()
        {
            bucket.give_back(tokens);
        }
    }

    /// Plans the requests to the store for what waiters need. Returns when to come back for more.
    pub(super) fn plan_requests(&mut self, now: u64) -> u64 {
        let Some(remote) = &mut self.remote else {
            return u64::MAX;
        };
        let head = self.queue.head();
        let demand = Demand {
            tokens: self.queue.cost_ahead(Priority::First),
            first: head.map_or(0, |head| self.queue.waiter(head).cost),
            latest: head.map_or(u64::MAX, |head| self.queue.waiter(head).latest),
            soonest: self.soonest,
        };
        remote.plan(demand, self.shape, now)
    }

    /// Refuses the waiters that the store keeps waiting for too long. Returns whether anything has changed
    /// for the others.
    pub(super) fn review(&mut self, now: u64, wakes: &mut WakeList) -> bool {
        let Some(remote) = &mut self.remote else {
            return false;
        };
        let unsettled = remote.is_unsettled(now);
        if !unsettled && self.soonest > now {
            return false;
        }
        let waiting = self.queue.waiting();
        let mut ahead = 0;
        for index in self.serving_order() {
            let cost = u64::from(self.queue.waiter(index).cost);
            match self.turned_away(index, ahead + cost, now) {
                Some(state) => wakes.add(self.queue.decide(index, state)),
                None => ahead += cost,
            }
        }
        self.expel(now, wakes);
        unsettled || self.queue.waiting() < waiting
    }

    /// Returns the new state of a waiter that cannot wait for the store any longer, and takes the last of
    /// `cost` tokens.
    fn turned_away(&self, index: u32, cost: u64, now: u64) -> Option<WaiterState> {
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
        over.then(|| match remote.due_alone(cost, self.tat, self.shape, now) {
            Some(until) => WaiterState::Late { until },
            None => WaiterState::NoStore,
        })
    }

    /// Records the tokens that a caller which does not wait wants from the store.
    pub(in crate::limiter) fn want(&mut self, cost: u32) {
        if let Some(remote) = &mut self.remote {
            remote.want(cost);
        }
    }

    /// Returns why the store refuses a caller that has no use for a permit after `latest`; `None`: it may
    /// wait.
    pub(in crate::limiter) fn no_store(&self, latest: u64, now: u64) -> Option<Arc<str>> {
        self.remote.as_ref()?.refusal(latest, now)
    }

    /// Tells all processes that share the limit of a cooldown.
    pub(in crate::limiter) fn tell_pause(&mut self, until: u64, now: u64) {
        if let Some(remote) = &mut self.remote {
            remote.pause(until, self.shape, now);
        }
    }

    /// Tells all processes that share the limit of the pace that a server's answers ask for.
    pub(super) fn tell_pace(&mut self, now: u64) {
        if let Some(remote) = &mut self.remote {
            remote.learn(self.learnt.pace(), self.shape, now);
        }
    }

    /// Handles a reply of the store.
    pub(in crate::limiter) fn answered_by_store(
        &mut self,
        id: u64,
        answer: &Answer,
        now: u64,
        wakes: &mut WakeList,
    ) {
        let Some(remote) = &mut self.remote else {
            return;
        };
        let effect = remote.answered(id, answer, self.shape, now);
        self.tat = effect.full_at;
        if effect.lifted {
            self.open(now);
            self.tat = effect.full_at;
        }
        if effect.paused_until > self.cooldown.until() {
            if self.cooldown.until() <= now {
                self.announced.why = why::STORE;
            }
            self.close(effect.paused_until, now, wakes);
        }
        if effect.void {
            self.call_back();
        }
        self.expel(now, wakes);
    }

    /// Handles a failed request to the store.
    pub(in crate::limiter) fn failed_by_store(&mut self, id: u64, why: &StoreError, now: u64) {
        if let Some(remote) = &mut self.remote {
            remote.failed(id, why, now);
        }
    }

    /// Handles a request to the store that was lost in this process.
    pub(in crate::limiter) fn lost_on_the_way(&mut self, id: u64, now: u64) {
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
