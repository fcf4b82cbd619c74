//! State of a limiter that is read without its lock.

use crate::time::Instant;

use core::sync::atomic::AtomicU8;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;

/// Bit: the limiter learns from calls that pass.
const ATTENTIVE: u8 = 1;
/// Bit: the server has named resources.
const RESOURCES: u8 = 2;
/// Bit: permits hold slots.
const SLOTS: u8 = 4;

/// State that is read without the lock, and written with it.
#[derive(Debug)]
pub(in crate::limiter) struct Published {
    /// [`ATTENTIVE`], [`RESOURCES`] and [`SLOTS`].
    listens: AtomicU8,
    /// Instant until which a call may have to wait, where it is known.
    binds_until: AtomicU64,
}

impl Published {
    pub(super) const fn new() -> Self {
        Self {
            listens: AtomicU8::new(ATTENTIVE),
            binds_until: AtomicU64::new(0),
        }
    }

    /// Publishes whether the limiter learns from calls that pass, and until when a call may have to wait.
    pub(super) fn write(&self, attentive: bool, binds_until: Instant) {
        let attentive = if attentive { ATTENTIVE } else { 0 };
        let lasting = self.listens.load(Ordering::Relaxed) & (RESOURCES | SLOTS);
        self.listens.store(attentive | lasting, Ordering::Relaxed);
        self.binds_until
            .store(binds_until.nanos(), Ordering::Relaxed);
    }

    /// Sets the bit for resources. Only with the lock held.
    pub(in crate::limiter) fn add_resources(&self) {
        self.listens.fetch_or(RESOURCES, Ordering::Relaxed);
    }

    /// Sets the bit for slots. Only with the lock held.
    pub(in crate::limiter) fn add_slots(&self) {
        self.listens.fetch_or(SLOTS, Ordering::Relaxed);
    }

    /// Returns whether permits hold slots.
    #[inline]
    pub(in crate::limiter) fn has_slots(&self) -> bool {
        self.listens.load(Ordering::Relaxed) & SLOTS != 0
    }

    /// Returns whether the end of a call has to be reported.
    #[inline]
    pub(in crate::limiter) fn listens(&self) -> bool {
        self.listens.load(Ordering::Relaxed) != 0
    }

    /// The same beside the end of a slot, if the call has one.
    #[inline]
    pub(in crate::limiter) fn listens_beyond(&self, slot: bool) -> bool {
        let slots = if slot { SLOTS } else { 0 };
        self.listens.load(Ordering::Relaxed) & !slots != 0
    }

    /// Returns whether the limiter itself learns from calls that pass.
    pub(in crate::limiter) fn is_attentive(&self) -> bool {
        self.listens.load(Ordering::Relaxed) & ATTENTIVE != 0
    }

    /// Returns whether the server has named resources.
    #[inline]
    pub(in crate::limiter) fn has_resources(&self) -> bool {
        self.listens.load(Ordering::Relaxed) & RESOURCES != 0
    }

    /// Returns whether a call may have to wait for a permit.
    pub(in crate::limiter) fn binds(&self, now: Instant) -> bool {
        now.nanos() < self.binds_until.load(Ordering::Relaxed)
    }
}
