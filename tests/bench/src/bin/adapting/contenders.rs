//! Callers of the servers: an annotated function, and usual combinations without one.

use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;

use async_trait::async_trait;
use backon::ExponentialBuilder;
use backon::Retryable as _;
use governor::DefaultDirectRateLimiter;
use governor::RateLimiter;
use paced::Limiter;
use paced::ResponseExt as _;
use paced::rate_limited;
use reqwest_middleware::ClientBuilder;
use reqwest_middleware::ClientWithMiddleware;
use reqwest_middleware::Middleware;
use reqwest_middleware::Next;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;

/// All have as many.
const RETRIES: u32 = 5;

/// Declared quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    /// Calls in a `period`.
    pub(crate) calls: u32,
    pub(crate) period: Duration,
    pub(crate) burst: u32,
    /// No interval of the period holds more calls.
    pub(crate) strict: bool,
}

impl Declared {
    fn interval(self) -> Duration {
        self.period / self.calls
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.period.as_secs();
        if self.strict {
            return write!(f, "{}/{seconds}s strict", self.calls);
        }
        write!(f, "{}/{seconds}s burst {}", self.calls, self.burst)
    }
}

/// A caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// An annotated function with `.observe()`.
    Paced,
    /// `governor` for each attempt, `backon` around it, with `Retry-After` read as its documentation shows.
    GovernorBackon,
    /// `reqwest-retry`, and inside it `governor` as a middleware.
    Middleware,
}

impl Contender {
    pub(crate) const ALL: [Self; 3] = [Self::Paced, Self::GovernorBackon, Self::Middleware];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Paced => "paced",
            Self::GovernorBackon => "governor",
            Self::Middleware => "middleware",
        }
    }

    pub(crate) fn caller(self, declared: Declared) -> Caller {
        let client = reqwest::Client::new();
        match self {
            Self::Paced => Caller::Paced(client, limiter(declared)),
            Self::GovernorBackon => Caller::GovernorBackon(client, governor(declared)),
            Self::Middleware => {
                let policy = ExponentialBackoff::builder().build_with_max_retries(RETRIES);
                let client = ClientBuilder::new(client)
                    .with(RetryTransientMiddleware::new_with_policy(policy))
                    .with(Governed(governor(declared)))
                    .build();
                Caller::Middleware(client)
            }
        }
    }
}

/// A contender that is ready to call.
pub(crate) enum Caller {
    Paced(reqwest::Client, Limiter),
    GovernorBackon(reqwest::Client, DefaultDirectRateLimiter),
    Middleware(ClientWithMiddleware),
}

impl Caller {
    /// Makes one call; whether it succeeded in the end.
    pub(crate) async fn call(&self, url: &str) -> bool {
        match self {
            Self::Paced(client, limiter) => paced(limiter, client, url).await.is_ok(),
            Self::GovernorBackon(client, limiter) => governed(limiter, client, url).await.is_ok(),
            Self::Middleware(client) => match client.get(url).send().await {
                Ok(response) => response.status().is_success(),
                Err(_) => false,
            },
        }
    }
}

#[rate_limited(limiter = limiter)]
async fn paced(limiter: &Limiter, client: &reqwest::Client, url: &str) -> reqwest::Result<()> {
    let response = client.get(url).send().await?.observe().error_for_status()?;
    response.bytes().await.map(drop)
}

enum Failed {
    /// Refused, with what the server asked for.
    Throttled(Option<Duration>),
    Otherwise,
}

async fn governed(
    limiter: &DefaultDirectRateLimiter,
    client: &reqwest::Client,
    url: &str,
) -> Result<(), Failed> {
    let attempt = || async {
        limiter.until_ready().await;
        let response = client
            .get(url)
            .send()
            .await
            .map_err(|_| Failed::Otherwise)?;
        if response.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
            return Err(Failed::Throttled(retry_after(&response)));
        }
        let bytes = response.bytes().await;
        bytes.map(drop).map_err(|_| Failed::Otherwise)
    };
    let backoff = ExponentialBuilder::default()
        .with_jitter()
        .with_max_times(RETRIES as usize);
    attempt
        .retry(backoff)
        .when(|failed| matches!(failed, Failed::Throttled(_)))
        .adjust(|failed, delay| match failed {
            Failed::Throttled(Some(told)) => delay.map(|_| *told),
            Failed::Throttled(None) | Failed::Otherwise => delay,
        })
        .await
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let value = response.headers().get("retry-after")?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

/// `governor` in front of every attempt.
struct Governed(DefaultDirectRateLimiter);

#[async_trait]
impl Middleware for Governed {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        self.0.until_ready().await;
        next.run(request, extensions).await
    }
}

fn limiter(declared: Declared) -> Limiter {
    if declared.strict {
        let rate = paced::Rate::new(f64::from(declared.calls), declared.period);
        return Limiter::new(paced::Quota::strict(
            rate.expect("a rate that can be meant"),
        ));
    }
    let rate = paced::Rate::from_hz(1.0 / declared.interval().as_secs_f64())
        .expect("a rate that can be meant");
    Limiter::new(paced::Quota::new(rate).with_burst(count(declared.burst)))
}

fn governor(declared: Declared) -> DefaultDirectRateLimiter {
    let quota = governor::Quota::with_period(declared.interval()).expect("a period above 0");
    RateLimiter::direct(quota.allow_burst(count(declared.burst)))
}

fn count(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
