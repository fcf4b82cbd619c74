//! Slots that calls on this thread hold while their bodies are polled: a call in such a body needs no other one.

use core::cell::RefCell;

use super::scope::Scope;

thread_local! {
    /// Addresses of the limiters whose slots the calls hold whose bodies are being polled, the innermost last.
    static HELD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Returns whether a call whose body is being polled holds a slot of the limiter at `address`.
pub(crate) fn holds_slot(address: usize) -> bool {
    let holds = HELD.try_with(|held| held.borrow().contains(&address));
    holds.unwrap_or_default()
}

/// Records the slot of a call whose body is polled from now on.
pub(super) fn enter(address: usize) {
    // A thread that ends has no variable any more: a call in the body then asks for a slot of its own.
    let _ = HELD.try_with(|held| held.borrow_mut().push(address));
}

/// Forgets the innermost slot.
pub(super) fn leave() {
    let _ = HELD.try_with(|held| held.borrow_mut().pop());
}

impl Scope {
    /// Returns whether the attempt holds a slot of its limiter.
    pub(crate) const fn has_slot(&self) -> bool {
        self.told.has_slot()
    }

    /// Records whether the attempt holds a slot of its limiter.
    pub(crate) const fn set_slot(&mut self, holds: bool) {
        self.told.set_slot(holds);
    }
}
