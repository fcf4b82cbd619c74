//! Calls that a store has served and this process has not made yet.

use std::collections::VecDeque;

use crate::costs::Costs;
use crate::store::Ticks;
use crate::time::Instant;

/// A call that a store has served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeldCall {
    pub(super) costs: Costs,
    /// Instant from which on it may be made.
    pub(super) due: Instant,
    /// Instant until which it may be made.
    pub(super) until: Instant,
    /// Instant at which it is due, by the store's clock.
    pub(super) at: Ticks,
    /// Number of the limit that it waits for.
    pub(super) row: usize,
    /// Instant until which it is kept although no caller waits for it, once that is so.
    pub(super) spare_until: Option<Instant>,
}

/// Calls in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct HeldCalls(VecDeque<HeldCall>);

impl HeldCalls {
    pub(super) const fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(super) fn push(&mut self, call: HeldCall) {
        let at = self.0.partition_point(|other| other.due <= call.due);
        self.0.insert(at, call);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &HeldCall> {
        self.0.iter()
    }

    /// Returns the first call with these costs.
    pub(super) fn find(&self, costs: &Costs) -> Option<&HeldCall> {
        self.0.iter().find(|call| call.costs == *costs)
    }

    /// Removes the first call with these costs.
    pub(super) fn take(&mut self, costs: &Costs) -> Option<HeldCall> {
        let at = self.0.iter().position(|call| call.costs == *costs)?;
        self.0.remove(at)
    }

    /// Returns when the last call is due.
    pub(super) fn last(&self) -> Option<Instant> {
        self.0.back().map(|call| call.due)
    }

    /// Removes the calls that have expired by `now`.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<HeldCall> {
        self.remove_where(|call| call.until < now)
    }

    /// Removes all calls.
    pub(super) fn clear(&mut self) -> Vec<HeldCall> {
        self.remove_where(|_| true)
    }

    /// Removes the calls that no caller waits for: those ahead are `front`, in the order of their queue. Where there are
    /// none, a call is kept until `spare_until`, lest the next caller wait for another.
    pub(super) fn left_over(
        &mut self,
        front: &[Costs],
        spare_until: Instant,
        now: Instant,
    ) -> Vec<HeldCall> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut wanted: Vec<&Costs> = front.iter().collect();
        self.remove_where(|call| {
            if let Some(at) = wanted.iter().position(|costs| **costs == call.costs) {
                wanted.swap_remove(at);
                call.spare_until = None;
                return false;
            }
            let kept_until = *call.spare_until.get_or_insert(spare_until);
            !front.is_empty() || kept_until <= now
        })
    }

    /// Returns the costs of those in `front` that no call is held for, in their order.
    pub(super) fn lacking(&self, front: &[Costs]) -> Vec<Costs> {
        let mut held: Vec<&Costs> = self.0.iter().map(|call| &call.costs).collect();
        let mut lacks = |costs: &&Costs| match held.iter().position(|it| it == costs) {
            Some(at) => {
                held.swap_remove(at);
                false
            }
            None => true,
        };
        front.iter().filter(|it| lacks(it)).copied().collect()
    }

    fn remove_where(&mut self, mut is_removed: impl FnMut(&mut HeldCall) -> bool) -> Vec<HeldCall> {
        let mut removed = Vec::new();
        self.0.retain_mut(|call| {
            let gone = is_removed(call);
            if gone {
                removed.push(*call);
            }
            !gone
        });
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn at(millis: u64) -> Instant {
        Instant::EPOCH.after(Span::from_millis(millis))
    }

    fn call(cost: u32, millis: u64) -> HeldCall {
        HeldCall {
            costs: Costs::first(cost),
            due: at(millis),
            until: at(millis + 50),
            at: Ticks::ZERO,
            row: 0,
            spare_until: None,
        }
    }

    fn of(calls: &[HeldCall]) -> HeldCalls {
        let mut held = HeldCalls::new();
        for call in calls {
            held.push(*call);
        }
        held
    }

    #[test]
    fn the_call_of_a_caller_that_left_goes_to_the_next_of_the_same_costs() {
        let mut held = of(&[call(1, 20), call(1, 10), call(2, 15)]);
        let first = held.take(&Costs::first(1)).expect("one is held");
        assert_eq!(first.due, at(10));
        assert_eq!(held.find(&Costs::first(1)).map(|it| it.due), Some(at(20)));
        assert_eq!(held.last(), Some(at(20)));
        assert_eq!(held.take(&Costs::first(3)), None);
    }

    #[test]
    fn callers_lack_what_is_not_held_for_them() {
        let held = of(&[call(1, 10), call(2, 20)]);
        let front = [2, 1, 1, 3].map(Costs::first);
        assert_eq!(held.lacking(&front), [1, 3].map(Costs::first));
        assert_eq!(held.lacking(&front[..2]), []);
    }

    #[test]
    fn calls_that_nobody_waits_for_are_left_over() {
        let mut held = of(&[call(1, 10), call(2, 20)]);
        // One caller waits: the other call is given back at once.
        let left = held.left_over(&[Costs::first(2)], at(60), at(10));
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].costs, Costs::first(1));
        // No caller waits: it is kept for a while.
        assert!(held.left_over(&[], at(60), at(10)).is_empty());
        assert!(held.left_over(&[], at(80), at(59)).is_empty());
        assert_eq!(held.left_over(&[], at(90), at(60)).len(), 1);
    }

    #[test]
    fn a_call_that_a_caller_waits_for_again_is_kept_as_long_as_at_first() {
        let mut held = of(&[call(1, 10)]);
        assert!(held.left_over(&[], at(60), at(10)).is_empty());
        assert!(
            held.left_over(&[Costs::first(1)], at(90), at(40))
                .is_empty()
        );
        assert!(held.left_over(&[], at(110), at(60)).is_empty());
        assert_eq!(held.left_over(&[], at(160), at(110)).len(), 1);
    }

    #[test]
    fn calls_expire() {
        let mut held = of(&[call(1, 10), call(1, 20)]);
        assert!(held.expired(at(60)).is_empty());
        assert_eq!(held.expired(at(61)).len(), 1);
        assert_eq!(held.clear().len(), 1);
    }
}
