//! Permits that are not picked up: a future that is granted one may not be polled for long.

use crate::bucket::TIMER_SLACK;

use super::cooldown::Probe;
use super::desk::Desk;
use super::request::Line;
use super::waiter::State;
use super::waiter::Waiter;
use super::wakes::Wakes;

/// Longest time in which a permit is picked up while others wait, in nanoseconds.
pub(super) const LEASE: u64 = TIMER_SLACK;

impl Desk {
    /// Returns whether a waiter did not pick up its permit in time.
    pub(super) fn is_late(&self, index: u32, now: u64) -> bool {
        let waiter = self.queue.waiter(index);
        match waiter.state() {
            State::Granted { .. } => now > waiter.since + LEASE,
            State::Absent => true,
            _ => false,
        }
    }

    /// Puts a waiter that is polled again, and did not pick up its permit in time, at the front for the
    /// next one: the tokens that piled up for many such waiters may be more than the bucket holds.
    pub(super) fn come_back(&mut self, index: u32, now: u64, wakes: &mut Wakes) {
        self.recall(now, wakes);
        if self.queue.waiter(index).state() != State::Absent {
            return;
        }
        self.queue.come_back(index, now);
        // What was learnt while it was in no line may have made it too late.
        let &Waiter {
            cost,
            latest,
            patience,
            ..
        } = self.queue.waiter(index);
        self.soonest = self.soonest.min(latest);
        let is_closed = self.cooldown.closed_in_all() > patience;
        if cost > self.quota().burst().get() || is_closed {
            self.expel(now, wakes);
        } else {
            self.expel_if_late(now, wakes);
        }
    }

    /// Takes back the permits that were not picked up in time, for others to use.
    pub(super) fn recall(&mut self, now: u64, wakes: &mut Wakes) {
        while let Some(index) = self.queue.oldest_grant() {
            let waiter = self.queue.waiter(index);
            let (state, since, cost) = (waiter.state(), waiter.since, waiter.cost);
            let came_back = waiter.line == Line::Returned;
            if since + LEASE > now {
                break;
            }
            self.spill(now, TIMER_SLACK);
            // Its waker was called when the permit was granted.
            drop(self.queue.decide(index, State::Absent));
            self.take_back(state, since, cost, now);
            if came_back {
                self.skip_others_like_it(since, wakes);
            }
        }
    }

    /// Passes over those that came back before a permit was granted at `granted`, to one that came back as
    /// well and is not polled again. Many of them may belong to one task that is busy, and to try each of
    /// them would take time in which tokens overflow. They are woken, and stand at the front again as soon
    /// as they are polled.
    fn skip_others_like_it(&mut self, granted: u64, wakes: &mut Wakes) {
        for index in self.queue.returned() {
            if self.queue.waiter(index).since <= granted {
                wakes.add(self.queue.decide(index, State::Absent));
            }
        }
    }

    /// Puts all who hold a permit that they have not used back to the front of their lines. Returns the
    /// tokens that they give back.
    pub(super) fn call_back(&mut self) -> u64 {
        if let Probe::Out { sent, .. } = self.cooldown.probe() {
            if self.queue.holds_unused(sent) {
                self.cooldown.unused(sent);
            }
        }
        self.queue.revoke()
    }

    /// Takes back the permit that a waiter held in `state`, since `since`.
    pub(super) fn take_back(&mut self, state: State, since: u64, cost: u32, now: u64) {
        let (State::Granted { until } | State::Held { until }) = state else {
            return;
        };
        self.cooldown.unused(since);
        match &mut self.supply {
            Some(supply) if until < u64::MAX => supply.put_back(cost, until, now),
            _ if self.spilt.covers(since) => {}
            _ => self.give_back(u64::from(cost)),
        }
    }
}
