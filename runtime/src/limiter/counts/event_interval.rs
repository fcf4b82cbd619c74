//! Decides which of many events with one cause are emitted: at most one in ten seconds.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;

use crate::time::Instant;
use crate::time::Span;

/// Shortest time between two events of one kind.
pub(in crate::limiter) const EVERY: Span = Span::from_secs(10);

/// Interval that events of one kind keep. It needs no lock.
#[derive(Debug, Default)]
pub(in crate::limiter) struct EventInterval {
    /// Instant from which on the next event is emitted.
    next: AtomicU64,
}

impl EventInterval {
    pub(in crate::limiter) const fn new() -> Self {
        Self {
            next: AtomicU64::new(0),
        }
    }

    /// Begins an interval of [`EVERY`] if the last one is over. Returns whether it did: an event is emitted then.
    pub(in crate::limiter) fn try_begin(&self, now: Instant) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        let later = now.after(EVERY).nanos();
        now.nanos() >= next
            && self
                .next
                .compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_ten_seconds_is_emitted() {
        let interval = EventInterval::new();
        let start = Instant::from_nanos(5);
        assert!(interval.try_begin(start));
        assert!(!interval.try_begin(start + Span::SHORTEST));
        assert!(!interval.try_begin((start + EVERY).before(Span::SHORTEST)));
        assert!(interval.try_begin(start + EVERY));
    }
}
