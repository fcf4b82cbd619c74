//! The token bucket as arithmetic on integer nanoseconds: the generic cell rate algorithm (GCRA,
//! ATM Forum Traffic Management 4.1, section 4.4.2).
//!
//! The whole state is one instant, the *theoretical arrival time* (`tat`): the instant at which the bucket will be
//! full again if no token is taken.

use core::num::NonZeroU32;

use crate::quota::Quota;
use crate::strict::StrictWindow;
use crate::time::Instant;
use crate::time::Span;

/// A [`Quota`] in the units of the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Time from one token to the next.
    pub(crate) interval: Span,
    /// Time to fill an empty bucket: the interval times the burst.
    pub(crate) capacity: Span,
}

/// A token bucket: its state, and its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Theoretical arrival time: the instant at which the bucket is full again.
    pub(crate) tat: Instant,
    pub(crate) shape: Shape,
}

/// Timer slack: while callers are queued, or come back for the next permit, a full bucket may gain up to
/// two milliseconds of extra tokens, so that a late timer does not lower the rate. tokio's timers are
/// due within one.
pub(crate) const TIMER_SLACK: Span = Span::from_millis(2);

/// Maximum capacity (36 years), so that sums of a few instants cannot overflow.
pub(crate) const MAX_CAPACITY: Span = Span::from_nanos(1 << 60);

impl Shape {
    /// Returns the shape of a quota: of one with a strict window while nothing is known of the ways to the server.
    pub(crate) const fn of(quota: Quota) -> Self {
        match quota.window() {
            Some(window) if quota.burst().get() < window.limit.get() => {
                let lasts = window.period.plus(window.longest_way());
                Self::strict(window, quota.burst(), lasts.plus(TIMER_SLACK))
            }
            _ => Self::with_burst(quota.rate().span(), quota.burst()),
        }
    }

    /// Returns the shape by which no interval of the length `lasts` holds more tokens than a strict window, with a
    /// burst that is less.
    ///
    /// An interval of the length `w` holds at most `burst + w / interval` tokens, and one more where tokens are drawn
    /// from a store. The interval is a little longer than what divides `lasts` into the rest of the window.
    pub(crate) const fn strict(window: StrictWindow, burst: NonZeroU32, lasts: Span) -> Self {
        let rest = window.limit.get().saturating_sub(burst.get()) as u64;
        let rest = if rest == 0 { 1 } else { rest };
        Self::with_burst(Span::from_nanos(lasts.nanos() / rest + 1), burst)
    }

    const fn with_burst(interval: Span, burst: NonZeroU32) -> Self {
        let capacity = bounded(interval.times(burst.get() as u64));
        Self { interval, capacity }
    }

    /// Returns the shape with room for `cost` tokens. A pace or a cut rate may leave less capacity than a call costs;
    /// such a call gets its permit once the bucket is full.
    #[inline]
    pub(crate) fn with_room_for(self, cost: u32) -> Self {
        Self {
            capacity: self.capacity.max(self.price(u64::from(cost))),
            ..self
        }
    }

    /// Returns the time that `cost` tokens take from the bucket.
    #[inline]
    pub(crate) const fn price(self, cost: u64) -> Span {
        if cost == 1 {
            return self.interval;
        }
        bounded(self.interval.times(cost))
    }

    /// Returns the time that as many tokens take at another rate as take `span` at this one.
    pub(crate) fn tokens_at(self, span: Span, other: Self) -> Span {
        let nanos = u128::from(span.nanos()) * u128::from(other.interval.nanos());
        let nanos = u64::try_from(nanos / u128::from(self.interval.nanos()));
        nanos.map_or(MAX_CAPACITY, Span::from_nanos)
    }
}

/// Returns the span, at most [`MAX_CAPACITY`].
#[inline]
const fn bounded(span: Span) -> Span {
    if span.nanos() > MAX_CAPACITY.nanos() {
        MAX_CAPACITY
    } else {
        span
    }
}

