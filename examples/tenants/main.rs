//! A service that calls a CRM for 1,000 tenants, each with a limit of its own.
//!
//! ```text
//! cargo run -p examples --example tenants
//! ```
//!
//! Callers say how long they wait. Where the limit of a tenant makes its call too late, they get 503 with `Retry-After` at
//! once, and not an answer that comes too late. One tenant's crowd holds up no other tenant. It ends with an error status if
//! the CRM refused a request. Answers are late only where the machine is too busy for the programs.
#![forbid(unsafe_code)]

mod client;
mod crm;
mod service;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use comfy_table::Table;
use reqwest::Client;
use tokio::task::JoinSet;

use crate::client::Crm;

#[derive(Clone, Copy, Debug, Parser)]
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

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let gate = crm::Shared::default();
    let crm = crm::start(Arc::clone(&gate)).await?;
    let crm = Arc::new(Crm::new(format!("http://{crm}")));
    let service = service::start(crm).await?;
    let (crowds, others) = run(options, service).await?;
    let counts = gate.lock().unwrap_or_else(PoisonError::into_inner).counts();
    print(options, &crowds, &others);
    println!(
        "The CRM answered {} requests and refused {}.",
        counts.answered, counts.refused
    );
    let failed = crowds.failed + others.failed;
    let is_right = counts.refused == 0 && failed == 0 && crowds.refused > 0;
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Sends all requests; returns what became of those of crowds, and of the others.
async fn run(
    options: Options,
    service: SocketAddr,
) -> Result<(Outcomes, Outcomes), Box<dyn Error>> {
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

fn print(options: Options, crowds: &Outcomes, others: &Outcomes) {
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
