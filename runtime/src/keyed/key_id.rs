//! Identity of a key among the limiters of keys.

use core::fmt;
use core::hash::Hash;
use std::sync::Arc;

use crate::error::Error;
use crate::limiter::Shared;

use super::Keys;
use super::digest::KeyDigest;

/// Identity of a key among the limiters of keys.
#[derive(Clone, Copy)]
pub(crate) enum KeyId {
    /// The limits are this process's own.
    Fingerprint(u64),
    /// A store knows the key by this digest.
    Digest(KeyDigest),
}

/// Shows no key.
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyId").finish_non_exhaustive()
    }
}

impl Keys {
    /// Returns the identity of a key.
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
