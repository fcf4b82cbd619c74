//! Name of a limiter, and whether its quota is a placeholder.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicU8;
use core::sync::atomic::Ordering;
use std::sync::Arc;
use std::sync::OnceLock;

/// Name of a limiter, and whether its quota is a placeholder.
#[derive(Debug, Default)]
pub(super) struct Naming {
    pub(super) name: OnceLock<Arc<str>>,
    /// The first function that called through it.
    pub(super) user: OnceLock<&'static str>,
    /// The quota is a placeholder until the limiter is declared.
    pub(super) provisional: AtomicBool,
    /// Limits whose quotas the program has set by hand: a bit for each.
    pub(super) by_hand: AtomicU8,
}

impl Naming {
    /// Marks the quota as declared or set.
    pub(super) fn settle(&self) {
        self.provisional.store(false, Ordering::Relaxed);
    }

    /// Records that the program has set the quota of the limit at `row` by hand.
    pub(super) fn note_by_hand(&self, row: usize) {
        self.by_hand.fetch_or(bit(row), Ordering::Relaxed);
    }

    /// Returns whether the program has set the quota of the limit at `row` by hand.
    pub(super) fn is_by_hand(&self, row: usize) -> bool {
        self.by_hand.load(Ordering::Relaxed) & bit(row) != 0
    }

    /// Forgets which quotas the program has set by hand: they are to be changed.
    pub(super) fn forget_by_hand(&self) {
        self.by_hand.store(0, Ordering::Relaxed);
    }

    /// Forgets that the program has set the quota of the limit at `row` by hand.
    pub(super) fn forget_by_hand_of(&self, row: usize) {
        self.by_hand.fetch_and(!bit(row), Ordering::Relaxed);
    }

    /// Marks the quota as a placeholder, whatever it is.
    pub(super) fn unsettle(&self) {
        self.provisional.store(true, Ordering::Relaxed);
    }
}

/// Returns the bit of the limit at `row`, of which there are at most eight.
const fn bit(row: usize) -> u8 {
    1 << (row % 8)
}
