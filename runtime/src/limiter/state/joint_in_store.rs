//! Waiters that need permits of several limiters at the same time, of which this one is in a store.
//!
//! Such a waiter enters the queue of the next limiter when its tokens are here. While it waits there, the store is asked for
//! nothing. With the permits of the others it asks once whether its own is still due: another process may have been told of a
//! pause meanwhile, and tokens that were drawn do not last for ever.

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
    pub(super) fn check_in_store(&mut self, costs: &Costs, now: Instant) -> Result<(), Lacking> {
        let told = Some(self.told(&TotalCosts::default().and(costs), now));
        let told = told.filter(|(due, _)| *due > now);
        let remote = self.remote.as_mut();
        let (offer, row) = remote.map_or((Offer::Unknown, None), |it| it.offer_call(costs, now));
        let tokens = match offer {
            Offer::Unknown if told.is_none() => return Err(Lacking::Answer),
            Offer::Held | Offer::Open | Offer::Unknown => None,
            Offer::At(due) => Some((due, row.unwrap_or_default())),
            // This process's own buckets decide.
            Offer::Own => self.full_last(costs).filter(|(due, _)| *due > now),
        };
        let tokens = tokens.max(told);
        tokens.map_or(Ok(()), |(due, row)| Err(Lacking::Tokens { due, row }))
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
            return None;
        };
        self.take_slot(priority, costs, now);
        Some((self.takes_slot(priority), until))
    }

    /// Asks the store for what a caller lacks that does not wait, and comes again at `at`.
    pub(in crate::limiter) fn ask_for_try(
        &mut self,
        costs: &Costs,
        priority: Priority,
        at: Instant,
        now: Instant,
    ) {
        if !self.has_slot_for(priority) {
            self.want_slot();
        }
        self.want(costs);
        let shape = self.bucket.shape;
        if let Some(remote) = &mut self.remote {
            remote.confirm_for_try(costs, at, shape, now);
        }
    }

    /// Lets a waiter that has the permits of the other limiters ask the store whether its own is still due. Returns `false` if
    /// it cannot be asked now.
    pub(super) fn confirm(&mut self, index: u32, now: Instant) -> bool {
        let waiter = self.queue.waiter_mut(index);
        waiter.set_joint_turn(JointTurn::Confirming, now);
        self.plan_requests(now);
        let remote = self.remote.as_mut();
        remote.is_some_and(|remote| remote.confirm(index))
    }

    /// Wakes the waiter that has the permits of the other limiters if its own is due, or if the store's answer has not brought
    /// it.
    pub(super) fn review_confirming(&mut self, now: Instant, wakes: &mut WakeList) {
        let remote = self.remote.as_ref();
        let Some(index) = remote.and_then(|remote| remote.confirming()) else {
            return;
        };
        let waiter = self.queue.get_mut(index);
        let confirms = waiter.is_some_and(|it| it.joint_turn() == JointTurn::Confirming);
        let lacking = if confirms {
            self.lacking(index, now)
        } else {
            None
        };
        let remote = self.remote.as_mut();
        let comes = remote.is_some_and(|remote| {
            let comes = remote.is_confirming() && lacking == Some(Lacking::Answer);
            if !comes {
                remote.end_confirming();
            }
            comes
        });
        if comes || !confirms {
            return;
        }
        let turn = match lacking {
            None => JointTurn::Woken,
            Some(_) => JointTurn::NotDue,
        };
        let waiter = self.queue.waiter_mut(index);
        waiter.set_joint_turn(turn, now);
        wakes.add(waiter.waker.take());
    }

    /// Returns whether the first waiter needs permits of other limiters at the same time.
    pub(super) fn is_head_joint(&self) -> bool {
        self.queue.head().is_some_and(|head| self.is_joint(head))
    }

    /// Returns whether the first waiter waits for permits of other limiters, so that no caller here needs the store now.
    pub(super) fn waits_elsewhere(&self) -> bool {
        let head = self.queue.head();
        head.is_some_and(|head| self.queue.waiter(head).joint_turn() == JointTurn::Entered)
    }
}
