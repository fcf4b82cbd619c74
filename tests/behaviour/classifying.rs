//! How long a call waits that `classify` judges, with and without a word of the server's.

use std::io;

use http::Response;
use paced::Failure;
use paced::Limiter;
use paced::ResponseExt as _;
use paced::Verdict;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

const THROTTLED: Verdict = Verdict::Throttled { retry_after: None };
const RETRY: Verdict = Verdict::Retry { retry_after: None };

const ASKED: [(&str, &str); 1] = [("retry-after", "60")];
const SPENT: [(&str, &str); 2] = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "60")];

/// A call whose first response is a failure that only its body tells of.
#[rate_limited(
    limiter = limiter,
    classify = |out: &Result<(), ApiError>| if out.is_ok() { Verdict::Done } else { verdict },
    backoff(jitter = "none")
)]
async fn busy(
    limiter: &Limiter,
    verdict: Verdict,
    headers: &[(&'static str, &str)],
) -> Result<(), ApiError> {
    if paced::attempt().number() > 1 {
        return Ok(());
    }
    let _ = response(200, headers).observe();
    Err(ApiError::status(503))
}

/// The same where the error says nothing at all.
#[rate_limited(
    limiter = limiter,
    classify = |out: &Result<(), String>| if out.is_ok() { Verdict::Done } else { verdict },
    backoff(jitter = "none")
)]
async fn silent(
    limiter: &Limiter,
    verdict: Verdict,
    headers: &[(&'static str, &str)],
) -> Result<(), String> {
    if paced::attempt().number() > 1 {
        return Ok(());
    }
    let _ = response(200, headers).observe();
    Err("busy".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_verdict_without_a_delay_leaves_it_to_the_observed_response() {
    for (verdict, headers, millis) in [
        (THROTTLED, &ASKED[..], 60_000),
        (THROTTLED, &SPENT[..], 60_000),
        (RETRY, &ASKED[..], 60_000),
        (THROTTLED, &[][..], 1000),
        (RETRY, &[][..], 1000),
    ] {
        let start = Instant::now();
        busy(&limiter(100.0, 10), verdict, headers).await.unwrap();
        assert_eq!(since(start), millis, "{verdict:?} {headers:?}");
        let start = Instant::now();
        silent(&limiter(100.0, 10), verdict, headers).await.unwrap();
        assert_eq!(since(start), millis, "{verdict:?} {headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_observed_wait_holds_back_all_calls() {
    let limiter = limiter(100.0, 10);
    let start = Instant::now();
    let others = async {
        tokio::time::sleep(ms(1)).await;
        limiter.acquire().await.unwrap();
        since(start)
    };
    let (done, other) = tokio::join!(busy(&limiter, THROTTLED, &ASKED), others);
    done.unwrap();
    assert!(other >= 60_000, "{other}");
}

#[tokio::test(start_paused = true)]
async fn a_response_that_was_not_observed_tells_the_wait() {
    fn judge(out: &Result<Response<String>, io::Error>) -> Verdict {
        match out {
            Ok(response) if response.status() == 429 => THROTTLED,
            _ => Verdict::Done,
        }
    }
    #[rate_limited(limiter = limiter, classify = judge, backoff(jitter = "none"))]
    async fn call(limiter: &Limiter) -> Result<Response<String>, io::Error> {
        let first = paced::attempt().number() == 1;
        Ok(response(
            if first { 429 } else { 200 },
            &[("retry-after", "7")],
        ))
    }
    let start = Instant::now();
    call(&limiter(10.0, 5)).await.unwrap();
    assert_eq!(since(start), 7000);
}

#[tokio::test(start_paused = true)]
async fn a_verdict_to_retry_may_say_when() {
    fn judge(out: &Result<u8, ApiError>) -> Verdict {
        match out {
            Err(error) if error.failure == Failure::Status(401) => Verdict::Retry {
                retry_after: Some(secs(0)),
            },
            Err(error) if error.failure == Failure::Status(404) => Verdict::Retry {
                retry_after: Some(secs(3)),
            },
            _ => Verdict::Auto,
        }
    }
    #[rate_limited(limiter = limiter, classify = judge, backoff(jitter = "none"))]
    async fn call(limiter: &Limiter, calls: &Log<u64>, start: Instant) -> Result<u8, ApiError> {
        calls.add(since(start));
        match paced::attempt().number() {
            1 => Err(ApiError::status(401)),
            2 => Err(ApiError::status(404)),
            // What the server asks for is a floor.
            3 => Err(ApiError::after(404, secs(7))),
            _ => Ok(1),
        }
    }
    let (limiter, calls, start) = (limiter(100.0, 10), Log::new(), Instant::now());
    call(&limiter, &calls, start).await.unwrap();
    assert_eq!(calls.entries(), [0, 0, 3000, 10_000]);
}
