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

    /// Returns the costs in the limits beside the first.
    #[inline]
    pub(crate) fn others(&self) -> &[u32] {
        &self.0[1..]
    }

    /// Sets the cost in the limit at `row`. More than `u32::MAX` counts as that.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, cost: u64) {
        self.0[row] = u32::try_from(cost).unwrap_or(u32::MAX);
    }
}

/// Costs of several calls together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TotalCosts([u64; MAX_ROWS]);

impl TotalCosts {
    /// Returns the total in the limit at `row`.
    #[inline]
    pub(crate) const fn of(&self, row: usize) -> u64 {
        self.0[row]
    }

    /// Returns the total with that of the first limit replaced.
    pub(crate) const fn with_first(mut self, total: u64) -> Self {
        self.0[0] = total;
        self
    }

    /// Returns the totals with the costs of one more call.
    #[must_use]
    pub(crate) fn and(mut self, costs: &Costs) -> Self {
        for (total, cost) in self.0.iter_mut().zip(costs.0) {
            *total += u64::from(cost);
        }
        self
    }

    /// Returns the totals without the costs of one call, which they contain.
    #[must_use]
    pub(crate) fn without(mut self, costs: &Costs) -> Self {
        for (total, cost) in self.0.iter_mut().zip(costs.0) {
            *total = total.saturating_sub(u64::from(cost));
        }
        self
    }

    /// Returns the sum of two totals.
    #[must_use]
    pub(crate) fn plus(mut self, other: &Self) -> Self {
        for (total, more) in self.0.iter_mut().zip(other.0) {
            *total += more;
        }
        self
    }
}

/// Tokens that an attempt really spent, of those limits of which that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spent {
    amounts: [u64; MAX_ROWS],
    /// A bit for each limit of which it is known.
    known: u8,
}

impl Spent {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self {
        amounts: [0; MAX_ROWS],
        known: 0,
    };

    /// Nothing was spent.
    pub(crate) const NOTHING: Self = Self {
        known: u8::MAX,
        ..Self::UNKNOWN
    };

    /// Sets what was spent of the limit at `row`.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, amount: u64) {
        self.amounts[row] = amount;
        self.known |= 1 << row;
    }

    /// Returns what was spent of the limit at `row`. `None`: the cost stands.
    #[inline]
    pub(crate) fn of(&self, row: usize) -> Option<u64> {
        (self.known & 1 << row != 0).then_some(self.amounts[row])
    }

    /// Returns whether more was spent than the costs in any limit.
    #[inline]
    pub(crate) fn exceeds(&self, costs: &Costs) -> bool {
        bits(self.known).any(|row| self.amounts[row] > u64::from(costs.of(row)))
    }

    /// Returns the limits of which it is known, and what was spent of them.
    #[inline]
    pub(crate) fn known(&self) -> impl Iterator<Item = (usize, u64)> + use<'_> {
        bits(self.known).map(|row| (row, self.amounts[row]))
    }

    /// Returns whether something else was spent than the costs.
    #[inline]
    pub(crate) fn differs(&self, costs: &Costs) -> bool {
        bits(self.known).any(|row| self.amounts[row] != u64::from(costs.of(row)))
    }
}

/// Returns the places of the bits that are set.
#[inline]
pub(crate) fn bits(mut set: u8) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        // The mask shows the compiler that it is a place in an array of that length.
        let row = (set != 0).then_some(set.trailing_zeros() as usize % MAX_ROWS);
        set &= set.wrapping_sub(1);
        row
    })
}

/// Correction of the costs of an attempt that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// Instant at which the attempt got its permit.
    pub(crate) drawn_at: Instant,
    /// Tokens that it took then.
    pub(crate) costs: Costs,
    /// Tokens that it really spent.
    pub(crate) spent: Spent,
}

impl Settlement {
    /// Returns that of an attempt that got its permit at `drawn_at` and took these costs, before they are corrected.
    #[inline]
    pub(crate) const fn estimated(costs: Costs, drawn_at: Instant) -> Self {
        Self {
            drawn_at,
            costs,
            spent: Spent::UNKNOWN,
        }
    }
}
