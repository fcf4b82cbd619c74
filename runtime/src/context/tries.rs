//! Counts of the earlier attempts of a call.

use core::time::Duration;

use crate::failure::Failure;
use crate::retry::Tries;
use crate::time::Span;

use super::Scope;

impl Scope {
    /// Returns the failure of the previous attempt.
    pub(crate) fn previous(&self) -> Option<Failure> {
        self.notes.as_ref()?.previous
    }

    /// Returns the number of retries so far, by the option that bounds them.
    pub(crate) fn tries(&self) -> Tries {
        let throttles = self.notes.as_ref().map_or(0, |notes| notes.throttles);
        Tries {
            retries: self.number.saturating_sub(1).saturating_sub(throttles),
            throttles,
        }
    }

    /// Returns the delay before this attempt.
    pub(crate) fn delay(&self) -> Duration {
        let delay = self.notes.as_ref().map_or(Span::ZERO, |notes| notes.delay);
        delay.into()
    }
}
