//! Quotas that processes declare differently in one store: the tightest holds.

use super::Limit;
use super::Limits;
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
            row.quota.declare(*limit, now);
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
