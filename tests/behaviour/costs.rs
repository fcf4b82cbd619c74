//! Costs of calls: what each attempt takes from the limit, before it is sent.

use core::time::Duration;
use std::io;

use paced::Backoff;
use paced::CallError;
use paced::CallOptions;
use paced::Failure;
use paced::Jitter;
use paced::Limiter;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::poll_once;
use crate::support::since;

pub(crate) const PLAIN: Backoff = Backoff::new()
    .base(Duration::from_secs(2))
    .jitter(Jitter::None);

/// Options of a call that takes so many requests.
pub(crate) const fn costing(cost: u64) -> CallOptions {
    CallOptions::new().cost(cost).backoff(PLAIN)
}

pub(crate) async fn fine() -> io::Result<()> {
    Ok(())
}

pub(crate) fn refusal<T: core::fmt::Debug, E: core::fmt::Debug>(
    out: Result<T, CallError<E>>,
) -> paced::Error {
    match out {
        Err(CallError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn available(limiter: &Limiter) -> u64 {
    limiter.snapshot().available
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_its_cost_and_waits_for_all_of_it() {
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    limiter.call_with(costing(7), fine).await.unwrap();
    assert_eq!((available(&limiter), since(start)), (3, 0));
    limiter.call_with(costing(5), fine).await.unwrap();
    assert_eq!((available(&limiter), since(start)), (0, 200));
    limiter.call(fine).await.unwrap();
    assert_eq!((available(&limiter), since(start)), (0, 300));
}

#[tokio::test(start_paused = true)]
async fn calls_with_costs_are_served_in_the_order_in_which_they_came() {
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    limiter.acquire_many(10).await.unwrap();
    let at = Log::new();
    let call = async |cost| {
        limiter.call_with(costing(cost), fine).await.unwrap();
        at.add((cost, since(start)));
    };
    tokio::join!(call(8), call(1), call(3));
    assert_eq!(at.entries(), [(8, 800), (1, 900), (3, 1200)]);
}

#[tokio::test(start_paused = true)]
async fn a_cost_of_nothing_takes_nothing() {
    let limiter = limiter(10.0, 10);
    limiter.call_with(costing(0), fine).await.unwrap();
    assert_eq!(available(&limiter), 10);
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_the_capacity_is_refused_at_once() {
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    for cost in [11, u64::from(u32::MAX) + 2, u64::MAX] {
        let error = refusal(limiter.call_with(costing(cost), fine).await);
        assert!(error.is_insufficient_capacity(), "{error}");
        let least = cost.min(u64::from(u32::MAX)).to_string();
        assert!(error.to_string().contains(&least), "{error}");
    }
    assert_eq!((available(&limiter), since(start)), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn a_cost_in_an_unknown_unit_is_a_conflict() {
    let limiter = limiter(10.0, 10);
    let options = CallOptions::new().costs(&[("requests", 2), ("requsts", 2)]);
    let error = refusal(limiter.call_with(options, fine).await);
    assert!(error.is_conflict(), "{error}");
    let text = error.to_string();
    for part in ["costs.rs:", "requsts", "requests"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(available(&limiter), 10);
}

#[tokio::test(start_paused = true)]
async fn more_costs_than_limits_are_a_conflict() {
    let limiter = limiter(10.0, 10);
    let options = CallOptions::new().costs(&[("requests", 2); 9]);
    let error = refusal(limiter.call_with(options, fine).await);
    assert!(error.is_conflict(), "{error}");
    let last = CallOptions::new().costs(&[("requests", 2); 7]).cost(3);
    limiter.call_with(last, fine).await.unwrap();
    assert_eq!(available(&limiter), 7);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_pays_again() {
    let limiter = limiter(10.0, 20);
    let server = Server::failing([ApiError::of(Failure::Timeout); 2]);
    let options = costing(6).idempotent();
    let start = Instant::now();
    limiter
        .call_with(options, || async { server.answer() })
        .await
        .unwrap();
    assert_eq!(server.calls(), [0, 2000, 6000]);
    // The bucket was full at 2 s and at 6 s.
    assert_eq!((available(&limiter), since(start)), (14, 6000));
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_for_its_whole_cost() {
    let limiter = limiter(1.0, 10);
    let server = Server::failing([ApiError::of(Failure::Timeout)]);
    let options = costing(8).idempotent();
    limiter
        .call_with(options, || async { server.answer() })
        .await
        .unwrap();
    assert_eq!(server.calls(), [0, 6000], "two tokens were left");
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_would_wait_too_long_for_its_cost_is_not_made() {
    let limiter = limiter(1.0, 10);
    let server = Server::failing([ApiError::of(Failure::Timeout)]);
    let options = costing(8).idempotent().deadline(Duration::from_secs(5));
    let start = Instant::now();
    let out = limiter
        .call_with(options, || async { server.answer() })
        .await;
    assert!(matches!(out, Err(CallError::Failed(_))), "{out:?}");
    assert_eq!((server.calls(), since(start)), (vec![0], 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_takes_nothing() {
    let limiter = limiter(10.0, 10);
    limiter.acquire_many(8).await.unwrap();
    let mut waits = Box::pin(limiter.call_with(costing(5), fine));
    assert!(poll_once(&mut waits).is_pending());
    drop(waits);
    assert_eq!(available(&limiter), 2);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_no_attempt_has_used_gives_everything_back() {
    let limiter = limiter(10.0, 10);
    limiter.acquire_many(8).await.unwrap();
    let mut waits = Box::pin(limiter.call_with(costing(5), fine));
    assert!(poll_once(&mut waits).is_pending());
    // Its permit is granted after 300 ms, and picked up by nobody.
    tokio::time::sleep(Duration::from_millis(301)).await;
    drop(waits);
    assert_eq!(available(&limiter), 5);
}
