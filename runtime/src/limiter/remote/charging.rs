//! Tokens of calls that were not held back: the store is told of them after the fact.

use core::mem;

use crate::bucket::Shape;
use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::costs::Spent;
use crate::store::Action;
use crate::store::MAX_LIMITS;
use crate::store::Ticks;
use crate::time::Instant;

use super::InFlight;
use super::Mode;
use super::Payment;
use super::Remote;

impl Remote {
    /// Takes `cost` tokens for a call that is not held back. Returns `false` where they have not been drawn before: the
    /// bucket in the store owes them.
    pub(in crate::limiter) fn charge(&mut self, cost: u32, shape: Shape, now: Instant) -> bool {
        if let Payment::Until(_) = self.pay(cost, shape, now) {
            return true;
        }
        self.charges.owed = self.charges.owed.saturating_add(cost);
        self.charges.owed_at = Some(now);
        false
    }

    /// Takes the costs of a call that is not held back, where calls are drawn from the store: its limits owe them. Returns
    /// `false` where tokens are drawn instead.
    pub(in crate::limiter) fn charge_call(&mut self, costs: &Costs, now: Instant) -> bool {
        let Some(calls) = &mut self.calls else {
            return false;
        };
        let mut spent = Spent::UNKNOWN;
        for row in 0..MAX_ROWS {
            spent.set(row, u64::from(costs.of(row)));
        }
        let deltas = calls.limits.deltas(&Costs::NONE, &spent);
        calls.corrections.add(None, &deltas, now);
        true
    }

    /// Tells the store of what it is owed, in one request at a time.
    pub(super) fn plan_charges(&mut self, shape: Shape, now: Instant) {
        let is_carried = |flight: &InFlight| self.charges.are_in(flight.id);
        if self.charges.owed == 0
            || !matches!(self.mode, Mode::Up)
            || self.in_flight.iter().any(is_carried)
        {
            return;
        }
        let mut deltas = [0; MAX_LIMITS];
        deltas[0] = i64::from(mem::take(&mut self.charges.owed));
        let action = Action::Settle {
            deltas,
            drawn: [0; MAX_LIMITS],
            drawn_at: Ticks::ZERO,
        };
        self.push(action, shape, now);
        self.charges.carrier = Some(self.ids);
    }

    /// Returns the tokens that the store has not been told of yet.
    pub(in crate::limiter) fn owed(&self) -> u32 {
        self.charges.owed
    }
}
