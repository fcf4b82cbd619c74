//! Tokens that are used up beyond the bucket, after a change of the quota has made the bucket smaller.

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

/// Tokens that were used up when a change of the quota made the bucket smaller, and that it has no room for.
///
/// The smaller bucket is just empty. A larger one would gain these tokens after those of the smaller one, so they count
/// as used up if the quota becomes larger again before they would be back. Otherwise a quota that is lowered and raised
/// would create tokens.
#[derive(Debug)]
pub(crate) struct Beyond(Option<Box<Hidden>>);

#[derive(Debug)]
struct Hidden {
    /// Time that the tokens take to come back, in a bucket of this shape.
    used: Span,
    shape: Shape,
}

impl Beyond {
    pub(crate) const NONE: Self = Self(None);

    /// Returns whether there are such tokens.
    #[inline]
    pub(crate) const fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether all of them are back at `now`. `bucket`: the smaller one, which may have been full for long.
    pub(crate) fn are_back(&self, bucket: Bucket, now: Instant) -> bool {
        let Some(hidden) = &self.0 else { return true };
        let lost = now.since(bucket.tat);
        bucket.shape.tokens_at(lost, hidden.shape) >= hidden.used
    }

    /// Records that a bucket of this shape has been full for this long: a larger one would have gained tokens.
    #[inline]
    pub(crate) fn gain(&mut self, span: Span, shape: Shape) {
        if self.any() {
            self.gain_some(span, shape);
        }
    }

    #[cold]
    fn gain_some(&mut self, span: Span, shape: Shape) {
        let Some(hidden) = &mut self.0 else { return };
        hidden.used = hidden.used.minus(shape.tokens_at(span, hidden.shape));
        if hidden.used.is_zero() {
            self.0 = None;
        }
    }

    /// Follows a change of the quota: `bucket` has its new shape already, and was `before`.
    pub(crate) fn follow(&mut self, before: Bucket, bucket: &mut Bucket, now: Instant) {
        let to = bucket.shape;
        let hidden = self.0.take();
        let hidden = hidden.map_or(Span::ZERO, |it| it.shape.tokens_at(it.used, to));
        let cut_off = before.used_in(to, now).minus(bucket.room(now));
        let grown = to
            .capacity
            .minus(before.shape.tokens_at(before.shape.capacity, to));
        let back = hidden.min(grown);
        if !back.is_zero() {
            bucket.tat = bucket.tat.max(now).after(back);
        }
        let used = hidden.minus(back).plus(cut_off);
        if !used.is_zero() {
            self.0 = Some(Box::new(Hidden { used, shape: to }));
        }
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use crate::quota::Quota;

    use super::*;

    const NOW: Instant = Instant::from_nanos(3_600_000_000_000);

    /// Returns the shape of ten tokens per second, with this burst.
    fn shape(burst: u32) -> Shape {
        let number = |number| NonZeroU32::new(number).expect("above 0");
        Shape::of(Quota::per_second(number(10)).with_burst(number(burst)))
    }

    /// Changes the shape of a bucket.
    fn change(beyond: &mut Beyond, bucket: &mut Bucket, burst: u32, now: Instant) {
        let before = *bucket;
        bucket.reshape(shape(burst), now);
        beyond.follow(before, bucket, now);
    }

    /// Returns a bucket without tokens that held ten, and holds two since.
    fn shrunk() -> (Beyond, Bucket) {
        let (mut beyond, mut bucket) = (Beyond::NONE, Bucket::full(shape(10)));
        bucket.drain(NOW);
        change(&mut beyond, &mut bucket, 2, NOW);
        (beyond, bucket)
    }

    #[test]
    fn a_bucket_that_shrinks_and_grows_has_no_more_tokens() {
        let (mut beyond, mut bucket) = shrunk();
        assert_eq!(bucket.earliest(1, NOW), NOW.after(Span::from_millis(100)));
        assert!(beyond.any());
        change(&mut beyond, &mut bucket, 10, NOW);
        assert_eq!(bucket.available(NOW), 0);
        assert!(!beyond.any());
    }

    #[test]
    fn a_bucket_that_grows_in_steps_stays_empty_for_as_long() {
        let (mut beyond, mut bucket) = shrunk();
        for burst in [5, 1, 7, 9, 10, 20] {
            change(&mut beyond, &mut bucket, burst, NOW);
        }
        assert_eq!(bucket.available(NOW), 10, "20 less the 10 that are used up");
    }

    #[test]
    fn tokens_that_overflow_from_the_small_bucket_come_back_in_the_large_one() {
        let (mut beyond, mut bucket) = shrunk();
        let later = NOW.after(Span::from_millis(700));
        // It is full after 200 ms. Five more tokens have overflowed since.
        beyond.gain(later.since(bucket.tat), bucket.shape);
        bucket.tat = later;
        assert!(!beyond.are_back(bucket, later));
        change(&mut beyond, &mut bucket, 10, later);
        assert_eq!(bucket.available(later), 7);
    }

    #[test]
    fn after_the_time_that_the_large_bucket_takes_to_fill_all_are_back() {
        let (mut beyond, bucket) = shrunk();
        let full = NOW.after(Span::from_secs(1));
        assert!(beyond.are_back(bucket, full));
        beyond.gain(full.since(bucket.tat), bucket.shape);
        assert!(!beyond.any());
    }
}
