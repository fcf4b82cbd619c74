//! A server that refuses everything for a while once its limit was exceeded.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
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
use crate::support::secs;

/// Requests in any second before the server refuses.
const LIMIT: usize = 90;

/// How long it then refuses everything.
const PENALTY: Duration = secs(2);

const CALLS: u32 = 980;

/// Most of the time that 90/s would take.
const MOST: f64 = 1.3;

const MOST_REFUSALS: u32 = 30;

/// Runs of a scenario whose backoffs have jitter.
const RUNS: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Figures {
    wall: Duration,
    refusals: u32,
    failed: u32,
}

impl Figures {
    /// The share of the time that 90/s would take.
    fn share(&self) -> f64 {
        self.wall.as_secs_f64() * 90.0 / f64::from(CALLS)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wall, share) = (self.wall.as_secs_f64(), self.share());
        let Self {
            refusals, failed, ..
        } = self;
        write!(
            f,
            "{wall:.2} s, {share:.2} of what 90/s takes, {refusals} refusals, {failed} failed"
        )
    }
}

/// Answers after 10 ms.
#[derive(Debug)]
struct Server {
    refusal: Refusal,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    passed: VecDeque<Instant>,
    punished_until: Option<Instant>,
    refused: u32,
}

impl Counted {
    fn passes(&mut self, now: Instant) -> bool {
        while self.passed.front().is_some_and(|at| *at + secs(1) <= now) {
            self.passed.pop_front();
        }
        let punished = self.punished_until.is_some_and(|until| now < until);
        let passes = !punished && self.passed.len() < LIMIT;
        if passes {
            self.passed.push_back(now);
        } else {
            self.refused += 1;
        }
        if !passes && !punished {
            self.punished_until = Some(now + PENALTY);
        }
        passes
    }
}

impl Server {
    async fn request(&self) -> Result<(), Refusal> {
        let passes = self.counted.lock().unwrap().passes(Instant::now());
        sleep(ms(10)).await;
        if passes { Ok(()) } else { Err(self.refusal) }
    }
}

#[rate_limited(limiter = limiter)]
async fn request(limiter: &Limiter, server: &Server) -> Result<(), Refusal> {
    server.request().await
}

/// 32 workers that share 980 calls, declared at 100/s.
async fn scenario(refusal: Refusal, burst: u32) -> Figures {
    let limiter = limiter(100.0, burst);
    let server = Arc::new(Server {
        refusal,
        counted: Mutex::default(),
    });
    let asked = Arc::clone(&server);
    let batch = batch(32, CALLS, move || {
        let (limiter, server) = (limiter.clone(), Arc::clone(&asked));
        async move { request(&limiter, &server).await.is_ok() }
    });
    let batch = batch.await;
    let figures = Figures {
        wall: batch.wall,
        refusals: server.counted.lock().unwrap().refused,
        failed: batch.failed,
    };
    println!("penalty of 2 s: {refusal}, declared 100/s burst {burst} for 90/s: {figures}");
    figures
}

async fn above(refusal: Refusal) -> Vec<String> {
    let mut above = Vec::new();
    for burst in [1, 100] {
        for _ in 0..RUNS {
            let figures = scenario(refusal, burst).await;
            let quick = figures.share() <= MOST;
            if !quick || figures.refusals > MOST_REFUSALS || figures.failed > 0 {
                above.push(format!("burst {burst}: {figures}"));
            }
        }
    }
    above
}

#[tokio::test(start_paused = true)]
async fn a_penalty_that_is_told_does_not_count_into_the_rate_that_passes() {
    assert_eq!(above(Refusal::told(PENALTY)).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_penalty_that_is_not_told_does_not_count_into_the_rate_that_passes() {
    assert_eq!(above(Refusal::bare(429)).await, [""; 0]);
}
