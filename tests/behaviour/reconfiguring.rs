//! `set_quota` reaches callers that wait now.

use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn a_faster_rate_reaches_waiters() {
    let (limiter, start) = (limiter(1.0 / 60.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let waiter = {
        let limiter = limiter.clone();
        tokio::spawn(async move {
            limiter.acquire().await.unwrap();
        })
    };
    sleep(secs(30)).await;
    // Half of the token is there; the other half takes 50 ms at the new rate.
    limiter.set_quota(quota(10.0, 1));
    waiter.await.unwrap();
    assert_eq!(since(start), 30_050);
}

#[tokio::test(start_paused = true)]
async fn a_slower_rate_reaches_waiters() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let waiter = {
        let limiter = limiter.clone();
        tokio::spawn(async move {
            limiter.acquire().await.unwrap();
        })
    };
    sleep(ms(50)).await;
    limiter.set_quota(quota(1.0, 1));
    waiter.await.unwrap();
    assert_eq!(since(start), 550);
}

#[tokio::test(start_paused = true)]
async fn tokens_used_up_stay_used_up() {
    let limiter = limiter(10.0, 10);
    limiter.acquire_many(4).await.unwrap();
    limiter.set_quota(quota(5.0, 6));
    assert_eq!(limiter.snapshot().available, 2);
    assert_eq!(limiter.snapshot().quota, quota(5.0, 6));
}

#[tokio::test(start_paused = true)]
async fn an_idle_limiter_takes_the_new_quota_too() {
    let limiter = limiter(10.0, 10);
    sleep(secs(5)).await;
    limiter.set_quota(quota(1.0, 2));
    limiter.acquire_many(2).await.unwrap();
    let start = Instant::now();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_above_the_new_burst_gets_an_error_and_others_move_up() {
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    limiter.acquire_many(10).await.unwrap();
    let mut large = limiter.acquire_many(8);
    assert!(poll_once(&mut large).is_pending());
    let small = limiter.acquire();
    tokio::pin!(small);
    assert!(poll_once(&mut small).is_pending());
    limiter.set_quota(quota(10.0, 5));
    assert!(large.await.unwrap_err().is_insufficient_capacity());
    small.await.unwrap();
    // Ten tokens were used up of a bucket that now holds five.
    assert_eq!(since(start), 100);
}
