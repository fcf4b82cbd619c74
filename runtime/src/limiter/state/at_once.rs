//! Permits of several limits that are free at once: the path of most calls, under the lock but without the rest of a visit
//! to it.

use crate::costs::Costs;
use crate::costs::Settlement;
use crate::limiter::request::Priority;
use crate::time::Instant;

use super::LimiterState;
use super::cooldown::Probe;
use super::row_bucket::RowBucket;

impl LimiterState {
    /// Records from when on nothing but the limits holds calls back, at the end of a visit to the lock.
    #[inline]
    pub(in crate::limiter) fn note_hindrances(&mut self) {
        if self.needs_lock() {
            self.unhindered_from = self.end_of_hindrances();
            self.gives_back_at_once = self.has_plain_buckets();
        }
    }

    fn end_of_hindrances(&self) -> Instant {
        let is_plain = self.remote.is_none()
            && self.queue.waiting() == 0
            && self.strict.is_none()
            && self.is_calm();
        if is_plain {
            self.cooldown.until()
        } else {
            Instant::FAR
        }
    }

    /// Returns whether all that a correction can lower is the levels of buckets.
    fn has_plain_buckets(&self) -> bool {
        self.enforces()
            && self.remote.is_none()
            && self.observed.is_none()
            && self.strict.is_none()
            && self.declared.is_none()
            && self.refilled.is_none()
            && self.peaks.is_some()
            && !self.beyond.any()
            && self
                .rows
                .as_ref()
                .is_none_or(|rows| rows.others.iter().all(RowBucket::is_plain))
    }

    /// Corrects what an attempt took if it only has to be given back, to plain buckets, while no caller waits. Returns whether
    /// it was so. The instant does not matter: a bucket that gets more than there is room for is full when it is
    /// looked at next, whenever that came.
    #[inline]
    pub(in crate::limiter) fn give_back_at_once(&mut self, settlement: &Settlement) -> bool {
        const AT_ANY_TIME: Instant = Instant::EPOCH;
        let Settlement {
            drawn_at,
            costs,
            spent,
        } = settlement;
        let is_plain = self.gives_back_at_once
            && self.queue.waiting() == 0
            && *drawn_at >= self.off_until
            && !spent.exceeds(costs);
        if !is_plain {
            return false;
        }
        for (row, spent) in spent.known() {
            let cost = u64::from(costs.of(row));
            let unspent = cost - spent;
            match row.checked_sub(1) {
                None => self.give_back_first(unspent, cost, *drawn_at, AT_ANY_TIME),
                Some(at) => {
                    let others = self.rows.as_mut().map(|rows| &mut rows.others);
                    if let Some(state) = others.and_then(|others| others.get_mut(at)) {
                        state.give_back(unspent, cost, *drawn_at, AT_ANY_TIME);
                    }
                }
            }
        }
        true
    }

    /// Takes costs if no caller waits, and nothing but the limits holds calls back.
    #[inline]
    pub(in crate::limiter) fn take_at_once(&mut self, costs: &Costs, now: Instant) -> bool {
        let is_free = self.unhindered_from <= now && self.slots.is_none();
        (is_free && self.take_free(costs, now)) || self.take_otherwise(costs, now)
    }

    /// Takes costs and a slot if no caller waits, and nothing but the limits holds calls back. Returns whether a slot was
    /// taken.
    pub(in crate::limiter) fn take_in_slot(
        &mut self,
        costs: &Costs,
        priority: Priority,
        now: Instant,
    ) -> Option<bool> {
        let is_free = self.unhindered_from <= now && self.has_slot_for(priority);
        if !(is_free && self.take_free(costs, now)) {
            self.take_otherwise_in_slot(costs, priority, now)?;
        }
        self.take_slot(priority, costs, now);
        Some(self.takes_slot(priority))
    }

    /// Takes costs where there is a slot, whatever the limits are.
    #[cold]
    #[inline(never)]
    fn take_otherwise_in_slot(
        &mut self,
        costs: &Costs,
        priority: Priority,
        now: Instant,
    ) -> Option<()> {
        let is_free = self.is_unhindered(now) && self.has_slot_for(priority);
        if !is_free || self.too_large(costs).is_some() {
            return None;
        }
        let credit = self.credit(now);
        self.pay_all(costs, now, credit).ok().map(|_| ())
    }

    /// Takes costs that all limits have, where all of them are plain buckets. `false`: that is not so, or not known.
    #[inline(never)]
    fn take_free(&mut self, costs: &Costs, now: Instant) -> bool {
        let (cost, credit) = (costs.of(0), self.credit(now));
        if cost > self.quota.burst().get() {
            return false;
        }
        let Some(full_at) = self.bucket.emptied_by(cost, now, credit) else {
            return false;
        };
        if let Some(rows) = &mut self.rows {
            if !rows.first.is_silent(now) || !rows.reserve(costs, now, credit) {
                return false;
            }
            rows.take_reserved(costs, now, credit);
        }
        if cost > 0 {
            self.overflow(now, credit);
            self.record_peak(now);
            self.bucket.tat = full_at;
            if self.declared.is_some() || self.refilled.is_some() {
                self.force_on_others(cost, now);
            }
        }
        true
    }

