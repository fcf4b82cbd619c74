//! Several limits: a call takes its costs from all of them, or from none.
//!
//! The first limit is the bucket of the limiter itself. The others stand beside it, and nothing is taken from one of
//! them while a call waits for another.

use core::time::Duration;

use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::TotalCosts;
use crate::limiter::request::Priority;
use crate::limiter::views::snapshot::RowSnapshot;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::row::Row;
use crate::row::Rows;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::peaks::Peaks;
use super::row_bucket::RowBucket;
use super::row_bucket::left;
use super::row_set::AtFault;
use super::row_set::RowSet;
use super::row_set::ToldShare;

impl LimiterState {
    /// Gives the limiter its limits beside the first, or a first one of another unit than requests.
    pub(in crate::limiter) fn add_rows(&mut self, rows: &Rows) {
        self.rows = Some(Box::new(RowSet::new(rows)));
        self.peaks = Some(Box::new(Peaks::NONE));
        self.queue.count_all_costs();
    }

    /// Returns the states of all limits as they are at `now`.
    pub(super) fn row_snapshots(&self, now: Instant) -> [Option<RowSnapshot>; MAX_ROWS] {
        let mut snapshots = [None; MAX_ROWS];
        let Some(rows) = &self.rows else {
            return snapshots;
        };
        let told = |row| self.row_closed_until(row);
        snapshots[0] = Some(RowSnapshot {
            unit: rows.unit(0),
            quota: self.quota(),
            rate: Rate::of_interval(self.bucket.shape.interval),
            available: rows
                .first
                .available(now)
                .unwrap_or(u64::MAX)
                .min(self.free(now)),
            waited: rows.first_waited,
            forgiven: self.forgiven,
            closed_for: left(told(0).max(self.cooldown.until()), now),
            would_have_waited: self.observed_of(0).waits,
            would_have_refused: self.observed_of(0).refused,
        });
        for (row, state) in rows.numbered() {
            let snapshot = state.snapshot(self.observed_of(row), now);
            snapshots[row] = Some(RowSnapshot {
                closed_for: left(told(row), now),
                ..snapshot
            });
        }
        snapshots
    }

    /// Returns the instant until which the server's limit is used up at `row`, as it has told any of the processes.
    fn row_closed_until(&self, row: usize) -> Instant {
        let remote = self.remote.as_ref();
        let told = remote.and_then(|remote| remote.row_closed_until(row));
        let own = self.rows.as_ref().map(|rows| match row.checked_sub(1) {
            None => rows.first.closed_until(),
            Some(at) => rows.others[at].hints().closed_until(),
        });
        told.max(own).unwrap_or(Instant::EPOCH)
    }

    /// Returns the time for which the server's limit is still used up at `row`.
    pub(in crate::limiter) fn row_closed_for(&self, row: usize, now: Instant) -> Option<Duration> {
        left(self.row_closed_until(row), now)
    }

    /// Takes costs out of all limits, or out of none. Returns until when the permit may be used. `Err`: the instant at
    /// which they can be taken.
    pub(super) fn pay_all(
        &mut self,
        costs: &Costs,
        now: Instant,
        credit: Span,
    ) -> Result<Instant, Instant> {
        if self.draws_calls() {
            return self.pay_in_store(costs, now);
        }
        let Some(rows) = &self.rows else {
            return self.pay(costs.of(0), now, credit);
        };
        let drawn = match rows.drawn(costs, now, credit) {
            Ok(drawn) => drawn,
            Err((due, row)) => return Err(self.blocked(costs, (due, row), now)),
        };
        let until = match costs.of(0) {
            0 => Instant::FAR,
            cost => {
                let told = rows.first.earliest(u64::from(cost), now);
                if told > now {
                    return Err(self.blocked_by(0, told));
                }
                match self.pay(cost, now, credit) {
                    Ok(until) => until,
                    Err(due) => return Err(self.blocked_by(0, due)),
                }
            }
        };
        if let Some(rows) = &mut self.rows {
            rows.first.take(u64::from(costs.of(0)), now);
            rows.take(&drawn, costs, now, credit);
        }
        Ok(until)
    }