impl Bucket {
    /// Returns a bucket of this shape that is full again at `tat`.
    #[inline]
    pub(crate) const fn new(tat: Instant, shape: Shape) -> Self {
        Self { tat, shape }
    }

    /// Returns a full bucket.
    pub(crate) const fn full(shape: Shape) -> Self {
        Self::new(Instant::EPOCH, shape)
    }

    /// Returns the bucket without `cost` tokens that are taken at `now`, or as error the instant at which they can be
    /// taken.
    ///
    /// `credit` is the timer slack: the bucket may have been more than full by this much, so that the tokens of waiters
    /// whose timer fires late are not lost.
    #[inline]
    pub(crate) fn take(self, cost: u32, now: Instant, credit: Span) -> Result<Self, Instant> {
        let Self { tat, shape } = self;
        let next = tat.max(now.before(credit)) + shape.price(u64::from(cost));
        if next <= now + shape.capacity {
            Ok(Self::new(next, shape))
        } else {
            Err(next - shape.capacity)
        }
    }

    /// Takes `cost` tokens that another bucket has granted, even if this one does not hold them: it owes them then.
    pub(crate) fn force(&mut self, cost: u32, now: Instant) {
        self.tat = self.tat.max(now) + self.shape.price(u64::from(cost));
    }

    /// Takes tokens that have been spent already, even if the bucket does not hold them. It owes at most as many as it
    /// gains in `most`. Returns the tokens beyond.
    pub(crate) fn charge(&mut self, tokens: u64, most: Span, now: Instant) -> u64 {
        let next = self.tat.max(now) + self.shape.price(tokens);
        let latest = (now + self.shape.capacity).after(most).max(self.tat);
        self.tat = next.min(latest);
        next.since(latest) / self.shape.interval
    }

    /// Returns the time in which the bucket is full, if no token is taken.
    #[inline]
    pub(crate) fn room(self, now: Instant) -> Span {
        self.tat.since(now)
    }

    /// Moves the instant at which the bucket is full forward by `span`.
    #[inline]
    pub(crate) const fn fill(&mut self, span: Span) {
        self.tat = self.tat.before(span);
    }

    /// Puts back tokens that were taken and not used.
    pub(crate) const fn give_back(&mut self, tokens: u64) {
        self.tat = self.tat.before(self.shape.price(tokens));
    }

    /// Delays the next token by `span`.
    pub(crate) const fn put_off(&mut self, span: Span) {
        self.tat = self.tat.after(span);
    }

    /// Returns the instant at which the last of `cost` tokens is free, if they are taken one by one from `now` on.
    pub(crate) fn earliest(self, cost: u64, now: Instant) -> Instant {
        let next = self.tat.max(now) + self.shape.price(cost);
        next.before(self.shape.capacity).max(now)
    }

    /// Takes all tokens.
    pub(crate) fn drain(&mut self, now: Instant) {
        self.tat = now + self.shape.capacity;
    }

    /// Empties the bucket at the end of a cooldown: one token is free at `until`, and the next ones follow at the rate.
    pub(crate) fn reopen(&mut self, until: Instant) {
        let Shape { interval, capacity } = self.shape;
        self.tat = self.tat.max(until + (capacity - interval));
    }

    /// Changes the shape. As many tokens are used up as before.
    pub(crate) fn reshape(&mut self, to: Shape, now: Instant) {
        let used = self.shape.tokens_at(self.tat.since(now), to);
        *self = Self::new(now + used.min(to.capacity), to);
    }

    /// Returns the time in which a bucket of another shape gains the tokens that are used up or owed.
    pub(crate) fn used_in(&self, other: Shape, now: Instant) -> Span {
        self.shape.tokens_at(self.tat.since(now), other)
    }

    /// Changes the shape, as [`reshape`](Self::reshape) does. Tokens that are owed stay owed.
    pub(crate) fn reshape_with_debt(&mut self, to: Shape, now: Instant) {
        let owed = self.tat.since(now + self.shape.capacity);
        let owed = self.shape.tokens_at(owed, to);
        self.reshape(to, now);
        if !owed.is_zero() {
            self.tat = (now + to.capacity).after(owed);
        }
    }

