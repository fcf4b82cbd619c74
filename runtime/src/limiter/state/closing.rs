//! Closes and opens: for a cooldown, by hand, or for good.

use crate::costs::Costs;
use crate::learning::Learnt;
use crate::limiter::fast_path::FastPath;
use crate::limiter::request::Refusal;
use crate::limiter::wake_list::WakeList;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::Next;
use super::faults::Faults;
use super::news::ByHand;
use super::waiter::Waiter;
use super::waiter::WaiterState;

impl LimiterState {
    /// Closes until `until`, in all processes that share the limit. `why`: the reason that events give.
    pub(in crate::limiter) fn cool_down(
        &mut self,
        until: Instant,
        why: &'static str,
        now: Instant,
        wakes: &mut WakeList,
    ) {
        if until > now && until > self.cooldown.until() {
            self.announced.why = why;
            self.tell_pause(until, now);
        }
        self.close(until, now, wakes);
    }

    /// Closes until `until`. A longer cooldown extends the current one, a shorter one changes nothing. Unused
    /// permits are revoked.
    pub(in crate::limiter) fn close(&mut self, until: Instant, now: Instant, wakes: &mut WakeList) {
        let debt = self.queued_debt(now);
        if !self.cooldown.extend(until, now) {
            return;
        }
        let unused = self.call_back(now);
        self.give_back(unused);
        if let Some(peaks) = &mut self.peaks {
            // The bucket is empty at the end of the cooldown, whatever it held.
            peaks.forget(until);
        }
        self.empty(until);
        self.requeue(debt, until);
        self.expel(now, wakes);
    }

    /// Empties the bucket: one token is free at `until`, and the next ones follow at the paced rate.
    pub(in crate::limiter) fn empty(&mut self, until: Instant) {
        let bucket = self.declared.unwrap_or(self.bucket);
        self.refilled.get_or_insert(bucket);
        self.bucket.reopen(until);
    }

    /// Ends the cooldown, in all processes that share the limit.
    pub(in crate::limiter) fn resume(&mut self, by_hand: ByHand, now: Instant) {
        self.announced.by_hand = Some(by_hand);
        self.open(now);
        if let Some(remote) = &mut self.remote {
            remote.resume(by_hand == ByHand::Reset, self.bucket.shape, now);
        }
    }

    /// Ends the cooldown in this process: one token is free at once, if the bucket would have one without the
    /// cooldown, and the next ones follow at the paced rate.
    pub(in crate::limiter) fn open(&mut self, now: Instant) {
        let closed = self.cooldown.until() > now;
        self.cooldown.lift(now);
        self.announced.lift(now);
        if !closed {
            return;
        }
        self.forget_peaks(now);
        match self.refilled.take() {
            Some(mut refilled) if self.remote.is_none() => {
                refilled.reshape_keeping(self.keeps_debt(), self.bucket.shape, now);
                refilled.reopen(now);
                self.bucket = refilled;
            }
            _ => self.bucket.drain(now),
        }
    }

    /// Ends the cooldown, forgets what was learnt, and opens a limiter that was closed for good.
    pub(in crate::limiter) fn reset(&mut self, fast_path: &FastPath, now: Instant) {
        let declared = self.declared_shape;
        let bucket = self.refilled.take().or(self.declared.take());
        let mut bucket = bucket.unwrap_or(self.bucket);
        bucket.deepen(declared, now);
        self.announced.forget();
        self.resume(ByHand::Reset, now);
        if self.remote.is_none() {
            self.bucket.tat = bucket.tat;
            self.forget_peaks(now);
        }
        self.bucket.shape = declared;
        fast_path.reshape(declared);
        self.learnt = Learnt::NOTHING;
        self.forget_hints();
        self.reshape_rows(now);
        self.faults = Faults::NONE;
        (self.fresh, self.exhausted, self.shut) = (true, false, false);
        (self.first_trip, self.round_trip) = (None, Span::ZERO);
    }

    /// Refuses all waiters that can be refused.
    pub(in crate::limiter) fn shut_down(&mut self, now: Instant, wakes: &mut WakeList) {
        if self.shut {
            return;
        }
        self.shut = true;
        let mut refused = 0;
        for index in self.queue.in_order() {
            if self.queue.waiter(index).refusable {
                wakes.add(self.queue.decide(index, WaiterState::Shut));
                refused += 1;
            }
        }
        self.announced.by_hand = Some(ByHand::Closed { refused });
        self.note_stuck(now);
    }

    /// Grants nothing. Gives back what was drawn for calls that do not begin any more, and sends the corrections of others.
    pub(super) fn stay_closed(&mut self, now: Instant) -> Next {
        self.give_back_drawn_calls(now);
        Next::Idle
    }

    /// Adds a waiter that cannot be refused to the queue: it waits for a reset.
    pub(super) fn join_shut(
        &mut self,
        waiter: Waiter,
        costs: &Costs,
        now: Instant,
    ) -> Result<u32, Refusal> {
        if waiter.refusable {
            return Err(Refusal::Shut);
        }
        let index = self.queue.join(waiter, costs);
        self.note_stuck(now);
        Ok(index)
    }

    /// Records the calls that cannot be refused, if they have to be announced.
    fn note_stuck(&mut self, now: Instant) {
        let stuck = self.queue.waiting();
        if stuck > 0 {
            self.announced.stuck(stuck, now);
        }
    }
}
