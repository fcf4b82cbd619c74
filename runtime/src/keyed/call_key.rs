//! The key of one call of an annotated function.

use core::fmt;
use std::sync::Arc;

use crate::costs::Costs;
use crate::error::Error;
use crate::limiter::Shared;
use crate::time::Instant;
use crate::time::Span;

use super::Beside;
use super::Keys;
use super::Taken;
use super::part::KeyPart;

/// The key of one call.
pub struct CallKey<'s> {
    keys: KeysOf<'s>,
    fingerprint: u64,
}

/// Keys of a function's own limiter, or those that the call brings.
enum KeysOf<'s> {
    Own(&'s Keys),
    Brought(Arc<Keys>),
    /// Further limiters are taken from at the same time.
    Nested(Box<NestedKeys<'s>>),
}

struct NestedKeys<'s> {
    keys: KeysOf<'s>,
    parts: Vec<KeyPart>,
}

impl KeysOf<'_> {
    #[inline]
    fn keys(&self) -> &Keys {
        match self {
            KeysOf::Own(keys) => keys,
            KeysOf::Brought(keys) => keys,
            KeysOf::Nested(nested) => nested.keys.keys(),
        }
    }
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

    /// Returns the key with its parts in the further limiters that its calls take from, if there are any. `others`: the
    /// fingerprints of the call's further keys. `costs`: what the call takes from a limiter.
    pub(crate) fn nested(
        mut self,
        others: &[u64],
        mut costs: impl FnMut(&Arc<Shared>) -> Costs,
    ) -> Self {
        let beside = self.keys().beside();
        if beside.is_empty() {
            return self;
        }
        let mut others = others.iter().copied();
        let parts = beside.iter().map(|limiter| match limiter {
            Beside::Keyed(keys) => {
                let fingerprint = others.next().unwrap_or_default();
                KeyPart::keyed(keys, fingerprint, costs(keys.pattern()))
            }
            Beside::Shared(limiter) => KeyPart::shared(limiter, costs(limiter)),
        });
        let parts = parts.collect();
        self.keys = KeysOf::Nested(Box::new(NestedKeys {
            keys: self.keys,
            parts,
        }));
        self
    }

    /// Returns its parts in the further limiters that the call takes from, in their order.
    #[inline]
    pub(crate) fn parts(&self) -> &[KeyPart] {
        match &self.keys {
            KeysOf::Own(_) | KeysOf::Brought(_) => &[],
            KeysOf::Nested(nested) => &nested.parts,
        }
    }

    /// Returns whether there are further limiters that the call takes from.
    #[inline]
    pub(crate) const fn is_nested(&self) -> bool {
        matches!(self.keys, KeysOf::Nested(_))
    }

    /// Puts back what the call has taken at `at` without a limiter, because it does not begin.
    #[cold]
    pub(crate) fn put_back(&self, cost: u32, at: Instant) {
        self.keys().put_back(self.fingerprint, cost, at);
    }

    #[inline]
    fn keys(&self) -> &Keys {
        self.keys.keys()
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
