//! The key of one call of an annotated function.

use core::fmt;
use core::hash::Hash;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use std::sync::Arc;

use crate::error::Error;
use crate::limiter::Shared;
use crate::time::Instant;
use crate::time::Span;

use super::Keys;
use super::Taken;
use super::digest::KeyDigest;
use super::further_cost::FurtherCost;

/// The key of one call.
pub struct CallKey<'s> {
    keys: KeysOf<'s>,
    fingerprint: u64,
}

/// Keys of a function's own limiter, or those that the call brings.
///
/// The flag is set while a call is under way that was granted by a bucket, so that no limiter has counted it.
enum KeysOf<'s> {
    Own(AtomicBool, &'s Keys),
    Brought(AtomicBool, Arc<Keys>),
    /// Either of them, and what a call by plain keys does not have. On the heap, so that those calls take no more memory.
    Extended(Box<ExtendedKeys<'s>>),
}

/// Keys whose limits are in a store, or whose calls take from further limiters at the same time.
struct ExtendedKeys<'s> {
    keys: KeysOf<'s>,
    /// Digest by which a store knows the key. `None`: its limits are in no store.
    digest: Option<KeyDigest>,
    further: Vec<FurtherCost>,
}

impl<'s> KeysOf<'s> {
    const fn own(keys: &'s Keys) -> Self {
        KeysOf::Own(AtomicBool::new(false), keys)
    }

    const fn brought(keys: Arc<Keys>) -> Self {
        KeysOf::Brought(AtomicBool::new(false), keys)
    }

    #[inline]
    fn flag_and_keys(&self) -> (&AtomicBool, &Keys) {
        match self {
            KeysOf::Own(under_way, keys) => (under_way, keys),
            KeysOf::Brought(under_way, keys) => (under_way, keys),
            KeysOf::Extended(extended) => extended.flag_and_keys(),
        }
    }
}

impl<'s> ExtendedKeys<'s> {
    #[cold]
    fn flag_and_keys(&self) -> (&AtomicBool, &Keys) {
        self.keys.flag_and_keys()
    }

    /// Returns extended keys, and the fingerprint of a key. A pair is returned in registers, and a [`CallKey`] is not.
    #[cold]
    fn with_fingerprint<K: Hash + ?Sized>(
        keys: KeysOf<'s>,
        key: &K,
        further: impl FnOnce(&Keys) -> Vec<FurtherCost>,
    ) -> (Box<Self>, u64) {
        let (_, known) = keys.flag_and_keys();
        let (digest, fingerprint) = known.digest_and_fingerprint(key);
        let further = further(known);
        let extended = Self {
            keys,
            digest,
            further,
        };
        (Box::new(extended), fingerprint)
    }
}

impl<'s> CallKey<'s> {
    /// Returns a key of the function's own limiters. `further`: what the call takes from further limiters of these keys.
    #[inline]
    pub(crate) fn own<K: Hash + ?Sized>(
        keys: &'s Keys,
        key: &K,
        further: impl FnOnce(&Keys) -> Vec<FurtherCost>,
    ) -> Self {
        if keys.are_plain() {
            return Self {
                fingerprint: keys.fingerprint(key),
                keys: KeysOf::own(keys),
            };
        }
        Self::extended(KeysOf::own(keys), key, further)
    }

    /// Returns a key of limiters that the call brings.
    #[inline]
    pub(crate) fn brought<K: Hash + ?Sized>(
        keys: Arc<Keys>,
        key: &K,
        further: impl FnOnce(&Keys) -> Vec<FurtherCost>,
    ) -> Self {
        if keys.are_plain() {
            return Self {
                fingerprint: keys.fingerprint(key),
                keys: KeysOf::brought(keys),
            };
        }
        Self::extended(KeysOf::brought(keys), key, further)
    }

    #[inline]
    fn extended<K: Hash + ?Sized>(
        keys: KeysOf<'s>,
        key: &K,
        further: impl FnOnce(&Keys) -> Vec<FurtherCost>,
    ) -> Self {
        let (extended, fingerprint) = ExtendedKeys::with_fingerprint(keys, key, further);
        Self {
            keys: KeysOf::Extended(extended),
            fingerprint,
        }
    }

    #[inline]
    fn extension(&self) -> Option<&ExtendedKeys<'s>> {
        match &self.keys {
            KeysOf::Extended(extended) => Some(extended),
            _ => None,
        }
    }

    /// Returns the further limiters that the call takes from, in their order.
    #[inline]
    pub(crate) fn further(&self) -> &[FurtherCost] {
        self.extension().map_or(&[], |it| &it.further)
    }

    /// Returns whether there are further limiters that the call takes from.
    #[inline]
    pub(crate) fn is_joint(&self) -> bool {
        !self.further().is_empty()
    }

    /// Returns the digest by which a store knows the key. `None`: its limits are in no store.
    #[inline]
    fn digest(&self) -> Option<KeyDigest> {
        self.extension()?.digest
    }

    /// Puts back what the call has taken at `at` without a limiter, because it does not begin.
    #[cold]
    pub(crate) fn put_back(&self, cost: u32, at: Instant) {
        let (_, keys) = self.keys.flag_and_keys();
        keys.put_back(self.fingerprint, cost, at);
        self.end_recounted();
    }

    /// Takes tokens, or returns the limiter through which to wait for them. `None`: there is [no room](Self::exhausted) for
    /// a new key.
    #[inline]
    pub(crate) fn admit(&self, cost: u32, now: Instant) -> Option<Taken> {
        let (under_way, keys) = self.keys.flag_and_keys();
        if let Some(digest) = self.digest() {
            return keys.limiter_in_store(digest).map(Taken::Limiter).ok();
        }
        let taken = keys.admit::<true>(self.fingerprint, cost, now);
        if matches!(taken, Some(Taken::Granted)) {
            // An attempt before may have found no room for the limiter that would have counted it.
            self.end();
            under_way.store(true, Ordering::Relaxed);
        }
        taken
    }

    /// Records that the call has ended, or that the limiter of its key has counted it.
    #[inline]
    pub(crate) fn end(&self) {
        let (under_way, keys) = self.keys.flag_and_keys();
        if under_way.load(Ordering::Relaxed) {
            under_way.store(false, Ordering::Relaxed);
            keys.ended.count(self.fingerprint);
        }
    }

    /// Does the same for a call that is counted elsewhere, or will be.
    #[cold]
    pub(crate) fn end_recounted(&self) {
        let (under_way, keys) = self.keys.flag_and_keys();
        if under_way.load(Ordering::Relaxed) {
            keys.recounted.fetch_add(1, Ordering::Relaxed);
        }
        self.end();
    }

    /// Returns the whole limiter of the key, which is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[cold]
    pub(crate) fn limiter(&self) -> Result<Arc<Shared>, Error> {
        let (_, keys) = self.keys.flag_and_keys();
        match self.digest() {
            Some(digest) => keys.limiter_in_store(digest),
            None => keys.limiter(self.fingerprint),
        }
    }

    /// Returns the error of a new key for which there is no room.
    #[cold]
    pub(crate) fn exhausted(&self) -> Error {
        self.keys.flag_and_keys().1.exhausted()
    }

    /// Returns the time in which one token comes.
    pub(crate) fn interval(&self) -> Span {
        self.keys.flag_and_keys().1.interval()
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
