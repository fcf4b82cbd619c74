//! Strict windows against servers that count by sliding windows, fixed windows and buckets, where requests take times to
//! arrive that vary a lot.

use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use http::Response;
use http::StatusCode;
use paced::Limiter;
use paced::Quota;
use paced::Rate;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::callers::batch;
use crate::support::ms;
use crate::support::secs;

/// Calls of each case. All cases together make 100,000.
const CALLS: u32 = 5_600;

const WORKERS: u32 = 40;

/// How a server counts.
#[derive(Clone, Copy, Debug)]
enum Counting {
    Sliding,
    Fixed,
    Bucket,
}

/// Times that requests, and responses, are on their way: log-normal.
#[derive(Clone, Copy, Debug)]
struct OneWay {
    median: Duration,
    sigma: f64,
}

/// Numbers without a pattern that are the same in each run.
#[derive(Debug)]
struct Numbers(u64);

impl Numbers {
    /// Returns a number above 0, at most 1.
    fn share(&mut self) -> f64 {
        let seed = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = seed.wrapping_add(1_442_695_040_888_963_407);
        let bits = u32::try_from(self.0 >> 33).expect("31 bits");
        1.0 - f64::from(bits) / f64::from(1_u32 << 31)
    }

    fn way(&mut self, way: OneWay) -> Duration {
        let radius = (-2.0 * self.share().ln()).sqrt();
        let normal = radius * (core::f64::consts::TAU * self.share()).cos();
        way.median.mul_f64((way.sigma * normal).exp())
    }
}

/// A server that allows `limit` in each `period`.
#[derive(Debug)]
struct Server {
    counting: Counting,
    limit: u32,
    period: Duration,
    way: OneWay,
    counted: Mutex<Counted>,
}

#[derive(Debug)]
struct Counted {
    numbers: Numbers,
    /// Arrivals that count.
    arrivals: VecDeque<Instant>,
    start: Instant,
    /// Instant at which a bucket is full.
    full_at: Instant,
    requests: u32,
    refused: u32,
    /// Ways there, the longest of them, and the longest round trip.
    long_ways: u32,
    longest_way: Duration,
    longest: Duration,
}

impl Server {
    fn new(counting: Counting, (limit, period): (u32, Duration), way: OneWay, seed: u64) -> Self {
        let now = Instant::now();
        let counted = Counted {
            numbers: Numbers(seed),
            arrivals: VecDeque::new(),
            start: now,
            full_at: now,
            requests: 0,
            refused: 0,
            long_ways: 0,
            longest_way: Duration::ZERO,
            longest: Duration::ZERO,
        };
        Self {
            counting,
            limit,
            period,
            way,
            counted: Mutex::new(counted),
        }
    }

    async fn request(&self) -> Response<()> {
        let (there, back) = self.ways();
        sleep(there).await;
        let passes = self.passes(Instant::now());
        sleep(back).await;
        let mut response = Response::new(());
        if !passes {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        response
    }

    /// Returns the time there and the time back of a request.
    fn ways(&self) -> (Duration, Duration) {
        let mut counted = self.counted.lock().unwrap();
        let (there, back) = (counted.numbers.way(self.way), counted.numbers.way(self.way));
        counted.long_ways += u32::from(there > longest_way(self.period));
        counted.longest_way = counted.longest_way.max(there);
        counted.longest = counted.longest.max(there + back);
        (there, back)
    }

    fn passes(&self, now: Instant) -> bool {
        let mut counted = self.counted.lock().unwrap();
        counted.requests += 1;
        let passes = match self.counting {
            Counting::Sliding => counted.slides(self.period) < self.limit as usize,
            Counting::Fixed => counted.of_window(self.period, now) < self.limit as usize,
            Counting::Bucket => {
                let interval = self.period / self.limit;
                let full_at = counted.full_at.max(now) + interval;
                let passes = full_at <= now + interval * self.limit;
                counted.full_at = if passes { full_at } else { counted.full_at };
                passes
            }
        };
        if passes {
            counted.arrivals.push_back(now);
        } else {
            counted.refused += 1;
        }
        passes
    }
}

impl Counted {
    /// Counts the arrivals of the last period.
    fn slides(&mut self, period: Duration) -> usize {
        let now = Instant::now();
        while self.arrivals.front().is_some_and(|at| *at + period <= now) {
            self.arrivals.pop_front();
        }
        self.arrivals.len()
    }

