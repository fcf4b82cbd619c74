//! Strict windows: no interval of the period holds more than the limit.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Error;
use paced::Limiter;
use paced::Quota;
use paced::Rate;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::advance;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Log;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

/// Time for which a permit counts in a window of 10 s while nothing is known of the ways to the server.
const COUNTS: u64 = 11_002;

pub(crate) fn strict(rate: &str) -> Quota {
    Quota::strict(rate.parse::<Rate>().expect("a rate"))
}

pub(crate) fn count(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).expect("a count above 0")
}

/// When each of some callers that come at once gets a permit of its cost.
pub(crate) async fn served(limiter: &Limiter, costs: &[u32]) -> Vec<u64> {
    let (start, log) = (Instant::now(), Log::new());
    let mut callers = Vec::new();
    for (caller, &cost) in costs.iter().enumerate() {
        let (limiter, log) = (limiter.clone(), log.clone());
        callers.push(tokio::spawn(async move {
            limiter.acquire_many(cost).await.expect("a permit");
            log.add((caller, since(start)));
        }));
        tokio::task::yield_now().await;
    }
    for caller in callers {
        caller.await.expect("no panic");
    }
    let entries = log.entries();
    assert!(
        entries.iter().map(|entry| entry.0).is_sorted(),
        "{entries:?}"
    );
    entries.into_iter().map(|entry| entry.1).collect()
}

#[tokio::test(start_paused = true)]
async fn a_whole_window_goes_at_once_and_comes_back_a_period_later() {
    let limiter = Limiter::new(strict("3/10s"));
    let expected = [0, 0, 0, COUNTS, COUNTS, COUNTS, 2 * COUNTS];
    assert_eq!(served(&limiter, &[1; 7]).await, expected);
}

#[tokio::test(start_paused = true)]
async fn each_permit_comes_back_a_period_after_it_was_granted() {
    let limiter = Limiter::new(strict("3/10s"));
    for wait in [0, 2, 3] {
        sleep(secs(wait)).await;
        limiter.try_acquire().expect("a permit");
    }
    // 5 s have passed.
    let expected = [COUNTS - 5_000, COUNTS - 3_000, COUNTS, 2 * COUNTS - 5_000];
    assert_eq!(served(&limiter, &[1; 4]).await, expected);
}

