//! Many calls that are told all sorts of things and dropped at any time: no waiter is forgotten.

use core::time::Duration;

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::Failed;
use crate::support::limiter;
use crate::support::secs;

use super::Answer;

#[rate_limited(limiter = limiter, max_retries = 2)]
async fn one(limiter: &Limiter, answer: &Answer) -> Result<Response<String>, Failed> {
    Ok(answer.give().await)
}

#[rate_limited(limiter = limiter, max_retries = 2, max_wait = "10s")]
async fn other(limiter: &Limiter, answer: &Answer) -> Result<Response<String>, Failed> {
    Ok(answer.give().await)
}

fn answer(rng: &mut StdRng) -> Answer {
    let resource = format!("r{}", rng.random_range(0..10));
    let left = *[0, 1, 5, 90].get(rng.random_range(0..4)).unwrap_or(&0);
    let answer = match rng.random_range(0..4) {
        0 => Answer::SILENT,
        1 => Answer::level(&resource, 100, left),
        _ => Answer::told(&resource, 100, left, rng.random_range(1..4)),
    };
    let answer = match rng.random_range(0..10) {
        0 => answer.status(403),
        1 => answer.status(429).with("retry-after", "1"),
        _ => answer,
    };
    answer.late(rng.random_range(0..50))
}

async fn crowd(seed: u64, calls: u32, longest: Duration) {
    let mut rng = StdRng::seed_from_u64(seed);
    let limiter = limiter(500.0, 10);
    let mut running = JoinSet::new();
    for _ in 0..calls {
        let (limiter, answer) = (limiter.clone(), answer(&mut rng));
        let patience = longest.mul_f64(rng.random());
        let first = rng.random();
        running.spawn(async move {
            // Dropped wherever it is then.
            let _ = if first {
                timeout(patience, one(&limiter, &answer)).await
            } else {
                timeout(patience, other(&limiter, &answer)).await
            };
        });
        if rng.random_range(0..20) == 0 {
            tokio::time::sleep(longest / 100).await;
        }
    }
    running.join_all().await;
    assert_eq!(limiter.snapshot().waiting, 0);
    let silent = Answer::SILENT;
    let last = one(&limiter, &silent);
    timeout(secs(30), last)
        .await
        .expect("no waiter is ahead")
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_dropped_at_any_time_leave_nothing_behind() {
    for seed in 0..20 {
        crowd(seed, 400, secs(6)).await;
    }
}
