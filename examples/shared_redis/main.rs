//! Several processes call an API with a real rate limit, and share one limit through a Redis server.
//!
//! ```text
//! cargo run -p examples --example shared_redis
//! cargo run -p examples --example shared_redis -- --alone      # each process keeps a limit of its own
//! cargo run -p examples --example shared_redis -- --redis redis://localhost --processes 8
//! ```
//!
//! It starts the API, a Redis server unless `--redis` names one, and then itself several times. It ends with
//! an error status if a call failed or if all processes together sent more than the API allows.
#![forbid(unsafe_code)]

mod processes;
mod worker;

use std::{
    error::Error,
    num::NonZeroU32,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use examples::{
    redis::Redis,
    server::{self, Limits},
};
use reqwest::Url;

use crate::{processes::Processes, worker::Report};

/// Several processes share the rate limit of an API through a Redis server.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// Calls per second that the API allows.
    #[arg(long, default_value = "30")]
    rate: NonZeroU32,
    /// Calls at once that it allows after a quiet time.
    #[arg(long, default_value = "10")]
    burst: NonZeroU32,
    /// Processes that call it.
    #[arg(long, default_value = "4")]
    processes: NonZeroU32,
    /// Calls that each of them makes.
    #[arg(long, default_value = "40")]
    calls: NonZeroU32,
    /// Use this Redis server instead of one of our own.
    #[arg(long)]
    redis: Option<String>,
    /// Share nothing: each process keeps to the limit as if it were the only one.
    #[arg(long)]
    alone: bool,
    /// Be one of the processes: call this address.
    #[arg(long, hide = true)]
    worker: Option<Url>,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    match options.worker.clone() {
        Some(url) => worker::run(&options, url).await?,
        None => return lead(options).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts everything, and sums up what the processes report.
async fn lead(mut options: Options) -> Result<ExitCode, Box<dyn Error>> {
    // Ends with this function.
    let mut own_redis = None;
    if options.redis.is_none() && !options.alone {
        match Redis::start() {
            Ok(redis) => options.redis = Some(own_redis.insert(redis).url()),
            Err(problem) => {
                eprintln!("{problem}");
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    let address = server::start(Limits {
        rate: f64::from(options.rate.get()),
        burst: options.burst.get(),
        outage_at: 0,
    })
    .await?;
    println!("{}", heading(&options));

    let begun = Instant::now();
    let processes = Processes::start(&options, &format!("http://{address}/user"))?;
    let reports = processes.reports().await?;
    let took = begun.elapsed();

    for (number, report) in (1..).zip(&reports) {
        println!("process {number}: {report}");
    }
    Ok(verdict(&options, reports.into_iter().sum(), took))
}

/// Compares the work of all processes with what the API allows.
fn verdict(options: &Options, total: Report, took: Duration) -> ExitCode {
    let seconds = took.as_secs_f64();
    let allowed = f64::from(options.burst.get()) + f64::from(options.rate.get()) * seconds;
    println!("together:  {total}, in {seconds:.1} s");
    // Requests under way in each process may be on top of it.
    let tokens = f64::from(worker::tokens(options.rate).get());
    let under_way = f64::from(options.processes.get()) * 140.0;
    let tokens_allowed = tokens * (1.0 + seconds) + under_way;
    println!("limit         taken  allowed     waited");
    let requests = u64::from(total.requests);
    for (limit, taken, allowed, waited) in [
        ("requests", requests, allowed, total.waited[0]),
        ("tokens", total.tokens, tokens_allowed, total.waited[1]),
    ] {
        let waited = Duration::from_millis(waited).as_secs_f64();
        println!("{limit:<10} {taken:>8} {allowed:>8.0} {waited:>8.1} s");
    }
    let unmade = options.processes.get() * options.calls.get() - total.made();
    if unmade > 0 {
        println!("failed: {unmade} calls were not made");
    }
    if total.failed > 0 {
        println!("failed: {} calls", total.failed);
    }
    let has_tokens = u32::try_from(total.tokens).is_ok_and(|it| f64::from(it) <= tokens_allowed);
    let over = total.refused > 0 || f64::from(total.requests) > allowed || !has_tokens;
    if over {
        println!("overrun: the API had to refuse {} requests", total.refused);
    }
    if over || unmade > 0 || total.failed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn heading(options: &Options) -> String {
    let Options {
        rate,
        burst,
        processes,
        calls,
        ..
    } = options;
    let how = if options.alone {
        "each with a limit of its own"
    } else {
        "which share one limit in Redis"
    };
    format!(
        "an API that allows {rate}/s with a burst of {burst}; {calls} calls from each of {processes} processes, {how}"
    )
}
