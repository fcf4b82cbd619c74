//! A middleware for `reqwest-middleware`.

use ::http::Extensions;
use ::reqwest::Request;
use ::reqwest::Response;
use reqwest_middleware::Middleware;
use reqwest_middleware::Next;

use crate::signal::ResponseExt as _;

/// Middleware that reports every response to the limiter of the current call, so that the body of the function need
/// not call [`observe`](crate::ResponseExt::observe).
///
/// Add it last, next to the client. A retrying middleware between this one and the client would hide the responses
/// on which it retries.
///
/// # Examples
///
/// ```
/// use paced::reqwest_middleware::ObserveMiddleware;
/// use reqwest_middleware::ClientBuilder;
///
/// # fn client(api: reqwest::Client) -> reqwest_middleware::ClientWithMiddleware {
/// ClientBuilder::new(api).with(ObserveMiddleware::new()).build()
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ObserveMiddleware {}

impl ObserveMiddleware {
    /// Returns the middleware.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::reqwest_middleware::ObserveMiddleware;
    ///
    /// const OBSERVE: ObserveMiddleware = ObserveMiddleware::new();
    /// assert_eq!(format!("{OBSERVE:?}"), "ObserveMiddleware");
    /// ```
    pub const fn new() -> Self {
        Self {}
    }
}

#[async_trait::async_trait]
impl Middleware for ObserveMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        Ok(next.run(request, extensions).await?.observe())
    }
}
