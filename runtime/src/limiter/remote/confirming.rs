//! A waiter that has the permits of other limiters, until the store has answered whether its own is still there.

use super::Confirming;
use super::InFlight;
use super::Mode;
use super::Remote;

impl Remote {
    /// Lets a waiter wait for the answers to all requests that are under way. Returns `false` if none may come in time.
    pub(in crate::limiter) fn confirm(&mut self, index: u32) -> bool {
        let last = self.ids;
        self.confirming = Some(Confirming { index, last });
        self.is_confirming()
    }

    /// Returns the waiter that waits for answers.
    pub(in crate::limiter) fn confirming(&self) -> Option<u32> {
        self.confirming.map(|confirming| confirming.index)
    }

    /// Returns whether an answer that it waits for may come in time.
    pub(in crate::limiter) fn is_confirming(&self) -> bool {
        let Some(Confirming { last, .. }) = self.confirming else {
            return false;
        };
        let comes = |flight: &InFlight| flight.id <= last && !flight.late;
        matches!(self.mode, Mode::Up) && self.in_flight.iter().any(comes)
    }

    /// Records that it waits no more.
    pub(in crate::limiter) const fn end_confirming(&mut self) {
        self.confirming = None;
    }
}
