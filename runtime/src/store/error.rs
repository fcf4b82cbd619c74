//! Error of a store that did not do what it was asked.

use core::fmt;
use std::sync::Arc;

/// Error of a store that did not do what it was asked.
///
/// Its message never holds a password: an implementation must not put one in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    kind: Kind,
    message: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unavailable,
    Rejected,
    Unsupported,
}

impl StoreError {
    /// Creates the error of a store that cannot be reached, or not be used now: another try may succeed.
    pub fn unavailable(message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: Kind::Unavailable,
            message: message.into(),
        }
    }

    /// Creates the error of a store that has no such operation: no other try will succeed.
    ///
    /// ```
    /// use paced::store::StoreError;
    ///
    /// let error = StoreError::unsupported("this store cannot list its limiters");
    /// assert!(error.is_unsupported() && !error.is_rejected());
    /// ```
    pub fn unsupported(message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: Kind::Unsupported,
            message: message.into(),
        }
    }

    /// Creates the error of a store that can be reached and refuses: a person has to look at it.
    pub fn rejected(message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: Kind::Rejected,
            message: message.into(),
        }
    }

    /// Returns whether only a person can mend it.
    pub const fn is_rejected(&self) -> bool {
        matches!(self.kind, Kind::Rejected)
    }

    /// Returns whether the store has no such operation.
    pub const fn is_unsupported(&self) -> bool {
        matches!(self.kind, Kind::Unsupported)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for StoreError {}
