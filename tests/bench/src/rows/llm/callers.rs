//! Callers of the language model: an annotated function, and usual combinations without one.

use core::num::NonZeroU32;
use core::time::Duration;

use backon::ExponentialBuilder;
use backon::Retryable as _;
use governor::DefaultDirectRateLimiter;
use governor::RateLimiter;
use reqwest::Client;
use reqwest::StatusCode;
use test_support::provider::Request;
use throttle_net::Backoff;
use throttle_net::Jitter;
use throttle_net::MultiLimiter;
use throttle_net::Retry;
use throttle_net::RetryAction;
use throttle_net::Throttle;

use super::Kind;
use super::REQUESTS;
use super::REQUESTS_AT_ONCE;
use super::TOKENS;
use super::TOKENS_AT_ONCE;
use super::TYPICAL;
use super::annotated;
use super::total_tokens;

/// All have as many.
const RETRIES: u32 = 5;

/// A contender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// An annotated function.
    Paced,
    /// governor for requests and for tokens, and backon.
    GovernorBackon,
    /// backon, which waits as long as the server says.
    Backon,
    /// throttle-net's limiter of several rows, settled, in its retry.
    ThrottleNet,
}

impl Caller {
    pub(super) const ALL: [Self; 4] = [
        Self::Paced,
        Self::GovernorBackon,
        Self::Backon,
        Self::ThrottleNet,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Paced => "paced",
            Self::GovernorBackon => "governor and backon",
            Self::Backon => "backon",
            Self::ThrottleNet => "throttle-net and its retry",
        }
    }

    pub(super) fn ready(self, kind: Kind) -> Ready {
        let client = Client::new();
        match self {
            Self::Paced => Ready::Paced(client, kind),
            Self::GovernorBackon => Ready::GovernorBackon(
                client,
                kind,
                governor(REQUESTS, REQUESTS_AT_ONCE),
                governor(TOKENS, TOKENS_AT_ONCE),
            ),
            Self::Backon => Ready::Backon(client),
            Self::ThrottleNet => Ready::ThrottleNet(client, kind, throttle_net()),
        }
    }
}

/// A contender that is ready to call.
pub(super) enum Ready {
    Paced(Client, Kind),
    GovernorBackon(
        Client,
        Kind,
        DefaultDirectRateLimiter,
        DefaultDirectRateLimiter,
    ),
    Backon(Client),
    ThrottleNet(Client, Kind, MultiLimiter),
}

impl Ready {
    /// Makes one call; whether it succeeded in the end.
    pub(super) async fn call(&self, url: &str, request: &Request) -> bool {
        match self {
            Self::Paced(client, kind) => annotated::call(*kind, client, url, request).await,
            Self::GovernorBackon(client, kind, requests, tokens) => {
                let cost = u32::try_from(cost(*kind, request)).ok();
                let Some(cost) = cost.and_then(NonZeroU32::new) else {
                    return false;
                };
                let attempt = || async {
                    requests.until_ready().await;
                    let fits = tokens.until_n_ready(cost).await;
                    fits.map_err(|_| Failed::Otherwise)?;
                    fetch(client, url).await
                };
                with_backon(attempt).await
            }
            Self::Backon(client) => with_backon(|| fetch(client, url)).await,
            Self::ThrottleNet(client, kind, limiter) => {
                let cost = u32::try_from(cost(*kind, request)).unwrap_or(u32::MAX);
                by_throttle_net(client, url, limiter, *kind, cost).await
            }
        }
    }
}

/// Returns the tokens that a call takes before it is sent.
pub(super) const fn cost(kind: Kind, request: &Request) -> u64 {
    match kind {
        Kind::Start if request.input > request.max_output => request.input,
        Kind::Start => request.max_output,
        Kind::Reserve => request.input + request.max_output,
        Kind::End => request.input + TYPICAL,
    }
}

#[derive(Debug)]
enum Failed {
    /// Refused, with what the server asked for.
    Throttled(Option<Duration>),
    Otherwise,
}

/// Returns the tokens that the answer took.
async fn fetch(client: &Client, url: &str) -> Result<u32, Failed> {
    let response = client.get(url).send().await;
    let response = response.map_err(|_| Failed::Otherwise)?;
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        return Err(Failed::Throttled(retry_after(&response)));
    }
    let body = response.text().await.map_err(|_| Failed::Otherwise)?;
    total_tokens(&body).ok_or(Failed::Otherwise)
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let value = response.headers().get("retry-after-ms")?.to_str().ok()?;
    value.parse().ok().map(Duration::from_millis)
}

async fn with_backon<F>(attempt: impl FnMut() -> F) -> bool
where
    F: Future<Output = Result<u32, Failed>>,
{
    let backoff = ExponentialBuilder::default()
        .with_jitter()
        .with_max_times(RETRIES as usize);
    let out = attempt
        .retry(backoff)
        .when(|failed| matches!(failed, Failed::Throttled(_)))
        .adjust(|failed, delay| match failed {
            Failed::Throttled(Some(told)) => delay.map(|_| *told),
            Failed::Throttled(None) | Failed::Otherwise => delay,
        });
    out.await.is_ok()
}

async fn by_throttle_net(
    client: &Client,
    url: &str,
    limiter: &MultiLimiter,
    kind: Kind,
    cost: u32,
) -> bool {
    let attempt = || async {
        let estimate = [("requests", 1), ("tokens", cost)];
        let admitted = limiter.acquire_costs(&estimate).await;
        admitted.map_err(|_| Failed::Otherwise)?;
        let out = fetch(client, url).await;
        match &out {
            Ok(total) if kind != Kind::Start => {
                limiter.settle_costs(&estimate, &[("requests", 1), ("tokens", *total)]);
            }
            Err(Failed::Throttled(_)) => limiter.settle_costs(&estimate, &[("requests", 1)]),
            _ => {}
        }
        out
    };
    let classify = |failed: &Failed| match failed {
        Failed::Throttled(Some(told)) => RetryAction::RetryAfter(*told),
        Failed::Throttled(None) => RetryAction::Retry,
        Failed::Otherwise => RetryAction::GiveUp,
    };
    let backoff = Backoff::exponential(Duration::from_secs(1), 2.0).with_jitter(Jitter::Full);
    let retry = Retry::new(backoff).max_attempts(RETRIES + 1);
    retry.run(attempt, classify).await.is_ok()
}

fn governor(rate: u32, burst: u32) -> DefaultDirectRateLimiter {
    RateLimiter::direct(governor::Quota::per_second(positive(rate)).allow_burst(positive(burst)))
}

fn throttle_net() -> MultiLimiter {
    let row = |rate, burst| Throttle::builder().per_second(rate).burst(burst).build();
    MultiLimiter::builder()
        .dimension("requests", row(REQUESTS, REQUESTS_AT_ONCE))
        .dimension("tokens", row(TOKENS, TOKENS_AT_ONCE))
        .build()
}

fn positive(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
