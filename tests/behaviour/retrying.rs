//! Retries: after which outcomes, when, and with which result.

use core::iter::repeat_n;
use core::time::Duration;
use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use http::Response;
use paced::Failure;
use paced::Limiter;
use paced::Verdict;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

const THROTTLED: ApiError = ApiError::status(429);

/// Without jitter, so that durations are exact.
#[rate_limited(limiter = limiter, max_retries = 3, backoff(jitter = "none"))]
async fn call(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
    server.answer()
}

async fn called(server: &Server) -> Result<u8, ApiError> {
    call(&limiter(100.0, 10), server).await
}

#[tokio::test(start_paused = true)]
async fn a_call_that_succeeds_is_made_once() {
    let server = Server::new([Ok(1)]);
    assert_eq!(called(&server).await, Ok(1));
    assert_eq!(server.calls(), [0]);
}

#[tokio::test(start_paused = true)]
async fn throttles_and_failures_to_connect_are_retried_with_exponential_backoff() {
    let refused = ApiError::of(Failure::Connect);
    let server = Server::failing([THROTTLED, ApiError::status(503), refused]);
    assert_eq!(called(&server).await, Ok(200));
    assert_eq!(server.calls(), [0, 1000, 3000, 7000]);
}

#[tokio::test(start_paused = true)]
async fn everything_else_comes_back_at_once() {
    for status in [400, 401, 403, 404, 409, 418, 422, 500, 501, 502, 504] {
        let server = Server::failing([ApiError::status(status)]);
        assert_eq!(called(&server).await, Err(ApiError::status(status)));
        assert_eq!(server.calls(), [0]);
    }
    for failure in [Failure::Timeout, Failure::Reset, Failure::Other] {
        let server = Server::failing([ApiError::of(failure)]);
        assert!(called(&server).await.is_err());
        assert_eq!(server.calls(), [0], "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_last_retry_the_last_error_comes_back_unchanged() {
    let errors = [429, 503, 429, 503].map(ApiError::status);
    let server = Server::failing(errors);
    assert_eq!(called(&server).await, Err(ApiError::status(503)));
    assert_eq!(server.calls(), [0, 1000, 3000, 7000]);
}

#[tokio::test(start_paused = true)]
async fn a_hint_is_kept_to_the_millisecond_and_needs_no_jitter() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let hints = [ms(1), ms(1234), secs(20)].map(|wait| ApiError::after(429, wait));
    let server = Server::failing(hints);
    assert_eq!(call(&limiter(100_000.0, 10), &server).await, Ok(200));
    assert_eq!(server.calls(), [0, 1, 1235, 21_235]);
}

#[tokio::test(start_paused = true)]
async fn hints_of_nothing_still_back_off_and_do_not_burn_the_retries() {
    let server = Server::failing(repeat_n(ApiError::after(429, Duration::ZERO), 4));
    assert_eq!(
        called(&server).await,
        Err(ApiError::after(429, Duration::ZERO))
    );
    assert_eq!(server.calls(), [0, 1000, 3000, 7000]);
}

#[tokio::test(start_paused = true)]
async fn an_instant_that_has_passed_is_a_hint_of_nothing() {
    let past = [
        ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
        ("retry-after", "Mon, 23 Nov 2026 11:59:00 GMT"),
    ];
    let (limiter, calls) = (limiter(10.0, 5), Log::new());
    let last = answered(&limiter, (429, &past), &calls, Instant::now()).await;
    assert_eq!(last.unwrap().status(), 429);
    assert_eq!(calls.entries(), [0, 1000]);
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_window_says_when_where_the_hint_says_nothing() {
    let headers = [
        ("retry-after", "0"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "30"),
    ];
    let (limiter, calls) = (limiter(10.0, 5), Log::new());
    let last = answered(&limiter, (429, &headers), &calls, Instant::now()).await;
    assert_eq!(last.unwrap().status(), 429);
    assert_eq!(calls.entries(), [0, 30_000]);
}

#[tokio::test(start_paused = true)]
async fn the_default_backoff_adds_up_to_a_second_of_jitter() {
    #[rate_limited(rate = 100)]
    async fn call(server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let server = Server::failing([THROTTLED, THROTTLED]);
    assert_eq!(call(&server).await, Ok(200));
    let at = server.calls();
    assert!((1000..=2000).contains(&(at[1] - at[0])), "{at:?}");
    assert!((2000..=3000).contains(&(at[2] - at[1])), "{at:?}");
}

#[tokio::test(start_paused = true)]
async fn jitter_is_another_for_each_retry() {
    #[rate_limited(rate = 100)]
    async fn call(server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let mut delays = HashSet::new();
    for _ in 0..20 {
        let server = Server::failing([ApiError::of(Failure::Connect)]);
        assert_eq!(call(&server).await, Ok(200));
        delays.insert(server.calls()[1]);
    }
    assert!(delays.len() > 1, "{delays:?}");
}

#[tokio::test(start_paused = true)]
async fn a_backoff_without_a_longest_delay_overflows_nowhere() {
    #[rate_limited(limiter = limiter, max_retries = 100, deadline = "1000h", backoff(factor = 10, max = UNBOUNDED))]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
        server.answer().map_err(Failed::Api)
    }
    const UNBOUNDED: Duration = Duration::MAX;
    let server = Server::failing([ApiError::after(429, secs(1)); 100]);
    assert_eq!(call(&limiter(1000.0, 10), &server).await.unwrap(), 200);
    assert_eq!(server.calls().last(), Some(&100_000));
    // Without hints it is the deadline that ends it: 10^7 s are more than 1000 hours.
    let server = Server::failing([ApiError::of(Failure::Connect); 100]);
    assert!(call(&limiter(1000.0, 10), &server).await.is_err());
    assert_eq!(server.calls().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_takes_a_token() {
    let limiter = limiter(1.0, 4);
    let server = Server::failing([ApiError::after(429, ms(1)); 3]);
    assert_eq!(call(&limiter, &server).await, Ok(200));
    // Each refusal empties the bucket but for one token, at the paced rate.
    assert_eq!(limiter.snapshot().available, 0);
    assert_eq!(server.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn one_throttled_call_holds_all_back_until_they_go_at_the_paced_rate() {
    let limiter = limiter(10.0, 5);
    let server = Server::failing([ApiError::after(429, secs(3))]);
    let calls: Vec<_> = (0..12)
        .map(|_| {
            let (limiter, server) = (limiter.clone(), Arc::clone(&server));
            tokio::spawn(async move { call(&limiter, &server).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(200));
    }
    // The first call is refused before the others are polled: they all wait for the cooldown's end.
    let after: Vec<u64> = (0..12).map(|n| 3000 + 100 * n).collect();
    assert_eq!(server.calls()[0], 0);
    assert_eq!(server.calls()[1..], after);
}

#[tokio::test(start_paused = true)]
async fn a_retry_goes_before_calls_that_wait_but_for_the_one_that_goes_first_after_a_cooldown() {
    let limiter = limiter(1.0, 1);
    let server = Server::new([Err(ApiError::after(429, secs(2))), Ok(1), Ok(2), Ok(3)]);
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let (limiter, server) = (limiter.clone(), Arc::clone(&server));
            tokio::spawn(async move { call(&limiter, &server).await })
        })
        .collect();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.unwrap());
    }
    assert_eq!(results, [Ok(2), Ok(1), Ok(3)]);
    assert_eq!(server.calls(), [0, 2000, 3000, 4000]);
}

#[tokio::test(start_paused = true)]
async fn a_throttle_that_is_not_retried_holds_all_calls_back_too() {
    #[rate_limited(limiter = limiter, max_retries = 0)]
    async fn once(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let limiter = limiter(10.0, 5);
    let server = Server::failing([ApiError::after(429, secs(3))]);
    assert!(once(&limiter, &server).await.is_err());
    assert_eq!(once(&limiter, &server).await, Ok(200));
    assert_eq!(server.calls(), [0, 3000]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_failed_holds_up_no_other_call() {
    let limiter = limiter(10.0, 5);
    let refused = ApiError::of(Failure::Connect);
    let server = Server::failing([refused]);
    let (one, other) = tokio::join!(call(&limiter, &server), call(&limiter, &server));
    assert_eq!((one, other), (Ok(200), Ok(200)));
    assert_eq!(server.calls(), [0, 0, 1000]);
}

#[tokio::test(start_paused = true)]
async fn retry_on_replaces_the_list_and_idempotent_adds_to_it() {
    #[rate_limited(limiter = limiter, retry_on = [500, timeout], backoff(jitter = "none"))]
    async fn listed(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    #[rate_limited(limiter = limiter, idempotent, backoff(jitter = "none"))]
    async fn idempotent(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let limiter = limiter(100.0, 10);
    let timeout = ApiError::of(Failure::Timeout);
    for failure in [ApiError::status(500), timeout] {
        let server = Server::failing([failure]);
        assert_eq!(listed(&limiter, &server).await, Ok(200));
        let server = Server::failing([failure]);
        assert_eq!(idempotent(&limiter, &server).await, Ok(200));
    }
    let server = Server::failing([ApiError::status(503)]);
    assert_eq!(listed(&limiter, &server).await, Err(ApiError::status(503)));
    let server = Server::failing([ApiError::status(503), ApiError::status(504)]);
    assert_eq!(idempotent(&limiter, &server).await, Ok(200));
}

#[tokio::test(start_paused = true)]
async fn classify_decides_and_can_leave_it_to_the_types() {
    fn judge(out: &Result<u8, ApiError>) -> Verdict {
        match out {
            Ok(202) => Verdict::Throttled {
                retry_after: Some(Duration::from_secs(5)),
            },
            Ok(_) => Verdict::Done,
            Err(error) if error.failure == Failure::Status(404) => {
                Verdict::Retry { retry_after: None }
            }
            Err(error) if error.failure == Failure::Status(503) => Verdict::Stop,
            Err(_) => Verdict::Auto,
        }
    }
    #[rate_limited(limiter = limiter, classify = judge, backoff(jitter = "none"))]
    async fn judged(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let limiter = limiter(100.0, 10);
    let server = Server::new([Ok(202), Err(ApiError::status(404)), Err(THROTTLED), Ok(7)]);
    assert_eq!(judged(&limiter, &server).await, Ok(7));
    assert_eq!(server.calls(), [0, 5000, 7000, 11_000]);
    let server = Server::failing([ApiError::status(503)]);
    assert_eq!(judged(&limiter, &server).await, Err(ApiError::status(503)));
}

/// Answers always the same, and notes when.
#[rate_limited(
    limiter = limiter,
    max_retries = 1,
    retry_on = [429, 503, "5xx", 408, 425],
    backoff(jitter = "none"),
)]
async fn answered(
    limiter: &Limiter,
    (status, headers): (u16, &[(&'static str, &str)]),
    calls: &Log<u64>,
    start: Instant,
) -> Result<Response<String>, io::Error> {
    calls.add(since(start));
    Ok(response(status, headers))
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_a_floor_for_every_status_that_is_retried() {
    let (told, asked) = (("retry-after", "7"), ("x-should-retry", "true"));
    let listed = [429, 503, 500, 502, 504, 408, 425].map(|status| (status, vec![told]));
    let wanted = [409, 422].map(|status| (status, vec![told, asked]));
    for (status, headers) in listed.into_iter().chain(wanted) {
        let (limiter, calls) = (limiter(100.0, 10), Log::new());
        let answer = (status, headers.as_slice());
        let last = answered(&limiter, answer, &calls, Instant::now()).await;
        assert_eq!(last.unwrap().status(), status);
        assert_eq!(calls.entries(), [0, 7000], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_that_the_server_calls_final_still_holds_all_calls_back() {
    let (limiter, calls) = (limiter(10.0, 5), Log::new());
    let headers = [("retry-after", "7"), ("x-should-retry", "false")];
    let last = answered(&limiter, (429, &headers), &calls, Instant::now()).await;
    assert_eq!(last.unwrap().status(), 429);
    assert_eq!(calls.entries(), [0]);
    assert_eq!(limiter.snapshot().cooldown, Some(secs(7)));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_classify_wants_keeps_to_the_hint() {
    fn judge(out: &Result<Response<String>, io::Error>) -> Verdict {
        match out {
            Ok(response) if response.status() == 429 => Verdict::Retry { retry_after: None },
            _ => Verdict::Done,
        }
    }
    #[rate_limited(limiter = limiter, classify = judge, backoff(jitter = "none"))]
    async fn judged(limiter: &Limiter) -> Result<Response<String>, io::Error> {
        let status = if paced::attempt().number() == 1 {
            429
        } else {
            200
        };
        Ok(response(status, &[("retry-after", "7")]))
    }
    let start = Instant::now();
    assert_eq!(judged(&limiter(10.0, 5)).await.unwrap().status(), 200);
    assert_eq!(since(start), 7000);
}
