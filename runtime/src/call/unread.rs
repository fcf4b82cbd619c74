//! Errors that are not understood, which is said once for each function.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;

use crate::events;

/// Whether an event has said of a function that its errors are not understood.
#[derive(Debug)]
pub(crate) struct Unread {
    function: &'static str,
    is_told: AtomicBool,
}

impl Unread {
    pub(crate) const fn of(function: &'static str) -> Self {
        Self {
            function,
            is_told: AtomicBool::new(false),
        }
    }

    pub(super) const fn function(&self) -> &'static str {
        self.function
    }

    /// Emits the event, the first time.
    #[cold]
    pub(super) fn tell(&self) {
        if self.is_told.swap(true, Ordering::Relaxed) {
            return;
        }
        events::unread(self.function);
    }
}
