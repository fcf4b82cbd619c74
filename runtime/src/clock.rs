//! The one place that reads a clock.
//!
//! Monotonic time is tokio's, so that `tokio::time::pause` governs everything, as nanoseconds since
//! an epoch four years before the first reading. Wall-clock time is for reading dates in headers, and for
//! what is kept in files.

#[cfg(feature = "quanta")]
mod counter;

use core::time::Duration;
use std::sync::OnceLock;
#[cfg(any(feature = "http", feature = "sqlite"))]
use std::time::SystemTime;

use tokio::time::Instant;

static START: OnceLock<Instant> = OnceLock::new();

/// The clock of a paused runtime stands at an instant before the first reading of another runtime;
/// a start that lies further back keeps such instants apart.
const BEFORE_FIRST_READING: Duration = Duration::from_secs(3600);

/// Four years: instants before the first reading can be told, such as the one at which a token of a full
/// bucket was due. No bucket in a store takes longer to fill.
const UNTIL_START: u64 = 4 * 365 * 86_400 * 1_000_000_000;

/// Nanoseconds since the epoch.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "no program has been running for 584 years"
)]
pub(crate) fn now() -> u64 {
    UNTIL_START + read().saturating_duration_since(start()).as_nanos() as u64
}

/// The same to within a few microseconds, for those who do not have to wait: by the processor's
/// counter where tokio's clock cannot be paused.
#[inline]
pub(crate) fn quick() -> u64 {
    #[cfg(feature = "quanta")]
    if !counter::PAUSABLE {
        return counter::now();
    }
    now()
}

/// The same instant for tokio's timers.
pub(crate) fn instant(nanos: u64) -> Instant {
    let start = start();
    start
        .checked_add(Duration::from_nanos(nanos.saturating_sub(UNTIL_START)))
        .unwrap_or_else(|| {
            // Beyond what the platform's clock can say: about 30 years, as tokio has it for "far".
            start + Duration::from_secs(86400 * 365 * 30)
        })
}

/// An instant of tokio's as nanoseconds since the epoch.
pub(crate) fn since_epoch(instant: Instant) -> u64 {
    UNTIL_START + nanos(instant.saturating_duration_since(start()))
}

/// A duration in nanoseconds, at most 146 years.
pub(crate) const fn nanos(duration: Duration) -> u64 {
    const FAR: u64 = 1 << 62;
    let whole = duration.as_secs().saturating_mul(1_000_000_000);
    let nanos = whole.saturating_add(duration.subsec_nanos() as u64);
    if nanos > FAR { FAR } else { nanos }
}

/// Wall-clock time as nanoseconds since 1970.
#[cfg(feature = "sqlite")]
pub(crate) fn wall_nanos() -> u64 {
    let since = wall().duration_since(SystemTime::UNIX_EPOCH);
    // A clock that is set to before 1970 stands there.
    nanos(since.unwrap_or_default())
}

/// Wall-clock time.
#[cfg(any(feature = "http", feature = "sqlite"))]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// The instant that is [`UNTIL_START`] nanoseconds after the epoch.
fn start() -> Instant {
    *START.get_or_init(|| {
        let first = read();
        first.checked_sub(BEFORE_FIRST_READING).unwrap_or(first)
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the monotonic clock"
)]
fn read() -> Instant {
    Instant::now()
}
