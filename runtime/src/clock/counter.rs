//! The processor's counter, which takes half as long to read as a clock.
//!
//! The frequency of the counter is known only approximately, so each thread sets it by tokio's clock every few
//! milliseconds. Waits never use it.

use core::cell::Cell;
use std::sync::LazyLock;

use quanta::Clock;

use crate::time::Instant;
use crate::time::Span;

/// Whether tokio's clock can be paused, which a counter does not know of.
///
/// tokio has the function `pause` only with its feature `test-util`, which any crate of the build can turn on. The glob
/// import below shadows the `pause` of this module if tokio has one.
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

/// Substitute for a missing `pause` of tokio.
const fn pause() -> Missing {
    Missing
}

struct Missing;

/// Use of the substitute, so that it is not reported as unused where it is shadowed.
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

/// Time after which a thread sets its counter again. Operating systems adjust a clock by less than 500 parts per
/// million, so the two differ by at most 5 us then.
const FRESH: Span = Span::from_millis(10);

/// Maximum time between the readings of the two. With more, the thread was interrupted in between.
const TOGETHER: Span = Span::from_nanos(2_000);

static COUNTER: LazyLock<Clock> = LazyLock::new(Clock::new);

thread_local! {
    /// Counter when it was last set; `u64::MAX` before.
    static TICKS: Cell<u64> = const { Cell::new(u64::MAX) };
    /// Clock at the same moment.
    static SET_AT: Cell<Instant> = const { Cell::new(Instant::EPOCH) };
}

/// Returns the current instant.
#[inline]
pub(super) fn now() -> Instant {
    let counter = &*COUNTER;
    let ticks = counter.raw();
    let set_at = TICKS.get();
    // A counter that went back, for example after a move of the virtual machine, is set again as well.
    if ticks >= set_at {
        let since = Span::from_nanos(counter.delta_as_nanos(set_at, ticks));
        if since < FRESH {
            return SET_AT.get() + since;
        }
    }
    set(counter, ticks)
}

/// Sets the counter by the clock, and returns the current instant. `before` is a reading of the counter.
#[cold]
fn set(counter: &Clock, before: u64) -> Instant {
    let now = super::now();
    let after = counter.raw();
    let took = Span::from_nanos(counter.delta_as_nanos(before, after));
    let together = after >= before && took < TOGETHER;
    if together {
        SET_AT.set(now);
        TICKS.set(after);
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_says_what_the_clock_says() {
        // Both sides are read around it, so it does not matter how often the thread is interrupted.
        const APART: Span = Span::from_nanos(100_000);
        for _ in 0..100_000 {
            let before = super::super::now();
            let now = now();
            let after = super::super::now();
            assert!(before <= now + APART, "{now:?} is before {before:?}");
            assert!(now <= after + APART, "{now:?} is after {after:?}");
        }
    }

    #[test]
    fn a_paused_clock_is_noticed() {
        // This crate's tests pause it.
        const { assert!(PAUSABLE) };
    }
}
