//! Slots that a store shares among processes.

use crate::limiter::callback::LeaseClaim;
use crate::limiter::callback::LeasedSlots;
use crate::limiter::callback::NextClaim;
use crate::limiter::request::Priority;
use crate::mode::Mode;
use crate::store::Limits;
use crate::store::State;
use crate::time::Instant;

use super::LimiterState;
use super::leases::LeaseOrder;
use super::leases::LeaseTerms;
use super::leases::Leases;

impl LimiterState {
    /// Leases slots from the store of the limit, if it has both. A bound that is found by refusals is each process's own,
    /// since the refusals reach all processes.
    pub(in crate::limiter) fn lease_slots(&mut self) {
        let (Some(slots), Some(_)) = (&mut self.slots, &self.remote) else {
            return;
        };
        if slots.learnt.is_some() {
            // The task ends with its next claim, and its leases end by themselves.
            slots.leases = None;
        } else {
            slots.leases.get_or_insert_with(Leases::new);
        }
    }

    /// Records that a caller waits for a slot, or has none at once.
    pub(super) fn want_slot(&mut self) {
        let waiting = u32::try_from(self.queue.waiting()).unwrap_or(u32::MAX);
        let Some(slots) = &mut self.slots else { return };
        let (max, held) = (slots.max(), slots.held);
        if let (Some(leases), Some(max)) = (&mut slots.leases, max) {
            if leases.usable() < max.get() && held >= leases.usable() {
                leases.want(waiting.max(1));
            }
        }
    }

    /// Returns what the task is to do that asks for slots.
    pub(in crate::limiter) fn lease_order(&mut self) -> Option<LeaseOrder> {
        let terms = self.lease_terms();
        let slots = self.slots.as_mut()?;
        slots.leases.as_mut()?.order(slots.held, terms)
    }

    const fn lease_terms(&self) -> LeaseTerms {
        LeaseTerms {
            binds: matches!(self.mode, Mode::Enforce),
            ends: self.shut,
        }
    }

    /// Asks for slots for calls in flight that were not held back for want of any, so that other processes count them.
    pub(super) fn cover_calls(&mut self) {
        let is_counted = self.mode != Mode::Off;
        let Some(slots) = self.slots.as_mut().filter(|_| is_counted) else {
            return;
        };
        if let Some(leases) = &mut slots.leases {
            leases.cover(slots.held);
        }
    }

    /// Returns how many slots this process has leased.
    pub(in crate::limiter) fn slots_leased(&self) -> u32 {
        let leases = self.slots.as_ref().and_then(|it| it.leases.as_ref());
        leases.map_or(0, Leases::leased)
    }

    /// Records that the task that asks for slots has ended although slots may be held or wanted.
    pub(in crate::limiter) fn lease_task_ended(&mut self) {
        let waiting = self.waiting_for_slots();
        let Some(slots) = &mut self.slots else { return };
        if let Some(leases) = &mut slots.leases {
            leases.task_lost(slots.held, waiting);
        }
    }

    /// Returns whether this process holds no slot of a store, and asks for none.
    pub(in crate::limiter) fn leases_are_idle(&self) -> bool {
        let leases = self.slots.as_ref().and_then(|it| it.leases.as_ref());
        leases.is_none_or(Leases::is_idle)
    }

    /// Returns the number of callers that wait for a slot.
    pub(in crate::limiter) fn waiting_for_slots(&self) -> u32 {
        let is_blocking = self.slots.as_ref().is_some_and(|it| it.is_blocking());
        let waiting = if is_blocking { self.queue.waiting() } else { 0 };
        u32::try_from(waiting).unwrap_or(u32::MAX)
    }

    pub(in crate::limiter) fn lease_claim(&mut self) -> Option<LeaseClaim> {
        let (waiting, terms) = (self.waiting_for_slots(), self.lease_terms());
        let is_counted = self.mode != Mode::Off;
        let slots = self.slots.as_mut()?;
        let (max, held) = (slots.max(), if is_counted { slots.held } else { 0 });
        let leases = slots.leases.as_mut()?;
        let Some(max) = max else {
            leases.task_ended();
            return None;
        };
        leases.claim(max.get(), held, waiting, terms)
    }

    /// Returns what requests to the store carry that is sent at `now`: the limits, and the state by which it restores what
    /// it has lost. Without that, a request for slots would hide the loss from the draws that follow.
    pub(in crate::limiter) fn carried_to_store(
        &self,
        now: Instant,
    ) -> Option<(Limits, Option<State>)> {
        let remote = self.remote.as_ref()?;
        Some((remote.limits(self.declared_shape), remote.floor_at(now)))
    }

    /// Records how many slots this process has leased. `None`: the store is away, and it goes on with its part of them.
    pub(in crate::limiter) fn leased(&mut self, reply: Option<LeasedSlots>) -> NextClaim {
        let waiting = self.waiting_for_slots();
        let (Some(slots), Some(remote)) = (&mut self.slots, &self.remote) else {
            return NextClaim::Renewal;
        };
        let (max, held) = (slots.max(), slots.held);
        let (Some(leases), Some(max)) = (&mut slots.leases, max) else {
            return NextClaim::Renewal;
        };
        let most = max.get();
        let Some(reply) = reply else {
            leases.go_on_with(remote.slots_alone(most));
            return leases.next(most, held, waiting);
        };
        let (lost, next) = leases.hold(reply, most, held, waiting);
        self.announced.lost += lost;
        next
    }

    /// Returns how many tokens callers can use now: those that wait for a slot take none.
    pub(super) fn usable_tokens(&self, wanted: u64) -> u64 {
        let head = self.queue.head().map(|head| self.queue.waiter(head));
        let left = self.slots.as_ref().and_then(|slots| slots.left());
        match (head, left) {
            (Some(head), Some(left)) if head.priority != Priority::Nested => {
                wanted.min(u64::from(left) * u64::from(head.cost.max(1)))
            }
            _ => wanted,
        }
    }
}
