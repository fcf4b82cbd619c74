//! Tokens that a store has to be told of, since calls have used them that were not held back.

use crate::time::Instant;

/// Tokens that the store has to be told of.
#[derive(Debug, Default)]
pub(super) struct Charges {
    pub(super) owed: u32,
    /// Instant of the last of them.
    pub(super) owed_at: Option<Instant>,
    /// Request that carries the last of them.
    pub(super) carrier: Option<u64>,
}

impl Charges {
    /// Returns whether the request `id` carries any.
    pub(super) fn are_in(&self, id: u64) -> bool {
        self.carrier == Some(id)
    }
}
