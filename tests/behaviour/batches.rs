//! Batches of any size: a call that has set itself no deadline is never refused because it has to
//! wait for its turn, whatever its error type.

use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use http::Response;
use paced::rate_limited;
use tokio::time::Instant;

use crate::forecasting::all;
use crate::support::ApiError;
use crate::support::Failed;
use crate::support::response;
use crate::support::since;

/// 2,000 calls of a limiter of 5/s with a burst of 10.
const CALLS: usize = 2000;
const MILLIS: u64 = (2000 - 10) * 200;

/// The call whose turn comes after 308 s.
const LATE: usize = 1550;

#[tokio::test(start_paused = true)]
async fn a_batch_of_any_size_is_served_though_its_calls_can_be_refused() {
    #[rate_limited(rate = 5, burst = 10)]
    async fn call() -> Result<(), Failed> {
        Ok(())
    }
    let start = Instant::now();
    let calls = all(CALLS, |_| call()).await;
    let refused = calls.iter().filter(|call| call.is_err()).count();
    assert_eq!(refused, 0, "{:?}", calls.last());
    assert_eq!(since(start), MILLIS);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_any_size_is_served_with_errors_of_the_standard_library() {
    #[rate_limited(rate = 5, burst = 10)]
    async fn call() -> io::Result<()> {
        Ok(())
    }
    let start = Instant::now();
    let calls = all(CALLS, |_| call()).await;
    let refused = calls.iter().filter(|call| call.is_err()).count();
    assert_eq!(refused, 0, "{:?}", calls.last());
    assert_eq!(since(start), MILLIS);
}

/// A deadline that is written out is another matter, even if it is the default's length.
#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_given_counts_the_queue() {
    #[rate_limited(rate = 5, burst = 10, deadline = "300s")]
    async fn call() -> Result<(), Failed> {
        Ok(())
    }
    let start = Instant::now();
    let calls = all(
        CALLS,
        |_| async move { (call().await.is_ok(), since(start)) },
    )
    .await;
    let (served, refused): (Vec<_>, Vec<_>) = calls.into_iter().partition(|(ok, _)| *ok);
    // The permit that comes at the deadline itself is of no use.
    assert_eq!((served.len(), refused.len()), (1509, 491));
    assert_eq!(served.last(), Some(&(true, 299_800)));
    assert!(refused.iter().all(|(_, at)| *at == 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_throttled_late_in_a_batch_is_retried_though_it_can_be_refused() {
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    #[rate_limited(rate = 5, burst = 10)]
    async fn call() -> Result<u32, Failed> {
        if REQUESTS.fetch_add(1, Ordering::Relaxed) + 1 == LATE {
            return Err(Failed::Api(ApiError::status(503)));
        }
        Ok(paced::attempt().number())
    }
    let calls = all(LATE + 50, |_| call()).await;
    let failed = calls.iter().filter(|call| call.is_err()).count();
    assert_eq!(failed, 0, "{:?}", calls.into_iter().find(Result::is_err));
    let attempts: Vec<_> = calls.into_iter().map(Result::unwrap).collect();
    assert_eq!(attempts[LATE - 1], 2);
    assert_eq!(attempts.iter().sum::<u32>() as usize, LATE + 51);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_throttled_late_in_a_batch_is_retried_with_errors_of_the_standard_library() {
    static REQUESTS: AtomicUsize = AtomicUsize::new(0);
    #[rate_limited(rate = 5, burst = 10)]
    async fn call() -> io::Result<Response<String>> {
        let late = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1 == LATE;
        Ok(response(if late { 503 } else { 200 }, &[]))
    }
    let calls = all(LATE + 50, |_| call()).await;
    let failed = |call: &io::Result<Response<String>>| {
        !call.as_ref().is_ok_and(|response| response.status() == 200)
    };
    let failed: Vec<_> = calls.into_iter().filter(failed).collect();
    assert!(
        failed.is_empty(),
        "{} failed: {:?}",
        failed.len(),
        failed[0]
    );
    assert_eq!(REQUESTS.load(Ordering::Relaxed), LATE + 51);
}

#[tokio::test(start_paused = true)]
async fn an_hourly_rate_serves_a_batch_with_errors_of_any_kind() {
    #[rate_limited(rate = "5000/h")]
    async fn call() -> anyhow::Result<()> {
        Ok(())
    }
    let calls = all(1500, |_| call()).await;
    let failed: Vec<_> = calls.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
}

#[tokio::test(start_paused = true)]
async fn an_hourly_rate_serves_a_batch_with_errors_of_the_standard_library() {
    #[rate_limited(rate = "5000/h")]
    async fn call() -> io::Result<()> {
        Ok(())
    }
    let calls = all(1500, |_| call()).await;
    let failed: Vec<_> = calls.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
}
