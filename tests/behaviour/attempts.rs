//! What the body can ask about its attempt.

use paced::Failure;
use paced::Limiter;
use paced::rate_limited;

use crate::support::ApiError;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::secs;

#[rate_limited(limiter = limiter, max_retries = 2, deadline = "60s", backoff(jitter = "none"))]
async fn call(
    limiter: &Limiter,
    server: &Server,
    log: &Log<paced::Attempt>,
) -> Result<u8, ApiError> {
    deep_inside(log).await;
    server.answer()
}

async fn deep_inside(log: &Log<paced::Attempt>) {
    tokio::task::yield_now().await;
    log.add(paced::attempt());
}

#[tokio::test(start_paused = true)]
async fn it_is_numbered_and_knows_the_failure_before() {
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
async fn the_time_left_runs_out() {
    #[rate_limited(rate = 10, deadline = "60s")]
    async fn timed() -> Result<[Option<core::time::Duration>; 2], ApiError> {
        let attempt = paced::attempt();
        let before = attempt.time_left();
        tokio::time::sleep(secs(20)).await;
        Ok([before, attempt.time_left()])
    }
    assert_eq!(timed().await, Ok([Some(secs(60)), Some(secs(40))]));
}

#[tokio::test(start_paused = true)]
async fn outside_of_a_call_it_is_the_first_attempt_without_a_deadline() {
    let attempt = paced::attempt();
    assert_eq!(
        (attempt.number(), attempt.previous(), attempt.time_left()),
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
    ) -> Result<u8, ApiError> {
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
    ) -> Result<u8, ApiError> {
        call(limiter, server, log).await
    }
    let server = Server::failing([ApiError::after(429, secs(6))]);
    let log = Log::new();
    assert!(outer(&limiter(100.0, 5), &server, &log).await.is_err());
    assert_eq!(server.calls(), [0]);
    assert!(
        log.entries()[0]
            .time_left()
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
    assert_eq!(paced::attempt().time_left(), None);
}
