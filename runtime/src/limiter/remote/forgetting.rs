//! Whether this process can forget a limit in a store: the store knows the rest.

use crate::bucket::Shape;
use crate::store::Limit;
use crate::time::Instant;
use crate::time::Span;

use super::Mode;
use super::Remote;
use super::corrections::Corrections;

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
        self.drop_void_calls(now);
        if !self.outgoing.is_empty() || self.has_unsent(shape, now) {
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

    /// Returns whether the store has to be told of anything that matters.
    ///
    /// Corrections that cannot be sent are not kept for ever, lest the keys of an outage take the places of all others. A
    /// refund that is lost only tightens. A charge matters until the bucket is full again in any case: one that owed as much
    /// as it can, the tokens of a period, when the charge was made.
    fn has_unsent(&self, shape: Shape, now: Instant) -> bool {
        let corrections = self.calls.as_ref().map(|draws| &draws.corrections);
        if matches!(self.mode, Mode::Up) {
            let has_corrections = corrections.is_some_and(|it| it.due_at().is_some());
            return self.charges.owed > 0 || has_corrections;
        }
        let owed_at = self.charges.owed_at.filter(|_| self.charges.owed > 0);
        let charged_at = corrections.and_then(Corrections::charged_at).max(owed_at);
        let limits = self.limits(shape);
        let full_after = |limit: &Limit| limit.capacity().span().plus(limit.period().span());
        let longest = limits.as_slice().iter().map(full_after).max();
        charged_at.is_some_and(|at| now < at.after(longest.unwrap_or(Span::LONGEST)))
    }

    /// Returns whether calls are held that the store has served, or that were asked for.
    fn holds_calls(&self) -> bool {
        let draws = self.calls.as_ref();
        draws.is_some_and(|draws| draws.held.last().is_some() || !draws.asked.is_empty())
    }
}
