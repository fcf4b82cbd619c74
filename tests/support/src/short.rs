//! Short names for times, quotas and limiters.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use tokio::time::Instant;

/// Returns so many milliseconds.
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Returns so many seconds.
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Returns a quota of `hz` tokens per second.
pub fn quota(hz: f64, burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).expect("a burst above 0");
    Quota::new(Rate::from_hz(hz).expect("a possible rate")).with_burst(burst)
}

/// Returns a limiter of `hz` tokens per second.
pub fn limiter(hz: f64, burst: u32) -> Limiter {
    Limiter::new(quota(hz, burst))
}

/// Returns the milliseconds since `start`, on tokio's clock.
pub fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).expect("a short test")
}
