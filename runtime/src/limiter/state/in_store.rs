//! Several limits in a store, or one that is settled there: permits are calls that the store has served.
//!
//! The buckets of this process follow what the store says. They decide alone while the store is away.

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::Settlement;
use crate::costs::TotalCosts;
use crate::limiter::remote::CallPayment;
use crate::limiter::remote::Demand;
use crate::limiter::remote::FRONT;
use crate::limiter::remote::StoreLimits;
use crate::quota::Quota;
use crate::time::Instant;

use super::LimiterState;
use super::cooldown::Probe;
use super::waiter::WaiterState;
use super::waiter::expiry;

impl LimiterState {
    /// Returns whether permits are calls that a store has served.
    #[inline]
    pub(super) fn draws_calls(&self) -> bool {
        let remote = self.remote.as_ref();
        remote.is_some_and(|remote| remote.draws_calls())
    }

    /// Returns the limits as a store counts them, if permits are calls that it has served.
    pub(in crate::limiter) fn store_limits(&self) -> Option<StoreLimits> {
        StoreLimits::of(self.declared_shapes()).filter(|_| self.draws_calls())
    }

    /// Returns units and declared quotas of all limits, where there are several.
    pub(in crate::limiter) fn declared_rows(&self) -> Vec<(&'static str, Quota, Instant)> {
        let Some(rows) = &self.rows else {
            return Vec::new();
        };
        let buckets = self.buckets().enumerate();
        buckets
            .map(|(row, (quota, bucket))| (rows.unit(row), quota, bucket.tat))
            .collect()
    }

    /// Draws calls from the store, if there are several limits, or costs are corrected.
    pub(in crate::limiter) fn follow_store(&mut self) {
        if !self.needs_lock() {
            return;
        }
        let limits = StoreLimits::of(self.declared_shapes());
        if let (Some(limits), Some(remote)) = (limits, &mut self.remote) {
            remote.count_calls(&limits);
        }
    }

    /// Returns the quotas with the shapes of their buckets, without what was learnt: that is told by itself.
    pub(super) fn declared_shapes(&self) -> impl Iterator<Item = (Quota, Shape)> {
        let others = self.rows.iter().flat_map(|rows| &rows.others);
        let others = others.map(|row| (row.quota(), row.declared_shape()));
        core::iter::once((self.quota(), self.declared_shape)).chain(others)
    }

    /// Returns the limits with their buckets in force.
    fn buckets(&self) -> impl Iterator<Item = (Quota, Bucket)> + use<> {
        let others = self.rows.iter().flat_map(|rows| &rows.others);
        let others = others.map(|row| (row.quota(), row.bucket()));
        let all = core::iter::once((self.quota(), self.bucket)).chain(others);
        let mut buckets = [None; MAX_ROWS];
        for (place, bucket) in buckets.iter_mut().zip(all) {
            *place = Some(bucket);
        }
        buckets.into_iter().flatten()
    }

    /// Sets the instants at which the buckets beside the first are full to those of the store.
    pub(super) fn follow_rows(&mut self) {
        let (Some(remote), Some(rows)) = (&self.remote, &mut self.rows) else {
            return;
        };
        for (row, state) in (1..).zip(&mut rows.others) {
            if let Some(full_at) = remote.full_at(row) {
                state.set_full_at(full_at);
            }
        }
    }

    /// Returns the instant at which the server has the last of `total`, and the limit that has it last.
    pub(super) fn told(&self, total: &TotalCosts, now: Instant) -> (Instant, usize) {
        let mut last = (now, 0);
        let Some(rows) = &self.rows else { return last };
        last.0 = rows.first.earliest(total.of(0), now);
        for (row, state) in rows.numbered() {
            last = last.max((state.hints().earliest(total.of(row), now), row));
        }
        last
    }

