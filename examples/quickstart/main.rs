//! Calls an API with a real rate limit from many tasks at once, through one annotated function.
//!
//! ```text
//! cargo run -p examples --example quickstart
//! cargo run -p examples --example quickstart -- --plain        # the same without the attribute
//! cargo run -p examples --example quickstart -- --rate 50 --burst 50 --calls 500
//! RUST_LOG=paced=debug cargo run -p examples --example quickstart      # with what the limiter says
//! ```
//!
//! It ends with an error status if any call failed.
#![forbid(unsafe_code)]

mod client;
mod progress;
mod summary;

use std::{
    error::Error,
    num::NonZeroU32,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use clap::Parser;
use examples::server::{self, Limits};
use paced::{Quota, Rate};
use reqwest::Url;
use tokio::task::JoinSet;
use tracing_subscriber::EnvFilter;

use crate::client::Api;

/// Calls a rate-limited API from many tasks at once and says how it went.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// Calls per second (`5`), or per another period (`300/min`, `1/250ms`).
    #[arg(long, default_value = "5", value_parser = rate)]
    rate: Rate,
    /// Calls at once after a quiet time.
    #[arg(long, default_value = "10")]
    burst: NonZeroU32,
    /// Calls to make.
    #[arg(long, default_value_t = 60)]
    calls: u32,
    /// Tasks that make them, side by side.
    #[arg(long, default_value = "20")]
    tasks: NonZeroU32,
    /// Call this address (plain http, `?id=N` is added) instead of a server of our own; it must answer `{"id":N,"name":".."}`.
    #[arg(long)]
    url: Option<Url>,
    /// Call without the attribute: no pacing and no retries.
    #[arg(long)]
    plain: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let options = Options::parse();
    let url = match options.url.clone() {
        Some(url) => url,
        None => own_server(&options).await?,
    };
    println!("{}", heading(&options, &url));

    let quota = Quota::new(options.rate).with_burst(options.burst);
    let api = Arc::new(Api::new(url, quota));
    let begun = Instant::now();
    let progress = tokio::spawn(progress::show(Arc::clone(&api), options.calls));
    call_all(&api, &options).await?;
    let took = begun.elapsed();
    progress.await?;

    print!("{}", summary::of(&api, quota, options.calls, took));
    Ok(if api.tally.failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Makes the calls from as many tasks as asked for; each task takes the next number until there is none left.
async fn call_all(api: &Arc<Api>, options: &Options) -> Result<(), tokio::task::JoinError> {
    let (calls, plain) = (u64::from(options.calls), options.plain);
    let next = Arc::new(AtomicU64::new(1));
    let mut tasks = JoinSet::new();
    for _ in 0..options.tasks.get() {
        let (api, next) = (Arc::clone(api), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if id > calls {
                    break;
                }
                let answer = if plain {
                    client::plain_user(&api, id).await
                } else {
                    client::user(&api, id).await
                };
                api.tally.answer(id, answer);
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done?;
    }
    Ok(())
}

async fn own_server(options: &Options) -> Result<Url, Box<dyn Error>> {
    let address = server::start(Limits {
        rate: options.rate.hz(),
        burst: options.burst.get(),
        outage_at: options.calls / 2,
    })
    .await?;
    Ok(format!("http://{address}/user").parse()?)
}

fn heading(options: &Options, url: &Url) -> String {
    let Options {
        calls,
        tasks,
        rate,
        burst,
        ..
    } = options;
    let how = if options.plain {
        "without pacing".to_owned()
    } else {
        format!("paced at {rate} with a burst of {burst}")
    };
    format!("{calls} calls from {tasks} tasks to {url}, {how}")
}

fn rate(text: &str) -> Result<Rate, paced::Error> {
    match text.parse() {
        Ok(per_second) => Rate::from_hz(per_second),
        Err(_) => text.parse(),
    }
}
