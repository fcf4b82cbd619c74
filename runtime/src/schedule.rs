//! The forecast of grants. Pure. Refusals, retries and `retry_after` all use it.
//!
//! A schedule has one or two periods. In each period one bucket refills at one rate, and the last period does not end.
//! A period may begin with a probe: one call gets its permit, and the others wait for its response.

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

/// Change from the pace in force to the next bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Instant at which the pace ends.
    pub(crate) at: Instant,
    /// Bucket that follows. Tokens taken before the change are taken from this bucket as well.
    pub(crate) bucket: Bucket,
    /// Expected round trip of the probe after the change, if there is one.
    pub(crate) probe: Option<Span>,
}

/// Forecast of grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Instant of the forecast.
    pub(crate) now: Instant,
    /// Instant before which no permit is granted.
    pub(crate) opens: Instant,
    /// Expected round trip of the probe at that instant, if there is one.
    pub(crate) probe: Option<Span>,
    /// Bucket in force.
    pub(crate) bucket: Bucket,
    /// End of the first period. `None`: it does not end.
    pub(crate) change: Option<Change>,
}

impl Schedule {
    /// Returns the schedule with another state of the bucket in force.
    pub(crate) const fn with_tat(mut self, tat: Instant) -> Self {
        self.bucket.tat = tat;
        self
    }

    /// Returns the schedule with other shapes of the buckets, in the same states.
    pub(crate) fn map(mut self, shape: impl Fn(Shape) -> Shape) -> Self {
        self.bucket.shape = shape(self.bucket.shape);
        if let Some(change) = &mut self.change {
            change.bucket.shape = shape(change.bucket.shape);
        }
        self
    }

    /// Returns the instant at which the last of `cost` tokens, taken one after the other from now on,
    /// is granted.
    pub(crate) fn when(&self, cost: u64) -> Instant {
        let due = self.in_force(cost);
        match self.change {
            Some(change) if due > change.at => self.after(change, cost),
            _ => due,
        }
    }

    /// Returns the same instant, as if the first period did not end.
    fn in_force(&self, cost: u64) -> Instant {
        let start = self.now.max(self.opens);
        behind_a_probe(self.bucket, cost, start, self.probe)
    }

    /// Returns the same instant, where the last token is granted in the second period.
    fn after(&self, change: Change, cost: u64) -> Instant {
        // The state of the next bucket at the change is the fullest of three bounds: as many tokens used as in the
        // bucket in force; the tokens granted before the change taken from it; and one interval after the last grant.
        let Bucket { tat, shape } = self.bucket;
        let granted = self.granted_before(change.at);
        let last = self.in_force(granted);
        let used = tat.max(self.now) + shape.price(granted);
        let next = change.bucket.shape;
        let start = change.at.max(self.opens).max(self.now);
        let mut bucket = Bucket::new(used, shape);
        bucket.reshape(next, start);
        let taken = change.bucket.tat.max(self.now) + next.price(granted);
        bucket.tat = bucket.tat.max(taken);
        if granted > 0 {
            bucket.tat = bucket.tat.max(last + next.interval);
        }
        bucket.reopen(start);
        behind_a_probe(bucket, cost - granted, start, change.probe)
    }

    /// Counts the tokens that are granted before the instant `end`.
    fn granted_before(&self, end: Instant) -> u64 {
        let Shape { interval, capacity } = self.bucket.shape;
        if self.now.max(self.opens) >= end {
            return 0;
        }
        let first = self.bucket.tat.max(self.now);
        let before = end - Span::SHORTEST;
        let most = (before + capacity).since(first) / interval;
        // A probe delays the others by its round trip, so the count is found by bisection.
        let (mut least, mut most) = (0, most);
        while least < most {
            let count = most - (most - least) / 2;
            if self.in_force(count) < end {
                least = count;
            } else {
                most = count - 1;
            }
        }
        least
    }
}

/// Returns the instant at which the last of `cost` tokens is granted, none of them before `start`. If there is a probe,
/// the first token is its, and the others are granted a `round_trip` later.
fn behind_a_probe(
    mut bucket: Bucket,
    cost: u64,
    start: Instant,
    round_trip: Option<Span>,
) -> Instant {
    let Some(round_trip) = round_trip.filter(|_| cost > 1) else {
        return bucket.earliest(cost, start);
    };
    let first = bucket.earliest(1, start);
    let answered = first + round_trip;
    bucket.tat = bucket.tat.max(first) + bucket.shape.interval;
    bucket.reopen(answered);
    bucket.earliest(cost - 1, answered)
}
