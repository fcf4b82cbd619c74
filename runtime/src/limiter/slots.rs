//! Calls in flight of a limiter: their bound, and the slots that attempts, permits and meters hold.

use core::num::NonZeroU32;

use crate::context;
use crate::costs::Costs;
use crate::row::MaxConcurrency;
use crate::time::Instant;

use super::Limiter;
use super::request::Priority;
use super::request::Request;
use super::resources::Function;
use super::shared::Shared;
use super::state::LimiterState;
use super::wake_list::WakeList;

impl Limiter {
    /// Changes how many calls may be in flight at once, also for callers that wait. `None`: any number. See
    /// [`LimiterBuilder::max_concurrency`](crate::LimiterBuilder::max_concurrency).
    ///
    /// Calls that are in flight go on, also where they are more than the new bound: no call begins until there are fewer.
    /// Attempts that began before the limiter had its first bound are not counted. In a store it is the bound of this process
    /// and of all others that have no lower one. Limits that [all keys share](crate::Keyed::shared_limiter) have no bound: there
    /// it does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// limiter.set_max_concurrency(NonZeroU32::new(1));
    /// let permit = limiter.try_acquire()?;
    /// assert!(limiter.try_acquire().unwrap_err().is_not_yet());
    /// limiter.set_max_concurrency(NonZeroU32::new(2));
    /// let other = limiter.try_acquire()?;
    /// assert_eq!(limiter.snapshot().in_flight, 2);
    /// # drop((permit, other));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn set_max_concurrency(&self, max: Option<NonZeroU32>) {
        let max = max.map(MaxConcurrency::Fixed);
        self.shared().bound_slots(max);
    }
}

impl Shared {
    /// Sets the bound of calls in flight that was declared, unless the program has set one before.
    pub(super) fn bound(&self, declared: Option<MaxConcurrency>) {
        if !self.has_slots() {
            self.bound_slots(declared);
        }
    }

    /// Changes the bound of calls in flight.
    pub(super) fn bound_slots(&self, max: Option<MaxConcurrency>) {
        if max.is_none() && !self.has_slots() {
            return;
        }
        // With the lock held: a permit that is granted later takes a slot, and its holder sees the bit.
        self.with_state(|state, _, _| {
            state.bound_slots(max);
            if state.slots.is_some() {
                self.published.add_slots();
            }
        });
    }

    /// Returns whether permits hold slots.
    #[inline]
    pub(crate) fn has_slots(&self) -> bool {
        self.published.has_slots()
    }

    /// Returns the address by which the slots of a limiter are known.
    pub(crate) fn address(&self) -> usize {
        core::ptr::from_ref(self).addr()
    }

    /// Returns whether the caller is part of a call that holds a slot of this limiter.
    pub(crate) fn is_nested(&self) -> bool {
        self.has_slots() && context::holds_slot(self.address())
    }

    /// Returns a request for a permit outside of any call.
    pub(super) fn bare_request(&self, costs: Costs) -> Request {
        Request {
            costs,
            priority: self.bare_priority(),
            ..Request::ONE
        }
    }

    pub(super) fn bare_priority(&self) -> Priority {
        if self.is_nested() {
            Priority::Nested
        } else {
            Priority::First
        }
    }

    /// Admits a call's attempt if no caller waits, there is a slot, and all limits have its costs. Returns whether it holds a
    /// slot.
    pub(crate) fn admit_in_slot(&self, costs: &Costs, now: Instant) -> Option<bool> {
        let slot = self.pass_in_slot(costs, now)?;
        self.fast_path.count_attempt();
        Some(slot)
    }

    /// Takes a permit if no caller waits, there is a slot, and all limits have the costs. Returns whether it holds a slot.
    pub(super) fn pass_in_slot(&self, costs: &Costs, now: Instant) -> Option<bool> {
        let priority = self.bare_priority();
        self.lock().state.take_in_slot(costs, priority, now)
    }

    /// Reports that an attempt passed which was sent at `sent`, takes `costs` and holds a slot.
    pub(crate) fn end_in_slot(
        &self,
        function: Function,
        (sent, costs): (Instant, &Costs),
        retry: bool,
    ) {
        if self.published.is_attentive() || self.has_resources() {
            self.learn_from_pass(function, (sent, costs), retry);
        } else {
            self.fast_path.count_pass();
        }
        self.end_slot(LimiterState::passed_in_slot);
    }

    /// Releases a slot, and grants the permits that are due.
    pub(crate) fn release_slot(&self) {
        self.end_slot(|_| ());
    }

    fn end_slot(&self, learn: fn(&mut LimiterState)) {
        let mut locked = self.lock();
        learn(&mut locked.state);
        locked.state.release_slot();
        if locked.state.is_idle_with_rows() {
            return;
        }
        let now = self.begin(&mut locked);
        self.finish(locked, now, &mut WakeList::new());
    }

    /// Takes a slot for the meters of an attempt that is part of another call.
    pub(crate) fn take_extra_slot(&self) {
        self.lock().state.take_extra_slot();
    }
}
