//! Waiters that need permits of several limiters at the same time, of which this one is in a store.
//!
//! Such a waiter enters the queue of the next limiter when its tokens are here. While it waits there, the store is asked for
//! nothing. With the permits of the others it asks once whether its own is still due: another process may have been told of a
//! pause meanwhile, and tokens that were drawn do not last for ever.

use crate::bucket::Bucket;
use crate::costs::Costs;
use crate::costs::TotalCosts;
use crate::limiter::remote::Offer;
use crate::limiter::request::Priority;
use crate::limiter::wake_list::WakeList;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::joint::Lacking;
use super::waiter::JointTurn;

impl LimiterState {
    /// Returns whether costs would be taken now.
    pub(super) fn check_in_store(
        &mut self,
        costs: &Costs,
        now: Instant,
        credit: Span,
    ) -> Result<(), Lacking> {
        let (offer, row) = if self.draws_calls() {
            let (due, row) = self.told(&TotalCosts::default().and(costs), now);
            if due > now {
                return Err(Lacking::Tokens { due, row });
            }
            let remote = self.remote.as_mut();
            remote.map_or((Offer::Unknown, None), |it| it.offer_call(costs, now))
        } else {
            let remote = self.remote.as_mut();
            let offer = remote.map_or(Offer::Unknown, |it| it.offer(costs.of(0), now));
            (offer, None)
        };
        match offer {
            Offer::Held | Offer::Open => Ok(()),
            Offer::Unknown => Err(Lacking::Answer),
            Offer::At(due) => {
                let row = row.unwrap_or_default();
                Err(Lacking::Tokens { due, row })
            }
            Offer::Own => self.check_alone(costs, now, credit),
        }
    }

    /// Returns whether this process's own buckets would grant costs now.
    fn check_alone(&self, costs: &Costs, now: Instant, credit: Span) -> Result<(), Lacking> {
        let lacking = |(due, row)| Err(Lacking::Tokens { due, row });
        if self.draws_calls() {
            let last = self.full_last(costs).filter(|(due, _)| *due > now);
            return last.map_or(Ok(()), lacking);
        }
        let cost = costs.of(0);
        let Some(remote) = &self.remote else {
            return Ok(());
        };
        let own = remote.own_for(cost, self.bucket.shape);
        let taken = Bucket::new(self.bucket.tat, own).take(cost, now, credit);
        taken.map(drop).or_else(|due| lacking((due, 0)))
    }

    /// Takes costs, and a slot, if no caller waits and the store has handed them out. Returns whether a slot was taken, and
    /// until when the permit may be used.
    pub(super) fn try_take_in_store(
        &mut self,
        costs: &Costs,
        priority: Priority,
        now: Instant,
    ) -> Option<(bool, Instant)> {
        let is_free = self.queue.waiting() == 0
            && self.is_calm()
            && self.cooldown.until() <= now
            && self.has_slot_for(priority)
            && self.too_large(costs).is_none();
        let until = is_free.then(|| self.pay_all(costs, now, Span::ZERO));
        let Some(Ok(until)) = until else {
            self.want(costs);
            return None;
        };
        self.take_slot(priority, costs, now);
        Some((self.takes_slot(priority), until))
    }

    /// Lets a waiter that has the permits of the other limiters ask the store whether its own is still due.
    pub(super) fn confirm(&mut self, index: u32, now: Instant) {
        let waiter = self.queue.waiter_mut(index);
        waiter.set_joint_turn(JointTurn::Confirming, now);
        if let Some(remote) = &mut self.remote {
            remote.set_confirming(Some(index));
        }
    }

    /// Wakes the waiter that has the permits of the other limiters if its own is due, or will not be soon.
    pub(super) fn review_confirming(&mut self, now: Instant, wakes: &mut WakeList) {
        let remote = self.remote.as_ref();
        let Some(index) = remote.and_then(|remote| remote.confirming()) else {
            return;
        };
        let waiter = self.queue.get_mut(index);
        let is_over = waiter.is_none_or(|it| it.joint_turn() != JointTurn::Confirming);
        let turn = match self.lacking_unless(is_over, index, now) {
            Some(Some(Lacking::Answer)) if self.is_answer_near(now) => return,
            None => None,
            Some(None) => Some(JointTurn::Called),
            Some(Some(_)) => Some(JointTurn::NotDue),
        };
        if let Some(remote) = &mut self.remote {
            remote.set_confirming(None);
        }
        if let Some(turn) = turn {
            let waiter = self.queue.waiter_mut(index);
            waiter.set_joint_turn(turn, now);
            wakes.add(waiter.waker.take());
        }
    }

    fn lacking_unless(
        &mut self,
        is_over: bool,
        index: u32,
        now: Instant,
    ) -> Option<Option<Lacking>> {
        (!is_over).then(|| self.lacking(index, now))
    }

    /// Returns whether the store answers, so that a waiter may keep the permits of other limiters until then.
    fn is_answer_near(&self, now: Instant) -> bool {
        let remote = self.remote.as_ref();
        remote.is_some_and(|remote| remote.can_be_asked(now))
    }

    /// Returns whether the first waiter waits for permits of other limiters, so that no caller here needs the store now.
    pub(super) fn waits_elsewhere(&self) -> bool {
        let head = self.queue.head();
        head.is_some_and(|head| self.queue.waiter(head).joint_turn() == JointTurn::Entered)
    }
}