    /// Returns the instant at which all limits have the costs, and records which has them last. `due`: the one of the
    /// limits beside the first that has them last.
    fn blocked(&mut self, costs: &Costs, due: (Instant, usize), now: Instant) -> Instant {
        let first = match costs.of(0) {
            0 => Instant::EPOCH,
            cost => self.due(u64::from(cost), now),
        };
        let (due, row) = due.max((first, 0));
        self.blocked_by(row, due)
    }

    pub(super) fn blocked_by(&mut self, row: usize, due: Instant) -> Instant {
        if let Some(rows) = &mut self.rows {
            rows.blocking = row;
        }
        due
    }

    /// Returns the instant at which the last of `total` is granted, from now on.
    pub(super) fn due_in_all(&self, total: &TotalCosts, now: Instant) -> Instant {
        self.due_and_row(total, now).0
    }

    /// Returns the same instant, and the limit that has its tokens last.
    pub(in crate::limiter) fn due_and_row(
        &self,
        total: &TotalCosts,
        now: Instant,
    ) -> (Instant, usize) {
        if self.draws_calls() {
            return self.due_in_store(total, now);
        }
        let Some(rows) = &self.rows else {
            return (self.due(total.of(0), now), 0);
        };
        let opens = self.cooldown.held_until().max(now);
        let first = match total.of(0) {
            0 => opens,
            cost => self.due(cost, now).max(rows.first.earliest(cost, opens)),
        };
        rows.earliest(total, opens, now).max((first, 0))
    }

    /// Returns the limit that has the tokens last that a caller waits for which joins now. `None`: the caller waits for
    /// the end of a cooldown alone.
    pub(in crate::limiter) fn latest_row(&self, costs: &Costs, now: Instant) -> Option<usize> {
        let total = self.queue.costs_ahead(Priority::First).and(costs);
        let (due, row) = self.due_and_row(&total, now);
        (due > self.cooldown.held_until().max(now)).then_some(row)
    }

    /// Returns whether no caller waits, and the buckets are those of this state, and not of the fast path or a store.
    #[inline]
    pub(in crate::limiter) fn is_idle_with_rows(&self) -> bool {
        if self.unhindered_from < Instant::FAR {
            return true;
        }
        self.needs_lock() && self.remote.is_none() && self.queue.waiting() == 0
    }

    /// Returns the first limit that never holds these costs, and what it holds.
    pub(in crate::limiter) fn too_large(&self, costs: &Costs) -> Option<(usize, u32)> {
        let first = (0, self.quota().burst().get());
        let rows = self.rows.iter().flat_map(|rows| rows.numbered());
        let rows = rows.map(|(row, state)| (row, state.quota().burst().get()));
        core::iter::once(first)
            .chain(rows)
            .find(|&(row, burst)| costs.of(row) > burst)
    }

    /// Puts back what a permit took from the limits beside the first, which was granted at `since` and is not used.
    pub(super) fn give_back_rows(&mut self, costs: &Costs, since: Instant, now: Instant) {
        let Some(rows) = &mut self.rows else { return };
        for (row, state) in (1..).zip(&mut rows.others) {
            if costs.of(row) > 0 {
                state.put_back(u64::from(costs.of(row)), since, now);
            }
        }
        rows.first.give_back(u64::from(costs.of(0)), since);
    }

    /// Forgets what the server said about the limits.
    pub(super) fn forget_hints(&mut self) {
        let Some(rows) = &mut self.rows else { return };
        rows.first.forget();
        rows.others.iter_mut().for_each(RowBucket::forget_hints);
        rows.shares.fill(ToldShare::WHOLE);
    }

