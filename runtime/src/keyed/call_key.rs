//! The key of one call of an annotated function.

use core::fmt;
use core::hash::Hash;
use std::sync::Arc;

use crate::error::Error;
use crate::limiter::Shared;
use crate::time::Instant;
use crate::time::Span;

use super::Keys;
use super::Taken;
use super::digest::KeyDigest;

/// The key of one call.
pub struct CallKey<'s> {
    keys: KeysOf<'s>,
    fingerprint: u64,
}

/// Keys of a function's own limiter, or those that the call brings.
enum KeysOf<'s> {
    Own(&'s Keys),
    Brought(Arc<Keys>),
    /// Either of them, with limits in a store. On the heap, so that other calls take no more memory.
    InStore(Box<(KeysOf<'s>, KeyDigest)>),
}

impl KeysOf<'_> {
    #[inline]
    fn keys(&self) -> &Keys {
        match self {
            KeysOf::Own(keys) => keys,
            KeysOf::Brought(keys) => keys,
            KeysOf::InStore(both) => both.0.keys(),
        }
    }
}

impl<'s> CallKey<'s> {
    #[inline]
    pub(crate) fn own<K: Hash + ?Sized>(keys: &'s Keys, key: &K) -> Self {
        Self::of(KeysOf::Own(keys), key)
    }

    #[inline]
    pub(crate) fn brought<K: Hash + ?Sized>(keys: Arc<Keys>, key: &K) -> Self {
        Self::of(KeysOf::Brought(keys), key)
    }

    #[inline]
    fn of<K: Hash + ?Sized>(keys: KeysOf<'s>, key: &K) -> Self {
        match keys.keys().digest(key) {
            None => Self {
                fingerprint: keys.keys().fingerprint(key),
                keys,
            },
            Some(digest) => Self {
                fingerprint: 0,
                keys: KeysOf::InStore(Box::new((keys, digest))),
            },
        }
    }

    /// Takes tokens, or returns the limiter through which to wait for them.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[inline]
    pub(crate) fn admit(&self, cost: u32, now: Instant) -> Result<Taken, Error> {
        match &self.keys {
            KeysOf::InStore(both) => both.0.keys().limiter_in_store(both.1).map(Taken::Limiter),
            keys => keys.keys().admit(self.fingerprint, cost, now),
        }
    }

    /// Returns the whole limiter of the key, which is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[cold]
    pub(crate) fn limiter(&self) -> Result<Arc<Shared>, Error> {
        match &self.keys {
            KeysOf::InStore(both) => both.0.keys().limiter_in_store(both.1),
            keys => keys.keys().limiter(self.fingerprint),
        }
    }

    /// Returns the time in which one token comes.
    pub(crate) fn interval(&self) -> Span {
        self.keys.keys().interval()
    }
}

/// Shows no key.
impl fmt::Debug for CallKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallKey").finish_non_exhaustive()
    }
}
