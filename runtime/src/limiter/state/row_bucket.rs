//! State of one limit beside the first: its bucket, and what settlements have changed.

use core::time::Duration;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::bucket::TIMER_SLACK;
use crate::costs::Costs;
use crate::learning::Observation;
use crate::learning::Routes;
use crate::limiter::counts::observed::Observed;
use crate::limiter::views::snapshot::RowSnapshot;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::row::Row;
use crate::time::Instant;
use crate::time::Span;

use super::beyond::Beyond;
use super::overflow::Overflow;
use super::peaks::Peaks;
use super::row_hints::RowHints;
use super::strict_state::StrictState;

/// State of one limit beside the first.
#[derive(Debug)]
pub(in crate::limiter) struct RowBucket {
    pub(in crate::limiter) unit: &'static str,
    quota: Quota,
    /// Shape of the declared bucket.
    declared: Shape,
    /// Bucket in force: the declared one, slowed down by what was learnt.
    bucket: Bucket,
    /// Instant at which the bucket is full without the tokens that are about to be taken.
    reserved: Instant,
    /// Instant of the last (possible) overflow.
    overflowed: Overflow,
    peaks: Peaks,
    /// Restrictions by what the server says.
    hints: RowHints,
    /// The strict window of the quota, if it has one.
    strict: Option<Box<StrictState>>,
    /// Time that calls have waited for its tokens.
    pub(in crate::limiter) waited: Duration,
    /// Tokens spent beyond what the limit can owe.
    pub(in crate::limiter) forgiven: u64,
    /// Tokens used up beyond the bucket, which a change of the quota has made smaller.
    beyond: Beyond,
}

/// Returns the time until `until`, if that is to come.
pub(super) fn left(until: Instant, now: Instant) -> Option<Duration> {
    (until > now).then(|| until.since(now).into())
}

impl RowBucket {
    pub(super) fn new(row: &Row) -> Self {
        let declared = Shape::of(row.quota);
        Self {
            unit: row.unit(),
            quota: row.quota,
            declared,
            bucket: Bucket::full(declared),
            reserved: Instant::EPOCH,
            overflowed: Overflow::NEVER,
            peaks: Peaks::NONE,
            hints: RowHints::NONE,
            strict: StrictState::of(row.quota),
            waited: Duration::ZERO,
            forgiven: 0,
            beyond: Beyond::NONE,
        }
    }

    pub(in crate::limiter) const fn quota(&self) -> Quota {
        self.quota
    }

    /// Returns the state as it is at `now`.
    pub(super) fn snapshot(&self, observed: Observed, now: Instant) -> RowSnapshot {
        RowSnapshot {
            unit: self.unit,
            quota: self.quota,
            rate: Rate::of_interval(self.hints.tighten(self.bucket.shape).interval),
            available: self.available(now),
            waited: self.waited,
            forgiven: self.forgiven,
            closed_for: left(self.hints.closed_until(), now),
            would_have_waited: observed.waits,
            would_have_refused: observed.refused,
        }
    }

    /// Returns the tokens that can be taken at `now`.
    pub(in crate::limiter) fn available(&self, now: Instant) -> u64 {
        let free = self.strict.as_ref().and_then(|strict| strict.free(now));
        let in_bucket = self.bucket.available(now);
        let told = self.hints.available(now);
        [free, told].into_iter().flatten().fold(in_bucket, u64::min)
    }

    /// Returns the instant at which the bucket is full again without `cost` tokens that are taken at `now`, or as error
    /// the instant at which they can be taken.
    #[inline]
    pub(super) fn drawn(&self, cost: u32, now: Instant, credit: Span) -> Result<Instant, Instant> {
        if cost == 0 {
            return Ok(self.bucket.tat);
        }
        if let Some(strict) = &self.strict {
            strict.check(cost, now)?;
        }
        let told = self.hints.earliest(u64::from(cost), now);
        if told > now {
            return Err(told);
        }
        let shape = self.bucket.shape.with_room_for(cost);
        let drawn = Bucket::new(self.bucket.tat, shape).take(cost, now, credit)?;
        Ok(drawn.tat)
    }

    /// Takes `cost` tokens. `full_at`: the instant that [`drawn`](Self::drawn) has returned for this cost, at this instant.
    #[inline]
    pub(super) fn take(&mut self, full_at: Instant, cost: u32, now: Instant, credit: Span) {
        if cost == 0 {
            return;
        }
        self.overflow(now, credit);
        self.peaks.record(self.bucket.room(now), now);
        self.bucket.tat = full_at;
        self.hints.take(u64::from(cost), now);
        if let Some(strict) = &mut self.strict {
            strict.count(u64::from(cost), now);
        }
    }

