//! Digests of keys, by which stores know them.

use core::fmt;
use core::hash::Hash;

use crate::error::Error;

#[cfg(feature = "store-keys")]
use super::portable;

/// First 128 bits of the SHA-256 of a key.
///
/// Two keys of one digest would share a limit: among a billion keys there are two with a probability of 10⁻²¹.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyDigest([u8; 16]);

impl KeyDigest {
    /// Checks that this crate was built with the feature.
    ///
    /// # Errors
    ///
    /// It was not.
    pub(super) const fn enabled() -> Result<(), Error> {
        if cfg!(feature = "store-keys") {
            return Ok(());
        }
        Err(Error::invalid(
            "keys in a store need the feature `store-keys` of `paced`: add features = [\"store-keys\"]",
        ))
    }

    /// Returns the digest of a key. Without the feature there is none.
    pub(super) fn of<K: Hash + ?Sized>(key: &K) -> Self {
        #[cfg(feature = "store-keys")]
        return Self(portable::digest(key));
        #[cfg(not(feature = "store-keys"))]
        {
            let _ = key;
            Self([0; 16])
        }
    }
}

/// Writes 32 hexadecimal digits.
impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
