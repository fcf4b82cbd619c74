//! The rule of when unused entries of a collection are removed.

/// Entries below which none is removed.
const FEW: usize = 64;

/// Number of entries at which the unused ones are removed: twice as many as were left the last time, so that the
/// removals cost little for each entry that is added.
#[derive(Clone, Copy, Debug)]
pub(super) struct SweepAt(usize);

impl SweepAt {
    pub(super) const NEW: Self = Self(FEW);

    /// Returns whether the unused ones of `entries` are to be removed.
    pub(super) const fn is_due(self, entries: usize) -> bool {
        entries >= self.0
    }

    /// Records how many were left.
    pub(super) fn swept(&mut self, left: usize) {
        self.0 = FEW.max(2 * left);
    }
}
