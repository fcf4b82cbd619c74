//! Time that a call has waited, by cause.

use crate::events::CallSpan;
use crate::failure::Failure;
use crate::report::Report;
use crate::time::Instant;
use crate::time::Span;
use crate::waits::Waits;

use super::scope::Notes;
use super::scope::Scope;

/// Cause of a wait other than the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    Cooldown,
    Backoff,
}

impl Drop for Scope {
    /// Most scopes have no notes. Only this test is inlined.
    #[inline]
    fn drop(&mut self) {
        if let Some(notes) = self.notes.take() {
            discard(notes);
        }
    }
}

#[cold]
#[inline(never)]
fn discard(notes: Box<Notes>) {
    drop(notes);
}

impl Scope {
    /// Counts a pause of the call itself, which lasts `length` and ends at `to`.
    pub(crate) fn pause_for(&mut self, pause: Pause, length: Span, to: Instant) {
        let notes = self.notes();
        match pause {
            Pause::Cooldown => notes.cooled = notes.cooled.plus(length),
            Pause::Backoff => {
                notes.backed_off = notes.backed_off.plus(length);
                notes.unreported_backoff = notes.unreported_backoff.plus(length);
            }
        }
        self.pause(length, to);
    }

    /// Returns the time spent in backoffs that the limiter has not been told of.
    pub(crate) fn unreported_backoff(&self) -> Span {
        let notes = self.notes.as_ref();
        notes.map_or(Span::ZERO, |notes| notes.unreported_backoff)
    }

    /// Records that the limiter has been told of the time spent in backoffs.
    pub(crate) fn clear_unreported_backoff(&mut self) {
        if let Some(notes) = &mut self.notes {
            notes.unreported_backoff = Span::ZERO;
        }
    }

    /// Records a failure of the call, and forgets the oldest if there are too many.
    pub(crate) fn fail(&mut self, failure: Failure) {
        let failures = &mut self.notes().failures;
        if failures.len() == Report::MOST {
            failures.remove(0);
        }
        failures.push(failure);
    }

    /// Returns the last failures of the call, in order.
    pub(crate) fn failures(&self) -> &[Failure] {
        self.notes.as_ref().map_or(&[], |notes| &notes.failures)
    }

    /// Sets the call's span.
    pub(crate) fn open(&mut self, span: CallSpan) {
        self.notes().span = Some(span);
    }

    /// Makes the call's span the current one, if it has a span.
    #[cold]
    pub(super) fn enter_span(&self) {
        if let Some(span) = self.span() {
            span.begin();
        }
    }

    /// Ends what [`enter_span`](Self::enter_span) began.
    #[cold]
    pub(super) fn leave_span(&self) {
        if let Some(span) = self.span() {
            span.end();
        }
    }

    /// Returns the call's span. `None` if no subscriber takes it.
    pub(crate) fn span(&self) -> Option<&CallSpan> {
        self.notes.as_ref()?.span.as_ref()
    }

    /// Returns the time that the call has waited, by cause. The watch has to be stopped.
    pub(crate) fn waits(&self) -> Waits {
        let notes = self.notes.as_ref();
        let none = (Span::ZERO, Span::ZERO);
        let (cooled, backed_off) = notes.map_or(none, |it| (it.cooled, it.backed_off));
        let queued = self.waited.measured().minus(cooled.plus(backed_off));
        Waits {
            queue: queued.into(),
            cooldown: cooled.into(),
            backoff: backed_off.into(),
            ..Waits::NONE
        }
    }
}
