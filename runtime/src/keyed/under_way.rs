//! Calls under way whose keys are nothing but buckets, which count no calls.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;

/// Number of counters, so that few threads share one.
const COUNTERS: usize = 16;

/// Number of calls under way whose keys are nothing but buckets.
#[derive(Debug)]
pub(super) struct UnderWay(Box<[Counter; COUNTERS]>);

/// A counter in cache lines of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Counter(AtomicU64);

impl UnderWay {
    pub(super) fn new() -> Self {
        Self(Box::new([const { Counter(AtomicU64::new(0)) }; COUNTERS]))
    }

    /// Counts a call that begins.
    #[inline]
    pub(super) fn begin(&self, fingerprint: u64) {
        // Before the key is looked at: a close that comes afterwards sees the call.
        self.counter(fingerprint).fetch_add(1, Ordering::SeqCst);
    }

    /// Counts a call that ends.
    #[inline]
    pub(super) fn end(&self, fingerprint: u64) {
        self.counter(fingerprint).fetch_sub(1, Ordering::SeqCst);
    }

    /// Returns the number of calls under way.
    pub(super) fn count(&self) -> u64 {
        let counters = self.0.iter();
        counters
            .map(|Counter(counter)| counter.load(Ordering::SeqCst))
            .sum()
    }

    #[inline]
    fn counter(&self, fingerprint: u64) -> &AtomicU64 {
        &self.0[(fingerprint >> 40) as usize % COUNTERS].0
    }
}
