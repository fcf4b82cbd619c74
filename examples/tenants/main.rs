//! A service that calls a CRM for 1,000 tenants, each with a limit of its own.
//!
//! ```text
//! cargo run -p examples --example tenants
//! ```
//!
//! Callers say how long they wait. Where the limit of a tenant makes its call too late, they get 503 with `Retry-After` at
//! once, and not an answer that comes too late. One tenant's crowd holds up no other tenant.
//!
//! All tenants together have a limit, too, which a TOML file configures: at first it only observes, then it is enforced at
//! another rate, and in the end the file has a mistake and changes nothing. With `--limits FILE` the file is yours: change it
//! while the example runs.
//!
//! It ends with an error status if the CRM refused a request, or if a file had not the effect that it should. Answers are late
//! only where the machine is too busy for the programs.
#![forbid(unsafe_code)]

mod client;
mod crm;
mod limits;
mod service;

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use comfy_table::Table;
use paced::{Limiter, Mode, Snapshot};
use reqwest::Client;
use tokio::task::JoinSet;

use crate::client::Crm;

#[derive(Clone, Debug, Parser)]
struct Options {
    /// Number of tenants.
    #[arg(long, default_value_t = 1000)]
    tenants: u32,
    /// Number of tenants, of the first ones, with a crowd of callers.
    #[arg(long, default_value_t = 5)]
    crowds: u32,
    /// Callers of a crowd.
    #[arg(long, default_value_t = 40)]
    callers: u64,
    /// File of the limit that all tenants have together. Default: one of the example's own, which changes as it runs.
    #[arg(long)]
    limits: Option<PathBuf>,
}

/// Requests of the callers, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Outcomes {
    answered: u64,
    /// 503 with `Retry-After`.
    refused: u64,
    /// Other answers, and broken connections.
    failed: u64,
    /// Requests that took longer than the caller waited.
    late: u64,
    slowest: Duration,
}

