//! Pauses that a person ends, here or in another process.

use crate::bucket::Shape;
use crate::costs::MAX_ROWS;
use crate::store::Action;
use crate::store::Reply;
use crate::time::Instant;
use crate::time::Span;

use super::InFlight;
use super::Remote;
use super::StoreView;

/// Time for which a request to end a pause is repeated, where it is lost.
const REPEATED: Span = Span::from_secs(10);

/// Interval at which the store is asked whether a person has ended a pause, while callers wait for its end.
pub(super) const LOOK: Span = Span::from_secs(1);

impl Remote {
    /// Ends all pauses in the store. `forget`: what was learnt ends as well.
    pub(in crate::limiter) fn resume(&mut self, forget: bool, shape: Shape, now: Instant) {
        self.told_until = Instant::EPOCH;
        self.slots.clear();
        self.void_calls(now);
        if forget {
            if let Some(draws) = &mut self.calls {
                draws.told = [None; MAX_ROWS];
            }
            self.told_pace = None;
        }
        self.resumed_at = Some(now);
        self.push(Action::Resume { forget }, shape, now);
    }

    /// Returns whether a person has ended a pause in another process since the store said `before`. What this process
    /// was told by a server is over then, too.
    pub(super) fn was_lifted(
        &mut self,
        before: Option<&StoreView>,
        known: &StoreView,
        now: Instant,
    ) -> bool {
        let lifted = before.is_some_and(|before| {
            before.local(before.state.paused_until) > now
                && known.state.generation > before.state.generation
                && known.state.paused_until < before.state.paused_until
        });
        if lifted {
            self.told_until = Instant::EPOCH;
        }
        lifted
    }

    /// Returns the end of a pause of which the store is being told.
    pub(in crate::limiter) fn untold_pause(&self) -> Option<Instant> {
        let is_told = self.in_flight.iter().any(|flight| flight.pauses);
        is_told.then_some(self.told_until)
    }

    /// Returns whether pauses that the store tells of have been ended here, and asks it again where it did not hear
    /// of that.
    pub(super) fn is_resuming(
        &mut self,
        flight: Option<InFlight>,
        reply: &Reply,
        shape: Shape,
        now: Instant,
    ) -> bool {
        let Some(at) = self.resumed_at.filter(|&at| now < at + REPEATED) else {
            return false;
        };
        let pausing = self.in_flight.iter().any(|it| it.pauses);
        let resuming = self.in_flight.iter().any(|it| it.resumes);
        // A pause that was sent before may be carried out after.
        let confirmed = flight.is_some_and(|it| it.resumes) && !reply.stale;
        if confirmed && !pausing {
            self.resumed_at = None;
            return false;
        }
        let paused = reply.state.paused_until > reply.now;
        if paused && !resuming {
            self.push(Action::Resume { forget: false }, shape, now);
            self.resumed_at = Some(at);
        }
        true
    }

    /// Returns whether the store may have to be told once more that a person has ended all pauses.
    pub(super) fn repeats_resuming(&self, now: Instant) -> bool {
        self.resumed_at.is_some_and(|at| now < at + REPEATED)
    }

    /// Returns when to ask whether a person has ended the pause that the store knows of.
    pub(super) fn looks_at(&self, now: Instant) -> Option<Instant> {
        let paused = |known: &StoreView| known.local(known.state.paused_until) > now;
        let known = self.known.as_ref();
        let known = known
            .filter(|it| paused(it))
            .filter(|_| !self.is_asking())?;
        Some(known.received.after(LOOK).max(self.not_before))
    }

    /// Returns whether to ask it now.
    pub(super) fn looks(&self, now: Instant) -> bool {
        self.looks_at(now).is_some_and(|at| at <= now)
    }
}
