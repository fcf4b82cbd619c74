//! Deadlines, the longest wait, timeouts: no call is sent after its time, and it ends at once when
//! it cannot be in time.

use core::time::Duration;

use paced::Failure;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::advance;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Server;
use crate::support::api_error;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

#[rate_limited(limiter = limiter, deadline = "10s", backoff(jitter = "none"))]
async fn ten_seconds(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn a_hint_beyond_the_deadline_ends_the_call_now_with_its_own_error() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let server = Server::failing([ApiError::after(429, secs(11))]);
    let out = ten_seconds(&limiter, &server).await;
    assert_eq!(api_error(out), ApiError::after(429, secs(11)));
    assert_eq!(since(start), 0);
    // All other calls are held back all the same.
    assert_eq!(limiter.snapshot().cooldown, Some(secs(11)));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_too_long_refuses_before_the_first_attempt() {
    let (limiter, start) = (limiter(1.0, 1), Instant::now());
    limiter.cooldown_for(secs(12));
    let server = Server::new([]);
    let error = refusal(ten_seconds(&limiter, &server).await);
    assert!(error.is_deadline());
    assert_eq!(error.retry_after(), Some(secs(12)));
    assert_eq!((since(start), server.calls().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_backoff_that_does_not_fit_ends_the_call_now() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    let server = Server::failing([ApiError::status(429); 9]);
    let out = ten_seconds(&limiter, &server).await;
    assert_eq!(api_error(out), ApiError::status(429));
    // 1 + 2 + 4 s of backoff; the next 8 s would end after the deadline.
    assert_eq!(server.calls(), [0, 1000, 3000, 7000]);
    assert_eq!(since(start), 7000);
}

/// Nothing closes the limiter here: only the plan of the retry knows that it comes too late.
#[tokio::test(start_paused = true)]
async fn a_backoff_that_does_not_fit_ends_the_call_now_though_the_limiter_is_open() {
    let start = Instant::now();
    let server = Server::failing([ApiError::of(Failure::Connect); 9]);
    let out = ten_seconds(&limiter(10.0, 5), &server).await;
    assert_eq!(api_error(out), ApiError::of(Failure::Connect));
    assert_eq!(server.calls(), [0, 1000, 3000, 7000]);
    assert_eq!(since(start), 7000);
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_learnt_while_waiting_ends_those_that_no_longer_fit() {
    let (limiter, start) = (limiter(1.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let server = Server::new([]);
    let waiting = ten_seconds(&limiter, &server);
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(ms(500), &mut waiting).await.is_err());
    limiter.cooldown_for(secs(20));
    assert!(refusal(waiting.await).is_deadline());
    assert_eq!((since(start), server.calls().len()), (500, 0));
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_learnt_before_a_retry_brings_back_the_last_outcome() {
    let (limiter, start) = (limiter(1.0, 1), Instant::now());
    let server = Server::failing([ApiError::after(429, secs(2))]);
    let call = ten_seconds(&limiter, &server);
    tokio::pin!(call);
    assert!(tokio::time::timeout(ms(500), &mut call).await.is_err());
    limiter.cooldown_for(secs(20));
    assert_eq!(api_error(call.await), ApiError::after(429, secs(2)));
    assert_eq!((since(start), server.calls().len()), (500, 1));
}

#[tokio::test(start_paused = true)]
async fn the_default_deadline_is_300_seconds_over_all_attempts() {
    #[rate_limited(limiter = limiter, max_retries = 1000, backoff(jitter = "none"))]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let server = Server::failing([ApiError::after(429, secs(70)); 9]);
    assert!(call(&limiter(10.0, 5), &server).await.is_err());
    assert_eq!(server.calls(), [0, 70_000, 140_000, 210_000, 280_000]);
}

#[tokio::test(start_paused = true)]
async fn first_attempt_is_never_refused_without_an_error_for_it() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let limiter = limiter(1.0, 1);
    limiter.cooldown_for(secs(400));
    let server = Server::new([]);
    assert_eq!(call(&limiter, &server).await, Ok(200));
    assert_eq!(server.calls(), [400_000]);
}

#[rate_limited(limiter = limiter, max_wait = "2s", backoff(jitter = "none"))]
async fn impatient(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn max_wait_refuses_at_once_what_would_wait_longer() {
    let (limiter, start) = (limiter(1.0, 1), Instant::now());
    let server = Server::new([]);
    limiter.acquire().await.unwrap();
    let (one, two, three) = tokio::join!(
        impatient(&limiter, &server),
        impatient(&limiter, &server),
        async {
            let out = impatient(&limiter, &server).await;
            (refusal(out), since(start))
        },
    );
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(server.calls(), [1000, 2000]);
    let (error, at) = three;
    assert!(error.is_max_wait());
    assert_eq!((error.retry_after(), at), (Some(secs(3)), 0));
}

#[tokio::test(start_paused = true)]
async fn max_wait_ends_a_call_whose_hint_is_longer() {
    let server = Server::failing([ApiError::after(429, secs(3))]);
    let out = impatient(&limiter(1.0, 1), &server).await;
    assert_eq!(api_error(out), ApiError::after(429, secs(3)));
}

#[tokio::test(start_paused = true)]
async fn max_wait_ends_a_call_whose_backoff_is_longer() {
    let start = Instant::now();
    let server = Server::failing([ApiError::of(Failure::Connect); 9]);
    let out = impatient(&limiter(10.0, 5), &server).await;
    assert_eq!(api_error(out), ApiError::of(Failure::Connect));
    // 1 and 2 s of backoff are within 2 s, the next 4 s are not.
    assert_eq!(server.calls(), [0, 1000, 3000]);
    assert_eq!(since(start), 3000);
}

#[tokio::test(start_paused = true)]
async fn max_wait_bounds_backoff_and_queue_together() {
    #[rate_limited(limiter = limiter, max_wait = "2s", backoff(base = "1900ms", jitter = "none"))]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
        server.answer().map_err(Failed::Api)
    }
    let (limiter, start) = (limiter(1.0, 1), Instant::now());
    let server = Server::failing([ApiError::of(Failure::Connect); 2]);
    let (out, ()) = tokio::join!(
        async {
            let out = call(&limiter, &server).await;
            (api_error(out), since(start))
        },
        async {
            sleep(ms(1850)).await;
            limiter.cooldown_for(ms(200));
        },
    );
    // Of the 2 s the backoff takes 1.9; the queue would take 0.15 more.
    assert_eq!(out, (ApiError::of(Failure::Connect), 1900));
    assert_eq!(server.calls(), [0]);
}

#[rate_limited(limiter = limiter, backoff(base = "500ms", jitter = "none"))]
async fn retried_soon(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
    server.answer()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_retries_make_too_late_is_refused_at_once() {
    let (limiter, start) = (limiter(1.0, 2), Instant::now());
    let server = Server::failing([ApiError::of(Failure::Connect); 2]);
    let refused = async || (refusal(impatient(&limiter, &server).await), since(start));
    let (one, other, third, fourth) = tokio::join!(
        retried_soon(&limiter, &server),
        retried_soon(&limiter, &server),
        refused(),
        refused(),
    );
    assert_eq!((one, other), (Ok(200), Ok(200)));
    // They would have gone at 1000 and 2000; from 500 on, those are the places of the retries.
    assert_eq!(server.calls(), [0, 0, 1000, 2000]);
    for (error, at) in [third, fourth] {
        assert!(error.is_max_wait());
        assert_eq!((error.retry_after(), at), (Some(ms(2500)), 500));
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_timer_starts_no_attempt_after_the_deadline() {
    let (limiter, server) = (limiter(1.0, 1), Server::new([]));
    limiter.acquire().await.unwrap();
    let mut late = Box::pin(impatient(&limiter, &server));
    assert!(poll_once(&mut late).is_pending());
    advance(secs(5)).await;
    assert!(refusal(late.await).is_max_wait());
    assert_eq!(server.calls().len(), 0);
}

#[rate_limited(limiter = limiter, attempt_timeout = "1s", idempotent, max_retries = 1, backoff(jitter = "none"))]
async fn slow(limiter: &Limiter, server: &Server, takes: &[Duration]) -> Result<u8, Failed> {
    let attempt = usize::try_from(paced::attempt().number()).expect("a few attempts");
    let out = server.answer().map_err(Failed::Api);
    sleep(takes[attempt - 1]).await;
    out
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_given_up_and_retried_where_that_is_safe() {
    let server = Server::new([]);
    let out = slow(&limiter(10.0, 5), &server, &[secs(5), ms(10)]).await;
    assert!(out.is_ok());
    assert_eq!(server.calls(), [0, 2000]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_is_the_last_outcome_is_an_error_of_ours() {
    let (server, start) = (Server::new([]), Instant::now());
    let error = refusal(slow(&limiter(10.0, 5), &server, &[secs(5), secs(5)]).await);
    assert!(error.is_attempt_timeout());
    assert_eq!(
        error.to_string(),
        "the attempt took longer than 1s (limiter \"behaviour::bounding::slow\")"
    );
    assert_eq!(since(start), 3000);
}

#[tokio::test(start_paused = true)]
async fn the_time_in_the_queue_does_not_count_for_an_attempt() {
    let (limiter, server) = (limiter(1.0, 1), Server::new([]));
    limiter.cooldown_for(secs(5));
    assert!(slow(&limiter, &server, &[ms(900)]).await.is_ok());
    assert_eq!(server.calls(), [5000]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_given_ends_an_attempt_under_way() {
    #[rate_limited(rate = 10, deadline = "3s")]
    async fn call() -> Result<(), Failed> {
        sleep(secs(10)).await;
        Ok(())
    }
    let start = Instant::now();
    let error = refusal(call().await);
    assert!(error.is_deadline());
    assert_eq!(
        error.to_string(),
        "the attempt did not end before the call's deadline (limiter \"behaviour::bounding::call\")"
    );
    assert_eq!(since(start), 3000);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_timeout_beyond_the_deadline_leaves_the_deadline_in_force() {
    #[rate_limited(rate = 10, deadline = "3s", attempt_timeout = "10s")]
    async fn three_seconds() -> Result<(), Failed> {
        sleep(secs(1000)).await;
        Ok(())
    }
    #[rate_limited(rate = 10, attempt_timeout = "400s", max_retries = 0)]
    async fn no_deadline() -> Result<(), Failed> {
        sleep(secs(1000)).await;
        Ok(())
    }
    let start = Instant::now();
    assert!(refusal(three_seconds().await).is_deadline());
    assert_eq!(since(start), 3000);
    assert!(!refusal(no_deadline().await).is_deadline());
    assert_eq!(since(start), 3000 + 400_000);
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_cannot_be_meant_is_an_error_of_the_first_call_and_of_all() {
    fn measured() -> f64 {
        f64::NAN
    }
    #[rate_limited(rate = measured())]
    async fn call() -> Result<(), Failed> {
        Ok(())
    }
    for _ in 0..2 {
        let error = refusal(call().await);
        assert!(error.is_invalid());
        assert_eq!(
            error.to_string(),
            "behaviour::bounding::call: the rate must be a finite number"
        );
    }
}
