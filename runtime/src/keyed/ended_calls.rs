//! Count of the calls that have ended, of those whose keys are nothing but buckets.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;

/// Number of counters, so that few threads share one.
const COUNTERS: usize = 16;

/// Number of calls that have ended, of those that buckets have granted. Shards count their begins.
#[derive(Debug)]
pub(super) struct EndedCalls(Box<[Counter; COUNTERS]>);

/// A counter in cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Counter(AtomicU64);

impl EndedCalls {
    pub(super) fn new() -> Self {
        Self(Box::new([const { Counter(AtomicU64::new(0)) }; COUNTERS]))
    }

    /// Counts a call of this key.
    #[inline]
    pub(super) fn count(&self, fingerprint: u64) {
        let Counter(counter) = &self.0[(fingerprint >> 40) as usize % COUNTERS];
        counter.fetch_add(1, Ordering::Release);
    }

    /// Returns the number of calls.
    pub(super) fn total(&self) -> u64 {
        let counters = self.0.iter();
        let counts = counters.map(|Counter(counter)| counter.load(Ordering::Acquire));
        counts.sum()
    }
}
