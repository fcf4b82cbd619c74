//! Costs that the options of a call name.

use crate::costs::Costs;
use crate::costs::MAX_ROWS;
use crate::error::Error;
use crate::limiter::Shared;

/// Costs that the options of a call name.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamedCosts {
    units: [&'static str; MAX_ROWS],
    amounts: [u64; MAX_ROWS],
    /// Number of costs, also of those that there is no room for.
    len: usize,
}

impl NamedCosts {
    pub(super) const NONE: Self = Self {
        units: [""; MAX_ROWS],
        amounts: [0; MAX_ROWS],
        len: 0,
    };

    /// Returns these costs and another one.
    pub(super) const fn with(mut self, unit: &'static str, amount: u64) -> Self {
        if self.len < MAX_ROWS {
            self.units[self.len] = unit;
            self.amounts[self.len] = amount;
        }
        self.len += 1;
        self
    }

    /// Returns the costs in the order of the limiter's limits. `None`: none is named.
    ///
    /// # Errors
    ///
    /// The limiter does not count one of the units, or there are more costs than a limiter can have limits.
    pub(super) fn of(&self, limiter: &Shared) -> Option<Result<Costs, Error>> {
        if self.len == 0 {
            return None;
        }
        let (Some(units), Some(amounts)) =
            (self.units.get(..self.len), self.amounts.get(..self.len))
        else {
            let sentence = format!(
                "a call names {} costs, and a limiter has at most {MAX_ROWS} limits",
                self.len
            );
            return Some(Err(Error::conflict(sentence)));
        };
        Some(limiter.costs_of(units.iter().copied().zip(amounts.iter().copied())))
    }
}
