//! Waiters that need permits of several limiters at the same time.
//!
//! Such a waiter takes nothing when its permit is due: it is told so, and waits for the permits of the other limiters at the
//! front of this queue. Once it has them, it takes its permit here in the same instant. If that is not due any more, for
//! example because of a cooldown, it waits on. Where a store has to be asked for that, it keeps the permits of the other
//! limiters until the answer.

use crate::bucket::Bucket;
use crate::bucket::TIMER_SLACK;
use crate::costs::Costs;
use crate::limiter::request::Priority;
use crate::limiter::request::Refusal;
use crate::limiter::request::Request;
use crate::limiter::wake_list::WakeList;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::waiter::JointTurn;
use super::waiter::LEASE;
use super::waiter::WaiterState;

/// Reason for which the permit of a waiter cannot be taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    /// The limit at `row` is the last that has the tokens, at `due`. [`Instant::FAR`]: it is not known when.
    Tokens { due: Instant, row: usize },
    /// The store has to be asked first.
    Answer,
}

/// Result of taking the permit of a joint waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum JointTake {
    Taken,
    /// It is not due any more.
    NotDue,
    /// A store is asked whether it is still due.
    Unconfirmed,
}

impl LimiterState {
    /// Returns whether a waiter needs permits of other limiters at the same time.
    pub(super) fn is_joint(&self, index: u32) -> bool {
        self.queue.waiter(index).joint_turn() != JointTurn::None
    }

    /// Tells the waiter at the head of the queue that its permit is due. Returns the instant of the next visit. `None`: the
    /// waiter was told and was not polled, so that the next one is the head.
    pub(super) fn tell_joint(
        &mut self,
        head: u32,
        costs: &Costs,
        now: Instant,
        wakes: &mut WakeList,
    ) -> Option<Instant> {
        let lacking = self.check_all(costs, now, self.slack_of(head, now)).err();
        let waiter = self.queue.waiter_mut(head);
        let has_entered = waiter.joint_turn().has_entered();
        match lacking {
            Some(Lacking::Tokens { due, row }) => {
                waiter.set_joint_turn(JointTurn::NotDue, now);
                return Some(self.blocked_by(row, due));
            }
            Some(Lacking::Answer) if !has_entered => {
                waiter.set_joint_turn(JointTurn::NotDue, now);
                return Some(Instant::FAR);
            }
            Some(Lacking::Answer) | None => {}
        }
        match waiter.joint_turn() {
            JointTurn::Entered | JointTurn::Confirming => Some(Instant::FAR),
            JointTurn::Told | JointTurn::Woken if waiter.told_at() + LEASE <= now => {
                // Its waker was called when it was told.
                drop(self.queue.decide(head, WaiterState::Absent));
                None
            }
            JointTurn::Told | JointTurn::Woken => Some(waiter.told_at() + LEASE),
            JointTurn::None | JointTurn::NotDue => {
                waiter.set_joint_turn(JointTurn::Told, now);
                wakes.add(waiter.waker.take());
                Some(now + LEASE)
            }
        }
    }

    /// Returns whether a joint waiter is at the head of the queue with a permit that is due, and records that it waits for
    /// those of the other limiters then.
    pub(in crate::limiter) fn enter_joint(&mut self, index: u32, now: Instant) -> bool {
        let lacking = self.lacking(index, now);
        let waiter = self.queue.waiter_mut(index);
        let before = waiter.joint_turn();
        let turn = match lacking {
            None => JointTurn::Entered,
            Some(Lacking::Answer) if before == JointTurn::Confirming => before,
            // It is asked once the permits of the others are there.
            Some(Lacking::Answer) if before.has_entered() => JointTurn::Entered,
            Some(_) => JointTurn::NotDue,
        };
        waiter.set_joint_turn(turn, now);
        turn != JointTurn::NotDue
    }

    /// Records that a joint waiter was woken, because it has a permit of another limiter.
    pub(in crate::limiter) fn woken_joint(&mut self, index: u32, now: Instant) {
        let waiter = self.queue.get_mut(index);
        let waiting = waiter.filter(|waiter| waiter.state() == WaiterState::Waiting);
        if let Some(waiter) = waiting.filter(|waiter| waiter.joint_turn() == JointTurn::Entered) {
            waiter.set_joint_turn(JointTurn::Woken, now);
        }
    }

    /// Keeps the permit of a joint waiter that got it without its turn, because calls are not held back any more. The waiter
    /// keeps its waker, for the case that the permit is called back.
    pub(in crate::limiter) fn hold_joint(&mut self, index: u32) {
        let waker = self.queue.waiter_mut(index).waker.take();
        self.queue.hold(index);
        self.queue.waiter_mut(index).waker = waker;
    }

