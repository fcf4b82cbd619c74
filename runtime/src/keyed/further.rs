//! Further limiters that the calls of a key take from at the same time.

use std::sync::Arc;

use crate::limiter::Shared;

/// A further limiter that calls take from.
#[derive(Debug)]
pub(crate) enum FurtherLimiter<K> {
    /// One for each value of a further key.
    Keyed(Arc<K>),
    /// One for all keys.
    Shared(Arc<Shared>),
}
