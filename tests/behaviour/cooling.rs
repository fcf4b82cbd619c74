//! Cooldowns: nobody passes before their end, and the queue reopens at the paced rate.

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
async fn nobody_passes_before_its_end_and_then_at_the_paced_rate() {
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
async fn a_longer_one_extends_and_a_shorter_one_changes_nothing() {
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
async fn it_is_extended_for_those_who_wait_already() {
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
async fn permits_that_nobody_has_used_are_called_back_in_order() {
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
async fn an_hour_is_the_longest() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.cooldown_for(core::time::Duration::MAX);
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 3_600_000);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_changes_during_one_does_not_end_it() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.cooldown_for(secs(2));
    limiter.set_quota(quota(1000.0, 100));
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 2000);
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 2001);
}

#[tokio::test(start_paused = true)]
async fn try_acquire_says_when_it_ends() {
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
async fn one_in_the_past_changes_nothing() {
    let limiter = limiter(10.0, 5);
    sleep(secs(1)).await;
    limiter.cooldown_until(Instant::now() - ms(500));
    assert_eq!(limiter.snapshot().cooldown, None);
    assert_eq!(limiter.snapshot().available, 5);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_it_prolongs_is_accounted_for_once() {
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
