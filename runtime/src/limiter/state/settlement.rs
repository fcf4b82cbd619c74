//! Settlement of what attempts really took.

use crate::costs::Settlement;
use crate::debt::LONGEST_DEBT;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::overflow::Overflow;
use super::peaks::Peaks;
use super::row_bucket::RowBucket;
use super::row_set::RowSet;
use super::waiter::LEASE;

impl LimiterState {
    /// Corrects what an attempt took. A limit owes what was spent beyond the cost, and gets back what was not spent,
    /// as far as its bucket has had room for it since: other tokens have taken the place of the rest.
    pub(in crate::limiter) fn settle(&mut self, settlement: &Settlement, now: Instant) {
        let Settlement {
            drawn_at, costs, ..
        } = settlement;
        if self.took_nothing(*drawn_at) || self.is_unpaid(costs, *drawn_at) {
            return;
        }
        self.settles = true;
        if self.remote.is_some() {
            return self.settle_in_store(settlement, now);
        }
        if self.peaks.is_none() {
            let since = self.overflowed.last();
            self.peaks = Some(Box::new(Peaks::unknown_until(now, since)));
        }
        for (row, spent) in settlement.spent.known() {
            let (cost, drawn_at) = (u64::from(costs.of(row)), *drawn_at);
            if row == 0 {
                self.settle_first(cost, spent, drawn_at, now);
            } else if spent > cost {
                self.overrun(row, spent - cost, now);
            } else if let (true, Some(state)) = (spent < cost, other_of(&mut self.rows, row)) {
                state.give_back(cost - spent, cost, drawn_at, now);
            }
        }
    }

    /// Charges what was spent beyond the cost to a limit beside the first.
    #[cold]
    fn overrun(&mut self, row: usize, more: u64, now: Instant) {
        let observes = self.observes();
        let Some(state) = other_of(&mut self.rows, row) else {
            return;
        };
        if observes {
            state.overdraw(more, now);
        } else {
            state.charge(more, now);
            self.delayed = true;
        }
    }

    /// Gives back the tokens of the first limit that were not spent of the `cost` ones taken at `drawn_at`, as far as there
    /// has been room for them since.
    pub(super) fn give_back_first(
        &mut self,
        unspent: u64,
        cost: u64,
        drawn_at: Instant,
        now: Instant,
    ) {
        self.unlog(unspent, drawn_at);
        if self.remote.is_some() {
            return;
        }
        let Some(peaks) = &mut self.peaks else { return };
        let (shape, room) = (self.bucket.shape, self.bucket.room(now));
        let drawn = || shape.price(cost);
        let given = peaks.give_back(drawn_at, shape.price(unspent), room, drawn);
        self.bucket.fill(given);
        if given.is_zero() {
            return;
        }
        for bucket in [&mut self.declared, &mut self.refilled]
            .into_iter()
            .flatten()
        {
            // There was room in it for all that the call took, but for what has flowed in since.
            let room = bucket.shape.price(cost).minus(now.since(drawn_at));
            bucket.fill(bucket.shape.price(unspent).min(room));
        }
    }

    /// Puts back tokens of the first limit, of a permit that was granted at `since` and not used.
    pub(super) fn put_back_first(&mut self, tokens: u64, since: Instant) {
        let price = self.bucket.shape.price(tokens);
        let given = self.peaks.as_mut().map_or(price, |peaks| {
            peaks.give_back(since, price, Span::LONGEST, || price)
        });
        self.put_back_unused(tokens);
        self.bucket.put_off(price.minus(given));
    }

    /// Records that the bucket is another one from now on: of tokens that were taken until `now` nothing is given back.
    pub(super) fn forget_peaks(&mut self, now: Instant) {
        match &mut self.peaks {
            Some(peaks) => peaks.forget(now),
            None => self.overflowed = Overflow::by(now.after(Span::SHORTEST)),
        }
    }

    /// Records the level of the bucket, which is about to fall.
    #[inline]
    pub(super) fn record_peak(&mut self, now: Instant) {
        if let Some(peaks) = &mut self.peaks {
            peaks.record(self.bucket.room(now), now);
        }
    }

    /// Records that a permit which was granted at `since` is picked up at `now`, from which on its holder counts it.
    pub(in crate::limiter) fn picked_up(&mut self, since: Instant, now: Instant) {
        if !self.needs_lock() || since >= now {
            return;
        }
        if let Some(remote) = &mut self.remote {
            return remote.call_picked_up(since, now);
        }
        if let Some(peaks) = &mut self.peaks {
            peaks.move_to(since, LEASE, now);
        }
        for row in self.rows.iter_mut().flat_map(|rows| &mut rows.others) {
            row.picked_up(since, LEASE, now);
        }
    }

    /// Corrects what an attempt took of the first limit.
    fn settle_first(&mut self, cost: u64, spent: u64, drawn_at: Instant, now: Instant) {
        self.overflow(now, Span::ZERO);
        if spent < cost {
            return self.give_back_first(cost - spent, cost, drawn_at, now);
        }
        let most = if self.observes() {
            LONGEST_DEBT
        } else {
            self.quota().rate().period()
        };
        let more = spent - cost;
        if more == 0 || self.remote.is_some() {
            return;
        }
        self.record_peak(now);
        if let Some(rows) = &mut self.rows {
            rows.first.take(more, now);
        }
        if let Some(strict) = &mut self.strict {
            strict.count(more, now);
        }
        self.forgiven = self
            .forgiven
            .saturating_add(self.bucket.charge(more, most, now));
        for bucket in [&mut self.declared, &mut self.refilled]
            .into_iter()
            .flatten()
        {
            bucket.charge(more, most, now);
        }
        self.delayed = true;
    }
}

/// Returns the limit at `row`, which is beside the first.
#[inline]
fn other_of(rows: &mut Option<Box<RowSet>>, row: usize) -> Option<&mut RowBucket> {
    rows.as_mut()?.others.get_mut(row.checked_sub(1)?)
}
