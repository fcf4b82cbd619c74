//! One of the processes: a client of the API that knows nothing of the others.

use std::{
    error::Error,
    fmt,
    iter::Sum,
    num::NonZeroU32,
    num::ParseIntError,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use examples::server::{MOST_TOKENS, User};
use paced::{
    Limiter, Quota, ResponseExt as _, rate_limited,
    store::{self, MemoryStore, Store},
};
use reqwest::{Client, StatusCode, Url};
use tokio::task::JoinSet;

use crate::Options;

/// Tokens that each request takes on average, of those that the limit of tokens allows beside the limit of requests. A
/// call takes the most that it can cost first: without what is given back, the tokens would hold back the requests.
pub(crate) const TOKENS_EACH: u32 = 90;

/// One user.
#[rate_limited(
    limiter = api.limiter,
    cost(tokens = MOST_TOKENS),
    settle(tokens = |user| user.tokens),
    max_retries = 3
)]
async fn user(api: &Api, id: u64) -> Result<User, Box<dyn Error + Send + Sync>> {
    let mut url = api.url.clone();
    url.query_pairs_mut().append_pair("id", &id.to_string());
    api.requests.fetch_add(1, Ordering::Relaxed);
    let response = api.client.get(url).send().await?.observe();
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        api.refused.fetch_add(1, Ordering::Relaxed);
    }
    let user: User = response.error_for_status()?.json().await?;
    api.tokens.fetch_add(user.tokens, Ordering::Relaxed);
    Ok(user)
}

struct Api {
    client: Client,
    url: Url,
    limiter: Limiter,
    requests: AtomicU32,
    refused: AtomicU32,
    tokens: AtomicU64,
}

/// Returns the tokens per second, and at once, beside so many requests per second.
pub(crate) fn tokens(rate: NonZeroU32) -> NonZeroU32 {
    rate.saturating_mul(NonZeroU32::new(TOKENS_EACH).unwrap_or(NonZeroU32::MIN))
}

impl Api {
    fn new(options: &Options, url: Url) -> Result<Self, Box<dyn Error>> {
        // A little less than the API allows: requests may be late on their way and meet the next ones there.
        let burst = NonZeroU32::new(options.burst.get() / 2).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(options.rate).with_burst(burst);
        let tokens = tokens(options.rate);
        let tokens = Quota::per_second(tokens).with_burst(tokens);
        // All that makes them limits of all processes together is the store.
        let store: Arc<dyn Store> = match &options.redis {
            Some(url) => store::connect(url)?,
            None => Arc::new(MemoryStore::new()),
        };
        Ok(Self {
            client: Client::new(),
            url,
            limiter: Limiter::builder(quota)
                .row("tokens", tokens)
                .name("example")
                .store(store)
                .unregistered()
                .build()?,
            requests: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            tokens: AtomicU64::new(0),
        })
    }

    /// Milliseconds that calls have waited for a limit.
    fn waited(&self, unit: &str) -> u64 {
        let row = self.limiter.snapshot().row(unit);
        let waited = row.map_or(Duration::ZERO, |row| row.waited);
        u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Makes all calls at once, and prints the report.
pub(crate) async fn run(options: &Options, url: Url) -> Result<(), Box<dyn Error>> {
    let api = Arc::new(Api::new(options, url)?);
    let mut calls = JoinSet::new();
    for id in 0..u64::from(options.calls.get()) {
        let api = Arc::clone(&api);
        calls.spawn(async move { user(&api, id).await });
    }
    let mut report = Report::default();
    while let Some(call) = calls.join_next().await {
        match call? {
            Ok(_) => report.succeeded += 1,
            Err(problem) => {
                eprintln!("a call failed: {problem}");
                report.failed += 1;
            }
        }
    }
    report.requests = api.requests.load(Ordering::Relaxed);
    report.refused = api.refused.load(Ordering::Relaxed);
    report.tokens = api.tokens.load(Ordering::Relaxed);
    report.waited = ["requests", "tokens"].map(|unit| api.waited(unit));
    println!(
        "{} {} {} {} {} {} {}",
        report.succeeded,
        report.failed,
        report.requests,
        report.refused,
        report.tokens,
        report.waited[0],
        report.waited[1]
    );
    Ok(())
}

/// Work of one process, or of all of them together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Report {
    pub(crate) succeeded: u32,
    pub(crate) failed: u32,
    /// Requests sent, retries among them.
    pub(crate) requests: u32,
    /// Requests that the API answered with a 429.
    pub(crate) refused: u32,
    /// Tokens that the requests took.
    pub(crate) tokens: u64,
    /// Milliseconds that calls have waited for requests, and for tokens.
    pub(crate) waited: [u64; 2],
}

impl Report {
    pub(crate) fn made(&self) -> u32 {
        self.succeeded + self.failed
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            succeeded,
            failed,
            requests,
            refused,
            ..
        } = self;
        write!(
            f,
            "{succeeded} calls succeeded, {failed} failed; {requests} requests, {refused} of them refused"
        )
    }
}

/// As a process prints it.
impl FromStr for Report {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split(' ');
        let mut next = || words.next().unwrap_or_default();
        Ok(Self {
            succeeded: next().parse()?,
            failed: next().parse()?,
            requests: next().parse()?,
            refused: next().parse()?,
            tokens: next().parse()?,
            waited: [next().parse()?, next().parse()?],
        })
    }
}

impl Sum for Report {
    fn sum<I: Iterator<Item = Self>>(reports: I) -> Self {
        reports.fold(Self::default(), |sum, one| Self {
            succeeded: sum.succeeded + one.succeeded,
            failed: sum.failed + one.failed,
            requests: sum.requests + one.requests,
            refused: sum.refused + one.refused,
            tokens: sum.tokens + one.tokens,
            waited: [0, 1].map(|limit| sum.waited[limit] + one.waited[limit]),
        })
    }
}