    /// Counts the arrivals of the current window. Windows began long before the first call.
    fn of_window(&mut self, period: Duration, now: Instant) -> usize {
        let number = |at: Instant| {
            let since = at.duration_since(self.start) + period / 3;
            since.as_nanos() / period.as_nanos()
        };
        let current = number(now);
        let kept = self.arrivals.iter().filter(|at| number(**at) == current);
        let kept: VecDeque<Instant> = kept.copied().collect();
        self.arrivals = kept;
        self.arrivals.len()
    }
}

/// Returns the longest way that a limiter allows for.
fn longest_way(period: Duration) -> Duration {
    (period / 20).max(secs(1).min(period / 2))
}

#[rate_limited(limiter = limiter, backoff(jitter = "none"), max_retries = 20)]
async fn request(limiter: &Limiter, server: &Server) -> Result<Response<()>, io::Error> {
    Ok(server.request().await)
}

#[derive(Debug)]
struct Figures {
    refused: u32,
    /// Ways there that were longer than is allowed for.
    long_ways: u32,
    failed: u32,
    /// The rate, as a part of the server's.
    rate: f64,
    /// The same for a period that is longer by the longest round trip.
    possible: f64,
}

/// Makes calls as fast as the limiter lets them through.
async fn scenario(
    counting: Counting,
    limit: (u32, Duration),
    burst: Option<u32>,
    way: OneWay,
    calls: u32,
) -> Figures {
    let (count, period) = limit;
    let rate = Rate::new(f64::from(count), period).expect("a rate");
    let quota = Quota::strict(rate);
    let quota = burst.map_or(quota, |burst| {
        quota.with_burst(burst.try_into().expect("a burst above 0"))
    });
    let limiter = Limiter::new(quota);
    let server = Arc::new(Server::new(counting, limit, way, 7));
    let asked = Arc::clone(&server);
    let batch = batch(WORKERS, calls, move || {
        let (limiter, server) = (limiter.clone(), Arc::clone(&asked));
        async move {
            let response = request(&limiter, &server).await;
            response.is_ok_and(|response| response.status().is_success())
        }
    });
    let batch = batch.await;
    let counted = server.counted.lock().unwrap();
    // The first window is free at once.
    let after_first = f64::from(calls.saturating_sub(count));
    let periods = batch.wall.as_secs_f64() / period.as_secs_f64();
    let longest = counted.longest.min(longest_way(period));
    let figures = Figures {
        refused: counted.refused,
        long_ways: counted.long_ways,
        failed: batch.failed,
        rate: after_first / f64::from(count) / periods,
        possible: 1.0 / (1.0 + longest.as_secs_f64() / period.as_secs_f64()),
    };
    println!("{count} in {period:?}, burst {burst:?}, {counting:?}, {way:?}: {figures:?}");
    figures
}

const COUNTINGS: [Counting; 3] = [Counting::Sliding, Counting::Fixed, Counting::Bucket];

/// Limits, each with a burst for the form without memory.
const LIMITS: [(u32, Duration, u32); 3] = [(60, secs(60), 1), (10, secs(1), 2), (100, secs(10), 4)];

#[tokio::test(start_paused = true)]
async fn nothing_is_refused_while_ways_differ_by_less_than_the_guard() {
    let mut calls = 0;
    for (count, period, burst) in LIMITS {
        let way = OneWay {
            median: ms(30),
            sigma: 0.5,
        };
        for counting in COUNTINGS {
            for burst in [None, Some(burst)] {
                let figures = scenario(counting, (count, period), burst, way, CALLS).await;
                assert_eq!((figures.refused, figures.long_ways), (0, 0), "{figures:?}");
                assert_eq!(figures.failed, 0);
                // A burst takes its part of the window.
                let part = 1.0 - f64::from(burst.unwrap_or(0)) / f64::from(count);
                let least = 0.95 * part * figures.possible;
                assert!(figures.rate >= least, "{} of {least}", figures.rate);
                calls += CALLS;
            }
        }
    }
    assert!(calls >= 100_000, "{calls}");
}

#[tokio::test(start_paused = true)]
async fn at_most_one_is_refused_for_each_way_that_is_longer_than_is_allowed_for() {
    let way = OneWay {
        median: ms(60),
        sigma: 1.0,
    };
    for counting in COUNTINGS {
        for burst in [None, Some(2)] {
            let figures = scenario(counting, (10, secs(1)), burst, way, 2_000).await;
            assert!(figures.long_ways > 0, "{figures:?}");
            assert!(figures.refused <= figures.long_ways, "{figures:?}");
            assert_eq!(figures.failed, 0);
        }
    }
}