    /// Notes when the bucket is full again without `cost` tokens that are taken at `now`. Returns `false` if they are not there,
    /// or something else than the bucket counts as well.
    #[inline]
    pub(super) fn reserve(&mut self, cost: u32, now: Instant, credit: Span) -> bool {
        if cost == 0 {
            return true;
        }
        if cost > self.quota.burst().get() || self.strict.is_some() || !self.hints.is_silent(now) {
            return false;
        }
        let full_at = self.bucket.emptied_by(cost, now, credit);
        self.reserved = full_at.unwrap_or(self.reserved);
        full_at.is_some()
    }

    /// Takes `cost` tokens, for which [`reserve`](Self::reserve) was called at this instant.
    #[inline]
    pub(super) fn take_reserved(&mut self, cost: u32, now: Instant, credit: Span) {
        if cost == 0 {
            return;
        }
        self.overflow(now, credit);
        self.peaks.record(self.bucket.room(now), now);
        self.bucket.tat = self.reserved;
    }

    /// Returns whether it is a bucket alone, of which no tokens are used up beyond it.
    pub(super) const fn is_plain(&self) -> bool {
        self.strict.is_none() && !self.beyond.any()
    }

    /// Records that tokens overflow which are there for longer than `credit`, if there are any.
    #[inline]
    pub(super) fn overflow(&mut self, now: Instant, credit: Span) {
        let full = now.before(credit);
        if self.bucket.tat < full {
            self.beyond
                .gain(full.since(self.bucket.tat), self.bucket.shape);
            self.bucket.tat = full;
            self.overflowed = Overflow::by(now);
        }
    }

    /// Puts back tokens of a permit that was granted at `since` and not used.
    pub(super) fn put_back(&mut self, tokens: u64, since: Instant, now: Instant) {
        self.hints.give_back(tokens, since);
        self.overflow(now, TIMER_SLACK);
        if let Some(strict) = &mut self.strict {
            strict.uncount(tokens, since);
        }
        if !self.overflowed.covers(since) {
            let price = self.bucket.shape.price(tokens);
            let given = self.peaks.give_back(since, price, Span::LONGEST, || price);
            self.bucket.fill(given);
        }
    }

    /// Gives back the tokens that were not spent of the `cost` ones taken at `drawn_at`, as far as there has been room for
    /// them since.
    #[inline]
    pub(super) fn give_back(&mut self, unspent: u64, cost: u64, drawn_at: Instant, now: Instant) {
        if let Some(strict) = &mut self.strict {
            strict.uncount(unspent, drawn_at);
        }
        let (shape, room) = (self.bucket.shape, self.bucket.room(now));
        let unspent = shape.price(unspent);
        let drawn = || shape.price(cost);
        let given = self.peaks.give_back(drawn_at, unspent, room, drawn);
        self.bucket.fill(given);
    }

    /// Records that a permit of `since` is picked up at `now`, from which on its holder counts it, `lease` later at most.
    pub(super) fn picked_up(&mut self, since: Instant, lease: Span, now: Instant) {
        self.peaks.move_to(since, lease, now);
    }

    /// Charges tokens that were spent beyond the cost. The limit owes at most the tokens of one period.
    pub(super) fn charge(&mut self, tokens: u64, now: Instant) {
        self.overflow(now, Span::ZERO);
        if let Some(strict) = &mut self.strict {
            strict.count(tokens, now);
        }
        self.hints.take(tokens, now);
        self.peaks.record(self.bucket.room(now), now);
        let most = self.quota.rate().period();
        self.forgiven = self
            .forgiven
            .saturating_add(self.bucket.charge(tokens, most, now));
    }

    /// Takes tokens of a call that is not held back, even if the limit does not hold them.
    pub(super) fn overdraw(&mut self, tokens: u64, now: Instant) {
        if tokens == 0 {
            return;
        }
        self.overflow(now, Span::ZERO);
        if let Some(strict) = &mut self.strict {
            strict.count(tokens, now);
        }
        self.hints.take(tokens, now);
        self.peaks.record(self.bucket.room(now), now);
        self.bucket.overdraw(tokens, now);
    }

    /// Limits the debt to the tokens of one period.
    pub(super) fn bound_debt(&mut self, now: Instant) {
        let before = self.bucket;
        self.bucket.bound_debt(self.quota.rate().period(), now);
        if self.bucket != before {
            self.peaks.forget(now);
        }
    }

    /// Returns the instant from `start` on at which the last of `total` tokens is free, if they are taken one after the
    /// other.
    pub(super) fn earliest(&self, total: u64, start: Instant, now: Instant) -> Instant {
        if total == 0 {
            return start;
        }
        let by_bucket = |total| self.bucket.earliest(total, start);
        let by_log = self.strict.as_ref();
        let by_log = by_log.and_then(|strict| strict.due(total, start, now, by_bucket));
        let due = by_bucket(total).max(self.hints.earliest(total, start));
        by_log.map_or(due, |by_log| by_log.max(due))
    }

