//! Calls an API with a real rate limit from plain threads, with ureq, through one annotated function that is not `async`.
//!
//! ```text
//! cargo run -p examples --example blocking
//! cargo run -p examples --example blocking -- --plain        # the same without the attribute
//! cargo run -p examples --example blocking -- --rate 50 --burst 50 --calls 500
//! ```
//!
//! It ends with an error status if any call failed.
#![forbid(unsafe_code)]

mod client;
mod table;

use std::{
    error::Error,
    io,
    net::SocketAddr,
    num::NonZeroU32,
    process::ExitCode,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

use clap::Parser;
use examples::server::{self, Limits};
use paced::{Quota, Rate};

use crate::client::Api;
use crate::table::Worker;

/// Calls a rate-limited API from several threads and says how it went.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// Calls per second.
    #[arg(long, default_value = "10")]
    rate: NonZeroU32,
    /// Calls at once after a quiet time.
    #[arg(long, default_value = "10")]
    burst: NonZeroU32,
    /// Calls to make.
    #[arg(long, default_value_t = 60)]
    calls: u64,
    /// Threads that make them, side by side.
    #[arg(long, default_value = "4")]
    threads: NonZeroU32,
    /// Call without the attribute: no pacing and no retries.
    #[arg(long)]
    plain: bool,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let quota = Quota::per_second(options.rate).with_burst(options.burst);
    let address = start_server(quota.rate(), &options)?;
    let api = Api::new(format!("http://{address}/user"), quota);
    let begun = Instant::now();
    let workers = call_all(&api, &options);
    let failed: u64 = workers.iter().map(|worker| worker.failed).sum();
    print!("{}", table::of(&workers, &api, begun.elapsed()));
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Starts the server, which needs a runtime, on a thread of its own. It runs until the program ends.
fn start_server(rate: Rate, options: &Options) -> Result<SocketAddr, Box<dyn Error>> {
    let limits = Limits {
        rate: rate.hz(),
        burst: options.burst.get(),
        outage_at: u32::try_from(options.calls / 2)?,
    };
    let (sender, started) = mpsc::channel::<io::Result<SocketAddr>>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            // The main thread waits for it.
            drop(sender.send(server::start(limits).await));
            std::future::pending::<()>().await;
        });
    });
    Ok(started.recv()??)
}

/// Makes the calls from as many threads as asked for; each takes the next number until there is none left.
fn call_all(api: &Api, options: &Options) -> Vec<Worker> {
    let next = AtomicU64::new(1);
    let work = || {
        let begun = Instant::now();
        let mut worker = Worker::default();
        loop {
            let id = next.fetch_add(1, Ordering::Relaxed);
            if id > options.calls {
                worker.took = begun.elapsed();
                return worker;
            }
            let answer = if options.plain {
                client::plain_user(api, id)
            } else {
                client::user(api, id)
            };
            worker.add(id, &answer);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads.get())
            .map(|_| scope.spawn(work))
            .collect();
        let ended = threads.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .map(|worker| worker.expect("no call panics"))
            .collect()
    })
}
