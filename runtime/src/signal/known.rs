//! Types of errors that are understood as they are.

use std::error::Error as StdError;
use std::io;
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::Error;

/// An error whose own type is examined, not only its sources.
///
/// Of all other types only the sources are examined, which are `'static`: the type of an error that borrows
/// cannot be asked for.
pub trait Known {
    /// Returns the error itself.
    fn known(&self) -> &(dyn StdError + 'static);
}

macro_rules! known {
    ($($(#[$cfg:meta])? $error:ty;)*) => {$(
        $(#[$cfg])?
        impl Known for $error {
            fn known(&self) -> &(dyn StdError + 'static) {
                self
            }
        }
    )*};
}

known! {
    Error;
    io::Error;
    tokio::time::error::Elapsed;
    #[cfg(feature = "reqwest")]
    ::reqwest::Error;
    #[cfg(feature = "reqwest-middleware")]
    ::reqwest_middleware::Error;
    #[cfg(feature = "tonic")]
    ::tonic::Status;
    #[cfg(feature = "ureq")]
    ::ureq::Error;
}

macro_rules! behind {
    ($($pointer:ty;)*) => {$(
        impl<E: Known> Known for $pointer {
            fn known(&self) -> &(dyn StdError + 'static) {
                E::known(self)
            }
        }
    )*};
}

behind! {
    &E;
    Box<E>;
    Rc<E>;
    Arc<E>;
}

/// An error that can say that a call was refused.
pub trait Refusable: Sized {
    /// Returns the error that says it.
    fn refused(refusal: Error) -> Self;
}

impl<E: From<Error>> Refusable for E {
    fn refused(refusal: Error) -> Self {
        refusal.into()
    }
}

impl Refusable for io::Error {
    fn refused(refusal: Error) -> Self {
        let kind = if refusal.is_attempt_timeout() {
            ErrorKind::TimedOut
        } else {
            ErrorKind::Other
        };
        Self::new(kind, refusal)
    }
}

#[cfg(feature = "reqwest")]
impl Refusable for ::reqwest::Error {
    fn refused(refusal: Error) -> Self {
        super::reqwest::refused(refusal)
    }
}

#[cfg(feature = "reqwest-middleware")]
impl Refusable for ::reqwest_middleware::Error {
    fn refused(refusal: Error) -> Self {
        Self::Reqwest(super::reqwest::refused(refusal))
    }
}

#[cfg(feature = "tonic")]
impl Refusable for ::tonic::Status {
    fn refused(refusal: Error) -> Self {
        super::tonic::refused(refusal)
    }
}

#[cfg(feature = "ureq")]
impl Refusable for ::ureq::Error {
    fn refused(refusal: Error) -> Self {
        Self::Other(Box::new(refusal))
    }
}
