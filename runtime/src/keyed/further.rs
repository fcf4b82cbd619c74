//! Further limiters that the calls of a key take from at the same time, and further keys.

use core::fmt;
use core::hash::Hash;
use std::sync::Arc;

use crate::limiter::Shared;

use super::KeyId;
use super::Keys;

/// A further limiter that calls take from.
#[derive(Debug)]
pub(crate) enum FurtherLimiter<K> {
    /// One for each value of a further key.
    Keyed(Arc<K>),
    /// One for all keys.
    Shared(Arc<Shared>),
}

/// A further key of a call.
#[derive(Clone, Copy)]
pub struct FurtherKey<'k>(&'k dyn Identify);

/// A key of any type.
trait Identify {
    /// Returns the identity of the key among these.
    fn id(&self, keys: &Keys) -> KeyId;
}

impl<K: Hash> Identify for K {
    fn id(&self, keys: &Keys) -> KeyId {
        keys.id(self)
    }
}

impl<'k> FurtherKey<'k> {
    /// Returns a further key of a call.
    pub(crate) fn of<K: Hash>(key: &'k K) -> Self {
        Self(key)
    }

    /// Returns the identity of the key among these.
    pub(super) fn id(&self, keys: &Keys) -> KeyId {
        self.0.id(keys)
    }
}

/// Shows no key.
impl fmt::Debug for FurtherKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FurtherKey").finish_non_exhaustive()
    }
}
