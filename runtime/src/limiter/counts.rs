//! Counts of what has happened on a limiter.
//!
//! The gate counts in one word what happens at every call. Rarer things are counted behind the lock.

use core::mem;
use core::time::Duration;

use super::fast_path::FastPath;
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::state::LimiterState;
use super::state::waiter::Waiter;

/// How often what has happened on a limiter since it was made.
///
/// The counts are exact, and only grow. Monitoring that wants rates takes the difference of two snapshots.
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Limiter, Quota};
///
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
/// limiter.try_acquire()?;
/// assert_eq!(limiter.snapshot().counts.granted, 1);
/// # Ok::<(), paced::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls of annotated functions that have begun, whatever became of them.
    pub calls: u64,
    /// Attempts that were admitted, retries included: each one ran the body.
    pub attempts: u64,
    /// Permits granted: to attempts, and to [`acquire`](crate::Limiter::acquire) and
    /// [`try_acquire`](crate::Limiter::try_acquire).
    pub granted: u64,
    /// Calls and `acquire`s that ended with an [`Error`](crate::Error) of this crate and without any attempt.
    /// `try_acquire` is not counted.
    pub refused: u64,
    /// Attempts that were retries.
    pub retried: u64,
    /// Attempts that the server refused as too many: 429, 503, and what counts as such.
    pub throttled: u64,
    /// Attempts that failed otherwise, with whatever error.
    pub failed: u64,
    /// Calls that ended with a failure that another attempt might have mended: retries or time were used up.
    pub given_up: u64,
    /// Waits in the queue that ended without a permit: the caller was refused meanwhile, or dropped its future.
    pub waits_given_up: u64,
}

impl Counts {
    pub(super) const NONE: Self = Self {
        calls: 0,
        attempts: 0,
        granted: 0,
        refused: 0,
        retried: 0,
        throttled: 0,
        failed: 0,
        given_up: 0,
        waits_given_up: 0,
    };

    /// A call begins that may have to wait.
    pub(crate) const fn call(&mut self) {
        self.calls = self.calls.wrapping_add(1);
    }

    /// A call is admitted that may have had to wait.
    pub(crate) const fn admit(&mut self, retry: bool) {
        self.attempts += 1;
        self.retried += retry as u64;
    }

    /// A retry was admitted at once: the gate has counted it as a call.
    #[cold]
    pub(crate) const fn retry(&mut self) {
        self.calls = self.calls.wrapping_sub(1);
        self.retried += 1;
    }

    pub(crate) const fn refuse(&mut self) {
        self.refused += 1;
    }

    /// An attempt ended in a failure.
    pub(crate) const fn fail(&mut self, throttled: bool) {
        if throttled {
            self.throttled += 1;
        } else {
            self.failed += 1;
        }
    }

    pub(crate) const fn give_up(&mut self) {
        self.given_up += 1;
    }
}

impl LimiterState {
    /// Takes note of a wait that ended without a permit.
    pub(super) fn waited_in_vain(&mut self, waiter: &Waiter, now: u64) {
        self.counts.waits_given_up += 1;
        self.waits.given_up += Duration::from_nanos(now.saturating_sub(waiter.since));
    }
}

impl LimiterState {
    /// Returns the attempts that have passed since this was asked last, and were not told.
    pub(super) fn new_passes(&mut self, fast_path: &FastPath) -> u64 {
        let passes = fast_path.passes();
        let seen = mem::replace(&mut self.passes, passes);
        passes.wrapping_sub(seen)
    }
}

impl Shared {
    /// Counts something that is rare.
    pub(crate) fn count(&self, what: impl FnOnce(&mut Counts)) {
        what(&mut self.lock().state.counts);
    }

    /// Takes note of a wait that was spent outside the queue.
    pub(crate) fn add_backoff(&self, nanos: u64, slow: u64) {
        self.with_state(|state, now, _| {
            state.waits.backoff += Duration::from_nanos(nanos);
            state.expect_backoff(nanos, slow, now);
        });
    }

    /// Counts the end of an attempt that nothing is to be learnt from.
    #[cold]
    pub(crate) fn end_attempt(&self) {
        self.fast_path.count_end();
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let own = self.with_state(|state, now, _| Snapshot::of(state, now));
        self.with_resources(self.with_gate(own))
    }

    /// Adds what the gate has counted.
    fn with_gate(&self, mut own: Snapshot) -> Snapshot {
        // In this order: an attempt begins before it ends.
        let ended = self.fast_path.ended();
        let (attempts, permits) = self.fast_path.counts();
        let counts = &mut own.counts;
        counts.calls = counts.calls.wrapping_add(attempts);
        counts.attempts += attempts;
        counts.granted = counts.attempts + permits;
        own.in_flight = counts.attempts.saturating_sub(ended);
        own
    }
}
