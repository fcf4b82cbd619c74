//! The forecast of grants, as a function of what is known now. Refusals, retries and `retry_after` all use
//! it.
//!
//! A schedule is a few stretches of time. In each of them one bucket refills at one pace. The last
//! stretch does not end. At the beginning of a stretch one call may go first, and the others follow
//! once it is answered.

use crate::bucket;
use crate::bucket::Shape;

/// A bucket as it is at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) tat: u64,
    pub(crate) shape: Shape,
}

/// The end of the pace in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Instant from which on the pace is no longer in force.
    pub(crate) at: u64,
    /// The bucket that follows. What is taken until then is taken from it as well.
    pub(crate) bucket: Bucket,
    /// Expected round trip of the call that goes first then; 0 where none does.
    pub(crate) probe: u64,
}

/// A forecast of grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Instant of the forecast.
    pub(crate) now: u64,
    /// No permit is granted before this instant.
    pub(crate) opens: u64,
    /// Expected round trip of the call that goes first when it opens; 0 where none does.
    pub(crate) probe: u64,
    /// The bucket in force.
    pub(crate) bucket: Bucket,
    pub(crate) change: Option<Change>,
}

impl Schedule {
    /// Returns the schedule where the bucket in force is full at another instant.
    pub(crate) const fn with_tat(mut self, tat: u64) -> Self {
        self.bucket.tat = tat;
        self
    }

    /// Returns the schedule of other buckets that are as full.
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

    /// The same, if the pace in force never ended.
    fn in_force(&self, cost: u64) -> u64 {
        let start = self.now.max(self.opens);
        self.bucket.behind_a_probe(cost, start, self.probe)
    }

    fn after(&self, change: Change, cost: u64) -> u64 {
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
        // The call that goes first holds up the others for its round trip.
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
    /// Returns when the last of `cost` tokens is granted, none of them before `start`, where the first
    /// is a probe's and the others are held for its `round_trip`. A probe takes one token.
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