    /// Takes a call that the store has served. Returns until when it may be made. `Err`: the instant at which it can be
    /// taken.
    pub(super) fn pay_in_store(&mut self, costs: &Costs, now: Instant) -> Result<Instant, Instant> {
        let (told, row) = self.told(&TotalCosts::default().and(costs), now);
        if told > now {
            return Err(self.blocked_by(row, told));
        }
        let Some(remote) = &mut self.remote else {
            return Err(Instant::FAR);
        };
        let until = match remote.pay_for_call(costs, now) {
            CallPayment::At { due, row } => {
                return Err(row.map_or(due, |row| self.blocked_by(row, due)));
            }
            CallPayment::Until { until, row } => {
                self.blocked_by(row, now);
                until
            }
            CallPayment::Own => {
                self.pay_alone(costs, now)?;
                Instant::FAR
            }
        };
        if let Some(rows) = &mut self.rows {
            rows.first.take(u64::from(costs.of(0)), now);
            for (row, state) in (1..).zip(&mut rows.others) {
                state.hints_mut().take(u64::from(costs.of(row)), now);
            }
        }
        Ok(until)
    }

    /// Takes costs out of this process's own buckets: its share of the rates, and no more than a call at a time.
    fn pay_alone(&mut self, costs: &Costs, now: Instant) -> Result<(), Instant> {
        let paid = |&(row, _): &(usize, Bucket)| costs.of(row) > 0;
        if let Some((due, row)) = self.full_last(costs).filter(|(due, _)| *due > now) {
            return Err(self.blocked_by(row, due));
        }
        for (row, bucket) in self.buckets().map(|(_, it)| it).enumerate().filter(paid) {
            let Some(remote) = &self.remote else { break };
            let own = remote.own_row(row, bucket.shape);
            self.set_full_at(row, now + own.price(u64::from(costs.of(row))));
        }
        if let Some(remote) = &mut self.remote {
            remote.note_own(now);
        }
        Ok(())
    }

    /// Returns the instant at which the last of the buckets is full that have a part in these costs, and its limit.
    pub(super) fn full_last(&self, costs: &Costs) -> Option<(Instant, usize)> {
        let buckets = self.buckets().map(|(_, bucket)| bucket).enumerate();
        let paid = buckets.filter(|(row, _)| costs.of(*row) > 0);
        paid.map(|(row, bucket)| (bucket.tat, row)).max()
    }

    fn set_full_at(&mut self, row: usize, full_at: Instant) {
        let rows = self.rows.as_mut();
        match row.checked_sub(1).zip(rows) {
            None => self.bucket.tat = full_at,
            Some((at, rows)) => {
                if let Some(state) = rows.others.get_mut(at) {
                    state.set_full_at(full_at);
                }
            }
        }
    }

    /// Returns the instant at which the last of `total` is granted, and the limit that has its tokens last.
    pub(super) fn due_in_store(&self, total: &TotalCosts, now: Instant) -> (Instant, usize) {
        let opens = (self.cooldown.held_until().max(now), 0);
        let Some(remote) = &self.remote else {
            return opens;
        };
        let due = if remote.is_alone() {
            self.due_alone(total, now)
        } else {
            remote.forecast(total, now)
        };
        due.max(self.told(total, now)).max(opens)
    }

    /// Returns when the last of `total` comes out of this process's own buckets, at the earliest: the last call may take
    /// as much as the declared bucket holds.
    fn due_alone(&self, total: &TotalCosts, now: Instant) -> (Instant, usize) {
        let mut last = (now, 0);
        let Some(remote) = &self.remote else {
            return last;
        };
        for (row, (quota, bucket)) in self.buckets().enumerate() {
            let tokens = total.of(row);
            if tokens > 0 {
                let before = tokens.saturating_sub(u64::from(quota.burst().get()));
                let own = remote.own_row(row, bucket.shape);
                let due = bucket.tat.max(now) + own.price(before);
                last = last.max((due, row));
            }
        }
        last
    }

    /// Plans the requests to the store for what waiters need. Returns when to come back for more.
    pub(super) fn plan_calls(&mut self, now: Instant) -> Instant {
        self.follow_store();
        self.tell_paces(now);
        let is_armed = matches!(self.cooldown.probe(), Probe::Armed { .. });
        let probe = self.queue.probe().filter(|_| is_armed);
        let front = match probe {
            Some(probe) => vec![self.queue.costs(probe)],
            // One call at a time waits for the other limiters, and the next one follows.
            None if self.is_head_joint() => self.queue.front(2),
            None => self.queue.front(FRONT),
        };
        let head = probe.or_else(|| self.queue.head());
        let demand = Demand {
            tokens: 0,
            first: 0,
            latest: head.map_or(Instant::FAR, |head| self.queue.waiter(head).latest),
            soonest: self.soonest,
            waits_elsewhere: self.waits_elsewhere(),
        };
        let shape = self.bucket.shape;
        self.remote.as_mut().map_or(Instant::FAR, |remote| {
            remote.plan_calls(&front, demand, shape, now)
        })
    }

