//! Error of a store that did not do what it was asked.

use core::fmt;
use std::sync::Arc;

/// Error of a store that did not do what it was asked.
///
/// Its message never holds a password: an implementation must not put one in.
///
/// # Examples
///
/// ```
/// use paced::store;
///
/// let error = store::connect("postgres://user:secret@host").unwrap_err();
/// assert!(error.is_rejected());
/// assert!(!error.to_string().contains("secret"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreErrorKind {
    Unavailable,
    Rejected,
    Unsupported,
}

impl StoreError {
    /// Creates the error of a store that cannot be reached, or not be used now: another try may succeed.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::StoreError;
    ///
    /// let error = StoreError::unavailable("no connection");
    /// assert!(!error.is_rejected());
    /// assert_eq!(error.to_string(), "no connection");
    /// ```
    pub fn unavailable(message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: StoreErrorKind::Unavailable,
            message: message.into(),
        }
    }

    /// Creates the error of a store that has no such operation: no other try will succeed.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::StoreError;
    ///
    /// let error = StoreError::unsupported("this store cannot list its limiters");
    /// assert!(error.is_unsupported() && !error.is_rejected());
    /// ```
    pub fn unsupported(message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: StoreErrorKind::Unsupported,
            message: message.into(),
        }
    }

    /// Creates the error of a store that can be reached and refuses: another try does not help until something is changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::StoreError;
    ///
    /// let error = StoreError::rejected("the password is wrong");
    /// assert!(error.is_rejected());
    /// ```
    pub fn rejected(message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: StoreErrorKind::Rejected,
            message: message.into(),
        }
    }

    /// Returns whether the store can be reached and refuses, so that no further try helps until something is changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::StoreError;
    ///
    /// assert!(StoreError::rejected("the password is wrong").is_rejected());
    /// assert!(!StoreError::unavailable("no connection").is_rejected());
    /// ```
    pub const fn is_rejected(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Rejected)
    }

    /// Returns whether the store has no such operation.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::StoreError;
    ///
    /// assert!(StoreError::unsupported("this store cannot list").is_unsupported());
    /// assert!(!StoreError::rejected("the password is wrong").is_unsupported());
    /// ```
    pub const fn is_unsupported(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unsupported)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for StoreError {}

/// Error of bytes that are no [`State`](super::State).
///
/// As a [`StoreError`] it is [rejected](StoreError::is_rejected): another try does not help.
///
/// # Examples
///
/// ```
/// use paced::store::{State, StoreError};
///
/// let error = State::from_bytes(b"something else").unwrap_err();
/// assert_eq!(error.to_string(), "the bytes of a state have version 115, which a newer version of `paced` wrote");
/// assert!(StoreError::from(error).is_rejected());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateError {
    /// Version of the bytes, if it is a newer one.
    newer: Option<u8>,
}

impl StateError {
    pub(super) const fn newer(version: u8) -> Self {
        Self {
            newer: Some(version),
        }
    }

    pub(super) const fn damaged() -> Self {
        Self { newer: None }
    }

    /// Returns whether a newer version of this crate wrote the bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::store::State;
    ///
    /// assert!(State::from_bytes(&[3]).unwrap_err().is_newer());
    /// assert!(!State::from_bytes(&[]).unwrap_err().is_newer());
    /// ```
    pub const fn is_newer(&self) -> bool {
        self.newer.is_some()
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.newer {
            Some(version) => write!(
                f,
                "the bytes of a state have version {version}, which a newer version of `paced` wrote"
            ),
            None => f.write_str("the bytes of a state are damaged, or are something else"),
        }
    }
}

impl core::error::Error for StateError {}

impl From<StateError> for StoreError {
    fn from(error: StateError) -> Self {
        Self::rejected(error.to_string())
    }
}
