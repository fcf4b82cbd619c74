//! Facts that are told once for each function: that its errors are not understood, that it names a unit that is not there,
//! and that it takes nothing of a limit.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;

use crate::events;
use crate::limiter::Shared;

/// Whether an event has said of a function that its errors are not understood, that it names an unknown unit, or that it takes
/// nothing of a limit.
#[derive(Debug)]
pub(crate) struct Unread {
    function: &'static str,
    is_told: AtomicBool,
    is_unit_told: AtomicBool,
    is_cost_told: AtomicBool,
}

impl Unread {
    pub(crate) const fn of(function: &'static str) -> Self {
        Self {
            function,
            is_told: AtomicBool::new(false),
            is_unit_told: AtomicBool::new(false),
            is_cost_told: AtomicBool::new(false),
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

    /// Emits the event that calls which name no cost take nothing of some limits, the first time.
    #[cold]
    pub(super) fn tell_cost(&self, limiter: &Shared) {
        if let Some(units) = limiter.unpaid_units() {
            if !self.is_cost_told.swap(true, Ordering::Relaxed) {
                events::no_cost(limiter.label(), self.function, &units);
            }
        }
    }

    /// Emits the event that the limiter does not count a unit, the first time.
    #[cold]
    pub(super) fn tell_unit(&self, limiter: &Shared, unit: &str) {
        if self.is_unit_told.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Err(why) = limiter.costs_of([(unit, 0)]) {
            events::unknown_unit(limiter.label(), self.function, unit, &why);
        }
    }
}
