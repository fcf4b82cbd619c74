//! `observe`: a response that the body passes to it counts at once, and for its own attempt only.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use paced::Limiter;
use paced::ResponseExt as _;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::limiter;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

const HEADERS: [(&str, &str); 1] = [("retry-after", "7")];

#[tokio::test(start_paused = true)]
async fn an_observed_hint_holds_all_calls_back_while_the_body_still_runs() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<(), String> {
        let first = paced::attempt().number() == 1;
        let status = if first { 429 } else { 200 };
        let _ = response(status, &HEADERS).observe();
        tokio::time::sleep(secs(2)).await;
        if first {
            Err("failed".to_owned())
        } else {
            Ok(())
        }
    }
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let (out, at) = tokio::join!(call(&limiter), async {
        tokio::time::sleep(secs(1)).await;
        limiter.acquire().await.unwrap();
        since(start)
    });
    out.unwrap();
    // The hint counts from when the response was received, not from the end of the body, and the
    // retry goes first: the others wait for its answer, but for a second at most.
    assert_eq!(since(start), 7000 + 2000);
    assert_eq!(at, 8000);
}

#[tokio::test(start_paused = true)]
async fn a_hint_is_heard_though_another_response_follows_in_the_same_poll() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<(), String> {
        let _ = response(429, &HEADERS).observe();
        // A mirror answers what the first server refused.
        let _ = response(200, &[]).observe();
        Ok(())
    }
    let limiter = limiter(10.0, 5);
    call(&limiter).await.unwrap();
    assert_eq!(limiter.snapshot().cooldown, Some(secs(7)));
}

#[tokio::test(start_paused = true)]
async fn the_response_of_one_attempt_does_not_count_for_the_next() {
    #[rate_limited(limiter = limiter, backoff(jitter = "none"))]
    async fn call(limiter: &Limiter, attempts: &AtomicU32) -> Result<(), String> {
        if attempts.fetch_add(1, Ordering::SeqCst) == 0 {
            let _ = response(429, &HEADERS).observe();
        }
        Err("failed".to_owned())
    }
    let (limiter, attempts, start) = (limiter(10.0, 5), AtomicU32::new(0), Instant::now());
    assert!(call(&limiter, &attempts).await.is_err());
    // The second attempt says nothing: it is no throttle, and names no wait.
    assert_eq!((attempts.into_inner(), since(start)), (2, 7000));
    assert_eq!(limiter.snapshot().cooldown, None);
}

#[tokio::test(start_paused = true)]
async fn an_observed_refusal_that_asks_for_no_time_closes_as_one_that_is_returned() {
    #[rate_limited(limiter = limiter, max_retries = 0)]
    async fn call(limiter: &Limiter) -> Result<(), String> {
        let _ = response(429, &[("retry-after", "0")]).observe();
        Err("failed".to_owned())
    }
    let limiter = limiter(10.0, 5);
    assert!(call(&limiter).await.is_err());
    assert_eq!(limiter.snapshot().cooldown, Some(secs(1)));
}
