//! `max_throttles`: refusals whose told wait was kept, counted apart from other retries.

use std::sync::Arc;

use paced::Limiter;
use paced::Verdict;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Server;
use crate::support::limiter;
use crate::support::secs;
use crate::support::since;

const MANY: u32 = 20;

const TOLD: ApiError = ApiError::after(429, secs_of(2));
const UNTOLD: ApiError = ApiError::status(429);
const OUTAGE: ApiError = ApiError::status(503);

const fn secs_of(seconds: u64) -> core::time::Duration {
    core::time::Duration::from_secs(seconds)
}

#[rate_limited(limiter = limiter, backoff(jitter = "none"))]
async fn strict(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
    server.answer()
}

#[rate_limited(limiter = limiter, max_throttles = MANY, backoff(jitter = "none"))]
async fn apart(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
    server.answer()
}

#[rate_limited(
    limiter = limiter,
    max_retries = retries,
    max_throttles = throttles,
    backoff(jitter = "none")
)]
async fn counted(
    limiter: &Limiter,
    server: &Server,
    retries: u32,
    throttles: u32,
) -> Result<u8, ApiError> {
    server.answer()
}

/// A server that always fails like this.
fn always(error: ApiError) -> Arc<Server> {
    Server::failing(core::iter::repeat_n(error, 100))
}

#[tokio::test(start_paused = true)]
async fn every_retry_counts_in_max_retries_without_max_throttles() {
    let server = Server::failing([TOLD, TOLD, TOLD, TOLD, TOLD, OUTAGE]);
    let out = strict(&limiter(100.0, 10), &server).await;
    assert_eq!(out, Err(OUTAGE));
    assert_eq!(server.calls().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn refusals_whose_wait_was_kept_do_not_count_as_retries() {
    let server = Server::failing([TOLD, TOLD, TOLD, TOLD, TOLD, OUTAGE]);
    assert_eq!(apart(&limiter(100.0, 10), &server).await, Ok(200));
    let calls = server.calls();
    assert_eq!(calls[..6], [0, 2000, 4000, 6000, 8000, 10_000]);
    assert_eq!(calls.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn refusals_without_a_told_wait_are_retries() {
    for error in [UNTOLD, OUTAGE] {
        let server = always(error);
        assert_eq!(apart(&limiter(100.0, 10), &server).await, Err(error));
        assert_eq!(server.calls().len(), 6);
    }
}

#[tokio::test(start_paused = true)]
async fn max_retries_and_max_throttles_both_bound_the_attempts() {
    for (retries, throttles, attempts) in [(0, 0, 1), (0, 3, 4), (2, 3, 6), (2, 0, 3), (2, 20, 23)]
    {
        let server = always(TOLD);
        let out = counted(&limiter(100.0, 10), &server, retries, throttles).await;
        assert_eq!(out, Err(TOLD));
        assert_eq!(server.calls().len(), attempts, "{retries} {throttles}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_without_retries_is_tried_again_for_throttles() {
    #[rate_limited(limiter = limiter, max_retries = 0, max_throttles = 3)]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let server = Server::failing([TOLD, TOLD, OUTAGE]);
    assert_eq!(call(&limiter(100.0, 10), &server).await, Err(OUTAGE));
    assert_eq!(server.calls(), [0, 2000, 4000]);
}

#[tokio::test(start_paused = true)]
async fn throttles_that_classify_tells_of_count_as_well() {
    fn judge(out: &Result<u8, ApiError>) -> Verdict {
        match out {
            Ok(_) => Verdict::Done,
            Err(_) => Verdict::Throttled {
                retry_after: Some(secs_of(2)),
            },
        }
    }
    #[rate_limited(limiter = limiter, max_retries = 1, max_throttles = 3, classify = judge)]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let server = always(OUTAGE);
    assert_eq!(call(&limiter(100.0, 10), &server).await, Err(OUTAGE));
    assert_eq!(server.calls(), [0, 2000, 4000, 6000, 8000]);
}

/// The documentation's example with windows of a minute.
#[tokio::test(start_paused = true)]
async fn six_retries_outlast_a_window_of_a_minute() {
    fn window(start: Instant) -> Result<u8, ApiError> {
        if start.elapsed() < secs(60) {
            Err(UNTOLD)
        } else {
            Ok(200)
        }
    }
    #[rate_limited(limiter = limiter)]
    async fn default(limiter: &Limiter, start: Instant) -> Result<u8, ApiError> {
        window(start)
    }
    #[rate_limited(limiter = limiter, max_retries = 6)]
    async fn longer(limiter: &Limiter, start: Instant) -> Result<u8, ApiError> {
        window(start)
    }
    let start = Instant::now();
    assert_eq!(default(&limiter(100.0, 10), start).await, Err(UNTOLD));
    assert!((31_000..40_000).contains(&since(start)), "{}", since(start));
    let start = Instant::now();
    assert_eq!(longer(&limiter(100.0, 10), start).await, Ok(200));
}
