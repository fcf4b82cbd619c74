//! Keys whose calls take from further limiters at the same time.

use crate::costs::Costs;
use crate::time::Instant;

use super::Beside;
use super::Keys;

impl Keys {
    /// Returns the further limiters that calls take from at the same time, in their order.
    #[inline]
    pub(crate) fn beside(&self) -> &[Beside<Self>] {
        &self.beside
    }

    /// Puts back what a call has taken at `at` that does not begin.
    #[cold]
    pub(super) fn put_back(&self, fingerprint: u64, cost: u32, at: Instant) {
        // Without a place for its limiter the key was full again, and is forgotten.
        if let Ok(limiter) = self.limiter(fingerprint) {
            limiter.put_back(&Costs::first(cost), at);
        }
    }
}
