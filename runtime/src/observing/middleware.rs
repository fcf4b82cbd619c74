//! A middleware for `reqwest-middleware`.

use ::http::Extensions;
use ::reqwest::Request;
use ::reqwest::Response;
use reqwest_middleware::Middleware;
use reqwest_middleware::Next;

use crate::signal::ResponseExt as _;

/// Shows every response of a `reqwest-middleware` client to the limiter of the call whose body uses
/// it, so that the body need not call [`observe`](crate::ResponseExt::observe).
///
/// Put it last, next to the client: a middleware between them that retries hides what it retried.
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
    /// The middleware.
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
