//! What the desk does about permits that come from a store.

use std::sync::Arc;

use crate::bucket;
use crate::store::Answer;
use crate::store::StoreError;

use super::announcing::why;
use super::desk::Desk;
use super::forecast::expiry;
use super::request::Line;
use super::supply::Demand;
use super::supply::News;
use super::supply::Order;
use super::supply::Supplied;
use super::waiter::State;
use super::wakes::Wakes;

impl Desk {
    /// Takes tokens out of the bucket, or of what the store has handed out: until when they may be
    /// used. Or when they can be taken.
    pub(super) fn pay(&mut self, cost: u32, now: u64, credit: u64) -> Result<u64, u64> {
        let shape = match &mut self.supply {
            None => self.shape,
            Some(supply) => match supply.pay(cost, self.shape, now) {
                Supplied::Until(until) => return Ok(until),
                Supplied::At(due) => return Err(due),
                Supplied::Own(shape) => shape,
            },
        };
        self.spill(now, credit);
        // The declared bucket has room for the cost, or the caller would have been refused.
        self.tat = bucket::take(self.tat, shape.with_room_for(cost), cost, now, credit)?;
        if let Some(supply) = &mut self.supply {
            supply.spend(cost, self.shape);
        }
        for bucket in [&mut self.kept, &mut self.refilled].into_iter().flatten() {
            bucket.pay(cost, now);
        }
        Ok(u64::MAX)
    }

    /// Puts tokens back that were not used.
    pub(super) fn give_back(&mut self, tokens: u64) {
        self.tat = self.tat.saturating_sub(self.shape.price(tokens));
        if let Some(supply) = &mut self.supply {
            supply.unspend(tokens);
        }
        for bucket in [&mut self.kept, &mut self.refilled].into_iter().flatten() {
            bucket.give_back(tokens);
        }
    }

    /// Orders from the store what those who wait need: when to come back for more.
    pub(super) fn order(&mut self, now: u64) -> u64 {
        let Some(supply) = &mut self.supply else {
            return u64::MAX;
        };
        let head = self.queue.head();
        let demand = Demand {
            tokens: self.queue.cost_ahead(Line::First),
            first: head.map_or(0, |head| self.queue.waiter(head).cost),
            latest: head.map_or(u64::MAX, |head| self.queue.waiter(head).latest),
            soonest: self.soonest,
        };
        supply.plan(demand, self.shape, now)
    }

    /// Refuses the waiters that the store keeps waiting for too long. Returns whether anything has changed
    /// for the others.
    pub(super) fn review(&mut self, now: u64, wakes: &mut Wakes) -> bool {
        let Some(supply) = &mut self.supply else {
            return false;
        };
        let unsettled = supply.is_unsettled(now);
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
    fn turned_away(&self, index: u32, cost: u64, now: u64) -> Option<State> {
        let supply = self.supply.as_ref()?;
        let waiter = self.queue.waiter(index);
        if waiter.refusable && supply.refusal(waiter.latest, now).is_some() {
            return Some(State::NoStore);
        }
        // A token that is held may be due within the timer's slack; a request of this very instant may still
        // be answered in it.
        let end = if supply.holds(cost) {
            expiry(waiter.latest)
        } else {
            waiter.latest
        };
        let over = end <= now && waiter.since < now && !supply.has_just_asked(now);
        over.then(|| match supply.due_alone(cost, self.tat, self.shape, now) {
            Some(until) => State::Late { until },
            None => State::NoStore,
        })
    }

    /// Somebody wants tokens of a store who does not wait for them.
    pub(super) fn want(&mut self, cost: u32) {
        if let Some(supply) = &mut self.supply {
            supply.want(cost);
        }
    }

    /// Returns why the store refuses a caller with no use for a permit after `latest`; `None`: it may wait.
    pub(super) fn no_store(&self, latest: u64, now: u64) -> Option<Arc<str>> {
        self.supply.as_ref()?.refusal(latest, now)
    }

    /// Lets all who share the limit know of a cooldown.
    pub(super) fn tell_pause(&mut self, until: u64, now: u64) {
        if let Some(supply) = &mut self.supply {
            supply.pause(until, self.shape, now);
        }
    }

    /// Lets all who share the limit know of the pace that a server's answers ask for.
    pub(super) fn tell_pace(&mut self, now: u64) {
        if let Some(supply) = &mut self.supply {
            supply.learn(self.learnt.pace(), self.shape, now);
        }
    }

    /// The store answered a request.
    pub(super) fn answered_by_store(
        &mut self,
        id: u64,
        answer: &Answer,
        now: u64,
        wakes: &mut Wakes,
    ) {
        let Some(supply) = &mut self.supply else {
            return;
        };
        let tidings = supply.answered(id, answer, self.shape, now);
        self.tat = tidings.full_at;
        if tidings.paused_until > self.cooldown.until() {
            if self.cooldown.until() <= now {
                self.announced.why = why::STORE;
            }
            self.close(tidings.paused_until, now, wakes);
        }
        if tidings.void {
            self.call_back();
        }
        self.expel(now, wakes);
    }

    /// The store did not do what it was asked.
    pub(super) fn failed_by_store(&mut self, id: u64, why: &StoreError, now: u64) {
        if let Some(supply) = &mut self.supply {
            supply.failed(id, why, now);
        }
    }

    /// A request to the store was lost on this side.
    pub(super) fn lost_on_the_way(&mut self, id: u64, now: u64) {
        if let Some(supply) = &mut self.supply {
            supply.lost(id, now);
        }
    }

    /// What has to be sent to the store, and what somebody should be told.
    pub(super) fn errands(&mut self) -> (Vec<Order>, Option<News>) {
        let supply = self.supply.as_mut();
        supply.map_or((Vec::new(), None), |supply| {
            (supply.orders(), supply.news())
        })
    }
}
