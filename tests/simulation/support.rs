//! Short names, and the end of futures.

use core::future::Future;

pub(crate) use test_support::short::limiter;
pub(crate) use test_support::short::ms;
pub(crate) use test_support::short::secs;
pub(crate) use test_support::short::since;
use tokio::time::timeout;

/// Returns what the future gives, or panics after hours: a wake-up that is lost would never end on a paused
/// clock.
pub(crate) async fn ending<F: Future>(future: F) -> F::Output {
    let ended = timeout(secs(10_000), future).await;
    ended.expect("a future that ends")
}
