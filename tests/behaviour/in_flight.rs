//! `max_concurrency`: a slot is held from the permit to the outcome, and by no call that waits.

use core::num::NonZeroU32;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use paced::CallError;
use paced::CallOptions;
use paced::Failure;
use paced::Limiter;
use paced::rate_limited;
use tokio::task::JoinHandle;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

/// A limiter with at most `max` calls in flight.
pub(crate) fn bounded(rate: f64, burst: u32, max: u32) -> Arc<Limiter> {
    let limiter = limiter(rate, burst);
    limiter.set_max_concurrency(NonZeroU32::new(max));
    Arc::new(limiter)
}

pub(crate) fn in_flight(limiter: &Limiter) -> u64 {
    limiter.snapshot().in_flight
}

/// Starts a call that takes this long, and logs the instant of its start.
pub(crate) fn spawn(
    limiter: &Arc<Limiter>,
    takes: Duration,
    log: &Log<u64>,
    start: Instant,
) -> JoinHandle<()> {
    let (limiter, log) = (Arc::clone(limiter), log.clone());
    tokio::spawn(async move {
        let call = limiter.call(|| async {
            log.add(since(start));
            sleep(takes).await;
            io::Result::Ok(())
        });
        call.await.unwrap();
    })
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_than_slots_are_in_flight() {
    let limiter = bounded(1000.0, 1000, 2);
    let (log, start) = (Log::new(), Instant::now());
    let calls: Vec<_> = (0..5)
        .map(|_| spawn(&limiter, secs(1), &log, start))
        .collect();
    yield_now().await;
    assert_eq!((in_flight(&limiter), limiter.snapshot().waiting), (2, 3));
    assert_eq!(limiter.snapshot().max_concurrency, NonZeroU32::new(2));
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(log.entries(), [0, 0, 1000, 1000, 2000]);
    assert_eq!(since(start), 3000);
    assert_eq!(in_flight(&limiter), 0);
    assert_eq!(limiter.snapshot().waits.queue, secs(4));
}

#[rate_limited(
    rate = 1000,
    burst = 1000,
    max_concurrency = 1,
    limiter = "one_at_a_time"
)]
async fn one_at_a_time() -> io::Result<()> {
    sleep(secs(1)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_slot_makes_calls_go_one_by_one() {
    let start = Instant::now();
    let calls: Vec<_> = (0..4).map(|_| tokio::spawn(one_at_a_time())).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(since(start), 4000);
    let snapshot = paced::limiter("one_at_a_time").snapshot();
    assert_eq!(snapshot.max_concurrency, NonZeroU32::new(1));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_slot_takes_no_token() {
    let limiter = bounded(1.0, 3, 1);
    let permit = limiter.acquire().await.unwrap();
    sleep(secs(5)).await;
    let mut waiting = Box::pin(limiter.acquire());
    assert!(poll_once(&mut waiting).is_pending());
    sleep(secs(5)).await;
    drop(waiting);
    assert_eq!(limiter.snapshot().available, 3);
    drop(permit);
    assert_eq!(in_flight(&limiter), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_token_holds_no_slot() {
    let limiter = bounded(1.0, 1, 1);
    drop(limiter.acquire().await.unwrap());
    let start = Instant::now();
    let mut waiting = Box::pin(limiter.acquire());
    assert!(poll_once(&mut waiting).is_pending());
    assert_eq!(in_flight(&limiter), 0);
    let permit = waiting.await.unwrap();
    assert_eq!((since(start), in_flight(&limiter)), (1000, 1));
    drop(permit);
}

#[tokio::test(start_paused = true)]
async fn a_backoff_holds_no_slot() {
    let limiter = bounded(1000.0, 1000, 1);
    let (log, start) = (Log::new(), Instant::now());
    let options = CallOptions::new().backoff(paced::Backoff::new().jitter(paced::Jitter::None));
    let failing = {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move {
            let call = limiter.call_with(options, || async {
                sleep(ms(100)).await;
                match paced::attempt().number() {
                    1 => Err(ApiError::of(Failure::Connect)),
                    _ => Ok(()),
                }
            });
            call.await.unwrap();
        })
    };
    yield_now().await;
    assert_eq!(in_flight(&limiter), 1);
    let other = spawn(&limiter, ms(300), &log, start);
    sleep(ms(150)).await;
    assert_eq!(
        in_flight(&limiter),
        1,
        "the other one, in the backoff of the first"
    );
    other.await.unwrap();
    assert_eq!(log.entries(), [100]);
    assert_eq!(in_flight(&limiter), 0);
    failing.await.unwrap();
    assert_eq!(since(start), 1200);
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_holds_no_slot() {
    let limiter = bounded(1000.0, 1000, 1);
    let start = Instant::now();
    let failing = {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move {
            let call = limiter.call(|| async {
                match paced::attempt().number() {
                    1 => Err(ApiError {
                        retry_after: Some(secs(10)),
                        ..ApiError::status(429)
                    }),
                    _ => Ok(()),
                }
            });
            call.await.unwrap();
        })
    };
    sleep(secs(1)).await;
    assert_eq!(
        (in_flight(&limiter), limiter.snapshot().cooldown),
        (0, Some(secs(9)))
    );
    failing.await.unwrap();
    assert_eq!((since(start), in_flight(&limiter)), (10_000, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_gives_its_slot_to_the_next() {
    let limiter = bounded(1000.0, 1000, 1);
    let (log, start) = (Log::new(), Instant::now());
    let first = spawn(&limiter, secs(100), &log, start);
    yield_now().await;
    let next = spawn(&limiter, secs(1), &log, start);
    sleep(secs(1)).await;
    first.abort();
    next.await.unwrap();
    assert_eq!(log.entries(), [0, 1000]);
    assert_eq!(in_flight(&limiter), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_releases_its_slot() {
    let limiter = bounded(1000.0, 1000, 1);
    let handle = Arc::clone(&limiter);
    let panics = tokio::spawn(async move {
        let call = handle.call(|| async {
            assert_ne!(paced::attempt().number(), 1, "on purpose");
            io::Result::Ok(())
        });
        call.await.unwrap();
    });
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(in_flight(&limiter), 0);
    limiter.try_acquire().unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_order() {
    let limiter = bounded(1000.0, 1000, 1);
    let order = Log::new();
    let permit = limiter.acquire().await.unwrap();
    let mut calls = Vec::new();
    for number in 0..20 {
        let (limiter, order) = (Arc::clone(&limiter), order.clone());
        calls.push(tokio::spawn(async move {
            let permit = limiter.acquire_many(1 + number % 3).await.unwrap();
            order.add(number);
            sleep(ms(10)).await;
            drop(permit);
        }));
        yield_now().await;
    }
    drop(permit);
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(order.entries(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_for_a_slot() {
    let limiter = bounded(1000.0, 1000, 1);
    let permit = limiter.acquire().await.unwrap();
    let start = Instant::now();
    for (options, is_it) in [
        (
            CallOptions::new().deadline(secs(2)),
            paced::Error::is_deadline as fn(&paced::Error) -> bool,
        ),
        (
            CallOptions::new().max_wait(secs(2)),
            paced::Error::is_max_wait,
        ),
    ] {
        let before = since(start);
        let call = limiter.call_with(options, || async { io::Result::Ok(()) });
        let Err(CallError::Refused(error)) = call.await else {
            panic!("there is no slot");
        };
        assert!(is_it(&error), "{error}");
        let waited = since(start) - before;
        assert!((2000..=2003).contains(&waited), "{waited}");
    }
    assert_eq!(limiter.snapshot().counts.waits_given_up, 2);
    drop(permit);
    assert_eq!(in_flight(&limiter), 0);
}
