//! Calls of tests that are not held back.

use core::cell::Cell;

use super::scope::Scope;

thread_local! {
    /// Guards that live in this thread.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
}

/// Whether calls that begin in this thread are not held back.
pub(crate) fn is_on() -> bool {
    GUARDS.get() > 0
}

pub(crate) fn begin() {
    GUARDS.set(GUARDS.get().saturating_add(1));
}

pub(crate) fn end() {
    GUARDS.set(GUARDS.get().saturating_sub(1));
}

impl Scope {
    /// Whether the call is not held back.
    pub(crate) const fn is_unpaced(&self) -> bool {
        self.told.is_unpaced()
    }
}
