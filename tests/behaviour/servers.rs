//! Servers that enforce 30 per second in three ways, on the paused clock: 200 calls, 32 at a time.

use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use http::Response;
use http::StatusCode;
use paced::Limiter;
use paced::rate_limited;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::limiter;
use crate::support::secs;
use crate::support::since;

const WINDOW: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// 30 at once, and one each 1/30 s.
    Gcra,
    /// 60 in each two seconds, counted from the first request.
    Fixed,
    /// 60 in any two seconds.
    Moving,
}

/// Behaviour of a server beside counting.
#[derive(Clone, Copy, Debug)]
struct Manner {
    kind: Kind,
    headers: bool,
    counts_refused: bool,
}

#[derive(Debug)]
struct Server {
    manner: Manner,
    /// The ways are not equally long.
    way: AtomicU32,
    counted: Mutex<Counted>,
    refused: AtomicU32,
}

#[derive(Debug, Default)]
struct Counted {
    at: VecDeque<Instant>,
    /// When GCRA's bucket is full, or the fixed window ends.
    until: Option<Instant>,
}

/// Whether a request is let through, how many more would be, the time to the reset, and to the next.
type Count = (bool, usize, Duration, Duration);

impl Counted {
    fn ask(&mut self, manner: Manner, now: Instant) -> Count {
        match manner.kind {
            Kind::Gcra => self.bucket(manner, now),
            Kind::Fixed => {
                if self.until.is_none_or(|until| until <= now) {
                    self.until = Some(now + WINDOW);
                    self.at.clear();
                }
                let ends = self.until.map_or(WINDOW, |until| until - now);
                let passes = self.count(manner, now);
                (passes, 60_usize.saturating_sub(self.at.len()), ends, ends)
            }
            Kind::Moving => {
                while self.at.front().is_some_and(|at| *at + WINDOW <= now) {
                    self.at.pop_front();
                }
                let passes = self.count(manner, now);
                let leaves =
                    |index: usize| self.at.get(index).map_or(WINDOW, |at| *at + WINDOW - now);
                let over = self.at.len().saturating_sub(60);
                (
                    passes,
                    60_usize.saturating_sub(self.at.len()),
                    leaves(0),
                    leaves(over),
                )
            }
        }
    }

    fn count(&mut self, manner: Manner, now: Instant) -> bool {
        let passes = self.at.len() < 60;
        if passes || manner.counts_refused {
            self.at.push_back(now);
        }
        passes
    }

    fn bucket(&mut self, manner: Manner, now: Instant) -> Count {
        let (token, capacity) = (secs(1) / 30, secs(1));
        let full = self.until.map_or(now, |full| full.max(now));
        let missing = (full + token - now).saturating_sub(capacity);
        let full = match missing.is_zero() {
            true => full + token,
            false if manner.counts_refused => (full + token).min(now + capacity),
            false => full,
        };
        self.until = Some(full);
        let left = capacity.saturating_sub(full - now).as_nanos() / token.as_nanos();
        (
            missing.is_zero(),
            usize::try_from(left).unwrap(),
            full - now,
            missing,
        )
    }
}

