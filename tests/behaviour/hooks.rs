//! Functions of the user's that are called before a retry, and when a call is given up.

use std::cell::RefCell;

use paced::Failure;
use paced::Limiter;
use paced::Report;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Server;
use crate::support::limiter;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;

thread_local! {
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Returns the reports that the hooks received on this thread.
fn told() -> Vec<String> {
    TOLD.with(|told| told.borrow().clone())
}

fn note(report: &Report<'_>) {
    let statuses: Vec<_> = report.statuses().collect();
    let waits = report.waits();
    let text = format!(
        "{}: attempts {}, {statuses:?}, queue {:?}, cooldown {:?}, backoff {:?}, next in {:?}",
        report.limiter(),
        report.attempts(),
        waits.queue,
        waits.cooldown,
        waits.backoff,
        report.retry_in(),
    );
    TOLD.with(|told| told.borrow_mut().push(text));
}

/// Asks the limiter, which a lock would make wait for ever.
fn look(report: &Report<'_>) {
    let limiter = paced::limiter(report.limiter());
    let snapshot = limiter.snapshot();
    note(report);
    TOLD.with(|told| told.borrow_mut().push(format!("{:?}", snapshot.cooldown)));
}

#[rate_limited(limiter = limiter, max_retries = 2, backoff(base = "2s", jitter = "none"), idempotent,
    max_wait = "20s", on_retry = look, on_give_up = note)]
async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn hooks_are_told_what_the_call_went_through() {
    let limiter = Limiter::builder(quota(10.0, 1))
        .name("hooked")
        .build()
        .unwrap();
    limiter.acquire().await.unwrap();
    let server = Server::failing([
        ApiError::after(429, secs(3)),
        ApiError::status(500),
        ApiError::status(502),
    ]);
    let start = Instant::now();
    assert!(call(&limiter, &server).await.is_err());
    assert_eq!(since(start), 7100);
    let queue = "queue 100ms";
    let right = [
        format!("hooked: attempts 1, [429], {queue}, cooldown 0ns, backoff 0ns, next in Some(3s)"),
        "Some(3s)".to_owned(),
        format!(
            "hooked: attempts 2, [429, 500], {queue}, cooldown 3s, backoff 0ns, next in Some(4s)"
        ),
        "None".to_owned(),
        format!(
            "hooked: attempts 3, [429, 500, 502], {queue}, cooldown 3s, backoff 4s, next in None"
        ),
    ];
    assert_eq!(told(), right);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_worth_a_retry_is_not_given_up() {
    let limiter = limiter(10.0, 10);
    let server = Server::failing([ApiError::status(404)]);
    assert!(call(&limiter, &server).await.is_err());
    assert!(call(&limiter, &server).await.is_ok());
    assert!(told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_would_come_too_late_is_a_give_up() {
    let limiter = limiter(10.0, 10);
    let server = Server::failing([ApiError::after(503, secs(40))]);
    assert!(call(&limiter, &server).await.is_err());
    let told = told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("attempts 1, [503]"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_hook_is_the_calls() {
    #[rate_limited(limiter = limiter, on_retry = |report: &Report<'_>| panic!("hook of {}", report.attempts()))]
    async fn panicking(limiter: Limiter, server: std::sync::Arc<Server>) -> Result<u8, ApiError> {
        server.answer()
    }
    let limiter = limiter(10.0, 10);
    let server = Server::failing([ApiError::status(429)]);
    let panicked = tokio::spawn(panicking(limiter.clone(), server.clone())).await;
    assert!(panicked.unwrap_err().is_panic());
    // The others are not affected.
    assert_eq!(panicking(limiter, server).await, Ok(200));
}

#[tokio::test(start_paused = true)]
async fn failures_without_a_status_are_reported_too() {
    thread_local! {
        static FAILURES: RefCell<Vec<Failure>> = const { RefCell::new(Vec::new()) };
    }
    fn alert(report: &Report<'_>) {
        FAILURES.with(|failures| failures.borrow_mut().extend(report.failures()));
        assert!(report.function().ends_with("::unreachable"));
    }
    #[rate_limited(rate = 10, max_retries = 1, on_give_up = alert)]
    async fn unreachable() -> Result<u8, ApiError> {
        Err(ApiError::of(Failure::Connect))
    }
    unreachable().await.unwrap_err();
    let failures = FAILURES.with(|failures| failures.borrow().clone());
    assert_eq!(failures, [Failure::Connect; 2]);
}
