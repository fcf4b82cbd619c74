//! The only module that reads a clock.
//!
//! Monotonic time is that of tokio, so that `tokio::time::pause` applies to everything. It is counted in nanoseconds
//! since an epoch four years before the first reading. Wall-clock time is used for dates in headers, and for instants
//! in files.

#[cfg(feature = "quanta")]
mod counter;

use core::time::Duration;
use std::sync::OnceLock;
#[cfg(any(feature = "http", feature = "sqlite"))]
use std::time::SystemTime;

use tokio::time::Instant as TokioInstant;

use crate::time::Instant;
use crate::time::Span;

static START: OnceLock<TokioInstant> = OnceLock::new();

/// Time from the start to the first reading. The paused clock of a runtime may stand before the first reading of
/// another runtime; with this margin such instants stay distinct.
const BEFORE_FIRST_READING: Duration = Duration::from_secs(3600);

/// The start, four years after the epoch. So instants before the first reading have a number too, such as the one at
/// which a full bucket got its last token. No bucket in a store takes longer to fill.
const AT_START: Instant = Instant::from_nanos(4 * 365 * 86_400 * 1_000_000_000);

/// Returns the current instant.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "no program has been running for 584 years"
)]
pub(crate) fn now() -> Instant {
    let nanos = read().saturating_duration_since(start()).as_nanos() as u64;
    AT_START + Span::from_nanos(nanos)
}

/// Returns the current instant to within a few microseconds, for permits without a wait. It reads the
/// processor's counter, unless tokio's clock can be paused.
#[inline]
pub(crate) fn quick() -> Instant {
    #[cfg(feature = "quanta")]
    if !counter::PAUSABLE {
        return counter::now();
    }
    now()
}

/// Returns an instant for tokio's timers.
pub(crate) fn instant(instant: Instant) -> TokioInstant {
    let start = start();
    start
        .checked_add(instant.since(AT_START).into())
        .unwrap_or_else(|| {
            // Beyond the range of the platform's clock. tokio uses 30 years for "far in the future" as well.
            start + Duration::from_secs(86400 * 365 * 30)
        })
}

/// Returns the instant of one of tokio's.
pub(crate) fn of_tokio(instant: TokioInstant) -> Instant {
    AT_START + Span::of(instant.saturating_duration_since(start()))
}

/// Returns the time since 1970 by the wall clock.
#[cfg(feature = "sqlite")]
pub(crate) fn since_1970() -> Span {
    let since = wall().duration_since(SystemTime::UNIX_EPOCH);
    // A clock that is set to before 1970 counts as 1970.
    Span::of(since.unwrap_or_default())
}

/// Returns the wall-clock time.
#[cfg(any(feature = "http", feature = "sqlite"))]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// Returns the instant of the start.
fn start() -> TokioInstant {
    *START.get_or_init(|| {
        let first = read();
        first.checked_sub(BEFORE_FIRST_READING).unwrap_or(first)
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the monotonic clock"
)]
fn read() -> TokioInstant {
    TokioInstant::now()
}
