//! Mode of a limiter, as it is read without the lock.

use core::sync::atomic::AtomicU8;
use core::sync::atomic::Ordering;

use crate::mode::Mode;

const NOT_CHOSEN: u8 = 0;
const DECLARED: u8 = 1;
/// By a configuration.
const CONFIGURED: u8 = 2;
/// By the program, at run time.
const SET: u8 = 3;

/// Mode of a limiter. Written with the lock held.
#[derive(Debug)]
pub(super) struct ModeCell {
    mode: AtomicU8,
    /// Mode of the declaration.
    declared: AtomicU8,
    /// [`NOT_CHOSEN`], [`DECLARED`], [`CONFIGURED`] or [`SET`].
    chosen: AtomicU8,
}

impl ModeCell {
    pub(super) const fn new() -> Self {
        Self {
            mode: AtomicU8::new(Mode::Enforce.number()),
            declared: AtomicU8::new(Mode::Enforce.number()),
            chosen: AtomicU8::new(NOT_CHOSEN),
        }
    }

    pub(super) fn get(&self) -> Mode {
        Mode::numbered(self.mode.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, mode: Mode) {
        self.mode.store(mode.number(), Ordering::Relaxed);
    }

    /// Records the mode of a declaration. Returns `false` if one was chosen before: that mode stays.
    pub(super) fn declare(&self, mode: Mode) -> bool {
        if !self.is_declared() {
            self.declared.store(mode.number(), Ordering::Relaxed);
        }
        let (from, to) = (NOT_CHOSEN, DECLARED);
        let declared = self
            .chosen
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        declared.is_ok()
    }

    /// Returns whether a declaration has chosen the mode.
    fn is_declared(&self) -> bool {
        self.chosen.load(Ordering::Relaxed) == DECLARED
    }

    /// Records the mode of a configuration, or that there is none any more. Returns the mode to be in force. `None`: the one
    /// that the program has set stays.
    pub(super) fn configure(&self, mode: Option<Mode>) -> Option<Mode> {
        let chosen = self.chosen.load(Ordering::Relaxed);
        match mode {
            _ if chosen == SET => None,
            Some(mode) => {
                self.chosen.store(CONFIGURED, Ordering::Relaxed);
                Some(mode)
            }
            None if chosen == CONFIGURED => {
                let declared = Mode::numbered(self.declared.load(Ordering::Relaxed));
                let is_usual = declared == Mode::Enforce;
                let chosen = if is_usual { NOT_CHOSEN } else { DECLARED };
                self.chosen.store(chosen, Ordering::Relaxed);
                Some(declared)
            }
            None => None,
        }
    }

    /// Forgets that the program has set the mode.
    pub(super) fn forget_set(&self) {
        let (from, to) = (SET, CONFIGURED);
        let _ = self
            .chosen
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
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
