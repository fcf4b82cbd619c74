//! Whether this process can forget a limit in a store: the store knows the rest.

use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

use super::Remote;

/// Knowledge of this process about a limit, beyond that of its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum Knowledge {
    /// Nothing that matters after this span, counted from the instant at which the bucket is full.
    Until(Span),
    /// Requests are under way, or tokens are held that the next caller can use.
    Needed,
    /// Something that the store has to be told of.
    Unsent,
}

impl Remote {
    /// Returns what this process knows beyond the store.
    pub(in crate::limiter) fn knowledge(&mut self, shape: Shape, now: Instant) -> Knowledge {
        self.give_up(now);
        if self.charges.owed > 0 || self.has_corrections() || !self.outgoing.is_empty() {
            return Knowledge::Unsent;
        }
        let is_untold = self.told_until > now || self.repeats_resuming(now);
        let is_quiet = self.in_flight.is_empty();
        // Held tokens are forgotten as they expire.
        let is_empty = self.slots.ready_at(1, now).is_none() && !self.holds_calls();
        if !is_quiet || !is_empty || is_untold {
            return Knowledge::Needed;
        }
        // The store is to make up for tokens that were used without it, until the bucket would be full again in any case.
        let limits = self.limits(shape);
        let longest = limits.as_slice().iter().map(|it| it.capacity().span());
        Knowledge::Until(match self.spent {
            0 => Span::ZERO,
            _ => longest.max().unwrap_or(Span::ZERO),
        })
    }

    /// Returns whether calls are to be corrected in the store.
    fn has_corrections(&self) -> bool {
        let draws = self.calls.as_ref();
        draws.is_some_and(|draws| draws.corrections.due_at().is_some())
    }

    /// Returns whether calls are held that the store has served, or that were asked for.
    fn holds_calls(&self) -> bool {
        let draws = self.calls.as_ref();
        draws.is_some_and(|draws| draws.held.last().is_some() || !draws.asked.is_empty())
    }
}
