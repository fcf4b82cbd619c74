//! Identifiers of keys, and further keys of a call.

use core::fmt;
use core::hash::Hash;
use std::sync::Arc;

use crate::error::Error;
use crate::limiter::Shared;

use super::Keys;
use super::digest::KeyDigest;

/// Identifier of a key in a keyed limiter.
#[derive(Clone, Copy)]
pub(crate) enum KeyId {
    /// Hash of the key, if its limits are this process's own.
    Fingerprint(u64),
    /// Digest by which a store knows the key.
    Digest(KeyDigest),
}

/// Shows no key.
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyId").finish_non_exhaustive()
    }
}

impl Keys {
    /// Returns the identifier of a key.
    pub(crate) fn id<Q: Hash + ?Sized>(&self, key: &Q) -> KeyId {
        match self.digest(key) {
            None => KeyId::Fingerprint(self.fingerprint(key)),
            Some(digest) => KeyId::Digest(digest),
        }
    }

    /// Returns the limiter of a key, which is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    pub(crate) fn limiter_of(&self, id: KeyId) -> Result<Arc<Shared>, Error> {
        match id {
            KeyId::Fingerprint(fingerprint) => self.limiter(fingerprint),
            KeyId::Digest(digest) => self.limiter_in_store(digest),
        }
    }
}

/// A further key of a call.
#[derive(Clone, Copy)]
pub struct FurtherKey<'k>(&'k dyn Identify);

/// A key of any type.
trait Identify {
    /// Returns the identifier of the key in `keys`.
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

    /// Returns the identifier of the key in `keys`.
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
