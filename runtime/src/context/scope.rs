//! The scope of an attempt: facts that its body can ask for, and observations that it makes.

use core::num::NonZeroU16;
use core::time::Duration;

#[cfg(feature = "http")]
use crate::clock;
use crate::events::CallSpan;
use crate::failure::Failure;
use crate::hint::Hint;

use super::Attempt;
use super::IdempotencyKey;
use super::ResetUnit;
use super::bounds::Bounds;
use super::stopwatch::Stopwatch;
use super::told::Told;

/// What an attempt knows, and what its body has told. It is part of every call's future, so what
/// most calls never need is on the heap.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) bounds: Bounds,
    pub(super) notes: Option<Box<Notes>>,
    /// 1 for the first attempt.
    pub(crate) number: u32,
    /// What `observe` saw last.
    pub(crate) status: Option<NonZeroU16>,
    /// Whether `observe` saw something that the limiter has not heard of, and the unit of resets.
    pub(super) told: Told,
    /// The limiter has been told that this attempt was refused. Only the call reads it, so it is not lent
    /// to the thread.
    pub(crate) reported: bool,
    /// Time that the call has waited in queues and in backoffs. It runs while the call waits.
    pub(crate) waited: Stopwatch,
}

/// What is only known of calls that are retried, observed with a hint, or asked for their key.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub(super) previous: Option<Failure>,
    /// Retries after refusals that do not count as retries.
    pub(super) throttles: u32,
    /// A call inside the body has tried this often enough: another attempt would multiply its.
    pub(super) spent: Option<Failure>,
    /// Nanoseconds of the delay before this attempt.
    pub(super) delay: u64,
    /// When the wait for this attempt has to be over.
    pub(super) latest: u64,
    /// Nanoseconds of cooldowns and backoffs that the call has waited for, calls in its body included.
    pub(super) paused: u64,
    /// Until when they have been counted: calls in the body may wait at the same time.
    pub(super) paused_to: u64,
    /// Nanoseconds that the call itself has waited for the ends of cooldowns, and of backoffs.
    pub(super) cooled: u64,
    pub(super) backed_off: u64,
    pub(super) hint: Option<Hint>,
    /// When the hint was received.
    pub(super) received: u64,
    pub(super) key: Option<IdempotencyKey>,
    /// The last failures of the call.
    pub(super) failures: Vec<Failure>,
    pub(super) span: Option<CallSpan>,
}

impl Scope {
    /// Nanoseconds of cooldowns for which a call without a bound on them waits.
    pub(crate) const UNLIMITED: u64 = u64::MAX >> 1;

    /// No call.
    pub(super) const NONE: Self = Self {
        bounds: Bounds::NONE,
        notes: None,
        number: 0,
        status: None,
        told: Told::of(ResetUnit::Guess),
        reported: false,
        waited: Stopwatch::NEW,
    };

    pub(super) const fn new(bounds: Bounds, unit: ResetUnit) -> Self {
        Self {
            bounds,
            told: Told::of(unit),
            number: 1,
            notes: None,
            status: None,
            reported: false,
            waited: Stopwatch::NEW,
        }
    }

    /// Makes it the scope of the next attempt, after `delay` nanoseconds and not after `latest`. `throttle`:
    /// it does not count as a retry.
    pub(crate) fn advance(&mut self, failure: Failure, delay: u64, latest: u64, throttle: bool) {
        self.number = self.number.saturating_add(1);
        self.status = None;
        self.told.set_heard();
        self.reported = false;
        let notes = self.notes();
        notes.previous = Some(failure);
        notes.throttles = notes.throttles.saturating_add(u32::from(throttle));
        notes.delay = delay;
        notes.latest = latest;
        notes.spent = None;
        notes.hint = None;
    }

    /// Takes note of a response.
    #[cfg(feature = "http")]
    pub(super) fn observe(&mut self, status: u16, hint: Option<Hint>) {
        self.status = NonZeroU16::new(status);
        let unheard = self.told.is_unheard();
        self.told.set_unheard();
        let received = clock::now();
        let notes = self.notes();
        notes.spent = None;
        let wait = |hint: &Hint| hint.retry_after().filter(|_| hint.limited());
        let longer = notes.hint.as_ref().and_then(wait) > hint.as_ref().and_then(wait);
        // Of two responses in one go the one counts that asks to stay away for longer.
        if !(unheard && longer) {
            notes.hint = hint;
            notes.received = received;
        }
    }

    /// Whether `observe` saw something that the limiter has not heard of, which it hears now.
    #[inline]
    pub(crate) fn take_unheard(&mut self) -> bool {
        let unheard = self.told.is_unheard();
        if unheard {
            self.told.set_heard();
        }
        unheard
    }

    /// Whether `observe` saw nothing, or a success that told nothing.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.status.is_none_or(|status| status.get() < 400) && self.hint().is_none()
    }

    /// A call inside the body has tried often enough, and still failed like this.
    pub(crate) fn spend(&mut self, failure: Failure) {
        self.notes().spent = Some(failure);
    }

    /// Whether a call inside the body has tried often enough for this failure.
    pub(crate) fn is_spent_on(&self, failure: Failure) -> bool {
        self.notes
            .as_ref()
            .is_some_and(|notes| notes.spent == Some(failure))
    }

    /// When the wait for this attempt has to be over, if it is a retry.
    pub(crate) fn latest(&self) -> Option<u64> {
        let notes = self.notes.as_ref().filter(|_| self.number > 1)?;
        Some(notes.latest)
    }

    /// Nanoseconds of cooldowns and backoffs that the call still waits for.
    pub(crate) fn patience(&self) -> u64 {
        if !self.bounds.is_patient() {
            return Self::UNLIMITED;
        }
        let paused = self.notes.as_ref().map_or(0, |notes| notes.paused);
        Bounds::PATIENCE.saturating_sub(paused)
    }

    /// Takes note of a cooldown or a backoff that the call waits for, of so many nanoseconds until `to`.
    /// Where calls in its body wait at the same time, the time counts once.
    pub(crate) fn pause(&mut self, nanos: u64, to: u64) {
        if nanos == 0 || !self.bounds.is_patient() {
            return;
        }
        let notes = self.notes();
        let from = to.saturating_sub(nanos).max(notes.paused_to);
        notes.paused = notes.paused.saturating_add(to.saturating_sub(from));
        notes.paused_to = notes.paused_to.max(to);
    }

    /// Counts what the call has waited for whose body this one is in.
    pub(super) fn inherit(&mut self, paused: u64) {
        if paused > 0 {
            self.notes().paused = paused;
        }
    }

    /// What `observe` saw last, and when.
    pub(crate) fn hint(&self) -> Option<(&Hint, u64)> {
        let notes = self.notes.as_deref()?;
        Some((notes.hint.as_ref()?, notes.received))
    }

    pub(super) fn notes(&mut self) -> &mut Notes {
        self.notes.get_or_insert_default()
    }

    pub(super) fn attempt(&mut self) -> Attempt {
        let (number, deadline) = (self.number, self.bounds.deadline());
        let (patience, waits) = (self.patience(), self.waits());
        let notes = self.notes();
        Attempt {
            waits,
            number,
            previous: notes.previous,
            deadline: (deadline < Bounds::NEVER).then_some(deadline),
            patience: (patience < Self::UNLIMITED).then(|| Duration::from_nanos(patience)),
            key: *notes.key.get_or_insert_with(IdempotencyKey::random),
        }
    }
}
