//! The forecast of grants. Pure. Refusals, retries and `retry_after` all use it.
//!
//! A schedule has one or two periods. In each period one bucket refills at one rate, and the last period does not end.
//! A period may begin with a probe: one call gets its permit, and the others wait for its response.

use crate::bucket;
use crate::bucket::Shape;

/// State of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) tat: u64,
    pub(crate) shape: Shape,
}

/// Change from the pace in force to the next bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Instant at which the pace ends.
    pub(crate) at: u64,
    /// Bucket that follows. Tokens taken before the change are taken from this bucket as well.
    pub(crate) bucket: Bucket,
    /// Expected round trip of the probe after the change. 0: there is none.
    pub(crate) probe: u64,
}

/// Forecast of grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Instant of the forecast.
    pub(crate) now: u64,
    /// Instant before which no permit is granted.
    pub(crate) opens: u64,
    /// Expected round trip of the probe at that instant. 0: there is none.
    pub(crate) probe: u64,
    /// Bucket in force.
    pub(crate) bucket: Bucket,
    /// End of the first period. `None`: it does not end.
    pub(crate) change: Option<Change>,
}

impl Schedule {
    /// Returns the schedule with another state of the bucket in force.
    pub(crate) const fn with_tat(mut self, tat: u64) -> Self {
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
    pub(crate) fn when(&self, cost: u64) -> u64 {
        let due = self.in_force(cost);
        match self.change {
            Some(change) if due > change.at => self.after(change, cost),
            _ => due,
        }
    }

    /// Returns the same instant, as if the first period did not end.
    fn in_force(&self, cost: u64) -> u64 {
        let start = self.now.max(self.opens);
        self.bucket.behind_a_probe(cost, start, self.probe)
    }

    /// Returns the same instant, where the last token is granted in the second period.
    fn after(&self, change: Change, cost: u64) -> u64 {
        // The state of the next bucket at the change is the fullest of three bounds: as many tokens used as in the
        // bucket in force; the tokens granted before the change taken from it; and one interval after the last grant.
        let Bucket { tat, shape } = self.bucket;
        let granted = self.granted_before(change.at);
        let last = self.in_force(granted);
        let used = tat.max(self.now) + shape.price(granted);
        let next = change.bucket.shape;
        let start = change.at.max(self.opens).max(self.now);
        let mut tat = bucket::rescale(used, shape, next, start);
        tat = tat.max(change.bucket.tat.max(self.now) + next.price(granted));
        if granted > 0 {
            tat = tat.max(last + next.interval);
        }
        let bucket = Bucket {
            tat: bucket::reopen(tat, next, start),
            shape: next,
        };
        bucket.behind_a_probe(cost - granted, start, change.probe)
    }

    /// Counts the tokens that are granted before the instant `end`.
    fn granted_before(&self, end: u64) -> u64 {
        let Shape { interval, capacity } = self.bucket.shape;
        if self.now.max(self.opens) >= end {
            return 0;
        }
        let first = self.bucket.tat.max(self.now);
        let most = (end - 1 + capacity).saturating_sub(first) / interval;
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

impl Bucket {
    /// Returns the instant at which the last of `cost` tokens is granted, none of them before `start`. The first token
    /// is that of a probe, and the others are granted `round_trip` later. 0: there is no probe.
    fn behind_a_probe(self, cost: u64, start: u64, round_trip: u64) -> u64 {
        let Self { tat, shape } = self;
        if round_trip == 0 || cost < 2 {
            return bucket::earliest(tat, shape, cost, start);
        }
        let first = bucket::earliest(tat, shape, 1, start);
        let answered = first + round_trip;
        let tat = bucket::reopen(tat.max(first) + shape.interval, shape, answered);
        bucket::earliest(tat, shape, cost - 1, answered)
    }
}