impl Outcomes {
    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.failed += other.failed;
        self.late += other.late;
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// The limit of all tenants at one instant.
#[derive(Clone, Debug)]
struct State {
    mode: Mode,
    snapshot: Snapshot,
}

impl State {
    fn of(limiter: &Limiter) -> Self {
        let (mode, snapshot) = (limiter.mode(), limiter.snapshot());
        Self { mode, snapshot }
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let options = Options::parse();
    let gate = crm::Shared::default();
    let crm = crm::start(Arc::clone(&gate)).await?;
    let all = limits::limiter()?;
    let path = options.limits.clone().unwrap_or_else(limits::path_of_run);
    if options.limits.is_none() {
        limits::replace(&path, limits::FILES[0].1)?;
    }
    limits::load(&path)?;
    let log = limits::Log::default();
    tokio::spawn(limits::reload_when_changed(path.clone(), Arc::clone(&log)));
    let service = service::start(Arc::new(Crm::new(format!("http://{crm}"), all.clone()))).await?;
    let changes = async {
        if options.limits.is_some() {
            return Ok(Vec::new());
        }
        change(&path, &all, &log).await
    };
    let (outcomes, changes) = tokio::join!(run(&options, service), changes);
    let ((crowds, others), changes) = (outcomes?, changes?);
    let counts = gate.lock().unwrap_or_else(PoisonError::into_inner).counts();
    print(&options, &crowds, &others);
    println!(
        "The CRM answered {} requests and refused {}.",
        counts.answered, counts.refused
    );
    let log = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    print_limit(&State::of(&all), &changes, &log);
    let failed = crowds.failed + others.failed;
    let is_right = counts.refused == 0 && failed == 0 && crowds.refused > 0;
    Ok(if is_right && is_configured(&changes, &log) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Changes the file as the example goes on, and removes it. Returns the state of the limiter at the end of each file.
async fn change(path: &Path, all: &Limiter, log: &limits::Log) -> std::io::Result<Vec<State>> {
    let start = tokio::time::Instant::now();
    let mut states = Vec::new();
    for (nth, (time, text)) in limits::FILES.iter().enumerate().skip(1) {
        tokio::time::sleep_until(start + *time).await;
        states.push(State::of(all));
        limits::replace(path, text)?;
        // On a busy machine the file is looked at late.
        let last = start + *time + Duration::from_secs(10);
        while log.lock().unwrap_or_else(PoisonError::into_inner).len() < nth
            && tokio::time::Instant::now() < last
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    states.push(State::of(all));
    std::fs::remove_file(path)?;
    Ok(states)
}

/// Returns whether each file of the example had its effect.
fn is_configured(states: &[State], log: &[String]) -> bool {
    let ([observed, enforced, mistaken], [applied, mistake]) = (states, log) else {
        return states.is_empty();
    };
    observed.mode == Mode::Observe
        && observed.snapshot.would_have_waited.count > 0
        && applied == "applied"
        && enforced.mode == Mode::Enforce
        && enforced.snapshot.rate.to_string() == "400/s"
        && mistake.contains("did you mean `max_concurrency`?")
        && mistaken.snapshot.rate == enforced.snapshot.rate
}

/// Sends all requests; returns what became of those of crowds, and of the others.
async fn run(
    options: &Options,
    service: SocketAddr,
) -> Result<(Outcomes, Outcomes), tokio::task::JoinError> {
    let http = Client::new();
    let mut calls = JoinSet::new();
    for tenant in 0..options.tenants {
        let is_crowd = tenant < options.crowds;
        for id in 0..if is_crowd { options.callers } else { 1 } {
            let http = http.clone();
            // The crowd's callers wait for 0.5 s to 2 s. The others come one after the other, and wait for 1 s.
            let (patience, start) = if is_crowd {
                (Duration::from_millis(500 * (1 + id % 4)), Duration::ZERO)
            } else {
                (
                    Duration::from_secs(1),
                    Duration::from_millis(5 * u64::from(tenant)),
                )
            };
            calls.spawn(async move {
                tokio::time::sleep(start).await;
                let url = format!("http://{service}/{tenant}/customers/{id}");
                (is_crowd, call(&http, url, id, patience).await)
            });
        }
    }
    let (mut crowds, mut others) = (Outcomes::default(), Outcomes::default());
    while let Some(call) = calls.join_next().await {
        let (is_crowd, outcomes) = call?;
        if is_crowd { &mut crowds } else { &mut others }.add(&outcomes);
    }
    Ok((crowds, others))
}

/// Asks for a customer, or gives one a name.
async fn call(http: &Client, url: String, id: u64, patience: Duration) -> Outcomes {
    let request = if id % 8 == 7 {
        http.put(url).json("renamed")
    } else {
        http.get(url)
    };
    let start = Instant::now();
    let response = request
        .header(service::TIME_LEFT, patience.as_millis().to_string())
        .send()
        .await;
    let slowest = start.elapsed();
    let (mut answered, mut refused) = (0, 0);
    if let Ok(response) = response {
        let is_dated = response.headers().contains_key("retry-after");
        answered = u64::from(response.status().is_success());
        refused = u64::from(response.status().as_u16() == 503 && is_dated);
    }
    Outcomes {
        answered,
        refused,
        failed: 1 - answered - refused,
        late: u64::from(slowest > patience),
        slowest,
    }
}

fn print(options: &Options, crowds: &Outcomes, others: &Outcomes) {
    let mut table = Table::new();
    table.set_header([
        "tenants",
        "requests answered",
        "503 with Retry-After",
        "late",
        "slowest",
    ]);
    let rows = [
        (format!("{} with crowds", options.crowds), crowds),
        (
            format!("{} others", options.tenants - options.crowds),
            others,
        ),
    ];
    for (tenants, outcomes) in rows {
        table.add_row([
            tenants,
            outcomes.answered.to_string(),
            outcomes.refused.to_string(),
            outcomes.late.to_string(),
            format!("{:.0?}", outcomes.slowest),
        ]);
    }
    println!("{table}");
}

fn print_limit(end: &State, states: &[State], log: &[String]) {
    let mut table = Table::new();
    table.set_header([
        "limit of all tenants",
        "in flight",
        "mode",
        "calls so far",
        "waited, all together",
        "would have waited",
    ]);
    for State { mode, snapshot } in states.iter().chain(states.is_empty().then_some(end)) {
        let in_flight = snapshot.max_concurrency;
        let observed = snapshot.would_have_waited;
        table.add_row([
            snapshot.rate.to_string(),
            in_flight.map_or("any number".to_owned(), |max| format!("at most {max}")),
            format!("{mode:?}"),
            snapshot.counts.granted.to_string(),
            format!("{:.1?}", snapshot.waits.queue),
            format!("{}, at most {:.1?}", observed.count, observed.longest),
        ]);
    }
    println!("{table}");
    for line in log {
        println!("The file has changed: {line}");
    }
}
