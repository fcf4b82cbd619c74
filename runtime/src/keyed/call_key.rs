//! The key of one call of an annotated function.

use core::fmt;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
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
///
/// The flags: a call is under way that the limiter of its key has not counted.
enum KeysOf<'s> {
    Own(AtomicBool, &'s Keys),
    Brought(AtomicBool, Arc<Keys>),
}

impl<'s> CallKey<'s> {
    pub(crate) const fn own(keys: &'s Keys, fingerprint: u64) -> Self {
        Self {
            keys: KeysOf::Own(AtomicBool::new(false), keys),
            fingerprint,
        }
    }

    pub(crate) const fn brought(keys: Arc<Keys>, fingerprint: u64) -> Self {
        Self {
            keys: KeysOf::Brought(AtomicBool::new(false), keys),
            fingerprint,
        }
    }

    #[inline]
    fn keys(&self) -> &Keys {
        self.parts().1
    }

    #[inline]
    fn parts(&self) -> (&AtomicBool, &Keys) {
        match &self.keys {
            KeysOf::Own(under_way, keys) => (under_way, keys),
            KeysOf::Brought(under_way, keys) => (under_way, keys),
        }
    }

    /// Takes tokens, or returns the limiter through which to wait for them.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[inline]
    pub(crate) fn admit(&self, cost: u32, now: Instant) -> Result<Taken, Error> {
        let (under_way, keys) = self.parts();
        let taken = keys.admit::<true>(self.fingerprint, cost, now);
        if matches!(taken, Ok(Taken::Granted)) {
            // An attempt before may have found no room for the limiter that would have counted it.
            self.end();
            under_way.store(true, Ordering::Relaxed);
        }
        taken
    }

    /// Records that the call has ended, or that the limiter of its key has counted it.
    #[inline]
    pub(crate) fn end(&self) {
        let (under_way, keys) = self.parts();
        if under_way.load(Ordering::Relaxed) {
            under_way.store(false, Ordering::Relaxed);
            keys.ended.count(self.fingerprint);
        }
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

impl Drop for CallKey<'_> {
    #[inline]
    fn drop(&mut self) {
        self.end();
    }
}

/// Shows no key.
impl fmt::Debug for CallKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallKey").finish_non_exhaustive()
    }
}
