//! Grants permits in order, and places in the queue.

use core::mem;

use crate::bucket::TIMER_SLACK;
use crate::costs::Costs;
use crate::costs::TotalCosts;
use crate::limiter::request::Priority;
use crate::limiter::request::Refusal;
use crate::limiter::request::Request;
use crate::limiter::wake_list::WakeList;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::Next;
use super::cooldown::Probe;
use super::waiter::LEASE;
use super::waiter::Waiter;
use super::waiter::WaiterState;
use super::waiter::expiry;

impl LimiterState {
    /// Takes a permit at once if no caller waits for one.
    pub(in crate::limiter) fn take(
        &mut self,
        request: &Request,
        now: Instant,
    ) -> Result<(), Refusal> {
        let costs = &request.costs;
        if let Some((row, burst)) = self.too_large(costs) {
            return Err(Refusal::TooLarge { row, burst });
        }
        if self.shut {
            return Err(Refusal::Shut);
        }
        if request.refusable && self.no_store(request.latest, now).is_some() {
            return Err(Refusal::NoStore);
        }
        let until = self.expected(Priority::First, request.reports, costs, now);
        let known = self.remote.is_none();
        let is_held = self.queue.waiting() > 0 || self.cooldown.held_until() > now;
        if is_held || (known && until > now) {
            // A probe in flight for longer than forecast still holds the others.
            let held = self.cooldown.held_until().max(until);
            let until = if until > now { until } else { held };
            return Err(Refusal::Late { until });
        }
        if !self.has_slot_for(request.priority) {
            self.want_slot();
            // When one is free is not known: this is the rest of the wait.
            return Err(Refusal::Late {
                until: until.max(now),
            });
        }
        let credit = self.credit(now);
        match self.pay_all(costs, now, credit) {
            Ok(_) => {
                self.take_slot(request.priority, costs, now);
                self.cooldown.granted(request.reports, now);
                Ok(())
            }
            Err(due) if known => Err(Refusal::Late { until: due }),
            Err(_) => {
                self.want(costs);
                Err(Refusal::Late { until })
            }
        }
    }

    /// Takes a permit at once for a caller that does not wait. In a store, a refusal causes a request: the caller should try
    /// again once the answer is expected.
    pub(super) fn try_take(&mut self, request: &Request, now: Instant) -> Result<(), Refusal> {
        let taken = self.take(request, now);
        match (taken, &self.remote) {
            (Err(Refusal::Late { until }), Some(remote)) => Err(Refusal::Late {
                until: until.max(remote.answered_at(now)),
            }),
            _ => taken,
        }
    }

    /// Returns the timer slack, while tokens are owed that a late timer kept from waiters.
    #[inline]
    pub(super) fn credit(&self, now: Instant) -> Span {
        if now < self.owed_until {
            TIMER_SLACK
        } else {
            Span::ZERO
        }
    }

    /// Returns why a waiter is refused, if it is.
    pub(in crate::limiter) fn refusal_of(&self, index: u32) -> Option<Refusal> {
        match self.queue.waiter(index).state() {
            WaiterState::Late { until } => Some(Refusal::Late { until }),
            WaiterState::Closed { until } => Some(Refusal::Closed { until }),
            WaiterState::TooLarge => {
                let (row, burst) = self.too_large(&self.queue.costs(index)).unwrap_or_default();
                Some(Refusal::TooLarge { row, burst })
            }
            WaiterState::NoStore => Some(Refusal::NoStore),
            WaiterState::Shut => Some(Refusal::Shut),
            WaiterState::Waiting
            | WaiterState::Granted { .. }
            | WaiterState::Held { .. }
            | WaiterState::Absent => None,
        }
    }

    /// Adds a waiter to the queue, if it can be served in time.
    pub(in crate::limiter) fn join(
        &mut self,
        waiter: Waiter,
        costs: &Costs,
        slow: Span,
        now: Instant,
        wakes: &mut WakeList,
    ) -> Result<u32, Refusal> {
        if self.shut {
            return self.join_shut(waiter, costs, now);
        }
        let until = self.expected(waiter.priority, waiter.reports, costs, now);
        if self.cooldown.closed_in_all() > waiter.max_closed {
            return Err(Refusal::Closed { until });
        }
        if until > waiter.latest {
            return Err(Refusal::Late { until });
        }
        self.soonest = self.soonest.min(waiter.latest);
        self.fresh |= mem::take(&mut self.was_full);
        self.expect_wait(&waiter, costs, slow, until, now);
        self.announce_slots_after(slow);
        let ahead_of_others = waiter.priority != Priority::First;
        let index = self.queue.join(waiter, costs);
        if ahead_of_others {
            self.expel_if_late(now, wakes);
        }
        Ok(index)
    }

