//! The key of one call of an annotated function.

use core::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::limiter::Shared;
use crate::time::Instant;
use crate::time::Span;

use super::Keys;
use super::Taken;

/// The key of one call.
pub struct CallKey<'s> {
    keys: KeysOf<'s>,
    fingerprint: u64,
}

/// Keys of a function's own limiter, or those that the call brings.
enum KeysOf<'s> {
    Own(&'s Keys),
    Brought(Arc<Keys>),
}

impl<'s> CallKey<'s> {
    pub(crate) const fn own(keys: &'s Keys, fingerprint: u64) -> Self {
        Self {
            keys: KeysOf::Own(keys),
            fingerprint,
        }
    }

    pub(crate) const fn brought(keys: Arc<Keys>, fingerprint: u64) -> Self {
        Self {
            keys: KeysOf::Brought(keys),
            fingerprint,
        }
    }

    #[inline]
    fn keys(&self) -> &Keys {
        match &self.keys {
            KeysOf::Own(keys) => keys,
            KeysOf::Brought(keys) => keys,
        }
    }

    /// Takes tokens, or returns the limiter through which to wait for them.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[inline]
    pub(crate) fn admit(&self, cost: u32, now: Instant) -> Result<Taken, Error> {
        self.keys().admit(self.fingerprint, cost, now)
    }

    /// Returns the whole limiter of the key, which is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[cold]
    pub(crate) fn limiter(&self) -> Result<Arc<Shared>, Error> {
        self.keys().limiter(self.fingerprint)
    }

    /// Returns the time in which one token comes.
    pub(crate) fn interval(&self) -> Span {
        self.keys().interval()
    }
}

/// Shows no key.
impl fmt::Debug for CallKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallKey").finish_non_exhaustive()
    }
}
