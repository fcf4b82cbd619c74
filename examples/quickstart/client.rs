//! The client: what is called, through what, and how often.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use examples::server::User;
use paced::{Limiter, Quota, ResponseExt as _, rate_limited};
use reqwest::{Client, Response, StatusCode, Url};

/// One user. This is all there is to write: an ordinary function, and one attribute.
#[rate_limited(limiter = api.limiter, max_retries = 5)]
pub(crate) async fn user(api: &Api, id: u64) -> reqwest::Result<User> {
    api.send(id)
        .await?
        .observe()
        .error_for_status()?
        .json()
        .await
}

/// The same without the attribute.
pub(crate) async fn plain_user(api: &Api, id: u64) -> reqwest::Result<User> {
    api.send(id).await?.error_for_status()?.json().await
}

/// An API, and the limiter that all calls of it share.
pub(crate) struct Api {
    client: Client,
    url: Url,
    pub(crate) limiter: Limiter,
    pub(crate) tally: Tally,
}

impl Api {
    pub(crate) fn new(url: Url, quota: Quota) -> Self {
        Self {
            client: Client::new(),
            url,
            limiter: Limiter::new(quota),
            tally: Tally::default(),
        }
    }

    async fn send(&self, id: u64) -> reqwest::Result<Response> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("id", &id.to_string());
        self.tally.attempts.fetch_add(1, Ordering::Relaxed);
        let response = self.client.get(url).send().await?;
        self.tally.status(response.status());
        Ok(response)
    }
}

/// Counts so far.
#[derive(Default)]
pub(crate) struct Tally {
    attempts: AtomicU32,
    throttled: AtomicU32,
    unavailable: AtomicU32,
    answered: AtomicU32,
    failed: AtomicU32,
    first_failure: Mutex<Option<String>>,
}

impl Tally {
    /// Requests sent.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Answers with status 429.
    pub(crate) fn throttled(&self) -> u32 {
        self.throttled.load(Ordering::Relaxed)
    }

    /// Answers with status 503.
    pub(crate) fn unavailable(&self) -> u32 {
        self.unavailable.load(Ordering::Relaxed)
    }

    /// Calls that are over, well or badly.
    pub(crate) fn answered(&self) -> u32 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Calls that ended in an error.
    pub(crate) fn failed(&self) -> u32 {
        self.failed.load(Ordering::Relaxed)
    }

    /// The first error.
    pub(crate) fn first_failure(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Takes note of how call `id` ended.
    pub(crate) fn answer(&self, id: u64, answer: reqwest::Result<User>) {
        let problem = match answer {
            Ok(user) if user.id == id => None,
            Ok(user) => Some(format!("asked for user {id}, got {user:?}")),
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            self.failed.fetch_add(1, Ordering::Relaxed);
            self.lock().get_or_insert(problem);
        }
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    fn status(&self, status: StatusCode) {
        match status {
            StatusCode::TOO_MANY_REQUESTS => self.throttled.fetch_add(1, Ordering::Relaxed),
            StatusCode::SERVICE_UNAVAILABLE => self.unavailable.fetch_add(1, Ordering::Relaxed),
            _ => return,
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.first_failure
            .lock()
            .expect("nothing panics while it holds the lock")
    }
}