    /// Takes costs if no caller waits and there is no pause, whatever the limits are.
    #[cold]
    #[inline(never)]
    fn take_otherwise(&mut self, costs: &Costs, now: Instant) -> bool {
        let is_plain = self.slots.is_none() && self.is_unhindered(now);
        if !is_plain || self.too_large(costs).is_some() {
            return false;
        }
        let credit = self.credit(now);
        self.pay_all(costs, now, credit).is_ok()
    }

    /// Returns whether no caller waits, and nothing but the limits and the slots holds calls back.
    pub(super) fn is_unhindered(&self, now: Instant) -> bool {
        self.is_idle_with_rows() && self.is_calm() && self.cooldown.until() <= now
    }

    /// Returns whether calls are held back as declared, but for a pause: nothing was learnt, and no probe is awaited.
    #[inline]
    pub(super) fn is_calm(&self) -> bool {
        self.enforces()
            && !self.shut
            && self.cooldown.probe() == Probe::Off
            && self.learnt.ages_at().is_none()
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use crate::costs::Settlement;
    use crate::costs::Spent;
    use crate::quota::Quota;
    use crate::row::Row;
    use crate::row::Rows;
    use crate::time::Span;

    use super::*;

    fn quota(per_second: u32, burst: u32) -> Quota {
        let of = |count| NonZeroU32::new(count).expect("not zero");
        Quota::per_second(of(per_second)).with_burst(of(burst))
    }

    /// Returns a limiter with three limits.
    fn limiter() -> LimiterState {
        let rows = [
            Row::new("", quota(10, 5)),
            Row::new("tokens", quota(1000, 3000)),
            Row::new("points", quota(50, 100)),
        ];
        let rows = Rows::of(rows).expect("three limits");
        let mut state = LimiterState::new(rows.first.quota);
        state.add_rows(&rows);
        state
    }

    /// Numbers that look random, and are the same in each run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (self.0 >> 33) % bound
        }

        /// Returns a cost, which may be zero and may be above the burst.
        fn cost(&mut self, burst: u64) -> u64 {
            match self.below(5) {
                0 => 0,
                1 => self.below(burst + burst / 8 + 2),
                _ => self.below(burst / 8 + 2),
            }
        }
    }

    /// Takes costs by the short path and by the long one, and corrects them. `credit`: tokens may be owed to late timers.
    /// `timeless`: the short path corrects without a clock where it can.
    fn compare(credit: bool, timeless: bool) {
        let mut numbers = Numbers(7);
        let (mut short, mut long) = (limiter(), limiter());
        let mut now = Instant::from_nanos(3_600_000_000_000);
        let (mut drawn, mut permits, mut corrections) = (Vec::new(), 0, 0);
        for _ in 0..20_000 {
            now = now.after(Span::from_millis(numbers.below(120)));
            if credit {
                let owed_until = now
                    .before(Span::from_millis(50))
                    .after(Span::from_millis(numbers.below(100)));
                (short.owed_until, long.owed_until) = (owed_until, owed_until);
            }
            (short.unhindered_from, long.unhindered_from) = (Instant::EPOCH, Instant::FAR);
            short.gives_back_at_once = short.has_plain_buckets();
            let mut costs = Costs::NONE;
            for (row, burst) in [5, 3000, 100].into_iter().enumerate() {
                costs.set(row, numbers.cost(burst));
            }
            let taken = long.take_at_once(&costs, now);
            assert_eq!(short.take_at_once(&costs, now), taken, "{costs:?}");
            if taken {
                permits += 1;
                drawn.push((now, costs));
            }
            if numbers.below(3) == 0 && !drawn.is_empty() {
                let at = usize::try_from(numbers.below(drawn.len() as u64)).expect("few");
                let (drawn_at, costs) = drawn.swap_remove(at);
                let mut spent = Spent::UNKNOWN;
                for (row, burst) in [5, 3000, 100].into_iter().enumerate() {
                    let most = u64::from(costs.of(row)) + 1;
                    let less = numbers.below(most);
                    let spends_less = timeless && numbers.below(4) > 0;
                    spent.set(
                        row,
                        if spends_less {
                            less
                        } else {
                            numbers.cost(burst)
                        },
                    );
                }
                let settlement = Settlement {
                    drawn_at,
                    costs,
                    spent,
                };
                if timeless && short.give_back_at_once(&settlement) {
                    corrections += 1;
                } else {
                    short.settle(&settlement, now);
                }
                long.settle(&settlement, now);
            }
            assert_eq!(short.bucket.room(now), long.bucket.room(now));
            assert_eq!(short.row_snapshots(now), long.row_snapshots(now));
        }
        assert!(permits > 1000, "{permits} permits");
        assert_eq!(timeless, corrections > 1000, "{corrections} corrections");
    }

    #[test]
    fn the_short_path_takes_what_the_long_one_takes() {
        compare(true, false);
    }

    #[test]
    fn a_correction_that_only_gives_back_needs_no_clock() {
        compare(false, true);
    }
}