#[tokio::test(start_paused = true)]
async fn costs_are_taken_at_once_and_in_order() {
    let limiter = Limiter::new(strict("10/10s"));
    let expected = [0, 0, COUNTS, COUNTS, 2 * COUNTS];
    assert_eq!(served(&limiter, &[6, 3, 2, 8, 1]).await, expected);
    let error = limiter
        .acquire_many(11)
        .await
        .expect_err("more than the window");
    assert!(error.is_insufficient_capacity(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_window_of_one_call_spaces_calls() {
    let limiter = Limiter::new(strict("1/10s"));
    assert_eq!(served(&limiter, &[1; 3]).await, [0, COUNTS, 2 * COUNTS]);
    let half = Limiter::new(strict("0.1"));
    assert_eq!(served(&half, &[1; 2]).await, [0, COUNTS]);
}

#[tokio::test(start_paused = true)]
async fn callers_that_give_up_lose_nothing() {
    let limiter = Limiter::new(strict("2/10s"));
    served(&limiter, &[2]).await;
    let mut dropped: Vec<_> = (0..3).map(|_| limiter.acquire()).collect();
    for waiter in &mut dropped {
        assert!(poll_once(waiter).is_pending());
    }
    drop(dropped);
    assert_eq!(
        served(&limiter, &[1, 1, 1]).await,
        [COUNTS, COUNTS, 2 * COUNTS]
    );
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_not_used_is_given_back() {
    let limiter = Limiter::new(strict("2/10s"));
    served(&limiter, &[2]).await;
    let mut late = limiter.acquire();
    assert!(poll_once(&mut late).is_pending());
    sleep(ms(COUNTS + 1)).await;
    // It was granted a permit, and is dropped with it.
    drop(late);
    assert_eq!(limiter.snapshot().available, 2);
    limiter.try_acquire_many(2).expect("both");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_when_to_come_back() {
    let limiter = Limiter::new(strict("2/10s"));
    limiter.try_acquire().expect("a permit");
    advance(secs(4)).await;
    limiter.try_acquire().expect("a permit");
    assert_eq!(limiter.snapshot().available, 0);
    for (cost, wait) in [(1, COUNTS - 4_000), (2, COUNTS)] {
        let error = limiter.try_acquire_many(cost).expect_err("too early");
        assert_eq!(error.retry_after(), Some(ms(wait)));
    }
    let mut waiting: Vec<_> = (0..3).map(|_| limiter.acquire()).collect();
    for waiter in &mut waiting {
        assert!(poll_once(waiter).is_pending());
    }
    // Behind three others: the fourth is free a period after the second.
    let error = limiter.try_acquire().expect_err("others wait");
    assert_eq!(error.retry_after(), Some(ms(2 * COUNTS)));
}

/// A call whose response comes after `took`.
#[rate_limited(limiter = limiter, max_wait = longest, max_retries = 0)]
async fn call(limiter: &Limiter, took: Duration, longest: Duration) -> Result<Instant, Error> {
    let sent = Instant::now();
    sleep(took).await;
    Ok(sent)
}

#[tokio::test(start_paused = true)]
async fn a_permit_counts_for_as_long_as_ways_differ() {
    let limiter = Limiter::new(strict("2/10s"));
    let start = Instant::now();
    let sent = async |took| {
        let call = call(&limiter, ms(took), Duration::MAX).await;
        u64::try_from(call.expect("a response").duration_since(start).as_millis()).unwrap()
    };
    assert_eq!(sent(80).await, 0);
    assert_eq!(sent(30).await, 80);
    // The longest round trip, and 2 ms for permits that are picked up late.
    assert_eq!(sent(30).await, 10_082);
    assert_eq!(sent(30).await, 10_162);
    // Longer ones than a second count as one.
    assert_eq!(sent(5_000).await, 20_164);
    assert_eq!(sent(30).await, 21_164 + 4_000);
}

#[tokio::test(start_paused = true)]
async fn calls_that_would_wait_for_too_long_are_refused_at_once() {
    let limiter = Limiter::new(strict("2/10s"));
    for _ in 0..2 {
        call(&limiter, ms(20), Duration::ZERO)
            .await
            .expect("a response");
    }
    // 40 ms have passed: the first permit counts for 10,022 ms.
    let error = call(&limiter, ms(20), ms(9_981))
        .await
        .expect_err("too long");
    assert_eq!(error.retry_after(), Some(ms(9_982)));
    let start = Instant::now();
    call(&limiter, ms(20), ms(9_982)).await.expect("a response");
    assert_eq!(start.elapsed(), ms(9_982 + 20));
}

#[tokio::test(start_paused = true)]
async fn attempts_without_a_response_count_as_the_longest_way() {
    let limiter = Limiter::new(strict("2/10s"));
    call(&limiter, ms(20), Duration::ZERO)
        .await
        .expect("a response");
    let mut dropped = Box::pin(call(&limiter, secs(3), Duration::ZERO));
    assert!(poll_once(&mut dropped).is_pending());
    drop(dropped);
    let error = limiter.try_acquire().expect_err("too early");
    assert_eq!(error.retry_after(), Some(ms(COUNTS - 20)));
}

/// A server that refuses.
#[rate_limited(limiter = limiter, max_retries = 0)]
async fn refused(limiter: &Limiter, took: Duration) -> Result<(), ApiError> {
    sleep(took).await;
    Err(ApiError::after(429, ms(100)))
}

#[tokio::test(start_paused = true)]
async fn a_refusal_within_the_window_allows_for_longer_ways() {
    let limiter = Limiter::new(strict("2/10s"));
    refused(&limiter, secs(4)).await.expect_err("a refusal");
    limiter.resume();
    limiter.try_acquire().expect("a permit");
    let error = limiter.try_acquire().expect_err("too early");
    // The first permit counts for 14 s and 2 ms, of which 4 s are over.
    assert_eq!(error.retry_after(), Some(ms(10_002)));
}

#[tokio::test(start_paused = true)]
async fn no_cooldown_and_no_reset_empties_the_window() {
    let limiter = Limiter::new(strict("2/10s"));
    served(&limiter, &[2]).await;
    limiter.cooldown_for(secs(3));
    limiter.resume();
    limiter.reset();
    assert_eq!(limiter.snapshot().available, 0);
    limiter.cooldown_for(secs(5));
    assert_eq!(served(&limiter, &[1, 1]).await, [COUNTS, COUNTS]);
    limiter.cooldown_for(secs(20));
    // One call goes first, the next one follows at the rate, and then the window binds.
    let first = 20_000;
    assert_eq!(
        served(&limiter, &[1, 1, 1]).await,
        [first, first + 5_000, first + COUNTS]
    );
}

#[tokio::test(start_paused = true)]
async fn a_changed_quota_counts_the_permits_that_were_granted() {
    let limiter = Limiter::new(strict("4/10s"));
    served(&limiter, &[3]).await;
    advance(secs(2)).await;
    limiter.set_quota(strict("2/10s"));
    assert_eq!(limiter.snapshot().available, 0);
    limiter.set_quota(strict("5/10s"));
    limiter.try_acquire_many(2).expect("two more");
    let error = limiter.try_acquire().expect_err("all of them");
    assert_eq!(error.retry_after(), Some(ms(COUNTS - 2_000)));
    limiter.set_quota(Quota::per_second(count(100)));
    limiter.try_acquire().expect("a permit of another quota");
}

#[tokio::test(start_paused = true)]
async fn a_window_that_is_set_later_counts_what_is_used_up() {
    let limiter = Limiter::new(Quota::per_second(count(5)));
    limiter.try_acquire_many(3).expect("three");
    limiter.set_quota(strict("4/10s"));
    assert_eq!(limiter.snapshot().available, 1);
}

#[tokio::test(start_paused = true)]
async fn with_a_burst_the_rest_is_spread_over_the_period() {
    let limiter = Limiter::new(strict("6/10s").with_burst(count(2)));
    // 4 in 11,002 ms, and a nanosecond, of which a timer makes a millisecond.
    let at = served(&limiter, &[1; 8]).await;
    assert_eq!(at, [0, 0, 2_751, 5_502, 8_252, 11_003, 13_753, 16_504]);
    let error = limiter
        .try_acquire_many(3)
        .expect_err("more than the burst");
    assert!(error.is_insufficient_capacity(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_spread_follows_the_ways() {
    let limiter = Limiter::new(strict("6/10s").with_burst(count(2)));
    let interval = |limiter: &Limiter| limiter.snapshot().rate.interval();
    assert_eq!(interval(&limiter), Duration::from_nanos(2_750_500_001));
    call(&limiter, ms(16), Duration::MAX)
        .await
        .expect("a response");
    let rate = interval(&limiter);
    assert!((ms(2_504)..ms(2_508)).contains(&rate), "{rate:?}");
    call(&limiter, secs(2), Duration::MAX)
        .await
        .expect("a response");
    assert_eq!(interval(&limiter), Duration::from_nanos(2_750_500_001));
}

#[tokio::test(start_paused = true)]
async fn a_window_that_starts_empty_is_used_up() {
    let limiter = Limiter::new(strict("2/10s").starting_empty());
    assert_eq!(served(&limiter, &[1, 1]).await, [COUNTS, COUNTS]);
}
