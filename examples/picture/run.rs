//! The calls and their outcomes.

use std::error::Error;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use examples::server;
use examples::server::Limits;
use examples::server::User;
use paced::Limiter;
use paced::Quota;
use paced::ResponseExt as _;
use paced::rate_limited;
use reqwest::Client;
use tokio::task::JoinSet;

pub(crate) const CALLS: u32 = 60;
const INTERVAL: Duration = Duration::from_millis(100);
const RATE: NonZeroU32 = NonZeroU32::new(5).unwrap();
const BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Function that makes the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Plain,
    Paced,
}

/// One call. All times count from the beginning of the run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) begun: Duration,
    /// Instant and status of each answer.
    pub(crate) answers: Vec<(Duration, u16)>,
    pub(crate) is_ok: bool,
}

/// All calls of one variant, in the order in which they began.
pub(crate) struct Run {
    pub(crate) variant: Variant,
    pub(crate) calls: Vec<Call>,
}

impl Run {
    pub(crate) fn name(&self) -> &'static str {
        match self.variant {
            Variant::Plain => "without the attribute",
            Variant::Paced => "with #[rate_limited(rate = 5, burst = 10)]",
        }
    }

    /// Returns how many requests were answered with `status`.
    pub(crate) fn count(&self, status: u16) -> usize {
        let answers = self.calls.iter().flat_map(|call| &call.answers);
        answers.filter(|(_, answer)| *answer == status).count()
    }

    /// Returns the instant of the last answer.
    pub(crate) fn end(&self) -> Duration {
        let answers = self.calls.iter().flat_map(|call| &call.answers);
        answers.map(|(at, _)| *at).max().unwrap_or_default()
    }

    pub(crate) fn summary(&self) -> String {
        let done = self.calls.iter().filter(|call| call.is_ok).count();
        format!(
            "{done} of {} calls succeed, after {:.1} s; {} requests refused with 429, {} with 503",
            self.calls.len(),
            self.end().as_secs_f64(),
            self.count(429),
            self.count(503)
        )
    }
}

/// Makes all calls against a server of their own.
pub(crate) async fn all(variant: Variant) -> Result<Run, Box<dyn Error>> {
    let address = server::start(Limits {
        rate: f64::from(RATE.get()),
        burst: BURST.get(),
        outage_at: CALLS / 2,
    })
    .await?;
    let api = Api {
        client: Client::new(),
        url: format!("http://{address}/user"),
        limiter: Limiter::new(Quota::per_second(RATE).with_burst(BURST)),
        start: Instant::now(),
    };
    let (api, mut tasks) = (Arc::new(api), JoinSet::new());
    let mut ticks = tokio::time::interval(INTERVAL);
    for id in 0..CALLS {
        ticks.tick().await;
        let api = Arc::clone(&api);
        tasks.spawn(async move { call(&api, variant, id).await });
    }
    let mut calls = tasks.join_all().await;
    calls.sort_by_key(|call| call.begun);
    Ok(Run { variant, calls })
}

async fn call(api: &Api, variant: Variant, id: u32) -> Call {
    let (begun, answers) = (api.start.elapsed(), Mutex::default());
    let outcome = match variant {
        Variant::Plain => plain(api, id, &answers).await,
        Variant::Paced => paced(api, id, &answers).await,
    };
    Call {
        begun,
        answers: answers.into_inner().unwrap_or_default(),
        is_ok: outcome.is_ok(),
    }
}

type Answers = Mutex<Vec<(Duration, u16)>>;

#[rate_limited(limiter = api.limiter)]
async fn paced(api: &Api, id: u32, answers: &Answers) -> reqwest::Result<User> {
    let response = api.send(id, answers).await?;
    response.observe().error_for_status()?.json().await
}

async fn plain(api: &Api, id: u32, answers: &Answers) -> reqwest::Result<User> {
    let response = api.send(id, answers).await?;
    response.error_for_status()?.json().await
}

/// Server and limiter of one run.
struct Api {
    client: Client,
    url: String,
    limiter: Limiter,
    start: Instant,
}

impl Api {
    async fn send(&self, id: u32, answers: &Answers) -> reqwest::Result<reqwest::Response> {
        let request = self.client.get(&self.url).query(&[("id", id)]);
        let response = request.send().await?;
        let answer = (self.start.elapsed(), response.status().as_u16());
        answers
            .lock()
            .expect("nothing panics while it holds the lock")
            .push(answer);
        Ok(response)
    }
}
