//! The scope of an attempt: facts that its body can ask for, and observations that it makes.

use core::num::NonZeroU16;

#[cfg(feature = "http")]
use crate::clock;
use crate::events::CallSpan;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::time::Instant;
use crate::time::Span;

use super::Attempt;
use super::IdempotencyKey;
use super::Progress;
use super::ResetUnit;
use super::bounds::Bounds;
use super::spending::Spending;
use super::stopwatch::Stopwatch;
use super::told::ResponseFlags;

/// State of an attempt. It is part of every call's future, so the fields that few calls need are in a box
/// ([`Notes`]).
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) bounds: Bounds,
    pub(super) notes: Option<Box<Notes>>,
    /// Number of the attempt, from 1. 0: there is no call.
    pub(crate) number: u32,
    /// Status of the last response that was observed.
    pub(crate) status: Option<NonZeroU16>,
    /// Whether a response was observed that has not been reported to the limiter, and the unit of resets.
    pub(super) told: ResponseFlags,
    /// Progress of the attempt. Only the call reads this field, so it is not swapped with the thread-local variable.
    pub(crate) progress: Progress,
    /// Time that the call has waited in queues and in backoffs. It runs while the call waits.
    pub(crate) waited: Stopwatch,
}

/// State that only some calls have: those that are retried, have observed a hint, or have been asked for their key.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// Failure of the previous attempt.
    pub(super) previous: Option<Failure>,
    /// Number of retries that count against `max_throttles`, and not against `max_retries`.
    pub(super) throttles: u32,
    /// Failure on which a call inside the body has used up its retries. The outer call does not retry on it, because
    /// each of its attempts would start all the inner retries again.
    pub(super) spent: Option<Failure>,
    /// Delay before this attempt.
    pub(super) delay: Span,
    /// Instant by which this attempt has to get its permit, if it is a retry.
    pub(super) latest: Option<Instant>,
    /// Cooldowns and backoffs that the call has waited for, including those of calls in its body.
    pub(super) paused: Span,
    /// Instant up to which `paused` counts. Calls in the body may wait at the same time, which counts once.
    pub(super) paused_to: Option<Instant>,
    /// Time that the call itself has waited for the end of cooldowns.
    pub(super) cooled: Span,
    /// Time that the call itself has waited in backoffs.
    pub(super) backed_off: Span,
    /// The part of it that the limiter has not been told of.
    pub(super) unreported_backoff: Span,
    /// Hint of the response that was observed, and the instant at which it was received.
    pub(super) hint: Option<(Hint, Instant)>,
    /// Idempotency key, once the body has asked for it.
    pub(super) key: Option<IdempotencyKey>,
    /// Last failures of the call.
    pub(super) failures: Vec<Failure>,
    /// Span of the call.
    pub(super) span: Option<CallSpan>,
    /// Amounts that the body has said the attempt took.
    pub(super) spending: Option<Spending>,
}

impl Scope {
    /// Pauses that a call with a deadline has left: its cooldowns and backoffs have no bound of their own.
    pub(crate) const UNLIMITED: Span = Span::from_nanos(u64::MAX >> 1);

    /// Scope outside of any call.
    pub(super) const NONE: Self = Self {
        bounds: Bounds::NONE,
        notes: None,
        number: 0,
        status: None,
        told: ResponseFlags::of(ResetUnit::Guess),
        progress: Progress::Waiting,
        waited: Stopwatch::NEW,
    };

    pub(super) const fn new(bounds: Bounds, unit: ResetUnit) -> Self {
        Self {
            bounds,
            told: ResponseFlags::of(unit),
            number: 1,
            notes: None,
            status: None,
            progress: Progress::Waiting,
            waited: Stopwatch::NEW,
        }
    }

    /// Turns this into the scope of the next attempt, which starts after `delay` and gets its permit by `latest`. With
    /// `throttle` it does not count as a retry.
    pub(crate) fn advance(
        &mut self,
        failure: Failure,
        delay: Span,
        latest: Instant,
        throttle: bool,
    ) {
        self.number = self.number.saturating_add(1);
        self.status = None;
        self.told.set_heard();
        self.told.set_slot(false);
        self.progress = Progress::Waiting;
        let notes = self.notes();
        notes.previous = Some(failure);
        notes.throttles = notes.throttles.saturating_add(u32::from(throttle));
        notes.delay = delay;
        notes.latest = Some(latest);
        notes.spent = None;
        notes.hint = None;
        notes.spending = None;
    }

