//! Reactions of a limiter to its server's headers, on success and on refusal.

use std::io;

use http::HeaderValue;
use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::api_error;
use crate::support::limiter;
use crate::support::ms;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

pub(crate) type Headers = Vec<(&'static str, String)>;

fn answer(headers: &Headers) -> Response<()> {
    let mut response = Response::new(());
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        response.headers_mut().insert(*name, value);
    }
    response
}

/// Headers of a server that tells what is left.
pub(crate) fn left(remaining: u32, limit: u32, reset: u64) -> Headers {
    vec![
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ]
}

#[rate_limited(limiter = limiter)]
pub(crate) async fn call(limiter: &Limiter, headers: &Headers) -> Result<Response<()>, io::Error> {
    Ok(answer(headers))
}

/// When calls go after one that was told `headers`, in milliseconds after it.
async fn after(headers: Headers, calls: usize) -> Vec<u64> {
    let limiter = limiter(10.0, 20);
    let start = Instant::now();
    call(&limiter, &headers).await.unwrap();
    let mut at = Vec::new();
    for _ in 0..calls {
        call(&limiter, &Headers::new()).await.unwrap();
        at.push(since(start));
    }
    at
}

#[tokio::test(start_paused = true)]
async fn remaining_calls_are_spread_over_the_time_to_the_reset() {
    assert_eq!(after(left(4, 100, 8), 4).await, [2000, 4000, 6000, 8000]);
}

/// A body that takes its time, so that several answers come after the bucket is empty.
#[rate_limited(limiter = limiter)]
async fn slow(
    limiter: &Limiter,
    millis: u64,
    headers: &Headers,
) -> Result<Response<()>, io::Error> {
    sleep(ms(millis)).await;
    Ok(answer(headers))
}

