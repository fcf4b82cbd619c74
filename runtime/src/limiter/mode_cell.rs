//! Mode of a limiter, as it is read without the lock.

use core::sync::atomic::AtomicBool;
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
    /// Mode that was declared or set, also while a configuration has another one.
    own: AtomicU8,
    /// The mode is that of a configuration.
    configured: AtomicBool,
}

impl ModeCell {
    pub(super) const fn new() -> Self {
        Self {
            mode: AtomicU8::new(Mode::Enforce.number()),
            chosen: AtomicU8::new(NOT_CHOSEN),
            own: AtomicU8::new(Mode::Enforce.number()),
            configured: AtomicBool::new(false),
        }
    }

    pub(super) fn get(&self) -> Mode {
        Mode::numbered(self.mode.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, mode: Mode) {
        self.mode.store(mode.number(), Ordering::Relaxed);
    }

    /// Marks the mode as declared. Returns `false` if it was chosen before, or a configuration has one: that mode stays.
    pub(super) fn declare(&self, mode: Mode) -> bool {
        let (from, to) = (NOT_CHOSEN, DECLARED);
        let declared = self
            .chosen
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        if declared.is_ok() {
            self.own.store(mode.number(), Ordering::Relaxed);
        }
        declared.is_ok() && !self.configured.load(Ordering::Relaxed)
    }

    /// Marks the mode as set at run time.
    pub(super) fn mark_set(&self, mode: Mode) {
        self.chosen.store(SET, Ordering::Relaxed);
        self.own.store(mode.number(), Ordering::Relaxed);
        self.configured.store(false, Ordering::Relaxed);
    }

    /// Returns the mode to change to, by a configuration that has this one, or none.
    pub(super) fn configure(&self, mode: Option<Mode>) -> Option<Mode> {
        let before = self.configured.swap(mode.is_some(), Ordering::Relaxed);
        let own = || Mode::numbered(self.own.load(Ordering::Relaxed));
        mode.or_else(|| before.then(own))
    }

    /// Returns whether the mode was set at run time.
    pub(super) fn is_set(&self) -> bool {
        self.chosen.load(Ordering::Relaxed) == SET
    }
}
