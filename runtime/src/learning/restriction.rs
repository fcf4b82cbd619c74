//! Restriction of a row by what a response told of one window. It stands beside the row's own bucket, which it leaves
//! as it is.
//!
//! A response describes the server at the instant at which its call arrived. Calls that were sent later arrive later by
//! as much, so the server is followed by the instants at which calls are sent: what was taken from the row after the
//! answered call is not yet among what the response calls used.

use crate::bucket::Bucket;
use crate::bucket::MAX_CAPACITY;
use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

use super::windows::Pace;

/// Restriction of a row by one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Restriction {
    /// Instant at which it ends.
    pub(super) until: Instant,
    pub(super) kind: RestrictionKind,
}

/// Tokens that the server has for the row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RestrictionKind {
    /// The rest of a window, which ends with it.
    Rest {
        /// Tokens that are left of the window. Below zero if calls in flight take more.
        left: f64,
        spacing: Option<Spacing>,
    },
    /// A bucket like the server's.
    Bucket {
        bucket: Bucket,
        /// Whether so little is left that the bucket sets the pace.
        scarce: bool,
    },
}

/// Calls in even distances, by which the rest of a window lasts until its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spacing {
    /// Time from one token to the next.
    pub(super) interval: Span,
    /// Instant at which the tokens that were taken last have taken their time.
    pub(super) next: Instant,
}

impl Restriction {
    /// Returns the earliest instant, from `now` on, at which `cost` tokens can be taken after `ahead` others.
    pub(super) fn earliest(&self, ahead: u64, cost: u64, now: Instant) -> Instant {
        if cost == 0 || now >= self.until {
            return now;
        }
        let free = match self.kind {
            RestrictionKind::Rest { left, .. } if float(ahead) + float(cost) > left => self.until,
            RestrictionKind::Rest { spacing, .. } => spacing.map_or(now, |spacing| {
                spacing.next.max(now).after(spacing.price(ahead))
            }),
            RestrictionKind::Bucket { bucket, .. } => {
                // A call that costs more than the server's bucket holds waits until it is full.
                let cost_alone = u32::try_from(cost).unwrap_or(u32::MAX);
                let shape = bucket.shape.with_room_for(cost_alone);
                let full = bucket.tat.max(now).after(shape.price(ahead));
                full.after(shape.price(cost)).before(shape.capacity)
            }
        };
        free.min(self.until).max(now)
    }

    /// Records that tokens are taken at `now`.
    pub(super) fn take(&mut self, tokens: u64, now: Instant) {
        match &mut self.kind {
            RestrictionKind::Rest { left, spacing } => {
                *left -= float(tokens);
                if let Some(spacing) = spacing {
                    spacing.next = spacing.next.max(now).after(spacing.price(tokens));
                }
            }
            RestrictionKind::Bucket { bucket, .. } => {
                bucket.tat = bucket.tat.max(now).after(bucket.shape.price(tokens));
            }
        }
    }

    /// Records that tokens were taken and not used.
    pub(super) fn give_back(&mut self, tokens: u64) {
        match &mut self.kind {
            RestrictionKind::Rest { left, spacing } => {
                *left += float(tokens);
                if let Some(spacing) = spacing {
                    spacing.next = spacing.next.before(spacing.price(tokens));
                }
            }
            RestrictionKind::Bucket { bucket, .. } => bucket.give_back(tokens),
        }
    }

    /// Returns the number of whole tokens that the server has for the row.
    pub(super) fn available(&self, now: Instant) -> u64 {
        match self.kind {
            RestrictionKind::Rest { left, .. } => whole_tokens(left),
            RestrictionKind::Bucket { bucket, .. } => bucket.available(now),
        }
    }

    /// Returns whether nothing is left until it ends.
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.kind, RestrictionKind::Rest { left, .. } if left < 1.0)
    }

    /// Returns the pace that it sets.
    pub(super) fn pace(&self) -> Option<Pace> {
        let interval = match self.kind {
            RestrictionKind::Rest { spacing, .. } => spacing?.interval,
            RestrictionKind::Bucket { bucket, scarce } => {
                scarce.then_some(bucket.shape.interval)?
            }
        };
        Some(Pace {
            interval,
            until: self.ends_at(),
        })
    }

    /// Returns the instant from which it restricts nothing.
    pub(super) fn ends_at(&self) -> Instant {
        match self.kind {
            RestrictionKind::Rest { .. } => self.until,
            RestrictionKind::Bucket { bucket, .. } => self.until.min(bucket.tat),
        }
    }
}

