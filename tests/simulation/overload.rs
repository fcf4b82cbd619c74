//! A rate declared too high for a server that counts as nginx's `limit_req` does, and says nothing.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::callers::batch;
use crate::errors::Refusal;
use crate::support::limiter;
use crate::support::ms;
use crate::support::since;

/// Requests per second that the server lets through.
const RATE: i64 = 80;

/// Requests that it lets through beside the first before it refuses.
const BURST: i64 = 5;

/// Most milliseconds for 250 calls declared at 400/s. 3.05 s are possible.
const MOST_MILLIS: u128 = 6_400;

/// Milliseconds after which the server answers, and the most refusals of these 250 calls: the slower it
/// answers, the more requests are under way once the first one is refused.
const MOST_REFUSALS: [(u64, u32); 2] = [(2, 5), (10, 8)];

/// Milliseconds after which the server answers where nothing else is said.
const WAY: u64 = 10;

/// Runs of a scenario whose backoffs have jitter.
const RUNS: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Figures {
    wall: Duration,
    refusals: u32,
    failed: u32,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wall, refusals, failed) = (self.wall.as_secs_f64(), self.refusals, self.failed);
        write!(f, "{wall:.2} s, {refusals} refusals, {failed} failed")
    }
}

#[derive(Debug)]
struct LimitReq {
    status: u16,
    /// Milliseconds after which it answers.
    way: u64,
    start: Instant,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    /// Thousandths of requests above the rate, and the millisecond as of which they are counted.
    excess: Option<(i64, i64)>,
    refused: u32,
}

impl Counted {
    /// Counts a request, and returns whether it passes; what is refused does not count. In whole numbers,
    /// as nginx does.
    fn passes(&mut self, now: i64) -> bool {
        let excess = self.excess.map_or(0, |(excess, at)| {
            (excess - RATE * (now - at) + 1_000).max(0)
        });
        if excess > BURST * 1_000 {
            self.refused += 1;
            return false;
        }
        self.excess = Some((excess, now));
        true
    }
}

impl LimitReq {
    async fn request(&self) -> Result<(), Refusal> {
        let now = i64::try_from(since(self.start)).unwrap();
        let passes = self.counted.lock().unwrap().passes(now);
        sleep(ms(self.way)).await;
        if passes {
            Ok(())
        } else {
            Err(Refusal::bare(self.status))
        }
    }
}

#[rate_limited(limiter = limiter)]
async fn request(limiter: &Limiter, server: &LimitReq) -> Result<(), Refusal> {
    server.request().await
}

/// 32 workers that share a number of calls.
async fn scenario((status, way): (u16, u64), declared: f64, calls: u32) -> Figures {
    let limiter = limiter(declared, 5);
    let server = Arc::new(LimitReq {
        status,
        way,
        start: Instant::now(),
        counted: Mutex::default(),
    });
    let asked = Arc::clone(&server);
    let batch = batch(32, calls, move || {
        let (limiter, server) = (limiter.clone(), Arc::clone(&asked));
        async move { request(&limiter, &server).await.is_ok() }
    });
    let batch = batch.await;
    let figures = Figures {
        wall: batch.wall,
        refusals: server.counted.lock().unwrap().refused,
        failed: batch.failed,
    };
    println!(
        "overload: bare {status} after {way} ms, declared {declared}/s for {RATE}/s, {calls} calls: {figures}"
    );
    figures
}

/// Runs that took too long or too many refusals.
async fn above(status: u16) -> Vec<String> {
    let mut above = Vec::new();
    for (way, most) in MOST_REFUSALS {
        for _ in 0..RUNS {
            let figures = scenario((status, way), 400.0, 250).await;
            let quick = figures.wall.as_millis() <= MOST_MILLIS;
            if !quick || figures.refusals > most || figures.failed > 0 {
                above.push(format!("{way} ms: {figures}"));
            }
        }
    }
    above
}

#[tokio::test(start_paused = true)]
async fn a_rate_declared_five_times_too_high_is_found_by_bare_429s() {
    assert_eq!(above(429).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_rate_declared_five_times_too_high_is_found_by_bare_503s() {
    assert_eq!(above(503).await, [""; 0]);
}

/// Rates below the server's, a little above it and far above it.
const DECLARED: [f64; 6] = [72.0, 100.0, 200.0, 400.0, 800.0, 8_000.0];

#[tokio::test(start_paused = true)]
async fn figures_of_short_overloads() {
    for status in [429, 503] {
        for declared in DECLARED {
            scenario((status, WAY), declared, 250).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn figures_of_long_overloads_with_bare_429s() {
    for declared in DECLARED {
        scenario((429, WAY), declared, 8_000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn figures_of_long_overloads_with_bare_503s() {
    for declared in DECLARED {
        scenario((503, WAY), declared, 8_000).await;
    }
}