#[tokio::test(start_paused = true)]
async fn a_pace_that_ends_gives_no_token_back() {
    let (limiter, start) = (limiter(10.0, 20), Instant::now());
    limiter.acquire_many(18).await.unwrap();
    // The second one tells of the window after it.
    let (scarce, enough) = (left(5, 100, 8), left(50, 100, 60));
    let (one, other) = tokio::join!(slow(&limiter, 1, &scarce), slow(&limiter, 2, &enough));
    assert!(one.is_ok() && other.is_ok());
    limiter.acquire().await.unwrap();
    // A tenth of a second after the bucket was emptied, and as much later as the first call's way took.
    assert_eq!(since(start), 101);
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_limit_is_the_declared_bucket_is_paced_by_it() {
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    for _ in 0..9 {
        call(&limiter, &Headers::new()).await.unwrap();
    }
    call(&limiter, &left(0, 10, 1)).await.unwrap();
    let mut at = Vec::new();
    for _ in 0..3 {
        call(&limiter, &left(0, 10, 1)).await.unwrap();
        at.push(since(start));
    }
    assert_eq!(at, [100, 200, 300]);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_others_use_as_well_is_waited_for() {
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    call(&limiter, &left(0, 10, 1)).await.unwrap();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_pace_is_forgotten_at_the_reset() {
    let limiter = limiter(10.0, 20);
    call(&limiter, &left(2, 100, 4)).await.unwrap();
    let start = Instant::now();
    for _ in 0..4 {
        limiter.acquire().await.unwrap();
    }
    assert_eq!(since(start), 4200);
}

#[tokio::test(start_paused = true)]
async fn a_spent_window_closes_until_its_reset() {
    assert_eq!(after(left(0, 100, 7), 2).await, [7000, 7100]);
}

#[tokio::test(start_paused = true)]
async fn a_window_with_enough_left_changes_nothing() {
    assert_eq!(after(left(10, 100, 3600), 5).await, [0; 5]);
    assert_eq!(
        after(vec![("x-ratelimit-remaining", "3".into())], 5).await,
        [0; 5]
    );
}

#[tokio::test(start_paused = true)]
async fn a_learnt_limit_never_loosens_the_declared_one() {
    let limiter = limiter(1.0, 1);
    call(&limiter, &left(9, 100, 1)).await.unwrap();
    let start = Instant::now();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 1000);
}

#[tokio::test(start_paused = true)]
async fn the_scarcest_of_several_windows_governs() {
    let headers = vec![
        (
            "ratelimit",
            r#""minute";r=50;t=30, "day";r=3;t=12"#.to_owned(),
        ),
        (
            "ratelimit-policy",
            r#""minute";q=60;w=60, "day";q=1000;w=86400"#.to_owned(),
        ),
    ];
    assert_eq!(after(headers, 2).await, [4000, 8000]);
}

#[tokio::test(start_paused = true)]
async fn a_short_window_without_a_reset_is_over_after_its_length() {
    let hubspot = vec![
        ("x-hubspot-ratelimit-max", "100".to_owned()),
        ("x-hubspot-ratelimit-remaining", "97".to_owned()),
        (
            "x-hubspot-ratelimit-interval-milliseconds",
            "10000".to_owned(),
        ),
        ("x-hubspot-ratelimit-secondly", "10".to_owned()),
        ("x-hubspot-ratelimit-secondly-remaining", "0".to_owned()),
    ];
    assert_eq!(after(hubspot, 2).await, [1000, 1100]);
    // The end of a day is unknown.
    let xero = vec![("x-daylimit-remaining", "0".to_owned())];
    assert_eq!(after(xero, 2).await, [0; 2]);
}

#[tokio::test(start_paused = true)]
async fn all_windows_of_a_response_are_kept_to() {
    // A window is used up, another one is scarce, and a third one has passed.
    let headers = vec![
        (
            "ratelimit",
            r#""second";r=0;t=1, "day";r=3;t=12, "hour";r=0;t=0"#.to_owned(),
        ),
        (
            "ratelimit-policy",
            r#""second";q=10;w=1, "day";q=1000;w=86400, "hour";q=100;w=3600"#.to_owned(),
        ),
    ];
    assert_eq!(after(headers, 3).await, [4000, 8000, 12_000]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_trust_in_the_declared_bucket() {
    #[rate_limited(limiter = limiter)]
    async fn refused(limiter: &Limiter) -> Result<(), ApiError> {
        match paced::attempt().number() {
            1 => Err(ApiError::after(429, secs(1))),
            _ => Ok(()),
        }
    }
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    limiter.acquire_many(9).await.unwrap();
    call(&limiter, &left(0, 10, 1)).await.unwrap();
    refused(&limiter).await.unwrap();
    assert_eq!(since(start), 1100);
    limiter.acquire().await.unwrap();
    call(&limiter, &left(0, 10, 1)).await.unwrap();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 1300 + 1000);
}

#[tokio::test(start_paused = true)]
async fn spent_windows_of_tokens_allow_no_call() {
    let headers = vec![
        ("x-ratelimit-remaining-requests", "90".to_owned()),
        ("x-ratelimit-limit-requests", "100".to_owned()),
        ("x-ratelimit-reset-requests", "6s".to_owned()),
        ("x-ratelimit-remaining-tokens", "0".to_owned()),
        ("x-ratelimit-limit-tokens", "100000".to_owned()),
        ("x-ratelimit-reset-tokens", "12s".to_owned()),
    ];
    assert_eq!(after(headers, 2).await, [12_000, 12_100]);
}

#[tokio::test(start_paused = true)]
async fn a_count_without_a_reset_is_the_level_of_the_bucket() {
    let limiter = limiter(2.0, 40);
    let shopify = vec![("x-shopify-shop-api-call-limit", "39/40".to_owned())];
    call(&limiter, &shopify).await.unwrap();
    let (start, none) = (Instant::now(), Headers::new());
    let mut at = Vec::new();
    for _ in 0..4 {
        call(&limiter, &none).await.unwrap();
        at.push(since(start));
    }
    assert_eq!(at, [0, 500, 1000, 1500]);
}

#[tokio::test(start_paused = true)]
async fn smaller_count_of_two_answers_about_one_window_wins() {
    let limiter = limiter(10.0, 20);
    let (one, fifty) = (left(1, 100, 8), left(50, 100, 8));
    // The answer that was sent first comes last.
    let (older, newer) = tokio::join!(slow(&limiter, 20, &fifty), slow(&limiter, 10, &one));
    assert!(older.is_ok() && newer.is_ok());
    let start = Instant::now();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 7990);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_not_calls() {
    let headers = vec![
        ("x-ratelimit-remaining-tokens", "1".to_owned()),
        ("x-ratelimit-limit-tokens", "100000".to_owned()),
        ("x-ratelimit-reset-tokens", "60s".to_owned()),
    ];
    assert_eq!(after(headers, 3).await, [0; 3]);
}

#[tokio::test(start_paused = true)]
async fn the_rate_in_force_is_shown() {
    let limiter = limiter(10.0, 20);
    call(&limiter, &left(4, 100, 8)).await.unwrap();
    assert_eq!(limiter.snapshot().rate, paced::Rate::from_hz(0.5).unwrap());
    sleep(secs(8)).await;
    assert_eq!(limiter.snapshot().rate, paced::Rate::from_hz(10.0).unwrap());
}

#[tokio::test(start_paused = true)]
async fn headers_that_are_not_to_be_respected_count_for_nothing() {
    #[rate_limited(limiter = limiter, respect_headers = false, backoff(jitter = "none"))]
    async fn call(limiter: &Limiter, headers: &Headers) -> Result<Response<()>, io::Error> {
        let mut response = answer(headers);
        if paced::attempt().number() == 1 && headers.len() == 1 {
            *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        }
        Ok(response)
    }
    let (limiter, start) = (limiter(10.0, 20), Instant::now());
    call(&limiter, &left(0, 100, 60)).await.unwrap();
    call(&limiter, &left(1, 100, 60)).await.unwrap();
    assert_eq!(since(start), 0);
    call(&limiter, &vec![("retry-after", "60".to_owned())])
        .await
        .unwrap();
    assert_eq!(since(start), 1000);
}

#[tokio::test(start_paused = true)]
async fn throttle_below_sets_what_counts_as_little() {
    #[rate_limited(limiter = limiter, throttle_below = 0.5)]
    async fn call(limiter: &Limiter, headers: &Headers) -> Result<Response<()>, io::Error> {
        Ok(answer(headers))
    }
    let (limiter, start) = (limiter(10.0, 20), Instant::now());
    call(&limiter, &left(40, 100, 80)).await.unwrap();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 2000);
}

#[tokio::test(start_paused = true)]
async fn a_hint_beyond_the_longest_cooldown_ends_the_call_and_closes_for_no_longer() {
    #[rate_limited(limiter = limiter, max_cooldown = "1min", deadline = "1h")]
    async fn call(limiter: &Limiter, wait: u64) -> Result<u32, Failed> {
        match paced::attempt().number() {
            1 => Err(Failed::Api(ApiError::after(429, secs(wait)))),
            number => Ok(number),
        }
    }
    let (limiter, start) = (limiter(10.0, 20), Instant::now());
    let error = api_error(call(&limiter, 61).await);
    assert_eq!(error, ApiError::after(429, secs(61)));
    assert_eq!(since(start), 0);
    assert_eq!(limiter.snapshot().cooldown, Some(secs(60)));
    sleep(secs(60)).await;
    assert_eq!(call(&limiter, 60).await.unwrap(), 2);
    assert_eq!(since(start), 120_000);
}

#[tokio::test(start_paused = true)]
async fn calls_after_a_hint_beyond_their_deadline_are_refused_with_its_end() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<(), Failed> {
        Err(Failed::Api(ApiError::after(429, secs(86_400))))
    }
    let limiter = limiter(10.0, 20);
    // The outcome itself says when.
    let last = api_error(call(&limiter).await);
    assert_eq!(last.retry_after, Some(secs(86_400)));
    // The others learn it from the limiter, which believes in an hour at most.
    let error = refusal(call(&limiter).await);
    assert!(error.is_deadline());
    assert_eq!(error.retry_after(), Some(secs(3600)));
}