impl Spacing {
    /// Returns the time that tokens take.
    pub(super) fn price(&self, tokens: u64) -> Span {
        self.interval.times(tokens).min(MAX_CAPACITY)
    }
}

/// Returns a bucket of the size `limit` that gains a token in each `interval`, of which `used` tokens are used at `at`.
pub(super) fn bucket(limit: f64, used: f64, interval: Span, at: Instant) -> Bucket {
    let interval = interval.min(MAX_CAPACITY);
    let time = |tokens: f64| Span::from_f64(tokens * interval.to_f64()).min(MAX_CAPACITY);
    let capacity = time(limit).max(interval);
    Bucket::new(at.after(time(used)), Shape { interval, capacity })
}

/// Returns the number of tokens as a float.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) const fn float(tokens: u64) -> f64 {
    tokens as f64
}

/// Returns the whole tokens of a count, none if it is negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that is out of range saturates"
)]
const fn whole_tokens(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Span = Span::from_secs(1);

    const fn at(seconds: u64) -> Instant {
        Instant::EPOCH.after(Span::from_secs(seconds))
    }

    const fn rest(left: f64, spacing: Option<Spacing>) -> Restriction {
        Restriction {
            until: at(60),
            kind: RestrictionKind::Rest { left, spacing },
        }
    }

    #[test]
    fn the_rest_of_a_window_is_not_exceeded_until_its_end() {
        let mut restriction = rest(100.0, None);
        assert_eq!(restriction.earliest(0, 100, at(0)), at(0));
        assert_eq!(restriction.earliest(1, 100, at(0)), at(60));
        assert_eq!(restriction.earliest(100, 0, at(0)), at(0));
        restriction.take(60, at(0));
        assert_eq!(restriction.earliest(0, 41, at(1)), at(60));
        assert_eq!(
            (restriction.available(at(1)), restriction.is_closed()),
            (40, false)
        );
        restriction.give_back(1);
        assert_eq!(restriction.earliest(0, 41, at(1)), at(1));
        assert_eq!(restriction.earliest(0, 5000, at(61)), at(61));
    }

    #[test]
    fn a_rest_that_is_spread_has_its_calls_in_even_distances() {
        let mut restriction = rest(
            10.0,
            Some(Spacing {
                interval: SECOND,
                next: at(3),
            }),
        );
        assert_eq!(restriction.earliest(0, 2, at(0)), at(3));
        assert_eq!(restriction.earliest(4, 2, at(0)), at(7));
        restriction.take(2, at(3));
        assert_eq!(restriction.earliest(0, 2, at(3)), at(5));
        assert_eq!(restriction.earliest(0, 2, at(9)), at(9));
        assert_eq!(restriction.pace().map(|pace| pace.interval), Some(SECOND));
    }

    #[test]
    fn the_servers_bucket_is_followed() {
        let mut restriction = Restriction {
            until: at(3600),
            kind: RestrictionKind::Bucket {
                bucket: bucket(10.0, 8.0, SECOND, at(0)),
                scarce: false,
            },
        };
        assert_eq!(restriction.available(at(0)), 2);
        assert_eq!(restriction.earliest(0, 5, at(0)), at(3));
        assert_eq!(restriction.earliest(2, 5, at(0)), at(5));
        // The server never has as much: the call goes when its bucket is full.
        assert_eq!(restriction.earliest(0, 12, at(0)), at(8));
        restriction.take(2, at(0));
        assert_eq!(
            (restriction.available(at(0)), restriction.pace()),
            (0, None)
        );
        assert_eq!(restriction.ends_at(), at(10));
    }

    #[test]
    fn absurd_counts_overflow_nothing() {
        let mut restriction = rest(1e300, None);
        restriction.take(u64::MAX, at(0));
        assert_eq!(restriction.available(at(0)), u64::MAX);
        let server = bucket(1e300, 1e300, Span::LONGEST, at(0));
        let kind = RestrictionKind::Bucket {
            bucket: server,
            scarce: true,
        };
        let mut restriction = Restriction {
            until: at(60),
            kind,
        };
        restriction.take(u64::MAX, at(0));
        assert_eq!(restriction.earliest(u64::MAX, u64::MAX, at(0)), at(60));
    }
}
