//! Keys whose limits are in a store.

use core::hash::Hash;
use std::sync::Arc;

use crate::clock;
use crate::error::Error;
use crate::limiter::PlaceOfKeys;
use crate::limiter::Shared;

use super::declaration::Declaration;
use super::digest::KeyDigest;
use super::keys::Keys;
use super::keys::TakeOutcome;

impl Keys {
    /// Returns the digest of a key by which the store knows it. `None`: the limits are in no store.
    #[inline]
    pub(crate) fn digest<Q: Hash + ?Sized>(&self, key: &Q) -> Option<KeyDigest> {
        self.are_in_store().then(|| KeyDigest::of(key))
    }

    /// Returns the digest of a key, if its limits are in a store, and its fingerprint.
    #[inline]
    pub(super) fn digest_and_fingerprint<Q: Hash + ?Sized>(
        &self,
        key: &Q,
    ) -> (Option<KeyDigest>, u64) {
        match self.digest(key) {
            None => (None, self.fingerprint(key)),
            Some(digest) => (Some(digest), self.fingerprint_of(digest)),
        }
    }

    /// Returns whether the limits are in a store.
    pub(super) const fn are_in_store(&self) -> bool {
        self.declared.place.is_some()
    }

    /// Returns the fingerprint of a key that a store knows by `digest`.
    pub(super) fn fingerprint_of(&self, digest: KeyDigest) -> u64 {
        self.hasher.fingerprint(&digest)
    }

    /// Returns the limiter of a key that the store knows by `digest`. It is made if there is none.
    ///
    /// # Errors
    ///
    /// There is no room for a new key.
    #[cold]
    pub(crate) fn limiter_in_store(&self, digest: KeyDigest) -> Result<Arc<Shared>, Error> {
        let fingerprint = self.fingerprint_of(digest);
        // Takes nothing, since no key in a store is a bucket here: it finds the limiter, and sweeps in its turn.
        if let TakeOutcome::Limiter(limiter) = self.take::<false>(fingerprint, 1, clock::now()) {
            return Ok(limiter);
        }
        let Some(place) = &self.declared.place else {
            return self.limiter(fingerprint);
        };
        self.limiter_or(fingerprint, |terms, _, _| {
            terms.limiter_in_store(place, &digest)
        })
    }

    /// Returns whether another declaration says the same.
    pub(crate) fn is_declared_as(&self, other: &Declaration) -> bool {
        let is_at = |place: &PlaceOfKeys| other.place.as_ref().is_some_and(|it| it.is(place));
        self.declared.rows == other.rows
            && self.max() == other.max_keys
            && self.declared.mode == other.mode
            && self
                .declared
                .place
                .as_ref()
                .map_or(other.place.is_none(), is_at)
    }

    /// Sends what the stores of those limiters have to be told of that are kept.
    pub(super) fn send_unsent(&self, limiters: &[Arc<Shared>]) {
        if self.are_in_store() {
            let kept = limiters.iter().filter(|it| Arc::strong_count(it) > 1);
            kept.for_each(|limiter| limiter.send_unsent());
        }
    }
}
