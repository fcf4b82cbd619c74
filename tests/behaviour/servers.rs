//! Servers that enforce 30 per second in three ways, on the paused clock: 200 calls, 32 at a time.

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use test_support::kinds::Kind;
use test_support::limit::Limit;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::limiter;
use crate::support::since;

/// Behaviour of a server beside counting.
#[derive(Clone, Copy, Debug)]
struct Manner {
    kind: Kind,
    headers: bool,
    counts_refused: bool,
}

#[derive(Debug)]
struct Server {
    headers: bool,
    start: Instant,
    /// The ways are not equally long.
    way: AtomicU32,
    limit: Mutex<Limit>,
}

impl Server {
    fn new(manner: Manner, way: u32) -> Self {
        let limit = Limit::new(manner.kind.rule(), manner.counts_refused);
        Self {
            headers: manner.headers,
            start: Instant::now(),
            way: AtomicU32::new(way),
            limit: Mutex::new(limit),
        }
    }

    async fn request(&self) -> Response<()> {
        let way = self.way.fetch_add(7, Ordering::Relaxed) % 10;
        sleep(Duration::from_micros(u64::from(way) * 700)).await;
        let answer = self.limit.lock().unwrap().ask(self.start.elapsed());
        sleep(Duration::from_micros(u64::from(way) * 500)).await;
        let mut response = Response::new(());
        *response.status_mut() = answer.status();
        if self.headers {
            *response.headers_mut() = answer.headers();
        }
        response
    }
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
    let server = Arc::new(Server::new(manner, way));
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
        refused: server.limit.lock().unwrap().refused(),
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
