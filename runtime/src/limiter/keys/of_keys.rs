//! The whole limiter of a key follows what holds for all keys.

use crate::mode::Mode;
use crate::row::Row;
use crate::row::Rows;

use crate::limiter::shared::Shared;
use crate::limiter::state::beyond::Beyond;

/// Terms of the limiter of each key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyTerms<'t> {
    pub(crate) rows: &'t Rows,
    pub(crate) mode: Mode,
}

impl Shared {
    /// Remembers tokens that a key has used up beyond its bucket.
    pub(crate) fn remember(&self, beyond: Beyond) {
        if beyond.any() {
            self.with_state(|state, _, _| state.beyond = beyond);
        }
    }

    /// Follows a change of what holds for all keys, but for what the program has set for this one. `overriding`: also there.
    pub(crate) fn follow_keys(&self, old: KeyTerms<'_>, new: KeyTerms<'_>, overriding: bool) {
        if overriding {
            self.forget_by_hand();
        } else {
            self.forget_usual(old.rows);
        }
        self.change_limits(new.rows);
        let is_set = self.with_state(|state, _, _| state.is_bound_set(old.rows.concurrency));
        let changes = old.rows.concurrency != new.rows.concurrency;
        if (changes && !is_set) || (overriding && is_set) {
            self.bound_slots(new.rows.concurrency);
        }
        if !self.mode.is_set() && self.mode.get() != new.mode {
            // Without an event: there may be very many keys.
            self.put_mode_of_all(new.mode);
        }
    }

    /// Forgets which quotas were set for this key alone, where they are those of all.
    fn forget_usual(&self, rows: &Rows) {
        let usual = self.with_state(|state, _, _| {
            let quotas = rows.iter().enumerate();
            let same = |&(row, it): &(usize, &Row)| match row {
                0 => state.quota() == it.quota,
                row => state.row_quota(row) == Some(it.quota),
            };
            quotas.filter(same).map(|(row, _)| row).collect::<Vec<_>>()
        });
        for row in usual {
            self.naming.forget_by_hand_of(row);
        }
    }

    /// Refuses all calls of a key from now on, as [`Limiter::close`](crate::Limiter::close) does, without an event. Returns
    /// the number of calls that waited.
    pub(crate) fn shut_key(&self) -> usize {
        let refused = self.with_state(|state, now, wakes| {
            let waiting = state.queue.waiting();
            state.shut_down(now, wakes);
            state.announced.by_hand = None;
            waiting
        });
        for resource in self.all_resources() {
            resource.with_state(|state, now, wakes| {
                state.shut_down(now, wakes);
                state.announced.by_hand = None;
            });
        }
        refused
    }
}