    /// Takes the permit of a joint waiter, which holds it until it has used those of the other limiters.
    pub(in crate::limiter) fn take_joint(&mut self, index: u32, now: Instant) -> JointTake {
        match self.queue.waiter(index).state() {
            // The mode has changed: calls are not held back.
            WaiterState::Granted { .. } => self.hold_joint(index),
            WaiterState::Held { .. } => {}
            _ => {
                let costs = self.queue.costs(index);
                let lacking = self.lacking(index, now);
                if lacking == Some(Lacking::Answer) && self.confirm(index, now) {
                    return JointTake::Unconfirmed;
                }
                let slack = self.slack_of(index, now);
                let paid = lacking.is_none().then(|| self.pay_all(&costs, now, slack));
                let Some(Ok(until)) = paid else {
                    let waiter = self.queue.waiter_mut(index);
                    if waiter.state() == WaiterState::Waiting {
                        waiter.set_joint_turn(JointTurn::NotDue, now);
                    }
                    return JointTake::NotDue;
                };
                self.note_grant(index, &costs, now);
                let waiter = self.queue.waiter_mut(index);
                waiter.since = now;
                // Its own poll takes the permit: it needs no waker.
                let waker = self.queue.decide(index, WaiterState::Held { until });
                self.queue.waiter_mut(index).waker = waker;
            }
        }
        JointTake::Taken
    }

    /// Returns why the waiter at `index` would not be granted its permit now. `None`: it would.
    pub(super) fn lacking(&mut self, index: u32, now: Instant) -> Option<Lacking> {
        let waiter = self.queue.waiter(index);
        let is_next = self.enforces()
            && !self.shut
            && waiter.state() == WaiterState::Waiting
            && self.head(now) == Some(index)
            && self.refusal_of_head(index, now).is_none()
            && self.cooldown.held_until() <= now
            && self.has_slot_for(waiter.priority);
        if !is_next {
            return Some(Lacking::Tokens {
                due: Instant::FAR,
                row: 0,
            });
        }
        let costs = self.queue.costs(index);
        self.check_all(&costs, now, self.slack_of(index, now)).err()
    }

    /// Returns the timer slack of a waiter that has waited, and what is owed of it to one that has not.
    fn slack_of(&self, index: u32, now: Instant) -> Span {
        if self.queue.waiter(index).since < now {
            TIMER_SLACK
        } else {
            self.credit(now)
        }
    }

    /// Returns whether [`pay_all`](Self::pay_all) would take these costs now, or as error the instant at which all limits
    /// have them, and the one that has them last.
    fn check_all(&mut self, costs: &Costs, now: Instant, credit: Span) -> Result<(), Lacking> {
        if self.is_in_store() {
            return self.check_in_store(costs, now);
        }
        let mut latest = match &self.rows {
            Some(rows) => rows.drawn(costs, now, credit).err(),
            None => None,
        };
        let cost = costs.of(0);
        if cost > 0 {
            let shape = self.bucket.shape.with_room_for(cost);
            let bucket = Bucket::new(self.bucket.tat, shape).take(cost, now, credit);
            let told = self.rows.as_ref();
            let told = told.map_or(now, |rows| rows.first.earliest(u64::from(cost), now));
            let dues = [
                bucket.err(),
                self.check_log(cost, now).err(),
                (told > now).then_some(told),
            ];
            let first = dues.into_iter().flatten().map(|due| (due, 0)).max();
            latest = latest.max(first);
        }
        latest.map_or(Ok(()), |(due, row)| Err(Lacking::Tokens { due, row }))
    }

    /// Returns why a caller cannot be served in time that joins the queue some time later, after `ahead` others with these
    /// costs each, of which the first may be in the queue already.
    pub(in crate::limiter) fn check_further(
        &self,
        request: &Request,
        (ahead, each): (usize, &Costs),
        now: Instant,
    ) -> Result<(), Refusal> {
        let costs = &request.costs;
        if let Some((row, burst)) = self.too_large(costs) {
            return Err(Refusal::TooLarge { row, burst });
        }
        if !self.enforces() || !request.refusable {
            return Ok(());
        }
        if self.shut {
            return Err(Refusal::Shut);
        }
        if self.no_store(request.latest, now).is_some() {
            return Err(Refusal::NoStore);
        }
        let mut total = self.queue.costs_ahead(request.priority).and(costs);
        if request.priority == Priority::First {
            for _ in 1..ahead {
                total = total.and(each);
            }
        }
        let until = self.due_in_all(&total, now);
        let closed = self.cooldown.closed_in_all();
        if closed.minus(self.cooldown.closed_for(now)) > request.max_pause {
            return Err(Refusal::Closed { until });
        }
        if until > request.latest {
            return Err(Refusal::Late { until });
        }
        Ok(())
    }

    /// Takes costs, and a slot, if no caller waits and nothing but the limits holds calls back. Returns whether a slot was
    /// taken, and until when the permit may be used.
    pub(in crate::limiter) fn try_take_joint(
        &mut self,
        costs: &Costs,
        priority: Priority,
        now: Instant,
    ) -> Option<(bool, Instant)> {
        if self.is_in_store() {
            return self.try_take_in_store(costs, priority, now);
        }
        let slot = if self.slots.is_some() {
            self.take_in_slot(costs, priority, now)
        } else {
            self.take_at_once(costs, now).then_some(false)
        };
        Some((slot?, Instant::FAR))
    }
}
