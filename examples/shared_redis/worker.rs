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
        atomic::{AtomicU32, Ordering},
    },
};

use examples::server::User;
use paced::{
    Limiter, Quota, ResponseExt as _, rate_limited,
    store::{self, MemoryStore, Store},
};
use reqwest::{Client, StatusCode, Url};
use tokio::task::JoinSet;

use crate::Options;

/// One user.
#[rate_limited(limiter = api.limiter, max_retries = 3)]
async fn user(api: &Api, id: u64) -> Result<User, Box<dyn Error + Send + Sync>> {
    let mut url = api.url.clone();
    url.query_pairs_mut().append_pair("id", &id.to_string());
    api.requests.fetch_add(1, Ordering::Relaxed);
    let response = api.client.get(url).send().await?.observe();
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        api.refused.fetch_add(1, Ordering::Relaxed);
    }
    Ok(response.error_for_status()?.json().await?)
}

struct Api {
    client: Client,
    url: Url,
    limiter: Limiter,
    requests: AtomicU32,
    refused: AtomicU32,
}

/// Makes all calls at once, and prints the report.
pub(crate) async fn run(options: &Options, url: Url) -> Result<(), Box<dyn Error>> {
    // A little less than the API allows: requests may be late on their way and meet the next ones there.
    let burst = NonZeroU32::new(options.burst.get() / 2).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::per_second(options.rate).with_burst(burst);
    // All that makes it one limit for all processes is the store.
    let store: Arc<dyn Store> = match &options.redis {
        Some(url) => store::connect(url)?,
        None => Arc::new(MemoryStore::new()),
    };
    let api = Arc::new(Api {
        client: Client::new(),
        url,
        limiter: Limiter::builder(quota)
            .name("example")
            .store(store)
            .unregistered()
            .build()?,
        requests: AtomicU32::new(0),
        refused: AtomicU32::new(0),
    });
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
    println!(
        "{} {} {} {}",
        report.succeeded, report.failed, report.requests, report.refused
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
        let mut numbers = text.split(' ').map(str::parse);
        let mut next = || numbers.next().unwrap_or_else(|| "".parse());
        Ok(Self {
            succeeded: next()?,
            failed: next()?,
            requests: next()?,
            refused: next()?,
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
        })
    }
}
