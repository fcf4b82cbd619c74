//! Costs of a call: how much it takes from each limit of its limiter.

use crate::time::Instant;

/// Maximum number of limits of one limiter.
pub(crate) const MAX_ROWS: usize = 8;

/// Costs of a call, one for each limit of its limiter, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Costs([u32; MAX_ROWS]);

impl Costs {
    /// No cost.
    pub(crate) const NONE: Self = Self([0; MAX_ROWS]);

    /// One token of the first limit.
    pub(crate) const ONE: Self = Self::first(1);

    /// Returns the costs of a call that takes `cost` tokens of the first limit, and nothing of the others.
    pub(crate) const fn first(cost: u32) -> Self {
        let mut costs = Self::NONE;
        costs.0[0] = cost;
        costs
    }

    /// Returns the cost in the limit at `row`.
    #[inline]
    pub(crate) const fn of(&self, row: usize) -> u32 {
        self.0[row]
    }

    /// Sets the cost in the limit at `row`. More than `u32::MAX` counts as that.
    pub(crate) fn set(&mut self, row: usize, cost: u64) {
        self.0[row] = u32::try_from(cost).unwrap_or(u32::MAX);
    }
}

/// Correction of the costs of one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settlement {
    /// Instant at which the costs were taken.
    pub(crate) drawn_at: Instant,
    pub(crate) costs: Costs,
    /// What the attempt took of each limit. `None`: its cost stands.
    pub(crate) spent: [Option<u64>; MAX_ROWS],
}
