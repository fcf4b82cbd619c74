//! Mode of a limiter, as it is read without the lock.

use core::sync::atomic::AtomicU8;
use core::sync::atomic::Ordering;

use crate::mode::Mode;

const NOT_CHOSEN: u8 = 0;
const DECLARED: u8 = 1;
/// By the program, at run time.
const SET: u8 = 2;

/// Mode of a limiter. Written with the lock held.
#[derive(Debug)]
pub(super) struct ModeCell {
    mode: AtomicU8,
    /// [`NOT_CHOSEN`], [`DECLARED`] or [`SET`].
    chosen: AtomicU8,
}

impl ModeCell {
    pub(super) const fn new() -> Self {
        Self {
            mode: AtomicU8::new(Mode::Enforce.number()),
            chosen: AtomicU8::new(NOT_CHOSEN),
        }
    }

    pub(super) fn get(&self) -> Mode {
        Mode::numbered(self.mode.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, mode: Mode) {
        self.mode.store(mode.number(), Ordering::Relaxed);
    }

    /// Marks the mode as declared. Returns `false` if it was chosen before: that mode stays.
    pub(super) fn declare(&self) -> bool {
        let (from, to) = (NOT_CHOSEN, DECLARED);
        let declared = self
            .chosen
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        declared.is_ok()
    }

    /// Marks the mode as set at run time.
    pub(super) fn mark_set(&self) {
        self.chosen.store(SET, Ordering::Relaxed);
    }

    /// Returns whether the mode was set at run time.
    pub(super) fn is_set(&self) -> bool {
        self.chosen.load(Ordering::Relaxed) == SET
    }
}
