//! The key of one call of an annotated function.

use core::fmt;
use core::hash::Hash;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use std::sync::Arc;

use crate::costs::Costs;
use crate::error::Error;
use crate::limiter::Shared;
use crate::time::Instant;
use crate::time::Span;

use super::FurtherKey;
use super::FurtherLimiter;
use super::KeyId;
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
    /// Returns the same keys for a call that has not begun.
    fn of_another_call(&self) -> Self {
        match self {
            KeysOf::Own(_, keys) => KeysOf::Own(AtomicBool::new(false), keys),
            KeysOf::Brought(_, keys) => KeysOf::Brought(AtomicBool::new(false), Arc::clone(keys)),
            KeysOf::InStore(both) => KeysOf::InStore(Box::new((both.0.of_another_call(), both.1))),
            KeysOf::Joint(joint) => joint.keys.of_another_call(),
        }
    }

    #[inline]
    fn flag_and_keys(&self) -> (&AtomicBool, &Keys) {
        match self {
            KeysOf::Own(under_way, keys) => (under_way, keys),
            KeysOf::Brought(under_way, keys) => (under_way, keys),
            KeysOf::InStore(both) => both.0.flag_and_keys(),
            KeysOf::Joint(joint) => joint.keys.flag_and_keys(),
        }
    }

    /// Returns the digest of the key, if its limits are in a store.
    #[cold]
    fn digest(&self) -> Option<KeyDigest> {
        match self {
            KeysOf::Own(..) | KeysOf::Brought(..) => None,
            KeysOf::InStore(both) => Some(both.1),
            KeysOf::Joint(joint) => joint.keys.digest(),
        }
    }
}

impl<'s> CallKey<'s> {
    #[inline]
    pub(crate) fn own<K: Hash + ?Sized>(keys: &'s Keys, key: &K) -> Self {
        Self::of(KeysOf::Own(AtomicBool::new(false), keys), key)
    }

    #[inline]
    pub(crate) fn brought<K: Hash + ?Sized>(keys: Arc<Keys>, key: &K) -> Self {
        Self::of(KeysOf::Brought(AtomicBool::new(false), keys), key)
    }

    #[inline]
    fn of<K: Hash + ?Sized>(keys: KeysOf<'s>, key: &K) -> Self {
        let (_, known) = keys.flag_and_keys();
        match known.digest(key) {
            None => Self {
                fingerprint: known.fingerprint(key),
                keys,
            },
            Some(digest) => Self {
                fingerprint: 0,
                keys: KeysOf::InStore(Box::new((keys, digest))),
            },
        }
    }

    /// Returns the key with the further limiters that its calls take from, if there are any. `others`: the call's further
    /// keys. `costs`: what the call takes from a limiter.
    pub(crate) fn with_further(
        mut self,
        others: &[FurtherKey<'_>],
        mut costs: impl FnMut(&Arc<Shared>) -> Costs,
    ) -> Self {
        let limiters = self.keys.flag_and_keys().1.further();
        if limiters.is_empty() {
            return self;
        }
        let mut others = others.iter();
        let further = limiters.iter().map(|limiter| match limiter {
            FurtherLimiter::Keyed(keys) => {
                let id = others.next().map(|key| key.id(keys));
                let id = id.unwrap_or(KeyId::Fingerprint(0));
                FurtherCost::keyed(keys, id, costs(keys.template()))
            }
            FurtherLimiter::Shared(limiter) => FurtherCost::shared(limiter, costs(limiter)),
        });
        let further = further.collect();
        self.keys = KeysOf::Joint(Box::new(JointKeys {
            keys: self.keys.of_another_call(),
            further,
        }));
        self
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

    /// Takes tokens, or returns the limiter through which to wait for them.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[inline]
    pub(crate) fn admit(&self, cost: u32, now: Instant) -> Result<Taken, Error> {
        let (under_way, keys) = self.keys.flag_and_keys();
        if matches!(self.keys, KeysOf::InStore(_) | KeysOf::Joint(_)) {
            if let Some(digest) = self.keys.digest() {
                return keys.limiter_in_store(digest).map(Taken::Limiter);
            }
        }
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
        match self.keys.digest() {
            Some(digest) => keys.limiter_in_store(digest),
            None => keys.limiter(self.fingerprint),
        }
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
