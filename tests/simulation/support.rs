//! Times, limiters and numbers.

use core::future::Future;
use core::num::NonZeroU32;
use core::time::Duration;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use tokio::time::Instant;
use tokio::time::timeout;

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Returns a limiter of `hz` tokens per second.
pub(crate) fn limiter(hz: f64, burst: u32) -> Limiter {
    let burst = NonZeroU32::new(burst).expect("a burst above 0");
    Limiter::new(Quota::new(Rate::from_hz(hz).expect("a possible rate")).with_burst(burst))
}

/// Milliseconds since `start`, on tokio's clock.
pub(crate) fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).expect("a short test")
}

/// Returns what the future gives, or panics after hours: a wake-up that is lost would never end on a paused
/// clock.
pub(crate) async fn ending<F: Future>(future: F) -> F::Output {
    let ended = timeout(secs(10_000), future).await;
    ended.expect("a future that ends")
}
