//! One of the processes: what it calls, and how often.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use examples::server::{MOST_TOKENS, User};
use paced::{ResponseExt as _, rate_limited};
use reqwest::{Client, StatusCode, Url};
use tokio::task::JoinSet;

/// Tasks of one process, side by side.
const TASKS: u32 = 5;

/// Such as `sqlite:/var/lib/app/quota.db`.
static STORE: OnceLock<String> = OnceLock::new();

/// Tokens per second, and at once.
pub(crate) const TOKENS: u32 = 1800;

/// One user. All processes that call this with the same store keep to both limits together: a little less than what the
/// server allows, because requests do not all take the same time to get there. A call takes the most that it can cost,
/// and what it did not take is given back, to all processes.
#[rate_limited(
    limiter = "users",
    limits(requests(rate = 19, burst = 8), tokens(rate = TOKENS, burst = TOKENS)),
    cost(tokens = MOST_TOKENS),
    settle(tokens = |user| user.tokens),
    store = STORE.get().map_or("", String::as_str)
)]
async fn user(api: &Api, id: u32) -> reqwest::Result<User> {
    api.get(id).await
}

/// The same, with a limit that only this process keeps to.
#[rate_limited(rate = 19, burst = 8)]
async fn user_alone(api: &Api, id: u32) -> reqwest::Result<User> {
    api.get(id).await
}

struct Api {
    client: Client,
    url: Url,
    attempts: AtomicU32,
    refused: AtomicU32,
    tokens: AtomicU64,
}

impl Api {
    async fn get(&self, id: u32) -> reqwest::Result<User> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("id", &id.to_string());
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let response = self.client.get(url).send().await?;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        let user: User = response.observe().error_for_status()?.json().await?;
        self.tokens.fetch_add(user.tokens, Ordering::Relaxed);
        Ok(user)
    }
}

/// Work of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    /// Requests sent.
    pub(crate) attempts: u32,
    /// Requests that the server refused.
    pub(crate) refused: u32,
    /// Calls that ended in an error.
    pub(crate) failed: u32,
    /// Tokens that the requests took.
    pub(crate) tokens: u64,
    /// Milliseconds that calls have waited for requests, and for tokens.
    pub(crate) waited: [u64; 2],
}

/// Makes so many calls. Without a store, by this process's own limit.
pub(crate) async fn call_all(url: Url, store: Option<String>, calls: u32) -> Report {
    let alone = store.is_none();
    if let Some(store) = store {
        STORE.get_or_init(|| store);
    }
    let api = Arc::new(Api {
        client: Client::new(),
        url,
        attempts: AtomicU32::new(0),
        refused: AtomicU32::new(0),
        tokens: AtomicU64::new(0),
    });
    let next = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (api, next) = (Arc::clone(&api), Arc::clone(&next));
        tasks.spawn(async move {
            let mut failed = 0;
            loop {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if id >= calls {
                    return failed;
                }
                let answer = if alone {
                    user_alone(&api, id).await
                } else {
                    user(&api, id).await
                };
                failed += u32::from(!answer.is_ok_and(|user| user.id == u64::from(id)));
            }
        });
    }
    let failed = tasks.join_all().await.iter().sum();
    Report {
        attempts: api.attempts.load(Ordering::Relaxed),
        refused: api.refused.load(Ordering::Relaxed),
        failed,
        tokens: api.tokens.load(Ordering::Relaxed),
        waited: ["requests", "tokens"].map(waited),
    }
}

/// Milliseconds that calls of this process have waited for a limit.
fn waited(unit: &str) -> u64 {
    let row = paced::limiter("users").snapshot().row(unit);
    let waited = row.map_or(Duration::ZERO, |row| row.waited);
    u64::try_from(waited.as_millis()).unwrap_or(u64::MAX)
}

/// The form in which a process tells it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            attempts,
            refused,
            failed,
            tokens,
            waited: [requests, others],
        } = self;
        write!(
            f,
            "{attempts} {refused} {failed} {tokens} {requests} {others}"
        )
    }
}

impl FromStr for Report {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("a process said {text:?}");
        let numbers: Result<Vec<u64>, _> = text.split_whitespace().map(str::parse).collect();
        let numbers = numbers.map_err(|_| wrong())?;
        let &[attempts, refused, failed, tokens, requests, others] = numbers.as_slice() else {
            return Err(wrong());
        };
        let count = |number: u64| u32::try_from(number).map_err(|_| wrong());
        Ok(Self {
            attempts: count(attempts)?,
            refused: count(refused)?,
            failed: count(failed)?,
            tokens,
            waited: [requests, others],
        })
    }
}