    /// Changes the shape to the declared one. The bucket of a slower rate holds fewer tokens, so those that were used up
    /// beyond it are not known: a bucket that was empty is empty.
    pub(crate) fn deepen(&mut self, to: Shape, now: Instant) {
        if self.shape.interval > to.interval {
            *self = Self::new(self.tat.min(now.after(to.capacity)), to);
        } else {
            self.reshape(to, now);
        }
    }

    /// Returns the theoretical arrival time of a bucket of this shape that holds `tokens`, at most its burst.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is too large saturates"
    )]
    pub(crate) fn holding(tokens: f64, shape: Shape, now: Instant) -> Instant {
        (now + shape.capacity).before(shape.price(tokens as u64))
    }

    /// Returns the number of whole tokens that can be taken at `now`.
    pub(crate) fn available(self, now: Instant) -> u64 {
        (now + self.shape.capacity).since(self.tat.max(now)) / self.shape.interval
    }

    /// Bounds the state to one that is possible at `now`. The clock of another runtime may have been ahead of
    /// this one's (paused time in tests): then the bucket counts as empty, and not as closed for the difference.
    pub(crate) fn bound(&mut self, now: Instant) {
        self.tat = self.tat.min(now + self.shape.capacity);
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;

    /// Two tokens per second, three of them at once.
    const SHAPE: Shape = Shape {
        interval: Span::from_millis(500),
        capacity: Span::from_millis(1500),
    };

    /// Half as fast, with the same burst.
    const SLOWER: Shape = Shape {
        interval: Span::from_secs(1),
        capacity: Span::from_secs(3),
    };

    /// Returns the instant this many milliseconds after the bucket was filled.
    const fn at(millis: u64) -> Instant {
        Instant::from_nanos(3_600_000_000_000).after(Span::from_millis(millis))
    }

    /// Returns a bucket without tokens.
    fn empty(now: Instant) -> Bucket {
        let mut bucket = Bucket::full(SHAPE);
        bucket.drain(now);
        bucket
    }

    #[test]
    fn a_full_bucket_grants_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::full(SHAPE);
        for _ in 0..3 {
            bucket = bucket.take(1, at(0), Span::ZERO).expect("a token is left");
        }
        assert_eq!(bucket.take(1, at(0), Span::ZERO), Err(at(500)));
        assert_eq!(bucket.take(1, at(499), Span::ZERO), Err(at(500)));
        assert!(bucket.take(1, at(500), Span::ZERO).is_ok());
    }

    #[test]
    fn a_cost_above_one_waits_for_all_its_tokens() {
        assert_eq!(empty(at(0)).take(2, at(0), Span::ZERO), Err(at(1000)));
        assert!(empty(at(0)).take(2, at(1000), Span::ZERO).is_ok());
    }

    #[test]
    fn a_full_bucket_gains_no_more_tokens() {
        let bucket = empty(at(0));
        assert_eq!(bucket.available(at(1500)), 3);
        assert_eq!(bucket.available(at(60_000)), 3);
    }

    #[test]
    fn timer_slack_keeps_the_tokens_of_that_time() {
        let late = at(1500) + TIMER_SLACK;
        let kept = empty(at(0)).take(1, late, TIMER_SLACK).expect("it is full");
        let lost = empty(at(0)).take(1, late, Span::ZERO).expect("it is full");
        assert_eq!(lost.tat - kept.tat, TIMER_SLACK);
    }

    #[test]
    fn tokens_that_are_given_back_are_free_again() {
        let mut bucket = empty(at(0));
        bucket.give_back(2);
        assert_eq!(bucket.available(at(0)), 2);
    }

    #[test]
    fn tokens_that_are_forced_are_owed() {
        let mut bucket = empty(at(0));
        bucket.force(2, at(0));
        assert_eq!(bucket.take(1, at(0), Span::ZERO), Err(at(1500)));
    }

    #[test]
    fn a_bucket_that_is_put_off_grants_its_next_token_later() {
        let mut bucket = empty(at(0));
        bucket.put_off(Span::from_millis(100));
        assert_eq!(bucket.earliest(1, at(0)), at(600));
    }

    #[test]
    fn the_earliest_instant_is_that_of_the_last_token() {
        assert_eq!(Bucket::full(SHAPE).earliest(3, at(0)), at(0));
        assert_eq!(Bucket::full(SHAPE).earliest(5, at(0)), at(1000));
        assert_eq!(empty(at(0)).earliest(1, at(700)), at(700));
    }

    #[test]
    fn a_reopened_bucket_has_one_token_and_then_its_rate() {
        let mut bucket = Bucket::full(SHAPE);
        bucket.reopen(at(1000));
        assert_eq!(bucket.available(at(1000)), 1);
        assert_eq!(bucket.earliest(2, at(1000)), at(1500));
    }

    #[test]
    fn a_new_shape_keeps_the_tokens_that_are_used_up() {
        let mut bucket = empty(at(0));
        bucket.give_back(1);
        bucket.reshape(SLOWER, at(0));
        assert_eq!((bucket.available(at(0)), bucket.shape), (1, SLOWER));
        bucket.reshape(SHAPE, at(0));
        assert_eq!(bucket.tat, at(1000));
    }

    #[test]
    fn a_bucket_that_was_empty_at_a_slower_rate_is_empty_at_the_declared_one() {
        let mut bucket = Bucket::new(at(3000), SLOWER);
        bucket.deepen(SHAPE, at(0));
        assert_eq!(bucket, empty(at(0)));
    }

    #[test]
    fn a_bucket_that_holds_some_tokens_is_no_fuller() {
        let of = |tokens| Bucket::new(Bucket::holding(tokens, SHAPE, at(0)), SHAPE);
        assert_eq!(of(2.9).available(at(0)), 2);
        assert_eq!(of(1e300).available(at(0)), 3);
    }

    #[test]
    fn a_state_of_a_clock_that_was_ahead_counts_as_empty() {
        let mut bucket = empty(at(60_000));
        bucket.bound(at(0));
        assert_eq!(bucket, empty(at(0)));
    }

    #[test]
    fn a_shape_makes_room_for_one_call_and_its_price_is_bounded() {
        assert_eq!(SHAPE.with_room_for(2), SHAPE);
        assert_eq!(SHAPE.with_room_for(4).capacity, Span::from_secs(2));
        assert_eq!(SHAPE.price(u64::MAX), MAX_CAPACITY);
    }

    #[test]
    fn a_clock_that_is_off_widens_the_envelope_by_as_much_and_no_more() {
        const OFF: Span = Span::from_nanos(5_000);
        for (rate, burst) in [(100_000, 1), (100_000, 20), (1_000_000, 3)] {
            let [rate, burst] = [rate, burst].map(|n| NonZeroU32::new(n).expect("above 0"));
            let shape = Shape::of(Quota::per_second(rate).with_burst(burst));
            let mut bucket = Bucket::full(shape);
            let (mut now, mut seed) = (Instant::from_nanos(1_000_000_000), 1_u64);
            let mut granted = Vec::new();
            while granted.len() < 500 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                now = now + Span::from_nanos((seed >> 33) % shape.interval.nanos());
                let off = Span::from_nanos((seed >> 40) % (OFF + OFF).nanos());
                let reading = now - OFF + off;
                if let Ok(next) = bucket.take(1, reading, Span::ZERO) {
                    bucket = next;
                    granted.push(now);
                }
            }
            for (from, first) in granted.iter().enumerate() {
                for (to, last) in granted.iter().enumerate().skip(from) {
                    let most = (shape.capacity + (*last - *first) + OFF + OFF) / shape.interval;
                    assert!((to - from + 1) as u64 <= most, "{from} to {to} of {rate}/s");
                }
            }
        }
    }
}
