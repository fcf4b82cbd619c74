//! Records what happens on a limiter, and assembles its snapshot.

use core::sync::atomic::Ordering;
use core::time::Duration;

use crate::events;
use crate::time::Instant;
use crate::time::Span;

use crate::limiter::counts::Counts;
use crate::limiter::counts::totals::Totals;
use crate::limiter::shared::Shared;
use crate::limiter::state::why;
use crate::limiter::views::snapshot::Snapshot;

impl Shared {
    /// Counts a rare event.
    pub(crate) fn count(&self, what: impl FnOnce(&mut Counts)) {
        what(&mut self.lock().state.counts);
    }

    /// Counts a retry that was admitted at once, and the time for which it has backed off.
    #[cold]
    pub(crate) fn count_retry(&self, backed_off: Span) {
        let mut locked = self.lock();
        locked.state.counts.retry();
        locked.state.waits.backoff += Duration::from(backed_off);
    }

    /// Announces the backoff of a call, if it is long. `ahead`: tokens for which other callers wait ahead of it.
    #[cold]
    pub(crate) fn announce_backoff(&self, backoff: Span, ahead: u64, now: Instant) {
        if self.long_waits.try_begin(now) {
            let wait = events::LongWait {
                wait: backoff.into(),
                ahead,
                why: why::BACKOFF,
                unit: None,
                refusable: true,
            };
            events::long_wait(self.label(), &wait);
        }
    }

    /// Counts a call that is refused before its first attempt.
    pub(crate) fn count_refused(&self) {
        self.late_counts.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call that ends with a failure that another attempt might have mended.
    pub(crate) fn count_given_up(&self) {
        self.late_counts.given_up.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the end of an attempt without an outcome, of which no response is known.
    #[cold]
    pub(crate) fn end_attempt(&self) {
        self.fast_path.count_end();
        if self.published.is_attentive() {
            self.with_state(|state, now, _| state.returned(None, &self.fast_path, now));
        }
    }

    pub(in crate::limiter) fn snapshot(&self) -> Snapshot {
        // An attempt begins before it ends: what has ended is read first.
        let ended = self.fast_path.ended();
        let (own, settled) =
            self.with_state(|state, now, _| (state.snapshot(now), state.passed_settled));
        self.with_resources(self.with_fast_path(own, ended.wrapping_add(settled)))
    }

    /// Returns a snapshot with what is counted outside of the lock.
    fn with_fast_path(&self, mut own: Snapshot, ended: u64) -> Snapshot {
        if !self.has_slots() {
            own.in_flight = self.attempts_in_flight(own.counts.attempts, ended);
        }
        self.add_to(&mut own.counts);
        own
    }

    /// Adds the counts that are kept outside of the lock to others.
    fn add_to(&self, counts: &mut Counts) {
        let (attempts, permits) = self.fast_path.counts();
        counts.calls = counts.calls.wrapping_add(attempts);
        counts.attempts += attempts;
        counts.granted += counts.attempts + permits;
        counts.refused += self.late_counts.refused.load(Ordering::Relaxed);
        counts.given_up += self.late_counts.given_up.load(Ordering::Relaxed);
    }

    /// Returns counts and waits so far. Emits no event, because a subscriber may use keys whose lock is held.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = {
            let state = &self.lock().state;
            Totals {
                counts: state.counts,
                waits: state.waits,
            }
        };
        self.add_to(&mut totals.counts);
        for resource in self.all_resources() {
            let state = &resource.lock().state;
            totals.add_waits_of(&Totals {
                counts: state.counts,
                waits: state.waits,
            });
        }
        totals
    }

    /// Returns the number of attempts under way. `waited`: the attempts that were admitted under the lock. `ended`: those
    /// that have ended, read before, since an attempt begins before it ends.
    pub(in crate::limiter) fn attempts_in_flight(&self, waited: u64, ended: u64) -> u64 {
        let (attempts, _) = self.fast_path.counts();
        let begun = waited + attempts + self.fast_path.reported();
        begun.saturating_sub(ended)
    }
}
