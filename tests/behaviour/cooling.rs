//! Cooldowns: no call passes before their end, and the queue reopens at the paced rate.

use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn no_call_passes_during_a_cooldown_and_then_calls_go_at_the_paced_rate() {
    let (limiter, log, start) = (limiter(10.0, 20), Log::new(), Instant::now());
    limiter.cooldown_for(secs(3));
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let (limiter, log) = (limiter.clone(), log.clone());
            tokio::spawn(async move {
                limiter.acquire().await.unwrap();
                log.add(since(start));
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(log.entries(), [3000, 3100, 3200, 3300, 3400]);
}

#[tokio::test(start_paused = true)]
async fn longer_cooldown_extends_and_shorter_cooldown_is_ignored() {
    let (limiter, start) = (limiter(10.0, 20), Instant::now());
    limiter.cooldown_for(secs(2));
    limiter.cooldown_for(secs(1));
    assert_eq!(limiter.snapshot().cooldown, Some(secs(2)));
    limiter.cooldown_for(secs(5));
    limiter.cooldown_until(start + secs(4));
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 5000);
}

#[tokio::test(start_paused = true)]
async fn extended_cooldown_holds_waiters_too() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let waiter = {
        let limiter = limiter.clone();
        tokio::spawn(async move {
            limiter.acquire().await.unwrap();
        })
    };
    sleep(ms(50)).await;
    limiter.cooldown_for(secs(1));
    waiter.await.unwrap();
    assert_eq!(since(start), 1050);
}

#[tokio::test(start_paused = true)]
async fn unused_permits_are_called_back_in_order() {
    let (limiter, start) = (limiter(10.0, 2), Instant::now());
    limiter.acquire_many(2).await.unwrap();
    let (mut first, mut second, mut third) =
        (limiter.acquire(), limiter.acquire(), limiter.acquire());
    for waiter in [&mut first, &mut second, &mut third] {
        assert!(poll_once(waiter).is_pending());
    }
    sleep(ms(250)).await;
    limiter.cooldown_for(secs(1));
    for waiter in [&mut first, &mut second, &mut third] {
        assert!(poll_once(waiter).is_pending());
    }
    let (first, second, third) = tokio::join!(
        async { first.await.map(|_| since(start)) },
        async { second.await.map(|_| since(start)) },
        async { third.await.map(|_| since(start)) },
    );
    assert_eq!(
        [first, second, third].map(Result::unwrap),
        [1250, 1350, 1450]
    );
}

#[tokio::test(start_paused = true)]
async fn longest_cooldown_is_an_hour() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.cooldown_for(core::time::Duration::MAX);
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 3_600_000);
}

#[tokio::test(start_paused = true)]
async fn a_new_quota_does_not_end_the_cooldown() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.cooldown_for(secs(2));
    limiter.set_quota(quota(1000.0, 100));
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 2000);
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 2001);
}

#[tokio::test(start_paused = true)]
async fn try_acquire_tells_the_end_of_the_cooldown() {
    let limiter = limiter(10.0, 5);
    limiter.cooldown_for(secs(2));
    assert_eq!(
        limiter.try_acquire().unwrap_err().retry_after(),
        Some(secs(2))
    );
    assert_eq!(limiter.snapshot().available, 0);
    sleep(secs(2)).await;
    limiter.try_acquire().unwrap();
    assert!(limiter.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn past_cooldown_is_ignored() {
    let limiter = limiter(10.0, 5);
    sleep(secs(1)).await;
    limiter.cooldown_until(Instant::now() - ms(500));
    assert_eq!(limiter.snapshot().cooldown, None);
    assert_eq!(limiter.snapshot().available, 5);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_a_cooldown_prolongs_is_counted_once() {
    let limiter = limiter(10.0, 1);
    limiter.acquire().await.unwrap();
    let mut waiter = limiter.acquire();
    assert!(poll_once(&mut waiter).is_pending());
    // Granted at 100 ms and called back at 150.
    sleep(ms(150)).await;
    limiter.cooldown_for(secs(1));
    waiter.await.unwrap();
    let waits = limiter.snapshot().waits;
    assert_eq!(waits.queue + waits.cooldown, ms(1150));
}