    /// Grants the permits that are due, in order.
    pub(in crate::limiter) fn grant(&mut self, now: Instant, wakes: &mut WakeList) -> Next {
        if self.shut {
            return self.stay_closed(now);
        }
        if self.queue.waiting() > 0 {
            self.recall(now, wakes);
            if mem::take(&mut self.delayed) {
                self.expel_if_late(now, wakes);
            }
            self.expire(now, wakes);
        }
        self.review_confirming(now, wakes);
        while let Some(head) = self.head(now) {
            if wakes.is_full() {
                return Next::More;
            }
            let costs = self.queue.costs(head);
            let waiter = self.queue.waiter(head);
            let (refusable, priority) = (waiter.refusable, waiter.priority);
            if let Some(state) = self.refusal_of_head(head, now) {
                wakes.add(self.queue.decide(head, state));
                continue;
            }
            let held_until = self.cooldown.held_until();
            if now < held_until {
                let due = self.due_in_all(&TotalCosts::default().and(&costs), now);
                return self.next(held_until.max(due), now, wakes);
            }
            if !self.has_slot_for(priority) {
                // The slot that is released next comes with a visit to the lock.
                let announced = self.wait_for_slot(refusable, now);
                return self.next(announced, now, wakes);
            }
            if self.is_joint(head) {
                match self.tell_joint(head, &costs, now, wakes) {
                    Some(until) => return self.next(until, now, wakes),
                    None => continue,
                }
            }
            match self.pay_all(&costs, now, TIMER_SLACK) {
                Err(until) => return self.next(until, now, wakes),
                Ok(until) => {
                    self.note_grant(head, &costs, now);
                    wakes.add(self.queue.grant(head, until, now));
                }
            }
        }
        self.plan_requests(now);
        Next::Idle
    }

    /// Records that the waiter at `index` is granted a permit, whose costs are paid.
    pub(super) fn note_grant(&mut self, index: u32, costs: &Costs, now: Instant) {
        let &Waiter {
            priority, reports, ..
        } = self.queue.waiter(index);
        if self.bucket.tat < now {
            self.owed_until = now + TIMER_SLACK;
        }
        self.take_slot(priority, costs, now);
        self.cooldown.granted(reports, now);
        self.account(index, now);
    }

    /// Returns the state of the waiter that is served next, if it is to be refused.
    pub(super) fn refusal_of_head(&self, head: u32, now: Instant) -> Option<WaiterState> {
        let &Waiter {
            latest, refusable, ..
        } = self.queue.waiter(head);
        if now >= expiry(latest) {
            return Some(WaiterState::Late { until: now });
        }
        let refuses = refusable && self.no_store(latest, now).is_some();
        refuses.then_some(WaiterState::NoStore)
    }

    /// Returns the waiter that is served next.
    pub(super) fn head(&self, now: Instant) -> Option<u32> {
        let probe = match self.cooldown.probe() {
            Probe::Armed { .. } if self.cooldown.until() <= now => self.queue.probe(),
            _ => None,
        };
        let waits = |&index: &u32| !self.has_slot_for(self.queue.waiter(index).priority);
        // Calls that hold a slot may wait for one that needs none.
        let head = self.queue.head();
        match probe {
            Some(probe) if waits(&probe) => head.or(Some(probe)),
            _ => probe.or(head),
        }
    }

    /// Returns what is due next: a permit, the end of what delays it, the end of an unused permit's lease, or
    /// a request to the store.
    fn next(&mut self, due: Instant, now: Instant, wakes: &mut WakeList) -> Next {
        let due = due.min(self.plan_requests(now));
        if self.review(now, wakes) {
            return Next::More;
        }
        let unused = self.queue.oldest_grant();
        let lapses = unused.map(|index| self.queue.waiter(index).since + LEASE);
        let expires = self.remote.is_none().then(|| expiry(self.soonest));
        let times = [self.learnt.ages_at(), lapses, expires];
        Next::Due(times.into_iter().flatten().fold(due, Instant::min))
    }
}
