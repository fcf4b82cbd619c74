//! Feedback of failures of the server that said when to come back.

use crate::limiter::wake_list::WakeList;

use super::LimiterState;
use super::faults::Fault;
use super::spread::Spread;
use super::why;

impl LimiterState {
    /// Handles a failure whose response said when to come back.
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

    /// Returns the nanoseconds by which a pause of `asked` nanoseconds is longer than the server asked: for one
    /// pause it is always the same part, whichever of its calls asks.
    pub(in crate::limiter) fn later(&mut self, asked: u64, spread: Spread, now: u64) -> u64 {
        if self.cooldown.until() <= now {
            self.draw = spread.draw;
        }
        let draw = self.draw;
        Spread { draw, ..spread }.nanos(asked)
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;
    use crate::limiter::state::faults::ENOUGH;
    use crate::quota::Quota;

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
