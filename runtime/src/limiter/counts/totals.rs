//! Sums of what has happened on several limiters.

use crate::waits::Waits;

use super::Counts;

/// Counts and waits of a limiter, or of several together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) counts: Counts,
    pub(crate) waits: Waits,
}

impl Totals {
    /// Adds those of another limiter.
    pub(crate) fn add(&mut self, other: &Self) {
        let (counts, more) = (&mut self.counts, &other.counts);
        counts.calls = counts.calls.wrapping_add(more.calls);
        counts.attempts += more.attempts;
        counts.granted += more.granted;
        counts.refused += more.refused;
        counts.retried += more.retried;
        counts.throttled += more.throttled;
        counts.failed += more.failed;
        counts.given_up += more.given_up;
        self.waits.backoff += other.waits.backoff;
        self.add_waits_of(other);
    }

    /// Adds the waits of a limiter whose calls another one counts.
    pub(in crate::limiter) fn add_waits_of(&mut self, other: &Self) {
        self.counts.waits_given_up += other.counts.waits_given_up;
        self.waits.queue += other.waits.queue;
        self.waits.cooldown += other.waits.cooldown;
        self.waits.given_up += other.waits.given_up;
    }

    /// Adds calls that the buckets of keys have granted, and other permits.
    pub(crate) const fn add_granted(&mut self, calls: u64, permits: u64) {
        self.counts.calls += calls;
        self.counts.attempts += calls;
        self.counts.granted += calls + permits;
    }
}
