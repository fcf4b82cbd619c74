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

/// Requests per second that the server lets through.
const RATE: f64 = 80.0;

/// Requests that it lets through beside the first before it refuses.
const BURST: f64 = 5.0;

/// Most milliseconds for 250 calls declared at 400/s. 3.05 s are possible.
const MOST_MILLIS: u128 = 6_400;

/// Most refusals of these.
const MOST_REFUSALS: u32 = 5;

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

/// Answers after 10 ms.
#[derive(Debug)]
struct LimitReq {
    status: u16,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    /// Requests above the rate, and the instant as of which they are counted.
    excess: Option<(f64, Instant)>,
    refused: u32,
}

impl Counted {
    /// Counts a request, and returns whether it passes; what is refused does not count.
    fn passes(&mut self, now: Instant) -> bool {
        let excess = self.excess.map_or(0.0, |(excess, at)| {
            let elapsed = now.duration_since(at).as_secs_f64();
            (excess - elapsed * RATE + 1.0).max(0.0)
        });
        if excess > BURST {
            self.refused += 1;
            return false;
        }
        self.excess = Some((excess, now));
        true
    }
}

impl LimitReq {
    async fn request(&self) -> Result<(), Refusal> {
        let passes = self.counted.lock().unwrap().passes(Instant::now());
        sleep(ms(10)).await;
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
async fn scenario(status: u16, declared: f64, calls: u32) -> Figures {
    let limiter = limiter(declared, 5);
    let server = Arc::new(LimitReq {
        status,
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
    println!("overload: bare {status}, declared {declared}/s for 80/s, {calls} calls: {figures}");
    figures
}

#[tokio::test(start_paused = true)]
async fn a_rate_declared_five_times_too_high_is_found_with_few_refusals() {
    let mut above = Vec::new();
    for status in [429, 503] {
        for _ in 0..RUNS {
            let figures = scenario(status, 400.0, 250).await;
            let quick = figures.wall.as_millis() <= MOST_MILLIS;
            if !quick || figures.refusals > MOST_REFUSALS {
                above.push((status, figures.to_string()));
            }
        }
    }
    assert_eq!(above, []);
}

/// Rates below the server's, a little above it and far above it.
const DECLARED: [f64; 6] = [72.0, 100.0, 200.0, 400.0, 800.0, 8_000.0];

#[tokio::test(start_paused = true)]
async fn figures_of_short_overloads() {
    for status in [429, 503] {
        for declared in DECLARED {
            scenario(status, declared, 250).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn figures_of_long_overloads_with_429() {
    for declared in DECLARED {
        scenario(429, declared, 8_000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn figures_of_long_overloads_with_503() {
    for declared in DECLARED {
        scenario(503, declared, 8_000).await;
    }
}
