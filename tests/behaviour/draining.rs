//! The end of a program: attempts under way run to their end, and nothing new begins.

use core::time::Duration;
use std::sync::Arc;

use paced::Limiter;
use paced::rate_limited;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

#[rate_limited(limiter = limiter, max_retries = 3)]
async fn work(limiter: &Limiter, takes: Duration, fails: bool) -> Result<u8, Failed> {
    sleep(takes).await;
    if fails {
        return Err(Failed::Api(ApiError::status(503)));
    }
    Ok(1)
}

/// A call on a task of its own.
fn spawn(
    limiter: &Arc<Limiter>,
    takes: Duration,
    fails: bool,
) -> tokio::task::JoinHandle<Result<u8, Failed>> {
    let limiter = Arc::clone(limiter);
    tokio::spawn(async move { work(&limiter, takes, fails).await })
}

#[tokio::test(start_paused = true)]
async fn draining_ends_attempts_under_way_and_refuses_waiters() {
    let limiter = Arc::new(limiter(1.0, 3));
    let calls = [1, 5, 3].map(|takes| spawn(&limiter, secs(takes), takes == 3));
    yield_now().await;
    let waiting = spawn(&limiter, secs(1), false);
    yield_now().await;
    assert_eq!(limiter.snapshot().in_flight, 3);
    let start = Instant::now();
    let left = paced::drain(&[&limiter, &*limiter.clone()], secs(60)).await;
    // It is noticed within 10 ms.
    assert_eq!((left, since(start)), (0, 5010));
    assert!(refusal(waiting.await.unwrap()).is_closed());
    let [one, two, failing] = calls;
    assert!(one.await.unwrap().is_ok() && two.await.unwrap().is_ok());
    assert!(matches!(failing.await.unwrap(), Err(Failed::Api(_))));
    assert!(refusal(work(&limiter, secs(0), false).await).is_closed());
}

#[tokio::test(start_paused = true)]
async fn draining_waits_no_longer_than_its_timeout() {
    let limiter = Arc::new(limiter(1.0, 5));
    let calls = [1, 50, 60].map(|takes| spawn(&limiter, secs(takes), false));
    yield_now().await;
    let start = Instant::now();
    assert_eq!(paced::drain(&[&limiter], secs(7)).await, 2);
    assert_eq!(since(start), 7000);
    assert_eq!(paced::drain(&[&limiter], Duration::MAX).await, 0);
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn each_way_an_attempt_ends_is_seen_by_draining() {
    #[rate_limited(limiter = limiter, attempt_timeout = "1s", max_retries = 1)]
    async fn slow(limiter: &Limiter) -> Result<u8, paced::Error> {
        let _ = limiter;
        sleep(secs(5)).await;
        Ok(1)
    }
    #[rate_limited(limiter = limiter, max_retries = 0)]
    async fn once(limiter: &Limiter, panics: bool) -> Result<u8, paced::Error> {
        let _ = limiter;
        assert!(!panics, "as it is meant to");
        Ok(1)
    }
    let limiter = Arc::new(limiter(10.0, 10));
    assert!(slow(&limiter).await.is_err());
    assert!(once(&limiter, false).await.is_ok());
    let panicking = {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move { once(&limiter, true).await })
    };
    assert!(panicking.await.is_err());
    assert_eq!(limiter.snapshot().in_flight, 0);
    let dropped = spawn(&limiter, secs(10), false);
    yield_now().await;
    assert_eq!(limiter.snapshot().in_flight, 1);
    dropped.abort();
    yield_now().await;
    assert_eq!(limiter.snapshot().in_flight, 0);
    // With and without a wait, and with something to learn from it.
    for fails in [false, false, true, false] {
        let _ = work(&limiter, secs(1), fails).await;
        let snapshot = limiter.snapshot();
        assert_eq!(snapshot.in_flight, 0, "{snapshot:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_on_several_limiters_are_added_up() {
    let [one, other] = [(); 2].map(|()| Arc::new(limiter(1.0, 5)));
    let calls = [&one, &one, &other].map(|limiter| spawn(limiter, secs(9), false));
    yield_now().await;
    assert_eq!(paced::drain(&[&one, &other], secs(1)).await, 3);
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
    assert_eq!(paced::drain(&[&one, &other], secs(0)).await, 0);
    assert_eq!(paced::drain(&[], secs(5)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_has_its_permit_is_waited_for_before_it_begins() {
    let limiter = limiter(100.0, 1);
    limiter.try_acquire().unwrap();
    let mut call = Box::pin(work(&limiter, secs(1), false));
    assert!(poll_once(&mut call).is_pending());
    sleep(ms(10)).await;
    let limiters = [&limiter];
    let (left, done) = tokio::join!(paced::drain(&limiters, secs(60)), call);
    assert_eq!((left, done.unwrap()), (0, 1));
}
