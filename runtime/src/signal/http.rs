//! Reading HTTP responses, returned or observed.

use ::http::HeaderMap;
use ::http::Response;
use ::http::StatusCode;

use crate::clock;
use crate::context;
use crate::context::ResetUnit;
use crate::failure::Failure;
use crate::hint::Hint;

use super::Reading;

/// A response with status and headers.
pub trait HttpAnswer {
    /// Returns the status and the headers.
    fn answer(&self) -> (StatusCode, &HeaderMap);
}

impl<B> HttpAnswer for Response<B> {
    fn answer(&self) -> (StatusCode, &HeaderMap) {
        (self.status(), self.headers())
    }
}

impl Reading {
    /// Reads a response that a function returned as its `Ok`.
    pub(crate) fn answered(answer: &impl HttpAnswer, unit: ResetUnit) -> Self {
        let (status, headers) = answer.answer();
        let hint = hint(status, headers, unit);
        let failed = status.as_u16() >= 400;
        Self {
            failure: failed.then_some(Failure::Status(status.as_u16())),
            hint,
            conclusive: true,
            unread: false,
        }
    }
}

/// Shows a response to the limiter of the call that the body belongs to.
///
/// Implemented for `http::Response` and, with feature `reqwest`, for `reqwest::Response`. It is sealed: no other type
/// can implement it, so that methods can be added to it. Responses of other types are shown by the function
/// [`observe`].
///
/// ```compile_fail,E0277
/// struct Reply;
///
/// impl paced::ResponseExt for Reply {}
/// ```
///
/// # Examples
///
/// ```
/// use http::Response;
/// use paced::{ResponseExt as _, rate_limited};
///
/// #[rate_limited(rate = 5)]
/// async fn user() -> Result<String, std::io::Error> {
///     // In a program: the response of a client.
///     let response = Response::new("ferris".to_owned());
///     Ok(response.observe().into_body())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), std::io::Error> {
/// assert_eq!(user().await?, "ferris");
/// # Ok(()) }
/// ```
pub trait ResponseExt: HttpAnswer + Sized {
    /// Shows status and rate-limit headers to the limiter, and hands the response back.
    ///
    /// A 429 then is one whatever the body makes of it, and the server's `Retry-After` holds back
    /// all other calls at once. Outside of a rate-limited function, and in tasks that the body spawns, it
    /// does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use http::Response;
    /// use paced::{Limiter, Quota, ResponseExt as _, rate_limited};
    /// use std::io;
    ///
    /// static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    ///
    /// #[rate_limited(limiter = API, max_retries = 0)]
    /// async fn send() -> Result<(), io::Error> {
    ///     // In a program: the response of a client.
    ///     let response = Response::builder().status(429).header("retry-after", "60").body(()).unwrap();
    ///     let _body = response.observe().into_body();
    ///     Err(io::Error::other("no user in the body"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// assert!(send().await.is_err());
    /// assert!(API.snapshot().cooldown >= Some(Duration::from_secs(60)));
    /// # }
    /// ```
    #[must_use = "the response is handed back"]
    fn observe(self) -> Self {
        let (status, headers) = self.answer();
        observe(status, headers);
        self
    }
}

impl<T: HttpAnswer> ResponseExt for T {}

/// Shows the status and the headers of a response to the limiter of the call that the body belongs to:
/// [`ResponseExt::observe`] for clients with types of their own. Outside of a rate-limited function, and in tasks that
/// the body spawns, it does nothing.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use http::Response;
/// use paced::{Limiter, Quota, rate_limited};
/// use std::io;
///
/// static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
///
/// #[rate_limited(limiter = API, max_retries = 0)]
/// async fn send() -> Result<(), io::Error> {
///     // In a program: the response of a client.
///     let response = Response::builder().status(429).header("retry-after", "60").body(()).unwrap();
///     paced::observe(response.status(), response.headers());
///     Err(io::Error::other("no user in the body"))
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// assert!(send().await.is_err());
/// assert!(API.snapshot().cooldown >= Some(Duration::from_secs(60)));
/// # }
/// ```
pub fn observe(status: StatusCode, headers: &HeaderMap) {
    if let Some(unit) = context::reset_unit() {
        context::observe(status.as_u16(), hint(status, headers, unit));
    }
}

fn hint(status: StatusCode, headers: &HeaderMap, unit: ResetUnit) -> Option<Hint> {
    unit.parser().read(status, headers, clock::wall)
}
