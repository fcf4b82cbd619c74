//! The path of calls while no caller waits: one word, one compare-and-swap.
//!
//! The word holds the bucket's state, or says that the fast path is shut: callers wait or a cooldown lasts,
//! and the state is behind the limiter's lock. Only the holder of the lock shuts or opens it.

use core::hint;

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::bucket::TIMER_SLACK;
use crate::sync::AtomicU64;
use crate::sync::Ordering;
use crate::time::Instant;
use crate::time::Span;

const SHUT: u64 = 1 << 63;

#[derive(Debug)]
pub(super) struct FastPath {
    tat: CachePadded<Hot>,
    interval: AtomicU64,
    capacity: AtomicU64,
    owed_until: AtomicU64,
}

/// A value in cache lines of its own (processors fetch two of 64 bytes at a time), so that reads of its
/// neighbours do not wait for writes to it.
#[derive(Debug)]
#[repr(align(128))]
struct CachePadded<T>(T);

/// Words that every call writes.
#[derive(Debug)]
struct Hot {
    tat: AtomicU64,
    /// Attempts that ended well, while nothing was to be learnt from them.
    passes: AtomicU64,
    /// Attempts that ended in another way.
    ends: AtomicU64,
    /// Attempts that were admitted at once.
    attempts: AtomicU64,
    /// Permits of `acquire` and `try_acquire`.
    permits: AtomicU64,
    /// Permits whose holders have reported an outcome.
    reported: AtomicU64,
}

/// Result of taking tokens without the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TryTake {
    /// The permit is taken.
    Taken,
    /// There are too few tokens until this instant.
    Empty(Instant),
    /// To be decided under the lock: the fast path is shut, the cost can never be paid, or the clock went
    /// back.
    Slow,
}

impl FastPath {
    pub(super) fn new(shape: Shape) -> Self {
        Self {
            tat: CachePadded(Hot {
                tat: AtomicU64::new(0),
                passes: AtomicU64::new(0),
                ends: AtomicU64::new(0),
                attempts: AtomicU64::new(0),
                permits: AtomicU64::new(0),
                reported: AtomicU64::new(0),
            }),
            interval: AtomicU64::new(shape.interval.nanos()),
            capacity: AtomicU64::new(shape.capacity.nanos()),
            owed_until: AtomicU64::new(0),
        }
    }

    /// Takes `cost` tokens at `now` if they are there and no caller waits.
    #[inline]
    pub(super) fn pass(&self, cost: u32, now: Instant) -> TryTake {
        self.try_once(cost, now)
            .unwrap_or_else(|| self.try_again(cost, now))
    }

    /// Tries once to take the tokens. `None`: another thread changed the word meanwhile.
    #[inline]
    fn try_once(&self, cost: u32, now: Instant) -> Option<TryTake> {
        let tat = self.tat.0.tat.load(Ordering::Acquire);
        if tat & SHUT != 0 {
            return Some(TryTake::Slow);
        }
        let shape = self.shape();
        let bucket = Bucket::new(Instant::from_nanos(tat), shape);
        match bucket.take(cost, now, self.credit(now)) {
            Err(until) if until - now > shape.capacity => Some(TryTake::Slow),
            Err(_) if shape.price(u64::from(cost)) > shape.capacity => Some(TryTake::Slow),
            Err(until) => Some(TryTake::Empty(until)),
            Ok(next) => self
                .replace(tat, next.tat.nanos())
                .then_some(TryTake::Taken),
        }
    }

    #[cold]
    #[inline(never)]
    fn try_again(&self, cost: u32, now: Instant) -> TryTake {
        let mut failures = 1;
        loop {
            stand_back(failures);
            if let Some(outcome) = self.try_once(cost, now) {
                return outcome;
            }
            failures += 1;
        }
    }

