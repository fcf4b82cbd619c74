//! How fast limiters are that share a limit in Redis, and whether they keep to it.
//!
//! ```text
//! cargo run --release -p bench --bin shared_redis
//! cargo run --release -p bench --bin shared_redis -- redis://host    on this server
//! ```
//!
//! Without a URL it starts a `redis-server` of its own.
#![forbid(unsafe_code)]

mod counted;
mod crowd;
mod many;
mod redis;

use std::error::Error;
use std::time::Duration;

use bench::machine::machine;
use bench::table::Table;

use crate::many::Run;
use crate::redis::Redis;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = &arguments[..]
        && first == "process"
    {
        return crowd::be_one(rest);
    }
    let (url, _server) = if let Some(url) = arguments.into_iter().next() {
        (url, None)
    } else {
        let server = Redis::start()?;
        (server.url(), Some(server))
    };
    println!("{}\n", machine());
    println!("{}", throughput(&url)?);
    println!("{}", paced(&url)?);
    println!("{}", crowd::table(&url)?);
    Ok(())
}

/// Out of a bucket that is never empty: the way is what limits.
fn throughput(url: &str) -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new(
        "As fast as it goes",
        "Acquisitions from a bucket that is never empty, by one thread; beside one request to the store for \
         each, on the same connection.",
        HEAD,
    );
    for callers in [1, 16, 256] {
        table.push(many::one_request_each(url, callers)?.row());
        // Twenty million tokens at once.
        table.push(many::limiter(url, callers, 100_000, 20_000_000)?.row());
    }
    Ok(table)
}

/// Out of a bucket that is empty most of the time: the limit is what limits.
fn paced(url: &str) -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new(
        "At the limit's pace",
        "The same with a bucket that is too small for the callers. `over` is what was granted beyond \
         burst + rate * time.",
        HEAD,
    );
    for (callers, rate, burst) in [
        (16, 1_000, 10),
        (256, 1_000, 10),
        (256, 20_000, 100),
        (256, 100_000, 1_000),
    ] {
        table.push(many::limiter(url, callers, rate, burst)?.row());
    }
    Ok(table)
}

const HEAD: [&str; 9] = [
    "what",
    "callers",
    "rate, burst",
    "acquisitions/s",
    "p50",
    "p99",
    "requests/s",
    "of the limit",
    "over",
];

impl Run {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of a few seconds are far below 2^53"
    )]
    fn row(&self) -> [String; 9] {
        let seconds = self.took.as_secs_f64();
        let limit = self.limit.map(|(rate, burst)| {
            let allowed = f64::from(burst) + f64::from(rate) * seconds;
            (
                self.latencies.len() as f64 / allowed,
                self.latencies.len() as f64 - allowed,
            )
        });
        [
            self.what.to_owned(),
            self.callers.to_string(),
            self.limit
                .map_or_else(String::new, |(rate, burst)| format!("{rate}/s, {burst}")),
            format!("{:.0}", self.latencies.len() as f64 / seconds),
            micros(self.percentile(50)),
            micros(self.percentile(99)),
            format!("{:.0}", self.requests as f64 / seconds),
            limit.map_or_else(String::new, |(share, _)| format!("{:.1} %", share * 100.0)),
            limit.map_or_else(String::new, |(_, over)| format!("{over:.0}")),
        ]
    }
}

fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}
