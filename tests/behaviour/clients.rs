//! Clients that show their responses to the limiter of their own accord.

use core::convert::Infallible;
use core::future::Ready;
use core::future::ready;
use core::task::Context;
use core::task::Poll;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use http::Extensions;
use http::HeaderValue;
use http::Response;
use paced::Limiter;
use paced::rate_limited;
use paced::reqwest_middleware::ObserveMiddleware;
use paced::tower::ObserveLayer;
use reqwest_middleware::ClientBuilder;
use reqwest_middleware::ClientWithMiddleware;
use reqwest_middleware::Middleware;
use reqwest_middleware::Next;
use tokio::time::Instant;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::support::limiter;
use crate::support::since;

/// Answers 429 the first time, and 200 from then on.
#[derive(Clone, Debug, Default)]
struct Api(Arc<AtomicUsize>);

impl Api {
    fn answer(&self) -> Response<String> {
        let mut response = Response::new("{}".to_owned());
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            response
                .headers_mut()
                .insert("retry-after", HeaderValue::from_static("7"));
        }
        response
    }
}

impl Service<()> for Api {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(Ok(self.answer()))
    }
}

#[async_trait::async_trait]
impl Middleware for Api {
    async fn handle(
        &self,
        _: reqwest::Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        Ok(self.answer().into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_tower_client_needs_no_observe_in_the_body() {
    #[rate_limited(limiter = limiter)]
    async fn call<S>(limiter: &Limiter, client: &S) -> Result<String, String>
    where
        S: Service<(), Response = Response<String>, Error = Infallible> + Clone,
    {
        let response = client
            .clone()
            .call(())
            .await
            .map_err(|never| never.to_string())?;
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err("failed".into())
        }
    }
    let (client, start) = (ObserveLayer::new().layer(Api::default()), Instant::now());
    assert_eq!(call(&limiter(10.0, 5), &client).await.as_deref(), Ok("{}"));
    assert_eq!(since(start), 7000);
}

#[tokio::test(start_paused = true)]
async fn a_client_with_middleware_needs_no_observe_in_the_body() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, client: &ClientWithMiddleware) -> Result<String, String> {
        let response = client
            .get("http://localhost/")
            .send()
            .await
            .map_err(|e| e.to_string())?;
        if response.status().is_success() {
            Ok("{}".into())
        } else {
            Err("failed".into())
        }
    }
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(ObserveMiddleware::new())
        .with(Api::default())
        .build();
    let start = Instant::now();
    assert_eq!(call(&limiter(10.0, 5), &client).await.as_deref(), Ok("{}"));
    assert_eq!(since(start), 7000);
}
