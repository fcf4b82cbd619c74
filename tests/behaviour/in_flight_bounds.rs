//! Bounds of calls in flight that change, and permits and limits beside them.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Limiter;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::in_flight::bounded;
use crate::in_flight::in_flight;
use crate::in_flight::spawn;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn a_permit_holds_its_slot_until_it_is_dropped() {
    let limiter = bounded(1000.0, 1000, 1);
    let permit = limiter.try_acquire().unwrap();
    let error = limiter.try_acquire().unwrap_err();
    assert!(error.is_not_yet(), "{error}");
    assert_eq!(
        error.retry_after(),
        Some(Duration::ZERO),
        "the rest of the wait"
    );
    permit.accepted(&paced::Hint::new());
    assert!(limiter.try_acquire().is_err(), "its response is still read");
    drop(permit);
    let reservation = limiter.acquire_costs(&[]).await.unwrap();
    assert!(limiter.try_acquire_costs(&[]).is_err());
    let receipt = reservation.into_receipt();
    assert_eq!(in_flight(&limiter), 0);
    limiter.settle(receipt, &[]).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_not_picked_up_passes_its_slot_on() {
    let limiter = bounded(1000.0, 1000, 1);
    let permit = limiter.try_acquire().unwrap();
    let mut lazy = Box::pin(limiter.acquire());
    assert!(poll_once(&mut lazy).is_pending());
    let start = Instant::now();
    let (log, next) = (Log::new(), secs(1));
    let next = spawn(&limiter, next, &log, start);
    yield_now().await;
    drop(permit);
    next.await.unwrap();
    // Two milliseconds after it was granted to the one that is not polled.
    assert_eq!(log.entries().len(), 1);
    assert!(log.entries()[0] <= 3, "{:?}", log.entries());
    assert_eq!(in_flight(&limiter), 0);
    drop(lazy.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_bound_changes_under_waiters() {
    let limiter = bounded(1000.0, 1000, 1);
    let (log, start) = (Log::new(), Instant::now());
    let calls: Vec<_> = (0..8)
        .map(|_| spawn(&limiter, secs(10), &log, start))
        .collect();
    sleep(secs(1)).await;
    limiter.set_max_concurrency(NonZeroU32::new(3));
    sleep(secs(1)).await;
    assert_eq!(log.entries(), [0, 1000, 1000]);
    limiter.set_max_concurrency(NonZeroU32::new(1));
    sleep(ms(8500)).await;
    assert_eq!(log.entries().len(), 3, "two are still in flight");
    sleep(secs(1)).await;
    assert_eq!(log.entries()[3..], [11_000]);
    limiter.set_max_concurrency(None);
    yield_now().await;
    assert_eq!((log.entries().len(), limiter.snapshot().waiting), (8, 0));
    assert_eq!(limiter.snapshot().max_concurrency, None);
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(in_flight(&limiter), 0);
}

#[tokio::test(start_paused = true)]
async fn the_first_bound_counts_from_then_on() {
    let limiter = Arc::new(limiter(1000.0, 1000));
    let (log, start) = (Log::new(), Instant::now());
    let before = spawn(&limiter, secs(5), &log, start);
    yield_now().await;
    limiter.set_max_concurrency(NonZeroU32::new(1));
    let first = spawn(&limiter, secs(1), &log, start);
    let second = spawn(&limiter, secs(1), &log, start);
    for call in [before, first, second] {
        call.await.unwrap();
    }
    assert_eq!(log.entries(), [0, 0, 1000]);
    assert_eq!(in_flight(&limiter), 0);
}

#[tokio::test(start_paused = true)]
async fn limits_and_slots_are_taken_together() {
    let per_second = |count| paced::Quota::per_second(NonZeroU32::new(count).unwrap());
    let builder = Limiter::builder(per_second(1000)).row("tokens", per_second(10));
    let limiter = builder.max_concurrency(NonZeroU32::MIN).build().unwrap();
    let first = limiter.acquire_costs(&[("tokens", 10)]).await.unwrap();
    let start = Instant::now();
    let mut second = Box::pin(limiter.acquire_costs(&[("tokens", 10)]));
    assert!(poll_once(&mut second).is_pending());
    sleep(ms(500)).await;
    drop(first);
    assert_eq!(in_flight(&limiter), 0, "it waits for tokens");
    let second = second.await.unwrap();
    assert_eq!((since(start), in_flight(&limiter)), (1000, 1));
    let mut third = Box::pin(limiter.acquire_costs(&[("tokens", 10)]));
    assert!(poll_once(&mut third).is_pending());
    sleep(secs(5)).await;
    assert_eq!(
        limiter.snapshot().row("tokens").unwrap().available,
        10,
        "it waits for a slot"
    );
    drop(second);
    drop(third.await.unwrap());
    assert_eq!(since(start), 6000);
}

#[test]
fn two_bounds_of_one_name_are_a_conflict() {
    let quota = paced::Quota::per_second(NonZeroU32::MIN);
    let of = |max| {
        let builder = Limiter::builder(quota).name("two_bounds");
        builder
            .max_concurrency(NonZeroU32::new(max).unwrap())
            .build()
    };
    let _first = of(2).unwrap();
    of(2).unwrap();
    let error = of(3).unwrap_err();
    assert!(
        error.is_conflict() && error.to_string().contains("2 at once"),
        "{error}"
    );
}
