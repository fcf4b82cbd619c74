//! Facts about its attempt that the body can ask for.

use core::time::Duration;
use std::sync::Arc;

use paced::Failure;
use paced::Limiter;
use paced::ResponseExt as _;
use paced::Verdict;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::refusal;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

#[rate_limited(limiter = limiter, max_retries = 2, deadline = "60s", backoff(jitter = "none"))]
async fn call(limiter: &Limiter, server: &Server, log: &Log<paced::Attempt>) -> Result<u8, Failed> {
    deep_inside(log).await;
    server.answer().map_err(Failed::Api)
}

async fn deep_inside(log: &Log<paced::Attempt>) {
    tokio::task::yield_now().await;
    log.add(paced::attempt());
}

#[tokio::test(start_paused = true)]
async fn attempts_are_numbered_and_know_the_failure_before() {
    let (server, log) = (
        Server::failing([429, 503].map(ApiError::status)),
        Log::new(),
    );
    call(&limiter(10.0, 5), &server, &log).await.unwrap();
    let seen: Vec<_> = log
        .entries()
        .iter()
        .map(|a| (a.number(), a.previous()))
        .collect();
    assert_eq!(
        seen,
        [
            (1, None),
            (2, Some(Failure::Status(429))),
            (3, Some(Failure::Status(503))),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_idempotency_key_is_the_same_for_all_attempts_and_another_for_each_call() {
    let log = Log::new();
    for _ in 0..2 {
        let server = Server::failing([ApiError::status(429)]);
        call(&limiter(10.0, 5), &server, &log).await.unwrap();
    }
    let keys: Vec<_> = log
        .entries()
        .iter()
        .map(|a| a.idempotency_key().to_string())
        .collect();
    assert_eq!((&keys[0], &keys[2]), (&keys[1], &keys[3]));
    assert_ne!(keys[0], keys[2]);
    // RFC 9562: version 4, variant 1.
    for key in keys {
        assert_eq!(key.len(), 36);
        assert_eq!(&key[14..15], "4");
        assert!("89ab".contains(&key[19..20]), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn remaining_time_of_an_attempt_runs_out() {
    #[rate_limited(rate = 10, deadline = "60s")]
    async fn timed() -> Result<[Option<Duration>; 2], Failed> {
        let attempt = paced::attempt();
        let before = attempt.remaining();
        sleep(secs(20)).await;
        Ok([before, attempt.remaining()])
    }
    assert_eq!(timed().await.unwrap(), [Some(secs(60)), Some(secs(40))]);
}

#[tokio::test(start_paused = true)]
async fn attempt_outside_of_a_call_is_the_first_without_a_deadline() {
    let attempt = paced::attempt();
    assert_eq!(
        (attempt.number(), attempt.previous(), attempt.remaining()),
        (1, None, None)
    );
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_do_not_see_each_other() {
    let limiter = limiter(10.0, 5);
    let (failing, fine) = (Server::failing([ApiError::status(503)]), Server::new([]));
    let (one, other) = (Log::new(), Log::new());
    let (a, b) = tokio::join!(
        call(&limiter, &failing, &one),
        call(&limiter, &fine, &other)
    );
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(
        other
            .entries()
            .iter()
            .map(paced::Attempt::number)
            .collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(
        one.entries()
            .iter()
            .map(paced::Attempt::number)
            .collect::<Vec<_>>(),
        [1, 2]
    );
}

#[tokio::test(start_paused = true)]
async fn nested_calls_do_not_multiply_their_retries() {
    #[rate_limited(rate = 100, backoff(jitter = "none"))]
    async fn outer(
        limiter: &Limiter,
        server: &Server,
        log: &Log<paced::Attempt>,
    ) -> Result<u8, Failed> {
        call(limiter, server, log).await
    }
    let (server, log) = (Server::failing([ApiError::status(429); 50]), Log::new());
    assert!(outer(&limiter(100.0, 5), &server, &log).await.is_err());
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_keeps_to_the_deadline_of_the_outer_one() {
    #[rate_limited(rate = 100, deadline = "5s")]
    async fn outer(
        limiter: &Limiter,
        server: &Server,
        log: &Log<paced::Attempt>,
    ) -> Result<u8, Failed> {
        call(limiter, server, log).await
    }
    let server = Server::failing([ApiError::after(429, secs(6))]);
    let log = Log::new();
    assert!(outer(&limiter(100.0, 5), &server, &log).await.is_err());
    assert_eq!(server.calls(), [0]);
    assert!(
        log.entries()[0]
            .remaining()
            .is_some_and(|left| left <= secs(5))
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_panics_leaves_nothing_behind() {
    #[rate_limited(rate = 100)]
    async fn panics() -> Result<u8, ApiError> {
        panic!("on purpose")
    }
    assert!(tokio::spawn(panics()).await.is_err());
    assert_eq!(paced::attempt().remaining(), None);
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_gives_the_attempt_back_to_the_outer_one() {
    #[rate_limited(rate = 100, deadline = "100s", backoff(jitter = "none"))]
    async fn outer(server: &Server, seen: &Log<Seen>) -> Result<u8, Failed> {
        let inner = Server::failing([ApiError::status(503); 2]);
        let before = Seen::now();
        call(&limiter(100.0, 5), &inner, &Log::new()).await?;
        assert_eq!(inner.calls().len(), 3);
        let after = Seen::now();
        // The nested call's two backoffs take three seconds.
        let left = before.left.and_then(|left| left.checked_sub(secs(3)));
        assert_eq!(after, Seen { left, ..before });
        seen.add(after);
        server.answer().map_err(Failed::Api)
    }
    let (server, seen) = (Server::failing([ApiError::status(429)]), Log::new());
    outer(&server, &seen).await.unwrap();
    let seen = seen.entries();
    assert_eq!((seen[0].number, seen[0].previous), (1, None));
    let throttled = Some(Failure::Status(429));
    assert_eq!((seen[1].number, seen[1].previous), (2, throttled));
    assert_eq!(seen[0].key, seen[1].key);
}

/// Values that [`paced::attempt`] returns at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    number: u32,
    previous: Option<Failure>,
    left: Option<Duration>,
    key: paced::IdempotencyKey,
}

impl Seen {
    fn now() -> Self {
        let attempt = paced::attempt();
        Self {
            number: attempt.number(),
            previous: attempt.previous(),
            left: attempt.remaining(),
            key: attempt.idempotency_key(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_is_refused_once_the_outer_ones_deadline_is_over() {
    #[rate_limited(rate = 100)]
    async fn inner(server: &Server) -> Result<u8, Failed> {
        server.answer().map_err(Failed::Api)
    }
    #[rate_limited(rate = 100, deadline = "1s")]
    async fn outer(takes: Duration, server: &Server) -> Result<bool, Failed> {
        sleep(takes).await;
        Ok(match inner(server).await {
            Err(Failed::Refused(error)) => error.is_deadline(),
            _ => false,
        })
    }
    let server = Server::new([]);
    assert!(!outer(ms(999), &server).await.unwrap());
    assert_eq!(server.calls(), [999]);
    assert!(outer(secs(1), &server).await.unwrap());
    assert!(refusal(outer(secs(9), &server).await).is_deadline());
    assert_eq!(server.calls(), [999]);
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_whose_hint_is_beyond_the_outer_ones_deadline_ends_both_now() {
    #[rate_limited(limiter = limiter)]
    async fn inner(limiter: &Limiter) -> reqwest::Result<()> {
        let refused = response(429, &[("retry-after", "60")]);
        reqwest::Response::from(refused)
            .observe()
            .error_for_status()?;
        Ok(())
    }
    #[rate_limited(rate = 100, deadline = "5s")]
    async fn outer(limiter: &Limiter) -> reqwest::Result<()> {
        inner(limiter).await
    }
    let start = Instant::now();
    assert!(outer(&limiter(10.0, 5)).await.is_err());
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_nested_failure_that_the_body_gets_over_costs_no_retry_of_another_one() {
    #[rate_limited(rate = 100, max_retries = 1, backoff(jitter = "none"))]
    async fn optional() -> Result<(), ApiError> {
        Err(ApiError::of(Failure::Connect))
    }
    #[rate_limited(rate = 100, max_retries = 3, backoff(jitter = "none"))]
    async fn outer(server: &Server) -> Result<u8, ApiError> {
        let _ = optional().await;
        server.answer()
    }
    let server = Server::failing([ApiError::status(429); 9]);
    assert!(outer(&server).await.is_err());
    assert_eq!(server.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_that_was_stopped_has_not_used_up_its_retries() {
    fn judge(out: &Result<u8, ApiError>) -> Verdict {
        match out {
            Err(error) if error.failure == Failure::Status(409) => Verdict::Stop,
            _ => Verdict::Auto,
        }
    }
    #[rate_limited(rate = 100, classify = judge, backoff(jitter = "none"))]
    async fn inner(server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    #[rate_limited(rate = 100, max_retries = 1, retry_on = [409], backoff(jitter = "none"))]
    async fn outer(server: &Server) -> Result<u8, ApiError> {
        inner(server).await
    }
    let script = [Failure::Connect, Failure::Status(409)].map(ApiError::of);
    let server = Server::failing(script);
    assert_eq!(outer(&server).await, Ok(200));
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_outcome_before_is_dropped_before_the_next_attempt_runs() {
    fn judge(out: &Result<(u32, Arc<()>), ApiError>) -> Verdict {
        match out {
            Ok((1, _)) => Verdict::Retry { retry_after: None },
            _ => Verdict::Done,
        }
    }
    #[rate_limited(rate = 10, classify = judge)]
    async fn call(held: &Arc<()>, counts: &Log<usize>) -> Result<(u32, Arc<()>), ApiError> {
        counts.add(Arc::strong_count(held));
        Ok((paced::attempt().number(), Arc::clone(held)))
    }
    let (held, counts) = (Arc::new(()), Log::new());
    call(&held, &counts).await.unwrap();
    assert_eq!(counts.entries(), [1, 1]);
}
