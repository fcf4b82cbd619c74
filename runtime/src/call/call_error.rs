//! Error of a call without the attribute.

use core::error::Error as StdError;
use core::fmt;

use crate::error::Error;
use crate::signal::Refusable;

/// Error of [`Limiter::call`](crate::Limiter::call): the error of the closure, or the reason for which `paced` ended
/// the call without one.
///
/// An annotated function returns its own error type, in which a refusal has to find room. A call without the attribute
/// can have any error type, so its refusals are a variant of their own. [`into_error`](Self::into_error) turns it into
/// the own error type again, where that has room for a refusal.
///
/// As a standard error it has the closure's error or the refusal as its [`source`](StdError::source), so
/// [`Error::find`] finds a refusal in it, and in what it is wrapped in.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{CallError, CallOptions, Limiter, Quota};
/// use std::io;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
/// let send = || async { Err::<(), _>(io::Error::other("no such user")) };
/// match limiter.call(send).await {
///     Err(CallError::Failed(error)) => assert_eq!(error.to_string(), "no such user"),
///     other => panic!("{other:?}"),
/// }
/// match limiter.call_with(CallOptions::new().max_wait(Duration::ZERO), send).await {
///     Err(CallError::Refused(refusal)) => assert!(refusal.is_max_wait()),
///     other => panic!("{other:?}"),
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The call was refused a permit before its first attempt, or its attempt was cut off.
    /// [`Error::is_sent`] tells whether a request was sent.
    Refused(Error),
    /// The last attempt returned this error.
    Failed(E),
}

impl<E> CallError<E> {
    /// Returns the reason for which `paced` ended the call. `None` if the closure's own error did.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// limiter.close();
    /// let error = limiter.call(|| async { Ok::<_, io::Error>(()) }).await.unwrap_err();
    /// assert!(error.refusal().is_some_and(paced::Error::is_closed));
    /// # }
    /// ```
    pub const fn refusal(&self) -> Option<&Error> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Failed(_) => None,
        }
    }

    /// Returns the closure's error, or the refusal as an error of the same type. That type has to have room for
    /// one: it is `From<paced::Error>`, as boxed errors and `anyhow::Error` are, or `std::io::Error`; with their
    /// features `reqwest::Error`, `reqwest_middleware::Error`, `tonic::Status` and `ureq::Error` as well.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallError, Limiter, Quota};
    /// use std::io;
    ///
    /// async fn ping(limiter: &Limiter) -> io::Result<()> {
    ///     limiter.call(|| async { Ok(()) }).await.map_err(CallError::into_error)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// assert!(ping(&limiter).await.is_ok());
    /// limiter.close();
    /// let error: io::Error = ping(&limiter).await.unwrap_err();
    /// assert!(paced::Error::find(&error).is_some_and(paced::Error::is_closed));
    /// # }
    /// ```
    pub fn into_error(self) -> E
    where
        E: Refusable,
    {
        match self {
            Self::Refused(refusal) => E::refused(refusal),
            Self::Failed(error) => error,
        }
    }
}

impl<E> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused(_) => "the call was refused",
            Self::Failed(_) => "the call failed",
        })
    }
}

impl<E: StdError + 'static> StdError for CallError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(match self {
            Self::Refused(refusal) => refusal,
            Self::Failed(error) => error,
        })
    }
}
