//! The processor's counter, which is read in half the time of a clock.
//!
//! A counter is not quite as fast as a clock says, so each thread sets it by tokio's clock every few
//! milliseconds. Nothing that waits goes by it.

use core::cell::Cell;
use std::sync::LazyLock;

use quanta::Clock;

/// Whether tokio's clock can be paused: it then says what a counter cannot know.
///
/// tokio has a `pause` with its feature `test-util` only, which whoever depends on tokio can turn on.
/// The name inside hides the one outside if it is there.
#[cfg_attr(
    not(test),
    expect(
        clippy::wildcard_imports,
        reason = "a name that may not exist cannot be imported"
    )
)]
pub(super) const PAUSABLE: bool = {
    use tokio::time::*;

    let _: Option<Instant> = None;
    exists(pause)
};

/// Stands where tokio has no `pause`.
const fn pause() -> Missing {
    Missing
}

struct Missing;

/// It is not unused where it is hidden.
const _: fn() -> Missing = pause;

trait Exists {
    const EXISTS: bool;
}

impl Exists for Missing {
    const EXISTS: bool = false;
}

impl Exists for () {
    const EXISTS: bool = true;
}

const fn exists<T: Exists>(_: fn() -> T) -> bool {
    T::EXISTS
}

/// Nanoseconds after which a thread sets its counter anew. Clocks are corrected by less than 500
/// millionths, so by then the two are at most 5 us apart.
const FRESH: u64 = 10_000_000;

/// What may lie between the readings of both: with more, the thread was interrupted in between.
const TOGETHER: u64 = 2_000;

static COUNTER: LazyLock<Clock> = LazyLock::new(Clock::new);

thread_local! {
    /// What the counter and the clock said together.
    static TICKS: Cell<u64> = const { Cell::new(u64::MAX) };
    static NANOS: Cell<u64> = const { Cell::new(0) };
}

/// Nanoseconds since the epoch.
#[inline]
pub(super) fn now() -> u64 {
    let counter = &*COUNTER;
    let ticks = counter.raw();
    let set_at = TICKS.get();
    // A counter that went back, as when a virtual machine moved, is set anew as well.
    if ticks >= set_at {
        let since = counter.delta_as_nanos(set_at, ticks);
        if since < FRESH {
            return NANOS.get() + since;
        }
    }
    set(counter, ticks)
}

#[cold]
fn set(counter: &Clock, before: u64) -> u64 {
    let nanos = super::now();
    let after = counter.raw();
    let together = after >= before && counter.delta_as_nanos(before, after) < TOGETHER;
    if together {
        NANOS.set(nanos);
        TICKS.set(after);
    }
    nanos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_says_what_the_clock_says() {
        // Both sides are read around it, so it does not matter how often the thread is interrupted.
        const APART: u64 = 100_000;
        for _ in 0..100_000 {
            let before = super::super::now();
            let now = now();
            let after = super::super::now();
            assert!(before <= now + APART, "{now} is before {before}");
            assert!(now <= after + APART, "{now} is after {after}");
        }
    }

    #[test]
    fn a_paused_clock_is_noticed() {
        // This crate's tests pause it.
        const { assert!(PAUSABLE) };
    }
}
