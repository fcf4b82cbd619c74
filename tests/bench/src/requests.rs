//! Costs that are added to a request of reqwest's: the request itself is answered without a network.

use core::hint::black_box;
use core::num::NonZeroU32;
use std::sync::LazyLock;

use http::Extensions;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use paced::ResponseExt as _;
use paced::rate_limited;
use reqwest::Client;
use reqwest::Request;
use reqwest::Response;
use reqwest_middleware::ClientBuilder;
use reqwest_middleware::ClientWithMiddleware;
use reqwest_middleware::Middleware;
use reqwest_middleware::Next;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;

use crate::calls::Governor;
use crate::running::ready;
use crate::running::repeat_inside;

const URL: &str = "http://localhost/";
const RATE: NonZeroU32 = NonZeroU32::new(1_000_000_000).unwrap();

static CLIENT: LazyLock<Client> = LazyLock::new(Client::new);
static STACK: LazyLock<ClientWithMiddleware> = LazyLock::new(|| {
    let retries = ExponentialBackoff::builder().build_with_max_retries(5);
    ClientBuilder::new(Client::new())
        .with(RetryTransientMiddleware::new_with_policy(retries))
        .with(reqwest_ratelimit::all(Limit(Governor::direct(
            governor::Quota::per_second(RATE).allow_burst(NonZeroU32::MAX),
        ))))
        .with(Answer)
        .build()
});

/// A request is made and answered, `n` times.
pub fn plain(n: u64) {
    repeat_inside(n, || ready(fetch_plainly(&CLIENT, bare)).is_ok());
}

/// The same in an annotated function that shows the response to the limiter.
pub fn annotated(n: u64) {
    repeat_inside(n, || ready(fetch(&CLIENT, bare)).is_ok());
}

/// [`plain`] where the answer has ten headers.
pub fn plain_with_headers(n: u64) {
    repeat_inside(n, || ready(fetch_plainly(&CLIENT, ordinary)).is_ok());
}

/// [`annotated`] where the answer has ten headers.
pub fn annotated_with_headers(n: u64) {
    repeat_inside(n, || ready(fetch(&CLIENT, ordinary)).is_ok());
}

/// The same through the stack of middleware that people build today.
pub fn middleware(n: u64) {
    repeat_inside(n, || {
        let request = STACK.get(URL).build();
        ready(through_stack(black_box(request))).is_ok()
    });
}

async fn fetch_plainly(client: &Client, answer: Answering) -> reqwest::Result<Response> {
    let request = client.get(URL).build();
    send(black_box(request), answer).await?.error_for_status()
}

#[rate_limited(rate = 1_000_000_000, burst = 4_294_967_295)]
async fn fetch(client: &Client, answer: Answering) -> reqwest::Result<Response> {
    let request = client.get(URL).build();
    let response = send(black_box(request), answer).await?;
    response.observe().error_for_status()
}

#[expect(clippy::unused_async, reason = "it stands for a request")]
async fn send(request: reqwest::Result<Request>, answer: Answering) -> reqwest::Result<Response> {
    request.map(|request| answer(&request))
}

/// Function that stands for the network.
type Answering = fn(&Request) -> Response;

fn bare(request: &Request) -> Response {
    black_box(request.url());
    Response::from(http::Response::new(""))
}

fn ordinary(request: &Request) -> Response {
    let mut response = http::Response::new("");
    response.headers_mut().clone_from(&HEADERS);
    black_box(request.url());
    Response::from(response)
}

/// Headers of servers that say nothing about limits.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let lines = [
        ("date", "Wed, 25 Nov 2026 12:00:00 GMT"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", "1234"),
        ("connection", "keep-alive"),
        ("server", "nginx"),
        ("vary", "Accept-Encoding"),
        ("cache-control", "private, max-age=0"),
        ("etag", "\"0123456789abcdef\""),
        ("strict-transport-security", "max-age=31536000"),
        ("x-request-id", "0b7e0b7e-0b7e-4b7e-8b7e-0b7e0b7e0b7e"),
    ];
    let header = |(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    lines.into_iter().map(header).collect()
});

async fn through_stack(request: reqwest::Result<Request>) -> reqwest_middleware::Result<Response> {
    STACK.execute(request?).await
}

/// Stands for the network.
struct Answer;

#[async_trait::async_trait]
impl Middleware for Answer {
    async fn handle(
        &self,
        request: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        Ok(bare(&request))
    }
}

struct Limit(Governor);

impl reqwest_ratelimit::RateLimiter for Limit {
    async fn acquire_permit(&self) {
        self.0.until_ready().await;
    }
}
