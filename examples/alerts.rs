//! Alerts for calls that are given up: a hook that is called for each of them, and counts of all calls.
//!
//! ```text
//! cargo run -p examples --example alerts
//! RUST_LOG=paced=info cargo run -p examples --example alerts     # with what the limiter says
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::io;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::sync::mpsc::Sender;

use paced::Failure;
use paced::Report;
use paced::Signal;
use paced::rate_limited;
use tracing_subscriber::EnvFilter;

/// Channel of alerts: a hook has to return at once, so another task does whatever takes time.
static ALERTS: OnceLock<Sender<String>> = OnceLock::new();

/// An API that is down.
#[derive(Debug)]
struct Unavailable;

impl Signal for Unavailable {
    fn failure(&self) -> Failure {
        Failure::Status(503)
    }
}

/// Called for each retry.
fn note(report: &Report<'_>) {
    let delay = report.retry_in().unwrap_or_default();
    println!(
        "{}: attempt {} failed, the next one in {delay:.1?}",
        report.function(),
        report.attempts()
    );
}

/// Called for each call that is given up.
fn alert(report: &Report<'_>) {
    let statuses: Vec<_> = report.statuses().collect();
    let text = format!(
        "{} gave up after {} attempts {statuses:?} and {:.1?} of waiting",
        report.function(),
        report.attempts(),
        report.waits().total()
    );
    if let Some(alerts) = ALERTS.get() {
        // Without a receiver there is nothing to do.
        drop(alerts.send(text));
    }
}

#[rate_limited(rate = 50, max_retries = 2, backoff(base = "100ms"), on_retry = note, on_give_up = alert)]
async fn charge(cents: u64) -> Result<u64, Unavailable> {
    if cents > 0 {
        Err(Unavailable)
    } else {
        Ok(cents)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    let (sender, alerts) = mpsc::channel();
    ALERTS.set(sender).map_err(|_| "set twice")?;
    let failed = charge(100).await.is_err();
    for alert in alerts.try_iter() {
        println!("ALERT: {alert}");
    }
    let counts = paced::limiter(concat!(module_path!(), "::charge"))
        .snapshot()
        .counts;
    println!(
        "calls {}, attempts {}, retried {}, throttled {}, given up {}",
        counts.calls, counts.attempts, counts.retried, counts.throttled, counts.given_up
    );
    if failed && counts.given_up == 1 {
        Ok(())
    } else {
        Err("the API was to be down".into())
    }
}
