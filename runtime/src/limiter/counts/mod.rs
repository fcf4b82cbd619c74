//! Counts of what has happened on a limiter.
//!
//! The fast path counts what happens at every call. Rarer events are counted under the lock, or once it is released.

pub(super) mod event_interval;
pub(super) mod observed;
pub(super) mod totals;
mod unpaid_calls;

use core::sync::atomic::AtomicU64;

/// Counts of what has happened on a limiter since it was made.
///
/// The counts are exact, and only grow. Monitoring that wants rates takes the difference of two snapshots.
///
/// # Examples
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
    /// Calls of annotated functions, and by [`Limiter::call`](crate::Limiter::call), that have begun.
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
    /// Attempts that the server refused as too many: 429, 503, and what counts as such. Reports of a
    /// [`Permit`](crate::Permit) count here and in `failed`, though a permit is no attempt.
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

    /// Counts a call that may have to wait.
    pub(crate) const fn call(&mut self) {
        self.calls = self.calls.wrapping_add(1);
    }

    /// Counts the first attempt of a call that is admitted at once.
    pub(super) const fn begin(&mut self) {
        self.call();
        self.admit(false);
    }

    /// Counts the admission of a call that may have had to wait.
    pub(crate) const fn admit(&mut self, retry: bool) {
        self.attempts += 1;
        self.retried += retry as u64;
    }

    /// Counts a retry that was admitted at once: the fast path has counted it as a call.
    #[cold]
    pub(crate) const fn retry(&mut self) {
        self.calls = self.calls.wrapping_sub(1);
        self.retried += 1;
    }

    /// Counts an attempt that failed.
    pub(crate) const fn fail(&mut self, throttled: bool) {
        if throttled {
            self.throttled += 1;
        } else {
            self.failed += 1;
        }
    }
}

/// Counts of the ends of calls, which follow the last visit to the lock.
#[derive(Debug)]
pub(super) struct LateCounts {
    pub(super) refused: AtomicU64,
    pub(super) given_up: AtomicU64,
}

impl LateCounts {
    pub(super) const fn new() -> Self {
        Self {
            refused: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        }
    }
}
