//! Limits beside the first at the end of a cooldown: one call takes what it needs, and the others follow at the paced rate.

use crate::bucket::Bucket;
use crate::costs::MAX_ROWS;
use crate::learning::Observation;
use crate::learning::Routes;
use crate::learning::float;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::overflow::Overflow;
use super::rejection::Rejection;
use super::row_bucket::RowBucket;

/// The end of a cooldown takes no more of a limit than flows in within this time. A server that lets calls through so soon
/// has not used up a limit of an hour or a day.
const MOST_EMPTIED: Span = Span::from_secs(60);

impl LimiterState {
    /// Lets the first permit after a cooldown leave the limits beside the first empty. The buckets in a store are left to
    /// the store.
    pub(super) fn empty_rows(&mut self) {
        let is_own = self.remote.is_none();
        if let Some(rows) = self.rows.as_mut().filter(|_| is_own) {
            rows.emptied = u8::MAX << 1;
        }
    }

    /// Leaves limits as they are of which a refusal says that something is left: no burst is larger than that.
    pub(super) fn keep_rows_with_rest(&mut self, refused: &Rejection<'_>) {
        let (Some(rows), Some(heard)) = (&mut self.rows, &refused.heard) else {
            return;
        };
        let routes = Routes::of(heard.hint, &rows.declared);
        for row in 1..MAX_ROWS {
            if routes.left_of(row).is_some_and(|left| left >= 1.0) {
                rows.emptied &= !(1 << row);
            }
        }
    }

    /// Leaves all limits beside the first as they are.
    pub(super) fn keep_rows(&mut self) {
        if let Some(rows) = &mut self.rows {
            (rows.emptied, rows.refilled) = (0, None);
        }
    }

    /// Restores tokens by the answer to the call that went first after a cooldown: what a limit gained meanwhile can be
    /// used, up to what the server says is left of it.
    pub(super) fn renew_rows(&mut self, heard: &Observation<'_>, now: Instant) {
        let is_first = self.cooldown.awaits(heard.sent);
        let Some(rows) = self.rows.as_mut().filter(|_| is_first) else {
            return;
        };
        let Some(refilled) = rows.refilled.take() else {
            return;
        };
        let routes = Routes::of(heard.hint, &rows.declared);
        for (row, state) in (1..).zip(&mut rows.others) {
            if let (Some(before), Some(left)) = (refilled[row], routes.left_of(row)) {
                state.restore(before, left, now);
            }
        }
        self.delayed = true;
    }

    /// Forgets what the limits beside the first would hold: no answer has told of it.
    pub(super) fn forget_refilled_rows(&mut self) {
        if let Some(rows) = &mut self.rows {
            rows.refilled = None;
        }
    }
}

impl RowBucket {
    /// Empties the bucket at the end of a cooldown: what the first call takes is left of it, or a token. Returns the bucket as
    /// it was.
    pub(super) fn reopen(&mut self, cost: u32, end: Instant, now: Instant) -> Bucket {
        self.overflow(now, Span::ZERO);
        let before = self.bucket;
        self.bucket = self.reopened(cost, end);
        self.peaks.record(Span::ZERO, now);
        self.overflowed = Overflow::by(now);
        before
    }

    /// Returns the bucket with so many tokens at `at`, a token at least, if it holds more; but with no more taken out than
    /// flows in within a minute.
    pub(super) fn reopened(&self, tokens: u32, at: Instant) -> Bucket {
        let Bucket { tat, shape } = self.bucket;
        let kept = shape.price(u64::from(tokens.max(1)));
        let emptied = (at + shape.capacity).before(kept);
        let least = tat.max(at).after(MOST_EMPTIED);
        Bucket::new(tat.max(emptied.min(least)), shape)
    }

    /// Restores tokens of `before`, which the end of a cooldown has emptied: as many as the server has `left`.
    pub(super) fn restore(&mut self, mut before: Bucket, left: f64, now: Instant) {
        let shape = self.bucket.shape;
        let told = self.hints().available(now).map_or(left, float).min(left);
        before.reshape_with_debt(shape, now);
        let level = Bucket::holding(told, shape, now);
        self.bucket.tat = self.bucket.tat.min(before.tat.max(level));
    }
}
