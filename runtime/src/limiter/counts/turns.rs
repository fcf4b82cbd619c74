//! Decides which of many events of one kind are emitted: at most one in ten seconds, since all have the same cause.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;

use crate::time::Instant;
use crate::time::Span;

/// Shortest time between two events of one kind.
pub(in crate::limiter) const EVERY: Span = Span::from_secs(10);

/// Events of one kind, which take turns without the limiter's lock.
#[derive(Debug)]
pub(in crate::limiter) struct Turns {
    /// Instant of the next event, or an earlier one.
    next: AtomicU64,
}

impl Turns {
    pub(in crate::limiter) const fn new() -> Self {
        Self {
            next: AtomicU64::new(0),
        }
    }

    /// Returns whether an event is emitted now. After `true` it returns `false` for [`EVERY`].
    pub(in crate::limiter) fn take_turn(&self, now: Instant) -> bool {
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
        let turns = Turns::new();
        let start = Instant::from_nanos(5);
        assert!(turns.take_turn(start));
        assert!(!turns.take_turn(start + Span::SHORTEST));
        assert!(!turns.take_turn((start + EVERY).before(Span::SHORTEST)));
        assert!(turns.take_turn(start + EVERY));
    }
}