    /// Records a response that the body observed.
    #[cfg(feature = "http")]
    pub(super) fn observe(&mut self, status: u16, hint: Option<Hint>) {
        self.status = NonZeroU16::new(status);
        let unheard = self.told.is_unheard();
        self.told.set_unheard();
        let received = clock::now();
        let notes = self.notes();
        notes.spent = None;
        let wait = |hint: &Hint| hint.retry_after().filter(|_| hint.limited());
        let last = notes.hint.as_ref().map(|(hint, _)| hint);
        let longer = last.and_then(wait) > hint.as_ref().and_then(wait);
        // The body may observe several responses before the limiter reads them: the longest wait counts.
        if !(unheard && longer) {
            notes.hint = hint.map(|hint| (hint, received));
        }
    }

    /// Returns whether a response was observed that has not been reported to the limiter, and marks it as reported.
    #[inline]
    pub(crate) fn take_unheard(&mut self) -> bool {
        let unheard = self.told.is_unheard();
        if unheard {
            self.told.set_heard();
        }
        unheard
    }

    /// Returns whether there is nothing to report: no response was observed, or a success without a hint, and the body has
    /// said nothing of the attempt's costs.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        let is_quiet = |notes: &Notes| notes.hint.is_none() && notes.spending.is_none();
        self.status.is_none_or(|status| status.get() < 400)
            && self.notes.as_deref().is_none_or(is_quiet)
    }

    /// Returns whether it has nothing that only some calls have.
    #[inline]
    pub(crate) const fn is_bare(&self) -> bool {
        self.notes.is_none()
    }

    /// Records that a call inside the body has used up its retries on this failure.
    pub(crate) fn spend(&mut self, failure: Failure) {
        self.notes().spent = Some(failure);
    }

    /// Returns whether a call inside the body has used up its retries on this failure.
    pub(crate) fn is_spent_on(&self, failure: Failure) -> bool {
        self.notes
            .as_ref()
            .is_some_and(|notes| notes.spent == Some(failure))
    }

    /// Returns the instant by which this attempt has to get its permit, if it is a retry.
    pub(crate) fn latest(&self) -> Option<Instant> {
        self.notes.as_ref().filter(|_| self.number > 1)?.latest
    }

    /// Returns the cooldowns and backoffs that the call may still wait for.
    pub(crate) fn pause_left(&self) -> Span {
        if !self.bounds.has_pause_budget() {
            return Self::UNLIMITED;
        }
        let paused = self.notes.as_ref().map_or(Span::ZERO, |notes| notes.paused);
        Bounds::PAUSE_BUDGET.minus(paused)
    }

    /// Counts a cooldown or a backoff that lasts `length` and ends at `to`. Where calls in the body wait at the same
    /// time, the time counts once.
    pub(crate) fn pause(&mut self, length: Span, to: Instant) {
        if length.is_zero() || !self.bounds.has_pause_budget() {
            return;
        }
        let notes = self.notes();
        let begun = to.before(length);
        let from = notes.paused_to.map_or(begun, |known| known.max(begun));
        notes.paused = notes.paused.plus(to.since(from));
        notes.paused_to = notes.paused_to.max(Some(to));
    }

    /// Counts the pauses of the outer call, of whose body this call is a part.
    pub(super) fn inherit(&mut self, paused: Span) {
        if !paused.is_zero() {
            self.notes().paused = paused;
        }
    }

    /// Returns the hint of the response that was observed, and the instant at which it was received.
    pub(crate) fn hint(&self) -> Option<(&Hint, Instant)> {
        let (hint, received) = self.notes.as_deref()?.hint.as_ref()?;
        Some((hint, *received))
    }

    pub(super) fn notes(&mut self) -> &mut Notes {
        self.told.set_noted();
        self.notes.get_or_insert_default()
    }

    pub(super) fn attempt(&mut self) -> Attempt {
        let (number, deadline) = (self.number, self.bounds.deadline());
        let (pause_left, waits) = (self.pause_left(), self.waits());
        let notes = self.notes();
        Attempt {
            waits,
            number,
            previous: notes.previous,
            deadline: (deadline < Bounds::NEVER).then_some(deadline),
            pause_left: (pause_left < Self::UNLIMITED).then_some(pause_left),
            key: *notes.key.get_or_insert_with(IdempotencyKey::random),
        }
    }
}
