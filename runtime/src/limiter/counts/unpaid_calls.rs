//! Calls that have passed without taking tokens: nothing is given back of them.

use std::collections::VecDeque;

use crate::costs::Costs;
use crate::time::Instant;
use crate::time::Span;

/// Number of calls that are remembered.
const REMEMBERED: usize = 256;

/// Longest time between the instant at which a call passes and the one that its holder knows.
const SLACK: Span = Span::from_millis(10);

/// Calls that have passed and taken nothing, the oldest first.
#[derive(Debug)]
pub(in crate::limiter) struct UnpaidCalls {
    calls: VecDeque<(Instant, Costs)>,
    /// Of calls until then it is not known which have taken tokens.
    unknown_until: Instant,
}

impl UnpaidCalls {
    pub(in crate::limiter) fn note(&mut self, costs: &Costs, now: Instant) {
        if self.calls.len() == REMEMBERED {
            let oldest = self.calls.pop_front();
            self.unknown_until = oldest.map_or(now, |(at, _)| at);
        }
        self.calls.push_back((now, *costs));
    }

    /// Returns whether a call with these costs is one of them whose holder knows that it passed at `since`, and forgets it.
    /// Of several calls of that time and these costs it does not matter which is taken for unpaid.
    pub(in crate::limiter) fn take(&mut self, costs: &Costs, since: Instant) -> bool {
        let is_it = |(at, unpaid): &(Instant, Costs)| {
            unpaid == costs && at.before(SLACK) <= since && since <= at.after(SLACK)
        };
        let place = self.calls.iter().position(is_it);
        if let Some(place) = place {
            self.calls.remove(place);
        }
        place.is_some() || since <= self.unknown_until
    }
}

impl Default for UnpaidCalls {
    fn default() -> Self {
        Self {
            calls: VecDeque::new(),
            unknown_until: Instant::EPOCH,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::EPOCH.after(Span::from_millis(1000 + millis))
    }

    #[test]
    fn each_call_is_taken_once() {
        let mut unpaid = UnpaidCalls::default();
        unpaid.note(&Costs::first(3), at(0));
        assert!(!unpaid.take(&Costs::first(2), at(0)));
        assert!(!unpaid.take(&Costs::first(3), at(11)));
        assert!(unpaid.take(&Costs::first(3), at(10)));
        assert!(!unpaid.take(&Costs::first(3), at(10)));
    }

    #[test]
    fn calls_that_are_forgotten_count_as_unpaid() {
        let mut unpaid = UnpaidCalls::default();
        for nth in 0..300 {
            unpaid.note(&Costs::first(1), at(100 * nth));
        }
        assert_eq!(unpaid.calls.len(), REMEMBERED);
        assert!(unpaid.take(&Costs::first(9), at(100 * 43)));
        assert!(!unpaid.take(&Costs::first(9), at(100 * 44)));
        assert!(unpaid.take(&Costs::first(1), at(100 * 44)));
    }
}