    /// Records what a response said about the limit, which is at `row`.
    pub(super) fn hear(
        &mut self,
        (routes, row): (&Routes<'_>, usize),
        (heard, costs): (&Observation<'_>, &Costs),
        now: Instant,
    ) {
        let bucket = (self.declared, self.bucket.available(now));
        self.hints.hear((routes, row), (heard, costs), bucket, now);
    }

    /// Doubts what is only a guess about the server.
    pub(super) fn doubt(&mut self) {
        self.hints.doubt();
    }

    /// Closes the limit until `until`.
    pub(super) fn close(&mut self, until: Instant) {
        self.hints.close(until);
    }

    /// Forgets what the server said.
    pub(super) fn forget_hints(&mut self) {
        self.hints.forget();
    }

    /// Follows the ways to the server as they are known now. Returns whether the shape has changed.
    pub(super) fn follow_ways(&mut self, now: Instant) -> bool {
        let burst = self.quota.burst();
        let strict = self.strict.as_mut();
        let shape = strict.and_then(|strict| strict.shape(burst, now));
        let changed = shape.filter(|shape| *shape != self.declared);
        self.declared = changed.unwrap_or(self.declared);
        changed.is_some()
    }

    /// Records how long the head of a response took. Returns whether permits count for longer since.
    pub(super) fn returned(&mut self, took: Option<Span>, now: Instant) -> bool {
        let strict = self.strict.as_mut();
        strict.is_some_and(|strict| strict.returned(took, now))
    }

    /// Handles a refusal although the window was kept to.
    pub(super) fn refused_in_window(&mut self, now: Instant) {
        if let Some(strict) = &mut self.strict {
            strict.guard.refused(now);
        }
    }

    /// Returns whether the limit has a strict window.
    pub(super) const fn is_strict(&self) -> bool {
        self.strict.is_some()
    }

    /// Changes the bucket in force to what was learnt; `slowed` slows a declared shape down to that. Tokens that are
    /// used up or owed stay so.
    pub(super) fn reshape(&mut self, slowed: impl Fn(Shape) -> Shape, now: Instant) {
        self.hints.age(now);
        let to = slowed(self.declared);
        if to != self.bucket.shape {
            self.overflow(now, Span::ZERO);
            let used = self.bucket.used_in(to, now);
            self.bucket.reshape_with_debt(to, now);
            self.peaks.forget(now);
            // Of tokens that a smaller bucket has no room for, it is not known any more that they are used.
            if used > to.capacity {
                self.overflowed = Overflow::by(now.after(Span::SHORTEST));
            }
        }
    }

    /// Changes the quota. Tokens that are used up or owed stay so.
    pub(super) fn set_quota(&mut self, quota: Quota, now: Instant) {
        let used = u64::from(self.quota.burst().get()).saturating_sub(self.available(now));
        self.quota = quota;
        self.declared = Shape::of(quota);
        self.peaks.forget(now);
        self.strict = StrictState::of(quota);
        if let Some(strict) = &mut self.strict {
            strict.count(used, now);
        }
    }

    /// Follows a change of the quota with the tokens that are used up beyond the bucket, which was `before`.
    pub(super) fn follow_quota(&mut self, before: Bucket, now: Instant) {
        if before.shape != self.bucket.shape {
            self.beyond.follow(before, &mut self.bucket, now);
        }
    }

    /// Takes all tokens, for a quota that starts empty.
    pub(super) fn drain(&mut self, now: Instant) {
        self.peaks.record(self.bucket.room(now), now);
        self.bucket.drain(now);
        let logged = self.strict.as_mut().and_then(|it| it.logged_mut(now));
        if let Some((log, lasts)) = logged {
            log.fill(now, lasts);
        }
    }

    pub(super) const fn declared_shape(&self) -> Shape {
        self.declared
    }

    /// Returns the bucket in force.
    pub(super) const fn bucket(&self) -> Bucket {
        self.bucket
    }

    /// Sets the instant at which the bucket is full, as a store knows it.
    pub(super) const fn set_full_at(&mut self, full_at: Instant) {
        self.bucket.tat = full_at;
    }

    pub(super) const fn hints(&self) -> &RowHints {
        &self.hints
    }

    pub(super) const fn hints_mut(&mut self) -> &mut RowHints {
        &mut self.hints
    }

    /// Returns whether the bucket is full, and the window unused.
    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.bucket.tat <= now
            && self.beyond.are_back(self.bucket, now)
            && self.available(now) >= u64::from(self.quota.burst().get())
    }
}
