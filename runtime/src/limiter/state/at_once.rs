//! Permits of several limits that are free at once: the path of most calls, under the lock but without the rest of a visit
//! to it.

use crate::bucket::Bucket;
use crate::costs::Costs;
use crate::time::Instant;

use super::LimiterState;
use super::cooldown::Probe;

impl LimiterState {
    /// Records from when on nothing but the limits holds calls back, at the end of a visit to the lock.
    #[inline]
    pub(in crate::limiter) fn note_hindrances(&mut self) {
        if self.rows.is_some() {
            self.unhindered_from = self.end_of_hindrances();
        }
    }

    fn end_of_hindrances(&self) -> Instant {
        let is_plain = self.remote.is_none()
            && self.slots.is_none()
            && self.queue.waiting() == 0
            && self.strict.is_none()
            && self.rows.as_ref().is_none_or(|rows| !rows.empties())
            && self.is_calm();
        if is_plain {
            self.cooldown.until()
        } else {
            Instant::FAR
        }
    }

    /// Takes costs if no caller waits, and nothing but the limits holds calls back.
    #[inline]
    pub(in crate::limiter) fn take_at_once(&mut self, costs: &Costs, now: Instant) -> bool {
        let taken = self.unhindered_from <= now && self.take_free(costs, now);
        taken || self.take_otherwise(costs, now)
    }

    /// Takes costs that all limits have, where all of them are plain buckets. `false`: that is not so, or not known.
    #[inline]
    fn take_free(&mut self, costs: &Costs, now: Instant) -> bool {
        let (cost, credit) = (costs.of(0), self.credit(now));
        let Some(rows) = &self.rows else { return false };
        if cost > self.quota.burst().get() || !rows.first.is_silent(now) {
            return false;
        }
        let bucket = Bucket::new(self.bucket.tat, self.bucket.shape.with_room_for(cost));
        let Ok(first) = bucket.take(cost, now, credit) else {
            return false;
        };
        let Some(full_at) = rows.free(costs, now, credit) else {
            return false;
        };
        if cost > 0 {
            self.overflow(now, credit);
            self.record_peak(now);
            self.bucket.tat = first.tat;
            if self.declared.is_some() || self.refilled.is_some() {
                self.force_on_others(cost, now);
            }
        }
        if let Some(rows) = &mut self.rows {
            rows.take_free(&full_at, costs, now, credit);
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
    fn is_calm(&self) -> bool {
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

    #[test]
    fn the_short_path_takes_what_the_long_one_takes() {
        let mut numbers = Numbers(7);
        let (mut short, mut long) = (limiter(), limiter());
        let mut now = Instant::from_nanos(3_600_000_000_000);
        let (mut drawn, mut permits) = (Vec::new(), 0);
        for _ in 0..20_000 {
            now = now.after(Span::from_millis(numbers.below(120)));
            let owed_until = now
                .before(Span::from_millis(50))
                .after(Span::from_millis(numbers.below(100)));
            (short.owed_until, long.owed_until) = (owed_until, owed_until);
            (short.unhindered_from, long.unhindered_from) = (Instant::EPOCH, Instant::FAR);
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
                spent.set(1, numbers.cost(3000));
                spent.set(2, numbers.cost(100));
                let settlement = Settlement {
                    drawn_at,
                    costs,
                    spent,
                };
                short.settle(&settlement, now);
                long.settle(&settlement, now);
            }
            assert_eq!(short.bucket, long.bucket);
            assert_eq!(short.row_snapshots(now), long.row_snapshots(now));
        }
        assert!(permits > 1000, "{permits} permits");
    }
}
