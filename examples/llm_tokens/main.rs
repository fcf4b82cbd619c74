//! Calls language models whose providers limit requests and tokens, and says how much of the quota was used.
//!
//! ```text
//! cargo run -p examples --example llm_tokens
//! cargo run -p examples --example llm_tokens -- --minutes 20
//! ```
//!
//! Each provider is a server on loopback which enforces what its documentation says: the rows and headers of `OpenAI` with
//! tokens charged in three ways, and Anthropic's three rows. A minute takes a second. It ends with an error status if a
//! request was refused, or if less than nine tenths of the quota was used.
#![forbid(unsafe_code)]

mod client;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use comfy_table::Table;
use reqwest::Client;
use test_support::provider::{self, Charge, Prompts, Service};
use test_support::served::Served;
use tokio::task::JoinSet;

use crate::client::Prompt;

/// Factor by which time is faster: a minute takes a second.
const FASTER: u32 = 60;

/// Requests and tokens in a minute; Anthropic has as many tokens of prompts, and a third of them of answers.
const REQUESTS: u64 = 180;
const TOKENS: u64 = 60_000;

const CALLERS: u64 = 32;

#[derive(Clone, Copy, Debug, Parser)]
struct Options {
    /// Minutes, of a second each, in which calls begin.
    #[arg(long, default_value_t = 8)]
    minutes: u32,
}

/// Kinds of providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AtTheStart,
    Reserved,
    AtTheEnd,
    ThreeLimits,
}

impl Kind {
    const ALL: [Self; 4] = [
        Self::AtTheStart,
        Self::Reserved,
        Self::AtTheEnd,
        Self::ThreeLimits,
    ];

    /// Returns the name of the limiter of its calls.
    const fn name(self) -> &'static str {
        match self {
            Self::AtTheStart => "charged at the start",
            Self::Reserved => "reserved",
            Self::AtTheEnd => "charged at the end",
            Self::ThreeLimits => "Anthropic",
        }
    }

    fn service(self) -> Service {
        let service = match self {
            Self::AtTheStart => provider::openai(REQUESTS, TOKENS),
            Self::Reserved => provider::openai(REQUESTS, TOKENS).charging(Charge::Reserve),
            Self::AtTheEnd => provider::openai(REQUESTS, TOKENS).charging(Charge::End),
            Self::ThreeLimits => provider::anthropic(REQUESTS, TOKENS, TOKENS / 3),
        };
        service.faster(FASTER)
    }

    async fn call(self, client: &Client, prompt: &Prompt) -> reqwest::Result<client::Reply> {
        match self {
            Self::AtTheStart => client::at_the_start(client, prompt).await,
            Self::Reserved => client::reserved(client, prompt).await,
            Self::AtTheEnd => client::at_the_end(client, prompt).await,
            Self::ThreeLimits => client::of_three_limits(client, prompt).await,
        }
    }
}

/// Outcome of the calls to one provider.
#[derive(Clone, Debug)]
struct Outcome {
    calls: u32,
    failed: u32,
    refused: u32,
    /// The share of each row that was used, as the provider counts it.
    used: Vec<(&'static str, f64)>,
    /// Time that callers waited for each row.
    waited: Vec<(&'static str, Duration)>,
}

impl Outcome {
    /// Returns the share of the row that was used most.
    fn share(&self) -> f64 {
        self.used
            .iter()
            .map(|(_, share)| *share)
            .fold(0.0, f64::max)
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let mut outcomes = Vec::new();
    for kind in Kind::ALL {
        outcomes.push((kind, run(kind, options).await?));
    }
    println!("{}", table(&outcomes));
    let all_well = outcomes
        .iter()
        .all(|(_, outcome)| outcome.refused + outcome.failed == 0 && outcome.share() >= 0.9);
    Ok(if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Calls one provider from many tasks, each of which calls again as soon as it has an answer.
async fn run(kind: Kind, options: Options) -> std::io::Result<Outcome> {
    let (served, client) = (Arc::new(Served::start(kind.service())?), Client::new());
    let (calls, failed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let until = Instant::now() + Duration::from_secs(60) / FASTER * options.minutes;
    let mut tasks = JoinSet::new();
    for series in 0..CALLERS {
        let (served, client) = (Arc::clone(&served), client.clone());
        let (calls, failed) = (Arc::clone(&calls), Arc::clone(&failed));
        tasks.spawn(async move {
            let mut requests = Prompts::new(series);
            while Instant::now() < until {
                let Some(request) = requests.next() else {
                    break;
                };
                let prompt = Prompt {
                    url: served.url(&request),
                    tokens: request.input,
                    max_tokens: request.max_output,
                };
                let out = kind.call(&client, &prompt).await;
                calls.fetch_add(1, Ordering::Relaxed);
                failed.fetch_add(u32::from(out.is_err()), Ordering::Relaxed);
            }
        });
    }
    tasks.join_all().await;
    let snapshot = paced::limiter(kind.name()).snapshot();
    Ok(Outcome {
        calls: calls.load(Ordering::Relaxed),
        failed: failed.load(Ordering::Relaxed),
        refused: served.refused(),
        used: served
            .usage()
            .iter()
            .map(|row| (row.name, row.share()))
            .collect(),
        waited: snapshot.rows().map(|row| (row.unit, row.waited)).collect(),
    })
}

/// Returns the outcomes as a table.
fn table(outcomes: &[(Kind, Outcome)]) -> Table {
    let mut table = Table::new();
    table.set_header([
        "tokens are",
        "calls",
        "failed",
        "refused",
        "quota used, as the server counts it",
        "waits of all callers, by row",
    ]);
    for (kind, outcome) in outcomes {
        let used = outcome.used.iter();
        let used = used.map(|(name, share)| format!("{name} {:.1} %", share * 100.0));
        let waited = outcome.waited.iter();
        let waited = waited.map(|(unit, time)| format!("{unit} {:.1} s", time.as_secs_f64()));
        table.add_row([
            kind.name().to_owned(),
            outcome.calls.to_string(),
            outcome.failed.to_string(),
            outcome.refused.to_string(),
            used.collect::<Vec<_>>().join("\n"),
            waited.collect::<Vec<_>>().join("\n"),
        ]);
    }
    table
}
