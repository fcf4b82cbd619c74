//! Failures of the server that say when to come back: a 500 or a 502 with `Retry-After`.
//!
//! One of them may be the fault of its own request. Of two different calls, with nothing in between that
//! passed, they are the server's.

use super::LimiterState;
use super::announcing::why;
use super::spread::Spread;
use crate::limiter::wake_list::WakeList;

/// So many different calls have to fail.
const ENOUGH: u8 = 2;

/// A failure of the server that says when to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// When the answer was received.
    pub(crate) received: u64,
    /// Nanoseconds for which the server asked callers to stay away.
    pub(crate) asked: u64,
    /// Time by which the pause may end later than that.
    pub(crate) spread: Spread,
    /// The call's previous attempt failed in the same way.
    pub(crate) again: bool,
}

/// Calls that failed like this since one passed.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Faults(u8);

impl Faults {
    pub(in crate::limiter) const NONE: Self = Self(0);

    pub(in crate::limiter) const fn any(self) -> bool {
        self.0 > 0
    }

    /// Counts a failure, and returns whether it concerns all calls.
    const fn add(&mut self, fault: &Fault) -> bool {
        if self.0 == 0 || (!fault.again && self.0 < ENOUGH) {
            self.0 += 1;
        }
        self.0 >= ENOUGH
    }
}

impl LimiterState {
    /// A call failed, and its answer said when to come back.
    pub(in crate::limiter) fn failed(&mut self, fault: &Fault, now: u64, wakes: &mut WakeList) {
        if !self.faults.add(fault) {
            return;
        }
        let later = self.later(fault.asked, fault.spread, now);
        let until = fault.received.saturating_add(fault.asked + later);
        if until > now {
            self.cool_down(until, why::ASKED, now, wakes);
            self.probe_at_its_end();
        }
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;
    use crate::quota::Quota;

    #[test]
    fn two_different_calls_have_to_fail() {
        let fault = |again| Fault {
            received: 0,
            asked: 1,
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

    #[test]
    fn the_pause_that_follows_is_the_servers() {
        let mut state = LimiterState::new(Quota::per_second(NonZeroU32::MIN));
        let fault = Fault {
            received: 1,
            asked: 5,
            spread: Spread {
                share: 0.0,
                draw: 0.0,
            },
            again: false,
        };
        for _ in 0..ENOUGH {
            state.failed(&fault, 1, &mut WakeList::new());
        }
        assert_eq!(
            (state.cooldown.until(), state.announced.why),
            (6, why::ASKED)
        );
    }
}
