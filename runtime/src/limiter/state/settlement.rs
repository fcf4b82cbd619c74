//! Settlement of what attempts really took.

use crate::bucket::Bucket;
use crate::costs::Settlement;
use crate::debt::LONGEST_DEBT;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
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
            self.peaks = Some(Box::new(Peaks::new(now)));
        }
        for (row, spent) in settlement.spent.known() {
            let (cost, drawn_at) = (u64::from(costs.of(row)), *drawn_at);
            if row == 0 {
                self.settle_first(cost, spent, drawn_at, now);
            } else if spent > cost {
                self.overrun(row, spent - cost, now);
            } else if let (true, Some(state)) = (spent < cost, other_of(&mut self.rows, row)) {
                state.give_back(cost - spent, drawn_at, now);
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

    /// Gives back tokens of the first limit that were taken at `drawn_at` and not spent, as far as there has been room for
    /// them since.
    pub(super) fn give_back_first(&mut self, tokens: u64, drawn_at: Instant, now: Instant) {
        self.unlog(tokens, drawn_at);
        if self.remote.is_some() {
            return;
        }
        let unspent = self.bucket.shape.price(tokens);
        let least = |bucket: &Bucket, peaks: &Peaks| peaks.least_room(drawn_at, bucket.room(now));
        let room = self
            .peaks
            .as_ref()
            .and_then(|peaks| least(&self.bucket, peaks));
        // Nothing is known of the time before the first correction but whether the bucket was full.
        let is_full = self.overflowed.covers(drawn_at);
        let room = room.unwrap_or(if is_full { Span::ZERO } else { unspent });
        let unspent = unspent.min(room);
        self.bucket.fill(unspent);
        for bucket in [&mut self.declared, &mut self.refilled]
            .into_iter()
            .flatten()
        {
            bucket.fill(unspent);
        }
        if let Some(peaks) = &mut self.peaks {
            peaks.raise(self.bucket.shape.price(tokens));
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
        let later = now.after(LEASE);
        if let Some(peaks) = &mut self.peaks {
            peaks.move_to(since, later);
        }
        for row in self.rows.iter_mut().flat_map(|rows| &mut rows.others) {
            row.picked_up(since, later);
        }
    }

    /// Corrects what an attempt took of the first limit.
    fn settle_first(&mut self, cost: u64, spent: u64, drawn_at: Instant, now: Instant) {
        self.overflow(now, Span::ZERO);
        if spent < cost {
            return self.give_back_first(cost - spent, drawn_at, now);
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
