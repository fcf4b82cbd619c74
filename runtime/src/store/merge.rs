//! A state that was lost, and is restored from what processes remember.

use super::Limits;
use super::SharedQuota;
use super::State;
use super::Ticks;

impl State {
    /// Restores what a process saw earlier and this state has lost, as far as it can be true.
    pub(super) fn merge_floor(&mut self, mut floor: Self, limits: &Limits, now: Ticks) {
        for row in &mut floor.rows {
            // Other processes declare their quotas again.
            row.quota = SharedQuota::default();
        }
        floor.shift_back(now);
        floor.clamp_to(limits, now);
        // A pause that the floor does not know made void what its first bucket had given away.
        let void = usize::from(floor.generation < self.generation);
        let rows = self.rows.iter_mut().zip(&floor.rows);
        for ((own, other), _) in rows.zip(limits.as_slice()).skip(void) {
            own.full_at = own.full_at.max(other.full_at);
        }
        if !self.has_lifted(&floor) && floor.paused_until > self.paused_until {
            self.paused_until = floor.paused_until;
            self.pause_kind = floor.pause_kind;
        }
        let newer = floor.seen > self.seen;
        if newer || floor.generation > self.generation {
            // The bucket does not know of all tokens that were drawn, before the loss and by other processes since.
            self.generation = self.generation.max(floor.generation + 1);
        }
        if newer {
            self.restore(&floor, limits, now);
        }
    }

    /// Takes over what only a newer state knows.
    fn restore(&mut self, floor: &Self, limits: &Limits, now: Ticks) {
        for (own, other) in self.rows.iter_mut().zip(&floor.rows) {
            (own.learnt_interval, own.learnt_until) = other.lesson();
            (own.override_interval, own.override_capacity) = other.replacement();
        }
        // Whether they were full since a draw is lost: nothing that was drawn before is given back.
        for (own, _) in self.rows.iter_mut().zip(limits.as_slice()) {
            own.spilt_at = own.spilt_at.max(now);
        }
        let is_set = floor
            .rows
            .iter()
            .any(|row| row.override_interval > Ticks::ZERO);
        self.override_until = if is_set {
            floor.override_until
        } else {
            Ticks::ZERO
        };
        self.lifted_until = self.lifted_until.max(floor.lifted_until);
    }

    /// Records the end of the pause in force, which is lifted: a floor with this pause may be sent until
    /// then, and the state is kept for as long.
    pub(super) fn note_lifted(&mut self) {
        self.lifted_until = self.lifted_until.max(self.paused_until);
    }

    /// Returns whether the pause of a floor was lifted by hand since.
    fn has_lifted(&self, floor: &Self) -> bool {
        floor.generation < self.generation && floor.paused_until <= self.lifted_until
    }
}
