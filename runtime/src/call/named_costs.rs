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

    /// Adds a cost.
    #[inline]
    pub(super) const fn add(&mut self, unit: &'static str, amount: u64) {
        if self.len < MAX_ROWS {
            self.units[self.len] = unit;
            self.amounts[self.len] = amount;
        }
        self.len += 1;
    }

    /// Returns whether no cost is named.
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets the costs of a call, in the order of the limiter's limits.
    ///
    /// # Errors
    ///
    /// The limiter does not count one of the units, or there are more costs than a limiter can have limits.
    pub(super) fn set(&self, own: &mut Costs, limiter: &Shared) -> Result<(), Error> {
        *own = limiter.usual_costs();
        let (Some(units), Some(amounts)) =
            (self.units.get(..self.len), self.amounts.get(..self.len))
        else {
            return Err(Error::conflict(format!(
                "a call names {} costs, and a limiter has at most {MAX_ROWS} limits",
                self.len
            )));
        };
        limiter.set_costs(own, units.iter().copied().zip(amounts.iter().copied()))
    }
}
