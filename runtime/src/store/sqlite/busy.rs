//! Waiting for a file that other processes use.
//!
//! SQLite's own busy handler sleeps longer each time, so that under load some processes get nothing for
//! seconds. Short sleeps of nearly equal length let each process have a turn.

use core::cell::Cell;
use core::time::Duration;

use crate::clock;
use crate::time::Instant;
use crate::time::Span;

/// Longest wait for the file. Limiters have gone on without it long before, where they can: this is about
/// a process that was stopped while it held the file.
const LONGEST: Span = Span::from_secs(2);

std::thread_local! {
    /// Instant at which this thread gives up: the busy handler is a function without any state.
    static GIVE_UP_AT: Cell<Instant> = const { Cell::new(Instant::EPOCH) };
}

/// Starts the time limit for the next waits of this thread.
pub(super) fn begin() {
    GIVE_UP_AT.set(clock::now().after(LONGEST));
}

/// Sleeps before another try, the `count`th from zero on. Returns `false` once the time limit is over.
pub(super) fn again(count: i32) -> bool {
    if clock::now() >= GIVE_UP_AT.get() {
        return false;
    }
    sleep(Duration::from_micros(match count {
        ..3 => 20,
        3..20 => 100,
        _ => 500,
    }));
    true
}

#[expect(
    clippy::disallowed_methods,
    reason = "the thread of a file runs no tasks"
)]
fn sleep(time: Duration) {
    std::thread::sleep(time);
}
