//! Servers whose bucket refills bit by bit, and whose `x-ratelimit-reset-requests` tells when it is full
//! again.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use http::HeaderValue;
use http::Response;
use paced::Limiter;
use paced::rate_limited;
use test_support::limit::Limit;
use test_support::limit::Rule;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::callers::batch;
use crate::errors::TooLate;
use crate::support::limiter;
use crate::support::ms;

/// Most of the time that the server's bucket needs for all calls.
const MOST: f64 = 1.2;

/// Runs of a scenario whose backoffs have jitter.
const RUNS: usize = 3;

#[derive(Debug)]
struct Server {
    start: Instant,
    back: Duration,
    limit: Mutex<Limit>,
}

impl Server {
    fn new(limit: u32, per_second: u32, back: Duration) -> Self {
        let token = Duration::from_secs(1) / per_second;
        let rule = Rule::Bucket {
            limit,
            token,
            capacity: token * limit,
        };
        Self {
            start: Instant::now(),
            back,
            limit: Mutex::new(Limit::new(rule, false)),
        }
    }

    async fn request(&self) -> Response<()> {
        let answer = self.limit.lock().unwrap().ask(self.start.elapsed());
        sleep(self.back).await;
        let mut response = Response::new(());
        let mut add = |name, value: String| {
            let value = HeaderValue::from_str(&value).expect("letters and digits");
            response.headers_mut().insert(name, value);
        };
        add("x-ratelimit-limit-requests", answer.limit.to_string());
        add(
            "x-ratelimit-remaining-requests",
            answer.remaining.to_string(),
        );
        add("x-ratelimit-reset-requests", duration(answer.reset));
        *response.status_mut() = answer.status();
        response
    }
}

/// As Go writes them: `20ms`, `1.2s`, `6m0s`. Whole milliseconds, rounded up.
fn duration(time: Duration) -> String {
    let millis = time.as_nanos().div_ceil(1_000_000);
    match (millis / 60_000, millis % 60_000) {
        (0, millis) if millis < 1_000 => format!("{millis}ms"),
        (0, millis) => format!("{}s", decimal(millis)),
        (minutes, millis) => format!("{minutes}m{}s", decimal(millis)),
    }
}

/// Seconds, without zeros at their end.
fn decimal(millis: u128) -> String {
    let text = format!("{}.{:03}", millis / 1_000, millis % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[rate_limited(limiter = limiter, deadline = "60s", max_retries = 8)]
async fn bounded(limiter: &Limiter, server: &Server) -> Result<Response<()>, TooLate> {
    Ok(server.request().await)
}

#[rate_limited(limiter = limiter, max_retries = 8)]
async fn unbounded(limiter: &Limiter, server: &Server) -> Result<Response<()>, std::io::Error> {
    Ok(server.request().await)
}

#[derive(Clone, Copy, Debug)]
struct Figures {
    wall: Duration,
    ideal: Duration,
    refusals: u32,
    failed: u32,
    /// Failed calls that the limiter refused.
    too_late: u32,
}

impl Figures {
    fn share(&self) -> f64 {
        self.wall.as_secs_f64() / self.ideal.as_secs_f64()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.2} s, {:.2} of the ideal {:.2} s, {} refusals, {} failed, {} of them too late",
            self.wall.as_secs_f64(),
            self.share(),
            self.ideal.as_secs_f64(),
            self.refusals,
            self.failed,
            self.too_late
        )
    }
}

#[derive(Clone, Copy, Debug)]
struct Setting {
    capacity: u32,
    per_second: u32,
    back: Duration,
    declared: u32,
    deadline: bool,
}

/// So many calls at once.
async fn scenario(setting: Setting, calls: u32) -> Figures {
    let Setting {
        capacity,
        per_second,
        back,
        declared,
        deadline,
    } = setting;
    let limiter = limiter(f64::from(declared), declared);
    let server = Arc::new(Server::new(capacity, per_second, back));
    let (asked, too_late) = (Arc::clone(&server), Arc::new(AtomicU32::new(0)));
    let late = Arc::clone(&too_late);
    let batch = batch(calls, calls, move || {
        let (limiter, server) = (limiter.clone(), Arc::clone(&asked));
        let late = Arc::clone(&late);
        async move {
            let response = if deadline {
                bounded(&limiter, &server).await.ok()
            } else {
                unbounded(&limiter, &server).await.ok()
            };
            if response.is_none() {
                late.fetch_add(1, Ordering::Relaxed);
            }
            response.is_some_and(|response| response.status().is_success())
        }
    });
    let batch = batch.await;
    let figures = Figures {
        wall: batch.wall,
        ideal: Duration::from_secs(1) * (calls - capacity) / per_second + back,
        refusals: server.limit.lock().unwrap().refused(),
        failed: batch.failed,
        too_late: too_late.load(Ordering::Relaxed),
    };
    println!(
        "bucket of {capacity} + {per_second}/s, declared {declared}/s, {calls} calls, answers after {back:?}: {figures}"
    );
    figures
}

/// Runs that took too long, or lost calls.
async fn above(setting: Setting, calls: u32) -> Vec<String> {
    let mut above = Vec::new();
    for _ in 0..RUNS {
        let figures = scenario(setting, calls).await;
        if figures.share() > MOST || figures.failed > 0 {
            above.push(format!("{calls} calls, {setting:?}: {figures}"));
        }
    }
    above
}

#[tokio::test(start_paused = true)]
async fn a_quick_bucket_loses_no_call() {
    let mut over = Vec::new();
    for (declared, back) in [(20, 10), (150, 10), (150, 100)] {
        let setting = Setting {
            capacity: 20,
            per_second: 20,
            back: ms(back),
            declared,
            deadline: true,
        };
        over.append(&mut above(setting, 200).await);
    }
    assert_eq!(over, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_bucket_is_not_waited_for_until_it_is_full() {
    let setting = Setting {
        capacity: 40,
        per_second: 2,
        back: ms(320),
        declared: 150,
        deadline: false,
    };
    let mut over = Vec::new();
    for calls in [45, 50, 100] {
        over.append(&mut above(setting, calls).await);
    }
    assert_eq!(over, [""; 0]);
}
