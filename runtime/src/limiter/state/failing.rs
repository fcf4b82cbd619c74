//! Feedback of failures of the server that said when to come back.

use crate::limiter::wake_list::WakeList;
use crate::time::Instant;
use crate::time::Span;

use super::LimiterState;
use super::faults::Fault;
use super::spread::Spread;
use super::why;

impl LimiterState {
    /// Handles a failure whose response said when to come back.
    pub(in crate::limiter) fn failed(&mut self, fault: &Fault, now: Instant, wakes: &mut WakeList) {
        if !self.faults.add(fault) {
            return;
        }
        let later = self.later(fault.asked, fault.spread, now);
        let until = fault.received.after(fault.asked + later);
        if until > now {
            self.cool_down(until, why::ASKED, now, wakes);
            self.probe_at_its_end();
        }
    }

    /// Returns the time by which a pause of `asked` is longer than the server asked: for one
    /// pause it is always the same part, whichever of its calls asks.
    pub(in crate::limiter) fn later(&mut self, asked: Span, spread: Spread, now: Instant) -> Span {
        if self.cooldown.until() <= now {
            self.draw = spread.draw;
        }
        let draw = self.draw;
        Spread { draw, ..spread }.of(asked)
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
            received: Instant::from_nanos(1),
            asked: Span::from_nanos(5),
            spread: Spread {
                share: 0.0,
                draw: 0.0,
            },
            again: false,
        };
        for _ in 0..ENOUGH {
            state.failed(&fault, fault.received, &mut WakeList::new());
        }
        assert_eq!(
            (state.cooldown.until(), state.announced.why),
            (Instant::from_nanos(6), why::ASKED)
        );
    }
}
