//! Meanings of a server's words that the attribute sets: units of resets, and how exactly a pause is kept.

use std::io;

use http::Response;
use paced::Limiter;
use paced::ResponseExt as _;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

const SPENT: [(&str, &str); 2] = [
    ("x-ratelimit-remaining", "0"),
    ("x-ratelimit-reset", "5000"),
];

#[rate_limited(limiter = limiter)]
async fn by_looking(limiter: &Limiter) -> Result<Response<String>, io::Error> {
    Ok(response(200, &SPENT))
}

#[rate_limited(limiter = limiter, headers(reset = "millis"))]
async fn in_millis(limiter: &Limiter) -> Result<Response<String>, io::Error> {
    Ok(response(200, &SPENT))
}

#[rate_limited(limiter = limiter, headers(reset = "millis"), max_retries = 0)]
async fn once(limiter: &Limiter) -> Result<Response<String>, io::Error> {
    Ok(response(200, &SPENT))
}

#[rate_limited(limiter = limiter, headers(reset = "millis"))]
async fn observed(limiter: &Limiter) -> Result<(), io::Error> {
    // A call in the body reads by its own words, and leaves the outer one's as they are.
    by_looking(&crate::support::limiter(10.0, 5)).await?;
    tokio::task::yield_now().await;
    let _ = response(200, &SPENT).observe();
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_read_in_the_unit_that_the_attribute_says() {
    let cooldown = |limiter: &Limiter| limiter.snapshot().cooldown;
    let one = limiter(10.0, 5);
    by_looking(&one).await.unwrap();
    assert_eq!(
        cooldown(&one),
        Some(secs(3600)),
        "5000 s, and no more than an hour"
    );
    let one = limiter(10.0, 5);
    in_millis(&one).await.unwrap();
    assert_eq!(cooldown(&one), Some(secs(5)));
    let one = limiter(10.0, 5);
    once(&one).await.unwrap();
    assert_eq!(cooldown(&one), Some(secs(5)));
    let one = limiter(10.0, 5);
    observed(&one).await.unwrap();
    assert_eq!(cooldown(&one), Some(secs(5)));
}

#[tokio::test(start_paused = true)]
async fn every_unit_can_be_said() {
    macro_rules! reset_in {
        ($unit:literal, $value:expr) => {{
            #[rate_limited(limiter = limiter, headers(reset = $unit))]
            async fn call(limiter: &Limiter) -> Result<Response<String>, io::Error> {
                Ok(response(
                    200,
                    &[
                        ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
                        ("x-ratelimit-remaining", "0"),
                        ("x-ratelimit-reset", $value),
                    ],
                ))
            }
            let limiter = limiter(10.0, 5);
            call(&limiter).await.unwrap();
            limiter.snapshot().cooldown
        }};
    }
    assert_eq!(reset_in!("guess", "30"), Some(secs(30)));
    assert_eq!(reset_in!("guess", "1795435230"), Some(secs(30)));
    assert_eq!(reset_in!("seconds", "30"), Some(secs(30)));
    assert_eq!(reset_in!("millis", "1500"), Some(ms(1500)));
    assert_eq!(reset_in!("epoch_seconds", "1795435230"), Some(secs(30)));
    assert_eq!(reset_in!("epoch_millis", "1795435230000"), Some(secs(30)));
}

const ASKED: ApiError = ApiError::after(429, core::time::Duration::from_secs(10));

/// Fails once, and notes when it is called.
#[rate_limited(limiter = limiter, hint_spread = 0.05)]
async fn spread(
    limiter: &Limiter,
    calls: &Log<u64>,
    start: Instant,
    error: ApiError,
) -> Result<(), ApiError> {
    calls.add(since(start));
    // Calls that begin together are all under way.
    tokio::task::yield_now().await;
    if paced::attempt().number() == 1 {
        Err(error)
    } else {
        Ok(())
    }
}

/// When the retries of a fleet of 40 processes come that were asked to wait.
async fn fleet(error: ApiError) -> Vec<u64> {
    let (calls, start) = (Log::new(), Instant::now());
    let limiters: Vec<_> = (0..40).map(|_| limiter(100.0, 10)).collect();
    let all = limiters
        .iter()
        .map(|limiter| spread(limiter, &calls, start, error));
    for out in futures_util::future::join_all(all).await {
        out.unwrap();
    }
    calls.entries().split_off(40)
}

#[tokio::test(start_paused = true)]
async fn a_fleet_does_not_come_back_at_one_instant() {
    for (seconds, longest) in [(10, 10_500), (100, 101_000)] {
        let times = fleet(ApiError::after(429, secs(seconds))).await;
        let (first, last) = (times[0], times[39]);
        assert!(first >= 1000 * seconds, "{times:?}");
        assert!(last <= longest + 1, "{times:?}");
        assert!(last - first > (longest - 1000 * seconds) / 4, "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_calls_of_a_limiter_come_back_together_and_never_early() {
    let (limiter, calls, start) = (limiter(1000.0, 10), Log::new(), Instant::now());
    let all = (0..5).map(|_| spread(&limiter, &calls, start, ASKED));
    for out in futures_util::future::join_all(all).await {
        out.unwrap();
    }
    let times = calls.entries().split_off(5);
    assert!(
        times.iter().all(|&time| (10_000..=10_510).contains(&time)),
        "{times:?}"
    );
    assert!(times[4] - times[0] <= 10, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn the_reset_of_a_window_is_spread_as_well() {
    #[rate_limited(limiter = limiter, hint_spread = 0.5, headers(reset = "millis"))]
    async fn call(limiter: &Limiter) -> Result<Response<String>, io::Error> {
        Ok(response(200, &SPENT))
    }
    let mut pauses = Vec::new();
    for _ in 0..20 {
        let limiter = limiter(10.0, 5);
        call(&limiter).await.unwrap();
        pauses.push(limiter.snapshot().cooldown.unwrap());
    }
    assert!(
        pauses
            .iter()
            .all(|pause| (secs(5)..=secs(6)).contains(pause)),
        "{pauses:?}"
    );
    assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_exact_unless_it_is_to_be_spread() {
    #[rate_limited(limiter = limiter, hint_spread = SHARE)]
    async fn none(limiter: &Limiter, calls: &Log<u64>, start: Instant) -> Result<(), ApiError> {
        calls.add(since(start));
        if paced::attempt().number() == 1 {
            Err(ASKED)
        } else {
            Ok(())
        }
    }
    const SHARE: f64 = 0.0;
    let (calls, start) = (Log::new(), Instant::now());
    none(&limiter(100.0, 10), &calls, start).await.unwrap();
    assert_eq!(calls.entries(), [0, 10_000]);
}
