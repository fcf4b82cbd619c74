//! Slots of a limiter with `max_concurrency`: one for each call in flight.

use core::num::NonZeroU32;

use crate::learning::ConcurrencyLimit;
use crate::limiter::request::SLOW;
use crate::row::MaxConcurrency;
use crate::time::Instant;
use crate::time::Span;

use super::leases::Leases;

/// Slots of a limiter.
#[derive(Debug)]
pub(in crate::limiter) struct Slots {
    /// Most slots that are held at once. `None`: there is no bound now.
    max: Option<NonZeroU32>,
    /// The bound, where the server's refusals set it.
    pub(super) learnt: Option<ConcurrencyLimit>,
    pub(super) held: u32,
    /// The part of them that this process may use, where a store shares them.
    pub(super) leases: Option<Leases>,
    /// Instant since which the call at the head of the queue waits for a slot alone.
    blocked_since: Option<Instant>,
    /// The wait since then has been announced.
    announced: bool,
    /// Longest wait that is not announced.
    pub(super) slow: Span,
}

impl Slots {
    /// Returns slots without a bound, of which `held` are held.
    pub(super) const fn new(held: u32) -> Self {
        Self {
            max: None,
            learnt: None,
            held,
            leases: None,
            blocked_since: None,
            announced: false,
            slow: SLOW,
        }
    }

    /// Sets the bound.
    pub(super) fn bound(&mut self, max: Option<MaxConcurrency>) {
        (self.max, self.learnt) = match max {
            None => (None, None),
            Some(MaxConcurrency::Fixed(max)) => (Some(max), None),
            Some(MaxConcurrency::Auto { start, max }) => {
                (None, Some(ConcurrencyLimit::new(start, max)))
            }
        };
    }

    /// Returns the most slots that are held at once.
    pub(super) fn max(&self) -> Option<NonZeroU32> {
        let learnt = self.learnt.as_ref();
        learnt.map_or(self.max, ConcurrencyLimit::limit)
    }

    pub(super) fn is_free(&self) -> bool {
        let is_leased = |leases: &Leases| self.held < leases.usable();
        self.max()
            .is_none_or(|max| self.held < max.get() && self.leases.as_ref().is_none_or(is_leased))
    }

    /// Returns the number of slots that can be taken. `None`: any number.
    pub(super) fn left(&self) -> Option<u32> {
        let max = self.max()?.get();
        let leased = self.leases.as_ref().map_or(max, Leases::usable);
        Some(max.min(leased).saturating_sub(self.held))
    }

    /// Returns whether the call at the head of the queue waits for a slot alone.
    pub(super) const fn is_blocking(&self) -> bool {
        self.blocked_since.is_some()
    }

    pub(super) fn take(&mut self) {
        self.held = self.held.saturating_add(1);
        if let Some(leases) = &mut self.leases {
            leases.used(self.held);
        }
        self.blocked_since = None;
        self.announced = false;
    }

    pub(super) const fn release(&mut self, slots: u32) {
        self.held = self.held.saturating_sub(slots);
    }

    /// Records that the call at the head of the queue waits for a slot alone. Returns since when, once that has to be
    /// announced, or else the instant at which it has.
    pub(super) fn block(&mut self, now: Instant) -> Result<Instant, Instant> {
        let since = *self.blocked_since.get_or_insert(now);
        let due = since.after(self.slow);
        if self.announced {
            return Err(Instant::FAR);
        }
        if now < due {
            return Err(due);
        }
        self.announced = true;
        Ok(since)
    }
}
