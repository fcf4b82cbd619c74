//! The least that a permit can cost: one compare-and-swap, one reading of the clock, and one
//! decision of the generic cell rate algorithm made of both.

use core::hint::black_box;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;
use std::sync::LazyLock;
use std::time::Instant;

static WORD: AtomicU64 = AtomicU64::new(0);
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);
static QUANTA_EPOCH: LazyLock<quanta::Instant> = LazyLock::new(|| CLOCK.now());

/// One compare-and-swap on a word of this thread's own cache.
pub fn compare_and_swap() -> bool {
    let seen = WORD.load(Ordering::Acquire);
    WORD.compare_exchange_weak(seen, seen + 1, Ordering::AcqRel, Ordering::Acquire)
        .is_ok()
}

/// One reading of quanta's clock.
pub fn quanta_clock() -> quanta::Instant {
    CLOCK.now()
}

/// A decision with the clock of the standard library, which tokio's and `paced`'s is.
pub fn decision_by_std() -> bool {
    decide(nanos(Instant::now().duration_since(*EPOCH)))
}

/// A decision with quanta's clock, which governor's is.
pub fn decision_by_quanta() -> bool {
    let epoch = *QUANTA_EPOCH;
    decide(nanos(CLOCK.now().duration_since(epoch)))
}

/// A bucket that a nanosecond fills again, so that it is never empty.
fn decide(now: u64) -> bool {
    let (interval, capacity) = black_box((1, u64::from(u32::MAX)));
    let mut arrival = WORD.load(Ordering::Acquire);
    loop {
        let next = arrival.max(now) + interval;
        if next.saturating_sub(capacity) > now {
            return false;
        }
        match WORD.compare_exchange_weak(arrival, next, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return true,
            Err(seen) => arrival = seen,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the epoch is this process's start"
)]
fn nanos(since: core::time::Duration) -> u64 {
    since.as_nanos() as u64
}