    /// Puts back what all unused permits took from the limits beside the first.
    pub(super) fn give_back_unused_rows(&mut self, now: Instant) {
        if self.rows.is_none() {
            return;
        }
        for index in self.queue.unused() {
            let (costs, since) = (self.queue.costs(index), self.queue.waiter(index).since);
            self.give_back_rows(&costs, since, now);
        }
    }

    /// Records a wait for the limit that was the last to have its tokens.
    pub(super) fn account_row(&mut self, waited: Duration) {
        let Some(rows) = &mut self.rows else { return };
        match rows
            .blocking
            .checked_sub(1)
            .and_then(|at| rows.others.get_mut(at))
        {
            Some(row) => row.waited += waited,
            None => rows.first_waited += waited,
        }
    }

    /// Follows the ways to the server, and what was learnt of the rate, in the limits beside the first.
    pub(super) fn reshape_rows(&mut self, now: Instant) {
        let Some(rows) = &mut self.rows else { return };
        let rows = &mut **rows;
        rows.first.age(now);
        for (state, told) in rows.others.iter_mut().zip(&rows.shares[1..]) {
            state.follow_ways(now);
            state.reshape(|declared| told.share.share_of(declared), now);
        }
    }

    /// Records how long the head of a response took, in the limits beside the first.
    pub(super) fn returned_to_rows(&mut self, took: Option<Span>, now: Instant) {
        let Some(rows) = &mut self.rows else { return };
        let mut longer = false;
        for state in &mut rows.others {
            longer |= state.returned(took, now);
        }
        if longer {
            self.delayed = true;
            self.reshape_rows(now);
        }
    }

    /// Returns whether a limit beside the first has a strict window.
    pub(super) fn has_strict_row(&self) -> bool {
        let mut rows = self.rows.iter().flat_map(|rows| &rows.others);
        rows.any(RowBucket::is_strict)
    }

    /// Handles a refusal that is about some of the limits beside the first, although their windows were kept to.
    pub(super) fn refused_in_rows(&mut self, at_fault: AtFault, now: Instant) {
        let Some(rows) = &mut self.rows else { return };
        for (row, state) in (1..).zip(&mut rows.others) {
            if at_fault[row] {
                state.refused_in_window(now);
            }
        }
    }

    /// Changes the quota of the limit at `row`, which is beside the first.
    pub(in crate::limiter) fn set_row_quota(&mut self, row: usize, quota: Quota, now: Instant) {
        let Some(rows) = &mut self.rows else { return };
        let rows = &mut **rows;
        let state = row.checked_sub(1).and_then(|at| rows.others.get_mut(at));
        let (Some(state), Some(told)) = (state, rows.shares.get(row)) else {
            return;
        };
        let before = state.bucket();
        state.set_quota(quota, now);
        state.reshape(|declared| told.share.share_of(declared), now);
        state.follow_quota(before, now);
        self.delayed = true;
    }

    /// Returns the quota of the limit at `row`, which is beside the first.
    pub(in crate::limiter) fn row_quota(&self, row: usize) -> Option<Quota> {
        let rows = self.rows.as_ref()?;
        rows.others.get(row.checked_sub(1)?).map(RowBucket::quota)
    }

    /// Returns whether the limits beside the first are full.
    pub(in crate::limiter) fn are_rows_full(&self, now: Instant) -> bool {
        let mut rows = self.rows.iter().flat_map(|rows| &rows.others);
        rows.all(|state| state.is_full(now))
    }

    /// Takes all tokens of the limits whose quotas start empty.
    pub(in crate::limiter) fn drain_rows(&mut self, rows: &[Row], now: Instant) {
        let Some(states) = &mut self.rows else { return };
        let empty = |(_, row): &(&mut RowBucket, &Row)| row.quota.starts_empty();
        for (state, _) in states.others.iter_mut().zip(rows).filter(empty) {
            state.drain(now);
        }
    }
}
