//! Attempts and leases of limiters that were closed.

use core::iter::Sum;

/// Attempts and leases that closed limiters still have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unfinished {
    /// Attempts.
    pub(crate) in_flight: u64,
    /// Slots are leased from a store.
    pub(crate) has_leases: bool,
}

impl Sum for Unfinished {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            in_flight: sum.in_flight + one.in_flight,
            has_leases: sum.has_leases || one.has_leases,
        })
    }
}

impl Unfinished {
    /// Returns what two limiters have that count the same attempts, of which one may count others, too.
    pub(super) fn of_same(self, other: Self) -> Self {
        Self {
            in_flight: self.in_flight.max(other.in_flight),
            has_leases: self.has_leases || other.has_leases,
        }
    }
}
