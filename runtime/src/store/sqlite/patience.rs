//! How long somebody waits for a file that others use.
//!
//! SQLite's own way of waiting sleeps longer each time, so that under load some processes get nothing
//! for seconds. Short sleeps of nearly equal length let everybody have a turn.

use core::cell::Cell;
use core::time::Duration;

use crate::clock;

/// The longest wait for the file.
const LONGEST: u64 = 250_000_000;

/// The longest wait for others who open or create it: they wait for the disk, one after the other.
const LONGEST_TO_OPEN: u64 = 2_000_000_000;

std::thread_local! {
    /// When this thread gives up: SQLite asks a function, which knows nothing else.
    static GIVE_UP_AT: Cell<u64> = const { Cell::new(0) };
}

/// From now on, waits of this thread count together.
pub(super) fn begin() {
    GIVE_UP_AT.set(clock::now().saturating_add(LONGEST));
}

/// The same for opening it.
pub(super) fn begin_to_open() {
    GIVE_UP_AT.set(clock::now().saturating_add(LONGEST_TO_OPEN));
}

/// Sleeps before another try, the `count`th from zero on. `false`: no more.
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
