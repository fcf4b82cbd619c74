//! Quotas that processes declare differently in one store: the tightest holds.

use super::Limit;
use super::Limits;
use super::MAX_LIMITS;
use super::RowState;
use super::SharedQuota;
use super::State;
use super::Ticks;
use super::state::LONGEST_PAUSE;

impl SharedQuota {
    /// Returns the limit that a process declares, as tight as others have declared it.
    pub(super) fn tighten(self, limit: Limit, now: Ticks) -> Limit {
        let in_force = |until: Ticks| until == Ticks::ZERO || until > now;
        let interval = if in_force(self.interval_until) {
            self.interval
        } else {
            Ticks::ZERO
        };
        let burst = if in_force(self.burst_until) {
            self.burst
        } else {
            0
        };
        limit.tightened(interval, burst)
    }

    /// Records what a process declares, if something else was declared before.
    fn declare(&mut self, limit: Limit, now: Ticks) {
        let (interval, burst) = (limit.interval(), limit.burst());
        let end = now + limit.period();
        let looser = interval < self.interval;
        let equal = interval == self.interval;
        if self.interval > Ticks::ZERO && hold(&mut self.interval_until, looser, equal, end, now) {
            self.interval = interval;
        }
        let (looser, equal) = (burst > self.burst, burst == self.burst);
        if self.burst > 0 && hold(&mut self.burst_until, looser, equal, end, now) {
            self.burst = burst;
        }
    }
}

/// Decides on one part of a quota. Returns whether the new value holds from now on; sets until when it or the old one
/// holds against looser ones.
fn hold(until: &mut Ticks, looser: bool, equal: bool, end: Ticks, now: Ticks) -> bool {
    if equal {
        // Renewed only now and then: a request that only reads writes nothing, as a rule.
        if *until > Ticks::ZERO && *until < end {
            *until = (end + (end - now) / 4).min(now + LONGEST_PAUSE);
        }
        return false;
    }
    if !looser {
        *until = Ticks::ZERO;
        return true;
    }
    if *until == Ticks::ZERO {
        *until = end;
        return false;
    }
    if *until > now {
        return false;
    }
    *until = Ticks::ZERO;
    true
}

impl State {
    /// Compares what a process declares with what others have declared.
    pub(super) fn declare(&mut self, limits: &Limits, now: Ticks) {
        for (row, limit) in self.rows.iter_mut().zip(limits.as_slice()) {
            let before = row.quota.interval;
            row.quota.declare(*limit, now);
            if before > Ticks::ZERO && before < row.quota.interval {
                row.forget_draws(now);
            }
        }
    }

    /// Ends an operator's limits whose time is over.
    pub(super) fn end_override(&mut self, declared: &Limits, now: Ticks) {
        let is_set = |row: &RowState| row.override_interval > Ticks::ZERO;
        if self.override_until <= now && self.rows.iter().any(is_set) {
            let before = self.rows.each_ref().map(|row| row.override_interval);
            self.clear_override();
            self.forget_cheaper(&before, declared, now);
        }
    }

    /// Sets an operator's limits for `duration`.
    pub(super) fn replace_limits(
        &mut self,
        now: Ticks,
        declared: &Limits,
        limits: &Limits,
        duration: Ticks,
    ) {
        let mut before = [Ticks::ZERO; MAX_LIMITS];
        let in_force = self.in_force(declared, now);
        for (before, limit) in before.iter_mut().zip(in_force.as_slice()) {
            *before = limit.interval();
        }
        self.clear_override();
        if duration > Ticks::ZERO {
            self.override_until = now + duration.min(LONGEST_PAUSE);
            for (row, limit) in self.rows.iter_mut().zip(limits.as_slice()) {
                row.override_interval = limit.interval();
                row.override_capacity = limit.capacity();
            }
        }
        self.forget_cheaper(&before, declared, now);
    }

    fn clear_override(&mut self) {
        self.override_until = Ticks::ZERO;
        for row in &mut self.rows {
            (row.override_interval, row.override_capacity) = (Ticks::ZERO, Ticks::ZERO);
        }
    }

    /// Gives back nothing of what was drawn at shorter intervals than those in force now. 0: nothing was.
    fn forget_cheaper(&mut self, before: &[Ticks; MAX_LIMITS], declared: &Limits, now: Ticks) {
        let after = self.in_force(declared, now);
        for ((row, before), after) in self.rows.iter_mut().zip(before).zip(after.as_slice()) {
            if *before > Ticks::ZERO && *before < after.interval() {
                row.forget_draws(now);
            }
        }
    }

    /// Returns the limits with the tightest quotas that processes have declared.
    pub(crate) fn held(&self, declared: &Limits, now: Ticks) -> Limits {
        declared.changed(&self.rows, |limit, row| row.quota.tighten(limit, now))
    }

    /// Returns whether another process has declared a tighter quota, which holds.
    pub(crate) fn is_held(&self, declared: &Limits, now: Ticks) -> bool {
        self.held(declared, now) != *declared
    }

    /// Records what is declared for the first time.
    pub(super) fn note_declared(&mut self, limits: &Limits) {
        for (row, limit) in self.rows.iter_mut().zip(limits.as_slice()) {
            let quota = &mut row.quota;
            if quota.interval == Ticks::ZERO {
                (quota.interval, quota.interval_until) = (limit.interval(), Ticks::ZERO);
            }
            if quota.burst == 0 {
                (quota.burst, quota.burst_until) = (limit.burst(), Ticks::ZERO);
            }
        }
    }
}