    /// Returns the new state of a waiter that cannot wait for the store any longer. `ahead`: the costs of those before it.
    pub(super) fn turned_away_in_store(
        &self,
        index: u32,
        ahead: &TotalCosts,
        now: Instant,
    ) -> Option<WaiterState> {
        let remote = self.remote.as_ref()?;
        let (waiter, costs) = (self.queue.waiter(index), self.queue.costs(index));
        if waiter.refusable && remote.refusal(waiter.latest, now).is_some() {
            return Some(WaiterState::NoStore);
        }
        let end = if remote.holds_call(&costs) {
            expiry(waiter.latest)
        } else {
            waiter.latest
        };
        let over = end <= now && waiter.since < now && !remote.has_just_asked(now);
        let until = || self.due_alone(&ahead.and(&costs), now).0;
        over.then(|| match remote.due_alone(1, now, self.bucket.shape, now) {
            Some(least) => WaiterState::Late {
                until: least.max(until()),
            },
            None => WaiterState::NoStore,
        })
    }

    /// Puts back a call that a waiter was granted at `since` and has not made.
    pub(super) fn take_call_back(
        &mut self,
        costs: &Costs,
        until: Instant,
        since: Instant,
        now: Instant,
    ) {
        if let Some(rows) = &mut self.rows {
            rows.first.give_back(u64::from(costs.of(0)), since);
            for (row, state) in (1..).zip(&mut rows.others) {
                let hints = state.hints_mut();
                hints.give_back(u64::from(costs.of(row)), since);
            }
        }
        if let Some(remote) = &mut self.remote {
            remote.put_back_call(costs, until, since, now);
        }
    }

    /// Gives back to the store what unused permits have drawn, which are void.
    pub(super) fn void_unused_calls(&mut self, now: Instant) {
        if !self.draws_calls() {
            return;
        }
        for index in self.queue.unused() {
            let (costs, since) = (self.queue.costs(index), self.queue.waiter(index).since);
            if let Some(remote) = &mut self.remote {
                remote.void_call(&costs, since, now);
            }
        }
    }

    /// Corrects what an attempt took, in the store.
    pub(super) fn settle_in_store(&mut self, settlement: &Settlement, now: Instant) {
        self.follow_store();
        if let Some(remote) = &mut self.remote {
            remote.settle(settlement, now);
        }
        let more = |row: usize| {
            let spent = settlement.spent.of(row).unwrap_or_default();
            spent.saturating_sub(u64::from(settlement.costs.of(row)))
        };
        let most = self.quota().rate().period();
        let forgiven = self.bucket.charge(more(0), most, now);
        self.forgiven = self.forgiven.saturating_add(forgiven);
        let Some(rows) = &mut self.rows else { return };
        rows.first.take(more(0), now);
        for (row, state) in (1..).zip(&mut rows.others) {
            if more(row) > 0 {
                state.charge(more(row), now);
            }
        }
        self.delayed = true;
    }

    /// Gives back what was drawn for calls that do not begin any more, at once.
    pub(super) fn give_back_drawn_calls(&mut self, now: Instant) {
        if let Some(remote) = &mut self.remote {
            remote.void_calls(now);
        }
        self.flush_corrections(now);
    }

    /// Sends the corrections that wait for another request, at once.
    pub(in crate::limiter) fn flush_corrections(&mut self, now: Instant) {
        if let Some(remote) = &mut self.remote {
            remote.flush_corrections(self.bucket.shape, now);
        }
    }

    /// Returns whether a visit has to be arranged.
    #[cfg(feature = "blocking")]
    pub(in crate::limiter) fn needs_visit(&self, now: Instant) -> bool {
        let remote = self.remote.as_ref();
        remote.is_some_and(|remote| remote.unarranged_visit(now).is_some())
    }

    /// Returns when the limiter has to be visited although no caller may wait, if that is not arranged yet.
    pub(in crate::limiter) fn next_visit(&mut self, now: Instant) -> Option<Instant> {
        let remote = self.remote.as_mut()?;
        remote.next_visit(now)
    }
}
