//! Failures of the server that say when to come back: a 500 or a 502 with `Retry-After`.
//!
//! One such failure may be due to its own request. Failures of two different calls, with no success in
//! between, are due to the server.

use crate::time::Instant;
use crate::time::Span;

use super::spread::Spread;

/// Number of different calls that have to fail.
pub(super) const ENOUGH: u8 = 2;

/// A failure of the server that says when to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// Instant at which the response was received.
    pub(crate) received: Instant,
    /// Wait that the server asked for.
    pub(crate) asked: Span,
    /// Time by which the pause may end later than that.
    pub(crate) spread: Spread,
    /// The call's previous attempt failed in the same way.
    pub(crate) again: bool,
}

/// Number of calls that failed like this since one passed.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Faults(u8);

impl Faults {
    pub(in crate::limiter) const NONE: Self = Self(0);

    pub(in crate::limiter) const fn any(self) -> bool {
        self.0 > 0
    }

    /// Counts a failure, and returns whether it concerns all calls.
    pub(super) const fn add(&mut self, fault: &Fault) -> bool {
        if self.0 == 0 || (!fault.again && self.0 < ENOUGH) {
            self.0 += 1;
        }
        self.0 >= ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_calls_have_to_fail() {
        let fault = |again| Fault {
            received: Instant::EPOCH,
            asked: Span::SHORTEST,
            spread: Spread {
                share: 0.0,
                draw: 0.0,
            },
            again,
        };
        let mut faults = Faults::NONE;
        assert!(!faults.add(&fault(false)));
        assert!(!faults.add(&fault(true)));
        assert!(faults.add(&fault(false)));
        assert!(faults.add(&fault(true)));
        // The first failure of the call may have been forgotten.
        let mut faults = Faults::NONE;
        assert!(!faults.add(&fault(true)));
        assert!(faults.any());
    }
}
