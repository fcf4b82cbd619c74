//! Rate, burst, order and costs.

use core::num::NonZeroU32;

use paced::Quota;
use tokio::time::Instant;
use tokio::time::advance;
use tokio::time::sleep;

use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

/// When each of `calls` callers in a row gets its permit.
async fn schedule(hz: f64, burst: u32, calls: usize) -> Vec<u64> {
    let (limiter, start) = (limiter(hz, burst), Instant::now());
    let mut at = Vec::new();
    for _ in 0..calls {
        limiter.acquire().await.expect("a permit");
        at.push(since(start));
    }
    at
}

#[tokio::test(start_paused = true)]
async fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
    assert_eq!(schedule(5.0, 3, 7).await, [0, 0, 0, 200, 400, 600, 800]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_one_spaces_every_call() {
    assert_eq!(schedule(4.0, 1, 5).await, [0, 250, 500, 750, 1000]);
}

#[test]
fn the_default_burst_is_what_one_second_brings_and_at_least_one() {
    let count = |n| NonZeroU32::new(n).expect("a count above 0");
    for n in 1..=10_000 {
        assert_eq!(Quota::per_second(count(n)).burst().get(), n);
    }
    for (n, burst) in [(1, 1), (59, 1), (60, 1), (119, 1), (180, 3), (6000, 100)] {
        assert_eq!(Quota::per_minute(count(n)).burst().get(), burst, "{n}/min");
    }
    assert_eq!(Quota::per_hour(count(7200)).burst().get(), 2);
}

#[tokio::test(start_paused = true)]
async fn rates_below_one_per_second_are_exact() {
    assert_eq!(
        schedule(1.0 / 60.0, 1, 4).await,
        [0, 60_000, 120_000, 180_000]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_far_above_the_timers_resolution_is_held() {
    let at = schedule(50_000.0, 1, 50_001).await;
    // The last of 50,000 intervals of 20 us ends after a second; timers are due within 1 ms.
    assert!((999..=1001).contains(at.last().unwrap()), "{:?}", at.last());
}

#[tokio::test(start_paused = true)]
async fn an_idle_bucket_fills_up_to_its_burst_and_no_further() {
    let limiter = limiter(10.0, 4);
    for _ in 0..4 {
        limiter.acquire().await.unwrap();
    }
    advance(ms(250)).await;
    assert_eq!(limiter.snapshot().available, 2);
    advance(secs(3600)).await;
    assert_eq!(limiter.snapshot().available, 4);
    for _ in 0..4 {
        limiter.try_acquire().unwrap();
    }
    let refused = limiter.try_acquire().unwrap_err();
    assert!(refused.is_not_yet());
    assert_eq!(refused.retry_after(), Some(ms(100)));
}

#[tokio::test(start_paused = true)]
async fn callers_are_served_in_the_order_of_their_arrival_whatever_they_cost() {
    let (limiter, log, start) = (limiter(10.0, 5), Log::new(), Instant::now());
    limiter.acquire_many(5).await.unwrap();
    let calls: Vec<_> = [1, 5, 1, 3, 1]
        .into_iter()
        .enumerate()
        .map(|(name, cost)| {
            let (limiter, log) = (limiter.clone(), log.clone());
            tokio::spawn(async move {
                limiter.acquire_many(cost).await.unwrap();
                log.add((name, since(start)));
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(
        log.entries(),
        [(0, 100), (1, 600), (2, 700), (3, 1000), (4, 1100)]
    );
}

#[tokio::test(start_paused = true)]
async fn try_acquire_and_coming_back_at_once_overtake_no_waiter() {
    let (limiter, log) = (limiter(10.0, 1), Log::new());
    limiter.acquire().await.unwrap();
    let waiter = {
        let (limiter, log) = (limiter.clone(), log.clone());
        tokio::spawn(async move {
            for _ in 0..3 {
                limiter.acquire().await.unwrap();
                log.add("patient");
            }
        })
    };
    let greedy = {
        let (limiter, log) = (limiter.clone(), log.clone());
        tokio::spawn(async move {
            for _ in 0..3 {
                limiter.acquire().await.unwrap();
                log.add("greedy");
            }
        })
    };
    sleep(ms(50)).await;
    let refused = limiter.try_acquire().unwrap_err();
    // Behind the two waiters: 50 ms for the first and 100 ms each for the second and for itself.
    assert_eq!(refused.retry_after(), Some(ms(250)));
    waiter.await.unwrap();
    greedy.await.unwrap();
    assert_eq!(
        log.entries(),
        [
            "patient", "greedy", "patient", "greedy", "patient", "greedy"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_the_burst_is_an_error_at_once() {
    let limiter = limiter(10.0, 5);
    assert!(
        limiter
            .acquire_many(6)
            .await
            .unwrap_err()
            .is_insufficient_capacity()
    );
    assert!(
        limiter
            .try_acquire_many(u32::MAX)
            .unwrap_err()
            .is_insufficient_capacity()
    );
    assert_eq!(limiter.snapshot().available, 5);
}

#[tokio::test(start_paused = true)]
async fn a_cost_of_nothing_is_granted_even_behind_a_queue() {
    let limiter = limiter(1.0, 1);
    limiter.acquire().await.unwrap();
    let mut waiting = limiter.acquire();
    assert!(poll_once(&mut waiting).is_pending());
    let start = Instant::now();
    limiter.acquire_many(0).await.unwrap();
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_not_polled_holds_up_only_itself() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let mut forgotten = limiter.acquire();
    assert!(poll_once(&mut forgotten).is_pending());
    // Its permit goes on to the next one after 2 ms.
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 102);
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 200);
    // It is first in line again as soon as it is polled.
    assert!(poll_once(&mut forgotten).is_pending());
    let next = async { limiter.acquire().await.map(|_| since(start)) };
    let forgotten = async { forgotten.await.map(|_| since(start)) };
    let (next, forgotten) = tokio::join!(next, forgotten);
    assert_eq!((forgotten.unwrap(), next.unwrap()), (300, 400));
}

#[tokio::test(start_paused = true)]
async fn a_late_timer_loses_no_token() {
    // A caller that is only polled every 1.5 ms still gets a token for every 1 ms that went by,
    // as long as a caller waits at that time.
    let (limiter, start) = (limiter(1000.0, 1), Instant::now());
    let callers: Vec<_> = (0..1000)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                limiter.acquire().await.unwrap();
            })
        })
        .collect();
    while limiter.snapshot().waiting < 999 {
        tokio::task::yield_now().await;
    }
    while !callers.last().unwrap().is_finished() {
        advance(core::time::Duration::from_micros(1500)).await;
        tokio::task::yield_now().await;
    }
    assert!((999..=1003).contains(&since(start)), "{}", since(start));
}

#[tokio::test(start_paused = true)]
async fn waiting_is_accounted_for() {
    let limiter = limiter(10.0, 1);
    for _ in 0..3 {
        limiter.acquire().await.unwrap();
    }
    limiter.cooldown_for(secs(1));
    limiter.acquire().await.unwrap();
    let waits = limiter.snapshot().waits;
    assert_eq!(
        (waits.queue, waits.cooldown, waits.backoff),
        (ms(200), secs(1), ms(0))
    );
}
