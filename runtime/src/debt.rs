//! Debts of a bucket whose callers are not held back.

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

/// Longest debt of such a bucket: longer than any wait that a caller accepts, and far below the range of instants.
pub(crate) const LONGEST_DEBT: Span = Span::from_secs(365 * 24 * 3600);

impl Bucket {
    /// Takes tokens of a call that is not held back, even if the bucket does not hold them.
    pub(crate) fn overdraw(&mut self, tokens: u64, now: Instant) {
        self.charge(tokens, LONGEST_DEBT, now);
    }

    /// Changes the shape, and keeps tokens that are owed if `keeps_debt`.
    pub(crate) fn reshape_keeping(&mut self, keeps_debt: bool, to: Shape, now: Instant) {
        if keeps_debt {
            self.reshape_with_debt(to, now);
        } else {
            self.reshape(to, now);
        }
    }

    /// Limits the tokens that are owed from `from` on to those that the bucket gains in `most`.
    pub(crate) fn bound_debt(&mut self, most: Span, from: Instant) {
        self.tat = self.tat.min((from + self.shape.capacity).after(most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tokens per second, three of them at once.
    const SHAPE: Shape = Shape {
        interval: Span::from_millis(500),
        capacity: Span::from_millis(1500),
    };

    const NOW: Instant = Instant::from_nanos(3_600_000_000_000);

    /// Returns a full bucket that 13 tokens were taken from.
    fn overdrawn() -> Bucket {
        let mut bucket = Bucket::full(SHAPE);
        bucket.overdraw(13, NOW);
        bucket
    }

    #[test]
    fn a_debt_is_waited_for() {
        assert_eq!(overdrawn().earliest(1, NOW), NOW + Span::from_millis(5500));
    }

    #[test]
    fn a_debt_is_bounded() {
        let mut bucket = overdrawn();
        bucket.bound_debt(Span::from_secs(1), NOW);
        assert_eq!(bucket.earliest(1, NOW), NOW + Span::from_millis(1500));
        bucket.bound_debt(Span::from_secs(9), NOW);
        assert_eq!(bucket.earliest(1, NOW), NOW + Span::from_millis(1500));
    }

    #[test]
    fn a_debt_is_kept_or_forgotten_with_the_shape() {
        let slower = Shape {
            interval: Span::from_secs(1),
            capacity: Span::from_secs(3),
        };
        let mut bucket = overdrawn();
        bucket.reshape_keeping(true, slower, NOW);
        assert_eq!(bucket.earliest(1, NOW), NOW + Span::from_secs(11));
        let mut bucket = overdrawn();
        bucket.reshape_keeping(false, slower, NOW);
        assert_eq!(bucket.earliest(1, NOW), NOW + Span::from_secs(1));
    }

    #[test]
    fn a_debt_does_not_grow_for_ever() {
        let mut bucket = Bucket::full(SHAPE);
        for _ in 0..100 {
            bucket.overdraw(u64::MAX, NOW);
        }
        let due = bucket.earliest(0, NOW);
        assert_eq!(due, NOW + LONGEST_DEBT);
    }
}
