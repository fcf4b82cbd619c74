//! Calls that are refused, and the errors of others that say so.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::limiter;
use crate::support::secs;
use crate::support::since;

/// Defines a test for each type of error: the refusal is found in it, an outer function passes it on
/// at once, and the outer function's limiter learns nothing from it.
macro_rules! refusals {
    ($($name:ident -> $error:ty;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[rate_limited(limiter = limiter, max_wait = "2s", deadline = "1h")]
            async fn inner(limiter: &Limiter) -> Result<(), $error> {
                Ok(())
            }
            #[rate_limited(limiter = own, retry_on = [429, 503, connect, reset, timeout], idempotent)]
            async fn outer(own: &Limiter, limiter: &Limiter) -> Result<(), $error> {
                inner(limiter).await
            }
            let (closed, own) = (limiter(10.0, 5), limiter(10.0, 5));
            closed.cooldown_for(secs(3));
            let start = Instant::now();
            let error = outer(&own, &closed).await.expect_err("the limiter is closed");
            assert_eq!(since(start), 0);
            let refusal = paced::Error::find(&error).expect("a refusal");
            assert!(refusal.is_max_wait(), "{refusal}");
            assert_eq!(refusal.retry_after(), Some(secs(3)));
            let snapshot = own.snapshot();
            assert_eq!((snapshot.cooldown, snapshot.available), (None, 4));
        }
    )*};
}

refusals! {
    an_error_of_ours -> paced::Error;
    an_io_error -> io::Error;
    a_reqwest_error -> reqwest::Error;
    an_error_of_reqwest_middleware -> reqwest_middleware::Error;
    a_boxed_error -> Box<dyn StdError>;
    a_boxed_error_that_is_send_and_sync -> Box<dyn StdError + Send + Sync>;
    an_error_of_anyhow -> anyhow::Error;
    an_error_of_thiserror -> Told;
}

#[derive(Debug, thiserror::Error)]
enum Told {
    #[error("refused")]
    Refused(#[from] paced::Error),
}

#[rate_limited(limiter = limiter, max_wait = "2s")]
async fn client(limiter: &Limiter) -> reqwest::Result<()> {
    Ok(())
}

async fn refused_client() -> reqwest::Error {
    let limiter = limiter(10.0, 5);
    limiter.cooldown_for(secs(3));
    let out = client(&limiter).await;
    out.expect_err("the limiter is closed")
}

#[tokio::test(start_paused = true)]
async fn a_refused_reqwest_error_has_the_refusal_as_its_source_and_nothing_of_a_server() {
    let error = refused_client().await;
    let source = error.source().expect("a source");
    assert!(source.is::<paced::Error>(), "{source:?}");
    assert_eq!((error.status(), error.url()), (None, None));
    assert!(!error.is_connect() && !error.is_timeout() && !error.is_request());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_found_through_whatever_is_around_it() {
    let error = refused_client().await;
    let layered = anyhow::Error::new(io::Error::other(error)).context("outermost");
    assert!(paced::Error::find(&layered).is_some());
    let shared: Arc<dyn StdError + Send + Sync> = layered.into_boxed_dyn_error().into();
    assert!(paced::Error::find(&*shared).is_some());
    let of_middleware = reqwest_middleware::Error::middleware(refused_client().await);
    assert!(paced::Error::find(&of_middleware).is_some());
    assert!(paced::Error::find(&io::Error::other("nothing of the kind")).is_none());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_took_too_long_is_a_timeout_for_io_and_for_outer_functions() {
    #[rate_limited(rate = 10, attempt_timeout = "1s", max_retries = 0)]
    async fn slow() -> io::Result<()> {
        std::future::pending().await
    }
    #[rate_limited(limiter = limiter, retry_on = [timeout], max_retries = 1, backoff(jitter = "none"))]
    async fn outer(limiter: &Limiter) -> io::Result<()> {
        slow().await
    }
    let start = Instant::now();
    let error = outer(&limiter(10.0, 5)).await.expect_err("too slow");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(paced::Error::find(&error).is_some_and(paced::Error::is_attempt_timeout));
    // Two attempts of a second, a second of backoff between them.
    assert_eq!(since(start), 3000);
}

#[tokio::test(start_paused = true)]
async fn a_long_queue_at_the_paced_rate_is_waited_through_without_a_deadline_of_ones_own() {
    #[rate_limited(limiter = limiter)]
    async fn ping(limiter: &Limiter) -> io::Result<()> {
        Ok(())
    }
    let (limiter, start) = (limiter(1.0, 1), Instant::now());
    let calls: Vec<_> = (0..400)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move { ping(&limiter).await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("a permit in its turn");
    }
    assert_eq!(since(start), 399_000);
    // A cooldown is another matter.
    limiter.cooldown_for(secs(301));
    let error = ping(&limiter).await.expect_err("longer than 300 s");
    assert!(paced::Error::find(&error).is_some_and(paced::Error::is_deadline));
}
