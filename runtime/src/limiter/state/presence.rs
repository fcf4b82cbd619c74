//! Unused permits: a future that is granted one may not be polled for long.

use crate::bucket::TIMER_SLACK;
use crate::costs::Costs;
use crate::limiter::request::Priority;
use crate::limiter::wake_list::WakeList;
use crate::time::Instant;

use super::LimiterState;
use super::cooldown::Probe;
use super::waiter::LEASE;
use super::waiter::Waiter;
use super::waiter::WaiterState;

impl LimiterState {
    /// Returns whether a waiter did not pick up its permit in time.
    pub(in crate::limiter) fn is_late(&self, index: u32, now: Instant) -> bool {
        let waiter = self.queue.waiter(index);
        match waiter.state() {
            WaiterState::Granted { .. } => now > waiter.since + LEASE,
            WaiterState::Absent => true,
            _ => false,
        }
    }

    /// Puts a waiter that is polled again after it missed its permit at the front of the queue. It gets the
    /// next permit and not one at once: the tokens of many such waiters together may be more than the bucket
    /// holds.
    pub(in crate::limiter) fn come_back(&mut self, index: u32, now: Instant, wakes: &mut WakeList) {
        self.recall(now, wakes);
        if self.queue.waiter(index).state() != WaiterState::Absent {
            return;
        }
        if self.shut && self.queue.waiter(index).refusable {
            wakes.add(self.queue.decide(index, WaiterState::Shut));
            return;
        }
        self.queue.come_back(index, now);
        // Something that was learnt while it was not in the queue may have made it too late.
        let &Waiter {
            latest, max_closed, ..
        } = self.queue.waiter(index);
        self.soonest = self.soonest.min(latest);
        let is_closed = self.cooldown.closed_in_all() > max_closed;
        if self.too_large(&self.queue.costs(index)).is_some() || is_closed {
            self.expel(now, wakes);
        } else {
            self.expel_if_late(now, wakes);
        }
    }

    /// Revokes the permits that were not picked up in time, for other waiters to use.
    pub(super) fn recall(&mut self, now: Instant, wakes: &mut WakeList) {
        let mut last_returned = None;
        while let Some(index) = self.queue.oldest_grant() {
            let waiter = self.queue.waiter(index);
            let (state, since) = (waiter.state(), waiter.since);
            let priority = waiter.priority;
            let came_back = priority == Priority::Returned;
            if since + LEASE > now {
                break;
            }
            self.overflow(now, TIMER_SLACK);
            // Its waker was called when the permit was granted.
            drop(self.queue.decide(index, WaiterState::Absent));
            let costs = self.queue.costs(index);
            self.take_back((state, priority), since, &costs, now);
            if came_back {
                last_returned = Some(since);
            }
        }
        if let Some(granted) = last_returned {
            self.skip_others_like_it(granted, wakes);
        }
    }

    /// Passes over the waiters that came back before `granted`, when a waiter that had come back as well was
    /// granted a permit that it did not pick up. Many of them may belong to one busy task, and trying each of
    /// them would take time in which tokens overflow. They are woken, and stand at the front again as soon as
    /// they are polled.
    fn skip_others_like_it(&mut self, granted: Instant, wakes: &mut WakeList) {
        for index in self.queue.returned() {
            if self.queue.waiter(index).since <= granted {
                wakes.add(self.queue.decide(index, WaiterState::Absent));
            }
        }
    }

    /// Returns all waiters with an unused permit to the front of the queue. Returns the tokens of the first limit that
    /// they give back.
    pub(in crate::limiter) fn call_back(&mut self, now: Instant) -> u64 {
        if self.takes_nothing() {
            self.give_back_unused_slots();
            self.queue.revoke();
            return 0;
        }
        if let Probe::Out { sent, .. } = self.cooldown.probe() {
            if self.queue.holds_unused(sent) {
                self.cooldown.unused(sent);
            }
        }
        self.unlog_unused();
        self.void_unused_calls(now);
        self.give_back_unused_rows(now);
        self.give_back_unused_slots();
        self.queue.revoke()
    }

    /// Takes back the permit that a waiter of this priority held in `state`, since `since`.
    pub(in crate::limiter) fn take_back(
        &mut self,
        (state, priority): (WaiterState, Priority),
        since: Instant,
        costs: &Costs,
        now: Instant,
    ) {
        let (WaiterState::Granted { until } | WaiterState::Held { until }) = state else {
            return;
        };
        self.give_back_slot(priority);
        self.cooldown.unused(since);
        if self.took_nothing(since) || self.is_unpaid(costs, since) {
            return;
        }
        let cost = costs.of(0);
        if self.draws_calls() {
            return self.take_call_back(costs, until, since, now);
        }
        self.give_back_rows(costs, since, now);
        self.unlog(u64::from(cost), since);
        match &mut self.remote {
            Some(remote) if until < Instant::FAR => {
                remote.put_back(cost, until, now);
            }
            _ if self.overflowed.covers(since) => {}
            _ => self.put_back_first(u64::from(cost), since),
        }
    }
}
