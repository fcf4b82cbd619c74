//! Calls in flight of a limiter with `max_concurrency`.
//!
//! Once a limiter has slots, each permit that is granted takes one, unless the call is part of another one that holds a slot
//! of the same limiter. The last attempt, permit or meter that uses the slot releases it.

use core::num::NonZeroU32;

use crate::bucket::Shape;
use crate::costs::Costs;
use crate::events::LongWait;
use crate::hint::Hint;
use crate::learning::Cause;
use crate::learning::RefusedCall;
use crate::limiter::request::Priority;
use crate::row::MaxConcurrency;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::rejection::Charge;
use super::rejection::Rejection;
use super::slots::Slots;
use super::why;

impl LimiterState {
    /// Changes the bound of calls in flight. A limiter that has had one counts its calls for ever.
    pub(in crate::limiter) fn bound_slots(&mut self, max: Option<MaxConcurrency>) {
        // The end of a call reports to another limiter, which has the slots.
        if self.rows.as_ref().is_some_and(|rows| rows.is_inner) {
            return;
        }
        if max.is_some() && self.slots.is_none() {
            // Permits that are not picked up yet release a slot, too.
            self.slots = Some(Box::new(Slots::new(self.unused_slots())));
        }
        if let Some(slots) = &mut self.slots {
            slots.bound(max);
        }
        self.lease_slots();
    }

    /// Returns the most calls in flight, if there is a bound.
    pub(in crate::limiter) fn max_concurrency(&self) -> Option<NonZeroU32> {
        self.slots.as_ref()?.max()
    }

    /// Returns whether the bound of calls in flight is the declared one, and nothing else is known of it.
    pub(in crate::limiter) fn has_usual_bound(
        &self,
        declared: Option<MaxConcurrency>,
        now: Instant,
    ) -> bool {
        let Some(slots) = &self.slots else {
            return declared.is_none();
        };
        match (&slots.learnt, declared) {
            (Some(learnt), Some(MaxConcurrency::Auto { .. })) => learnt.is_forgotten(now),
            (None, Some(MaxConcurrency::Fixed(max))) => slots.max() == Some(max),
            (None, None) => slots.max().is_none(),
            _ => false,
        }
    }

    /// Returns whether the program has set another bound than the declared one.
    pub(in crate::limiter) fn is_bound_set(&self, declared: Option<MaxConcurrency>) -> bool {
        let Some(slots) = &self.slots else {
            return declared.is_some();
        };
        match (&slots.learnt, declared) {
            (Some(_), Some(MaxConcurrency::Auto { .. })) => false,
            (None, Some(MaxConcurrency::Fixed(max))) => slots.max() != Some(max),
            (None, None) => slots.max().is_some(),
            _ => true,
        }
    }

    /// Returns the number of slots that are held.
    pub(in crate::limiter) fn slots_held(&self) -> u64 {
        self.slots.as_ref().map_or(0, |slots| u64::from(slots.held))
    }

    /// Returns whether a permit takes a slot.
    pub(in crate::limiter) fn takes_slot(&self, priority: Priority) -> bool {
        self.slots.is_some() && priority != Priority::Nested
    }

    /// Returns whether a call of this priority would get a slot, or needs none.
    pub(super) fn has_slot_for(&self, priority: Priority) -> bool {
        let slots = self.slots.as_ref();
        let is_free = || slots.is_none_or(|slots| slots.is_free());
        priority == Priority::Nested || !self.enforces() || is_free()
    }

    /// Takes a slot for a permit that is granted, if it takes one.
    pub(super) fn take_slot(&mut self, priority: Priority, costs: &Costs, now: Instant) {
        if priority == Priority::Nested {
            return;
        }
        let Some(slots) = &mut self.slots else { return };
        slots.take();
        let held = slots.held;
        if let Some(learnt) = &mut slots.learnt {
            let Shape { interval, capacity } = self.declared_shape;
            let remote = self.remote.as_ref();
            let interval = remote.map_or(interval, |it| it.own_interval(interval, now));
            learnt.sent(held, costs.of(0), (interval, capacity), now);
        }
    }

    /// Takes a slot, even above the bound, for a stream whose call was part of another one.
    pub(in crate::limiter) fn take_extra_slot(&mut self) {
        if let Some(slots) = &mut self.slots {
            slots.take();
        }
    }

    /// Releases the slot of a call that has ended.
    pub(in crate::limiter) fn release_slot(&mut self) {
        if let Some(slots) = &mut self.slots {
            slots.release(1);
        }
    }

    /// Releases the slot of a permit that is not used.
    pub(super) fn give_back_slot(&mut self, priority: Priority) {
        if priority != Priority::Nested {
            self.release_slot();
        }
    }

    /// Releases the slots of all permits that are not used.
    pub(super) fn give_back_unused_slots(&mut self) {
        if self.slots.is_some() {
            let unused = self.unused_slots();
            self.slots
                .iter_mut()
                .for_each(|slots| slots.release(unused));
        }
    }

    /// Counts the permits that are not used and take a slot.
    fn unused_slots(&self) -> u32 {
        let unused = self.queue.unused().into_iter();
        let unused = unused.filter(|&index| self.queue.waiter(index).priority != Priority::Nested);
        u32::try_from(unused.count()).unwrap_or(u32::MAX)
    }

    /// Sets the longest wait for a slot that is not announced.
    pub(super) fn announce_slots_after(&mut self, slow: Span) {
        if let Some(slots) = &mut self.slots {
            slots.slow = slow;
        }
    }

    /// Records that the call at the head of the queue waits for a slot alone. Returns the instant at which that has to be
    /// announced.
    pub(super) fn wait_for_slot(&mut self, refusable: bool, now: Instant) -> Instant {
        self.want_slot();
        let Some(slots) = &mut self.slots else {
            return Instant::FAR;
        };
        match slots.block(now) {
            Err(due) => due,
            Ok(since) => {
                self.announced.wait = Some(LongWait {
                    wait: now.since(since).into(),
                    ahead: 0,
                    why: why::SLOTS,
                    unit: None,
                    refusable,
                });
                Instant::FAR
            }
        }
    }

    /// Records that a call in flight has passed.
    pub(in crate::limiter) fn passed_in_slot(&mut self) {
        if let Some(slots) = &mut self.slots {
            let held = slots.held;
            slots
                .learnt
                .iter_mut()
                .for_each(|learnt| learnt.passed(held));
        }
    }

    /// Charges a refusal to the rate, or to the number of calls in flight, whose bound it lowers.
    pub(super) fn charge(&mut self, refused: &Rejection<'_>, now: Instant) -> Charge {
        let learnt = self.slots.as_mut().and_then(|it| it.learnt.as_mut());
        let Some(learnt) = learnt else {
            return Charge::Rate;
        };
        let hint = refused.heard.map(|heard| heard.hint);
        let is_named = hint.is_some_and(Hint::names_concurrency);
        let call = RefusedCall {
            sent: refused.sent,
            by_concurrency: is_named,
            by_window: hint.is_some_and(Hint::is_used_up),
        };
        match learnt.refused(call, now) {
            Cause::Rate => Charge::Rate,
            Cause::Concurrency if is_named || refused.wait.is_none() => Charge::Concurrency,
            Cause::Concurrency => Charge::ConcurrencyAndPause,
        }
    }
}