impl Server {
    async fn request(&self) -> Response<()> {
        let way = self.way.fetch_add(7, Ordering::Relaxed) % 10;
        sleep(Duration::from_micros(u64::from(way) * 700)).await;
        let counted = self
            .counted
            .lock()
            .unwrap()
            .ask(self.manner, Instant::now());
        sleep(Duration::from_micros(u64::from(way) * 500)).await;
        let (passes, remaining, reset, wait) = counted;
        let mut response = Response::new(());
        if !passes {
            self.refused.fetch_add(1, Ordering::Relaxed);
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        if self.manner.headers {
            let limit = if self.manner.kind == Kind::Gcra {
                30
            } else {
                60
            };
            let mut add = |name, value: u64| response.headers_mut().insert(name, value.into());
            add("x-ratelimit-limit", limit);
            add("x-ratelimit-remaining", remaining as u64);
            add("x-ratelimit-reset", whole(reset));
            if !passes {
                add("retry-after", whole(wait));
            }
        }
        response
    }
}

fn whole(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// Without jitter, so that each run is like the last.
#[rate_limited(limiter = limiter, backoff(jitter = "none"))]
async fn call(limiter: &Limiter, server: &Server) -> Result<Response<()>, io::Error> {
    Ok(server.request().await)
}

#[derive(Debug)]
struct Outcome {
    millis: u64,
    refused: u32,
    failed: usize,
}

async fn run(manner: Manner, (hz, burst): (f64, u32), way: u32) -> Outcome {
    let (limiter, start) = (limiter(hz, burst), Instant::now());
    let server = Arc::new(Server {
        manner,
        way: AtomicU32::new(way),
        counted: Mutex::default(),
        refused: AtomicU32::new(0),
    });
    let (next, failed) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..32 {
        let (limiter, server) = (limiter.clone(), Arc::clone(&server));
        let (next, failed) = (Arc::clone(&next), Arc::clone(&failed));
        workers.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < 200 {
                let response = call(&limiter, &server).await.unwrap();
                *failed.lock().unwrap() += usize::from(!response.status().is_success());
            }
        });
    }
    while workers.join_next().await.is_some() {}
    let failed = *failed.lock().unwrap();
    Outcome {
        millis: since(start),
        refused: server.refused.load(Ordering::Relaxed),
        failed,
    }
}

/// Runs with ways of different lengths; at most `millis` long, with at most `refused` refusals, and
/// no call failed.
async fn holds(manner: Manner, declared: (f64, u32), (millis, refused): (u64, u32)) {
    let mut outcomes = Vec::new();
    for way in [0, 1, 2, 6] {
        outcomes.push(run(manner, declared, way).await);
    }
    let worst = outcomes.iter().map(|outcome| outcome.millis).max();
    let most = outcomes.iter().map(|outcome| outcome.refused).max();
    println!("{manner:?}, declared {declared:?}: {worst:?} ms, {most:?} refused at most");
    assert!(outcomes.iter().all(|outcome| outcome.failed == 0));
    assert!(worst <= Some(millis), "{manner:?}: {outcomes:?}");
    assert!(most <= Some(refused), "{manner:?}: {most:?} refused");
}

const fn manner(kind: Kind, headers: bool) -> Manner {
    Manner {
        kind,
        headers,
        counts_refused: false,
    }
}

/// The shortest time is (200 - 30) / 30 s.
#[tokio::test(start_paused = true)]
async fn a_bucket_that_was_declared_right() {
    for headers in [true, false] {
        holds(
            manner(Kind::Gcra, headers),
            (30.0, 30),
            (5667 * 105 / 100, 0),
        )
        .await;
    }
}

/// 59 in 2 s one by one are as many as a window may be asked for: 60 may fall into it. They take
/// 199 / 29.5 s.
#[tokio::test(start_paused = true)]
async fn a_window_that_was_declared_right() {
    for kind in [Kind::Fixed, Kind::Moving] {
        for headers in [true, false] {
            holds(manner(kind, headers), (29.5, 1), (6746 * 105 / 100, 0)).await;
        }
    }
}

/// Three windows have to pass before the last calls: 6 s; GCRA's shortest time is 5.67 s.
const fn shortest(kind: Kind) -> u64 {
    match kind {
        Kind::Gcra => 5667,
        Kind::Fixed | Kind::Moving => 6000,
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_was_declared_five_times_too_high_with_headers() {
    for kind in [Kind::Gcra, Kind::Fixed, Kind::Moving] {
        let most = (shortest(kind) * 104 / 100, 31);
        holds(manner(kind, true), (150.0, 150), most).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_was_declared_five_times_too_high_without_headers() {
    for kind in [Kind::Gcra, Kind::Fixed, Kind::Moving] {
        let most = (shortest(kind) * 115 / 100, 31);
        holds(manner(kind, false), (150.0, 150), most).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_counts_what_it_refuses() {
    for kind in [Kind::Gcra, Kind::Fixed, Kind::Moving] {
        for headers in [true, false] {
            let manner = Manner {
                counts_refused: true,
                ..manner(kind, headers)
            };
            holds(manner, (150.0, 150), (shortest(kind) * 115 / 100, 31)).await;
        }
    }
}
