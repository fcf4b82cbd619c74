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
    /// Either of them, with limits in a store. On the heap, so that other calls take no more memory.
    InStore(Box<(KeysOf<'s>, KeyDigest)>),
    /// Further limiters are taken from at the same time.
    Joint(Box<JointKeys<'s>>),
}

struct JointKeys<'s> {
    keys: KeysOf<'s>,
    further: Vec<FurtherCost>,
}

impl KeysOf<'_> {
    #[inline]
    fn flag_and_keys(&self) -> (&AtomicBool, &Keys) {
        match self {
            KeysOf::Own(under_way, keys) => (under_way, keys),
            KeysOf::Brought(under_way, keys) => (under_way, keys),
            KeysOf::InStore(_) | KeysOf::Joint(_) => self.inner_flag_and_keys(),
        }
    }

    #[cold]
    fn inner_flag_and_keys(&self) -> (&AtomicBool, &Keys) {
        match self {
            KeysOf::InStore(both) => both.0.flag_and_keys(),
            KeysOf::Joint(joint) => joint.keys.flag_and_keys(),
            KeysOf::Own(..) | KeysOf::Brought(..) => self.flag_and_keys(),
        }
    }
}

impl<'s> CallKey<'s> {
    /// Returns a key of the function's own limiters. `further`: what the call takes from further limiters.
    #[inline]
    pub(crate) fn own<K: Hash + ?Sized>(
        keys: &'s Keys,
        key: &K,
        further: Vec<FurtherCost>,
    ) -> Self {
        Self::of(KeysOf::Own(AtomicBool::new(false), keys), key, further)
    }

    /// Returns a key of limiters that the call brings.
    #[inline]
    pub(crate) fn brought<K: Hash + ?Sized>(
        keys: Arc<Keys>,
        key: &K,
        further: Vec<FurtherCost>,
    ) -> Self {
        Self::of(KeysOf::Brought(AtomicBool::new(false), keys), key, further)
    }

    /// A key is moved only here, where the compiler has it in registers: later it would be read before all of its parts
    /// are in memory, which takes as long as the lock of a bucket.
    #[inline]
    fn of<K: Hash + ?Sized>(mut keys: KeysOf<'s>, key: &K, further: Vec<FurtherCost>) -> Self {
        let (digest, fingerprint) = keys.flag_and_keys().1.identity(key);
        if let Some(digest) = digest {
            keys = KeysOf::InStore(Box::new((keys, digest)));
        }
        if !further.is_empty() {
            keys = KeysOf::Joint(Box::new(JointKeys { keys, further }));
        }
        Self { keys, fingerprint }
    }

    /// Returns the further limiters that the call takes from, in their order.
    #[inline]
    pub(crate) fn further(&self) -> &[FurtherCost] {
        match &self.keys {
            KeysOf::Joint(joint) => &joint.further,
            _ => &[],
        }
    }

    /// Returns whether there are further limiters that the call takes from.
    #[inline]
    pub(crate) const fn is_joint(&self) -> bool {
        matches!(self.keys, KeysOf::Joint(_))
    }

    /// Puts back what the call has taken at `at` without a limiter, because it does not begin.
    #[cold]
    pub(crate) fn put_back(&self, cost: u32, at: Instant) {
        let (_, keys) = self.keys.flag_and_keys();
        keys.put_back(self.fingerprint, cost, at);
        self.end();
    }

    /// Takes tokens, or returns the limiter through which to wait for them. `None`: there is [no room](Self::exhausted) for
    /// a new key.
    #[inline]
    pub(crate) fn admit(&self, cost: u32, now: Instant) -> Option<Taken> {
        let (under_way, keys) = self.keys.flag_and_keys();
        if let KeysOf::InStore(both) = &self.keys {
            return keys.limiter_in_store(both.1).map(Taken::Limiter).ok();
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

    /// Returns the whole limiter of the key, which is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[cold]
    pub(crate) fn limiter(&self) -> Result<Arc<Shared>, Error> {
        let (_, keys) = self.keys.flag_and_keys();
        match &self.keys {
            KeysOf::InStore(both) => keys.limiter_in_store(both.1),
            _ => keys.limiter(self.fingerprint),
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
