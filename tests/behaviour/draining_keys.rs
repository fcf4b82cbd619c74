//! The end of a program for limiters of keys: callers of all keys are refused, and attempts under way run to their end.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Keyed;
use paced::rate_limited;
use tokio::task::JoinHandle;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

fn keyed() -> Keyed<u64> {
    Keyed::new(quota(1.0, 2))
}

#[rate_limited(limiter = keyed, key = key, max_retries = 3)]
async fn work(keyed: &Keyed<u64>, key: u64, takes: u64, fails: bool) -> Result<u8, Failed> {
    sleep(secs(takes)).await;
    if fails {
        return Err(Failed::Api(ApiError::status(503)));
    }
    Ok(1)
}

/// A call on a task of its own.
fn spawn(keyed: &Keyed<u64>, key: u64, takes: u64, fails: bool) -> JoinHandle<Result<u8, Failed>> {
    let keyed = keyed.clone();
    tokio::spawn(async move { work(&keyed, key, takes, fails).await })
}

async fn refused(call: JoinHandle<Result<u8, Failed>>) -> bool {
    refusal(call.await.unwrap()).is_closed()
}

#[tokio::test(start_paused = true)]
async fn waiters_of_all_keys_are_refused_and_calls_under_way_end() {
    let keyed = keyed();
    // Of the first key two have tokens, and two wait; the second one is nothing but a bucket.
    let first = [1, 3].map(|takes| spawn(&keyed, 1, takes, false));
    let waiting = [(); 2].map(|()| spawn(&keyed, 1, 0, false));
    let second = spawn(&keyed, 2, 5, false);
    let failing = spawn(&keyed, 3, 2, true);
    yield_now().await;
    let mut acquiring = Box::pin(keyed.acquire(&1));
    assert!(poll_once(&mut acquiring).is_pending());
    let start = Instant::now();
    let left = keyed.drain(secs(60)).await;
    // It is noticed within 10 ms.
    assert_eq!((left, since(start)), (0, 5010));
    for call in waiting {
        assert!(refused(call).await);
    }
    assert!(acquiring.await.unwrap_err().is_closed());
    for call in first.into_iter().chain([second]) {
        assert_eq!(call.await.unwrap().unwrap(), 1);
    }
    assert!(
        matches!(failing.await.unwrap(), Err(Failed::Api(_))),
        "it is not tried again"
    );
}

#[tokio::test(start_paused = true)]
async fn later_calls_of_known_and_of_new_keys_are_refused() {
    let keyed = keyed();
    keyed.try_acquire(&1).unwrap();
    let handle = keyed.limiter(&2).unwrap();
    keyed.close();
    keyed.close();
    for key in 1..=3 {
        assert!(keyed.try_acquire(&key).unwrap_err().is_closed());
        assert!(keyed.acquire(&key).await.unwrap_err().is_closed());
        assert!(refusal(work(&keyed, key, 0, false).await).is_closed());
        assert!(keyed.limiter(&key).unwrap().try_acquire().is_err());
    }
    assert!(handle.acquire().await.unwrap_err().is_closed());
    assert!(keyed.snapshot(&3).closed && keyed.snapshot(&2).closed);
    assert_eq!(keyed.len(), 2, "calls that are refused add no keys");
    // Nothing opens them again.
    keyed.set_quota(quota(5.0, 5));
    assert!(keyed.try_acquire(&1).is_err());
}

#[tokio::test(start_paused = true)]
async fn each_way_a_call_ends_is_seen() {
    let keyed = keyed();
    let dropped = spawn(&keyed, 1, 50, false);
    let panicking = {
        let keyed = keyed.clone();
        tokio::spawn(async move {
            #[rate_limited(limiter = keyed, key = 2_u64)]
            async fn panics(keyed: &Keyed<u64>) -> Result<u8, paced::Error> {
                let _ = keyed;
                sleep(secs(3)).await;
                panic!("as it is meant to")
            }
            panics(&keyed).await
        })
    };
    // A refusal, of which the key's limiter learns, and a second attempt.
    let again = spawn(&keyed, 3, 1, true);
    yield_now().await;
    assert_eq!(keyed.clone().drain(secs(0)).await, 3);
    dropped.abort();
    let start = Instant::now();
    assert_eq!(keyed.drain(Duration::MAX).await, 0);
    assert_eq!(since(start), 3010);
    assert!(panicking.await.is_err());
    drop(again.await);
}

#[tokio::test(start_paused = true)]
async fn draining_waits_no_longer_than_its_timeout_and_for_slots() {
    let one = NonZeroU32::new(1).unwrap();
    let keyed: Keyed<u64> = Keyed::builder(quota(5.0, 5))
        .max_concurrency(one)
        .build()
        .unwrap();
    let held = keyed.acquire(&1).await.unwrap();
    let call = spawn(&keyed, 2, 50, false);
    yield_now().await;
    let start = Instant::now();
    assert_eq!(keyed.drain(secs(7)).await, 2);
    assert_eq!(since(start), 7000);
    drop(held);
    assert_eq!(keyed.drain(secs(7)).await, 1);
    assert!(call.await.unwrap().is_ok());
    assert_eq!(keyed.drain(secs(0)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn errors_of_closed_keys_name_the_limiter() {
    let builder = || Keyed::<u64>::builder(quota(1.0, 2)).name("closed-keys");
    let alone = builder().build().unwrap();
    let sharing = builder().shared_row("requests", quota(3.0, 3));
    for keyed in [alone, sharing.build().unwrap()] {
        keyed.close();
        for error in [
            keyed.try_acquire(&1).unwrap_err(),
            keyed.acquire(&1).await.unwrap_err(),
        ] {
            assert!(error.is_closed(), "{error:?}");
            assert_eq!(error.limiter(), Some("closed-keys"), "{error:?}");
        }
    }
}
