//! Decides which long waits are announced: at most one in ten seconds, since all callers wait for the same reason.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;

use crate::time::Instant;
use crate::time::Span;

/// Shortest time between two announcements.
pub(super) const EVERY: Span = Span::from_secs(10);

/// The announcements of long waits, counted without the limiter's lock.
#[derive(Debug)]
pub(super) struct LongWaits {
    /// Instant of the next announcement, or an earlier one.
    next: AtomicU64,
}

impl LongWaits {
    pub(super) const fn new() -> Self {
        Self {
            next: AtomicU64::new(0),
        }
    }

    /// Returns whether a long wait is to be announced now. After `true` it returns `false` for [`EVERY`].
    pub(super) fn take_turn(&self, now: Instant) -> bool {
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
    fn one_in_ten_seconds_is_announced() {
        let waits = LongWaits::new();
        let start = Instant::from_nanos(5);
        assert!(waits.take_turn(start));
        assert!(!waits.take_turn(start + Span::SHORTEST));
        assert!(!waits.take_turn((start + EVERY).before(Span::SHORTEST)));
        assert!(waits.take_turn(start + EVERY));
    }
}
