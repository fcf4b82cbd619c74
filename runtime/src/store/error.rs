//! Why a store did not do what it was asked.

use core::fmt;
use std::sync::Arc;

/// Why a store did not do what it was asked.
///
/// Its message never holds a password: an implementation must not put one in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    rejected: bool,
    message: Arc<str>,
}

impl StoreError {
    /// The store cannot be reached, or not be used now: another try may succeed.
    pub fn unavailable(message: impl Into<Arc<str>>) -> Self {
        Self {
            rejected: false,
            message: message.into(),
        }
    }

    /// The store can be reached and will not do: a person has to look at it.
    pub fn rejected(message: impl Into<Arc<str>>) -> Self {
        Self {
            rejected: true,
            message: message.into(),
        }
    }

    /// Whether only a person can mend it.
    pub const fn is_rejected(&self) -> bool {
        self.rejected
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for StoreError {}