    /// Replaces `tat` by `next`, unless another thread was faster.
    #[inline]
    fn replace(&self, tat: u64, next: u64) -> bool {
        let word = &self.tat.0.tat;
        let replaced = word.compare_exchange_weak(tat, next, Ordering::AcqRel, Ordering::Relaxed);
        replaced.is_ok()
    }

    /// Counts an attempt that was admitted at once.
    #[inline]
    pub(super) fn count_attempt(&self) {
        self.tat.0.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a permit of `acquire` or `try_acquire`.
    #[inline]
    pub(super) fn count_permit(&self) {
        self.tat.0.permits.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a permit whose holder reports an outcome: the end of an attempt, which is counted after it.
    #[cold]
    pub(super) fn count_reported(&self) {
        self.tat.0.reported.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the permits whose holders have reported an outcome.
    pub(super) fn reported(&self) -> u64 {
        self.tat.0.reported.load(Ordering::Relaxed)
    }

    /// Returns the attempts and the permits that were counted.
    pub(super) fn counts(&self) -> (u64, u64) {
        let Hot {
            attempts, permits, ..
        } = &self.tat.0;
        (
            attempts.load(Ordering::Relaxed),
            permits.load(Ordering::Relaxed),
        )
    }

    /// Counts an attempt that ended well, while nothing is to be learnt from it.
    #[inline]
    pub(super) fn count_pass(&self) {
        self.tat.0.passes.fetch_add(1, Ordering::Release);
    }

    /// Counts an attempt that ended in another way.
    pub(super) fn count_end(&self) {
        self.tat.0.ends.fetch_add(1, Ordering::Release);
    }

    /// Returns the attempts that were counted as passed.
    pub(super) fn passes(&self) -> u64 {
        self.tat.0.passes.load(Ordering::Acquire)
    }

    /// Returns the attempts that have ended.
    pub(super) fn ended(&self) -> u64 {
        let ends = self.tat.0.ends.load(Ordering::Acquire);
        self.passes().wrapping_add(ends)
    }

    /// Shuts the fast path if it is open. Returns its state, which then belongs to the holder of the lock.
    pub(super) fn shut(&self) -> Option<Instant> {
        let tat = self.tat.0.tat.fetch_or(SHUT, Ordering::AcqRel);
        (tat & SHUT == 0).then_some(Instant::from_nanos(tat))
    }

    /// Opens the fast path with this state. Until `owed_until`, tokens that a late timer kept from waiters
    /// can be taken.
    pub(super) fn open(&self, tat: Instant, owed_until: Instant) {
        self.owed_until.store(owed_until.nanos(), Ordering::Relaxed);
        self.tat.0.tat.store(tat.nanos(), Ordering::Release);
    }

    /// Changes the quota. Only while the fast path is shut.
    ///
    /// A caller that read the old interval before and the new capacity after cannot pass: the fast path was
    /// shut in between, and `set_quota` never reopens it with the state that the caller read.
    pub(super) fn reshape(&self, shape: Shape) {
        self.capacity
            .store(shape.capacity.nanos(), Ordering::Relaxed);
        self.interval
            .store(shape.interval.nanos(), Ordering::Relaxed);
    }

    #[inline]
    fn credit(&self, now: Instant) -> Span {
        if now.nanos() < self.owed_until.load(Ordering::Relaxed) {
            owed()
        } else {
            Span::ZERO
        }
    }

    #[inline]
    fn shape(&self) -> Shape {
        Shape {
            interval: Span::from_nanos(self.interval.load(Ordering::Relaxed)),
            capacity: Span::from_nanos(self.capacity.load(Ordering::Relaxed)),
        }
    }
}

/// Out of line: a branch that is not taken costs less than a choice that all the rest has to wait for.
#[cold]
#[inline(never)]
const fn owed() -> Span {
    TIMER_SLACK
}

/// Spins for longer the more exchanges have failed: threads that retry at once take the word out of each
/// other's caches, and none makes progress.
fn stand_back(failures: u32) {
    for _ in 0..16 * failures.min(8) {
        hint::spin_loop();
    }
}
