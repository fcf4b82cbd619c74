//! Reading of an outcome: the failure, and what the server said about it.

mod chain;
mod find;
#[cfg(any(feature = "reqwest", feature = "tonic", feature = "ureq"))]
mod forwarded;
#[cfg(feature = "http")]
mod http;
mod known;
#[cfg(any(feature = "reqwest", feature = "tonic"))]
mod lasting;
mod link;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "tonic")]
mod tonic;
#[cfg(feature = "ureq")]
mod ureq;

pub(crate) use self::chain::read_chain;
pub(crate) use self::chain::read_sources;
#[cfg(feature = "http")]
pub use self::http::HttpAnswer;
#[cfg(feature = "http")]
pub use self::http::ResponseExt;
#[cfg(feature = "http")]
pub use self::http::observe;
pub use self::known::Known;
pub use self::known::Refusable;

use crate::error::Error;
use crate::failure::Failure;
use crate::hint::Hint;

/// Tells `paced` what an error of your own means.
///
/// Needed only where the error does not lead to a `reqwest::Error`, a `tonic::Status`, a `ureq::Error`, a
/// `std::io::Error` or a tokio timeout through [`source`](core::error::Error::source), or where it knows more than
/// they do.
///
/// In a generic function the implementation is used where a bound names it (`E: Signal`).
///
/// # Examples
///
/// ```
/// use paced::{Failure, Hint, Signal};
/// use std::time::Duration;
///
/// enum ApiError {
///     Http { status: u16, retry_after: Option<Duration> },
///     Decode(String),
/// }
///
/// impl Signal for ApiError {
///     fn failure(&self) -> Failure {
///         match self {
///             Self::Http { status, .. } => Failure::Status(*status),
///             Self::Decode(_) => Failure::Other,
///         }
///     }
///
///     fn hint(&self) -> Option<Hint> {
///         match self {
///             Self::Http { retry_after, .. } => retry_after.map(|wait| Hint::new().with_retry_after(wait)),
///             Self::Decode(_) => None,
///         }
///     }
/// }
///
/// let error = ApiError::Http { status: 503, retry_after: None };
/// assert!(error.failure().is_throttle());
/// assert_eq!(error.hint(), None);
/// ```
pub trait Signal {
    /// Returns the failure that the error stands for. [`Failure::Other`] leaves it to what the body passed to
    /// `observe`.
    ///
    /// # Examples
    ///
    /// A function with this error is retried where no connection was made, and not where the user is missing.
    ///
    /// ```
    /// use paced::{Failure, Signal, rate_limited};
    ///
    /// enum ApiError {
    ///     NoUser,
    ///     NoConnection,
    /// }
    ///
    /// impl Signal for ApiError {
    ///     fn failure(&self) -> Failure {
    ///         match self {
    ///             Self::NoUser => Failure::Status(404),
    ///             Self::NoConnection => Failure::Connect,
    ///         }
    ///     }
    /// }
    ///
    /// #[rate_limited(rate = 5)]
    /// async fn user(id: u32) -> Result<u32, ApiError> {
    ///     match (id, paced::attempt().number()) {
    ///         (0, _) => Err(ApiError::NoUser),
    ///         (_, 1) => Err(ApiError::NoConnection),
    ///         (_, number) => Ok(number),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// assert!(matches!(user(0).await, Err(ApiError::NoUser)));
    /// assert!(matches!(user(7).await, Ok(2)));
    /// # }
    /// ```
    fn failure(&self) -> Failure;

    /// Returns what the server said about its limits. `None`, the default, leaves it to what the body passed to
    /// `observe`.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Failure, Hint, Limiter, Quota, Signal, rate_limited};
    ///
    /// struct Busy {
    ///     seconds: u64,
    /// }
    ///
    /// impl Signal for Busy {
    ///     fn failure(&self) -> Failure {
    ///         Failure::Status(429)
    ///     }
    ///
    ///     fn hint(&self) -> Option<Hint> {
    ///         Some(Hint::new().with_retry_after(Duration::from_secs(self.seconds)))
    ///     }
    /// }
    ///
    /// static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    ///
    /// #[rate_limited(limiter = API, max_retries = 0)]
    /// async fn send() -> Result<(), Busy> {
    ///     Err(Busy { seconds: 60 })
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// assert!(send().await.is_err());
    /// assert!(API.snapshot().cooldown >= Some(Duration::from_secs(60)));
    /// # }
    /// ```
    fn hint(&self) -> Option<Hint> {
        None
    }
}

/// Meaning of an outcome by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// `None` for an `Ok`.
    pub(crate) failure: Option<Failure>,
    pub(crate) hint: Option<Hint>,
    /// The status is the outcome's own, so what `observe` saw does not matter.
    pub(crate) conclusive: bool,
    /// Nothing is known of an error of its kind.
    pub(crate) unread: bool,
}

impl Reading {
    /// Creates the reading of an `Ok` that is no HTTP response.
    ///
    /// Not a constant: that would be copied with all the bytes of the hint that it does not have.
    #[inline]
    pub(crate) const fn value() -> Self {
        Self {
            failure: None,
            hint: None,
            conclusive: false,
            unread: false,
        }
    }

    /// Creates the reading of an error of which nothing is known.
    pub(crate) const fn unread() -> Self {
        let mut reading = Self::failed(Failure::Other);
        reading.unread = true;
        reading
    }

    pub(crate) const fn failed(failure: Failure) -> Self {
        let conclusive = !matches!(failure, Failure::Other);
        Self {
            failure: Some(failure),
            hint: None,
            conclusive,
            unread: false,
        }
    }

    /// Creates the reading of a refused call inside the body. It says nothing about the server, nor does what
    /// the body observed before.
    pub(crate) fn refused(refusal: &Error) -> Self {
        let mut reading = Self::failed(if refusal.is_attempt_timeout() {
            Failure::Timeout
        } else {
            Failure::Other
        });
        reading.conclusive = true;
        reading
    }

    pub(crate) fn signalled(error: &impl Signal) -> Self {
        Self {
            hint: error.hint(),
            ..Self::failed(error.failure())
        }
    }
}
