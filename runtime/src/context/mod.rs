//! What the body of an attempt can ask and tell, through the task's thread while it is polled.
//!
//! An attempt lends its [`Scope`] to the thread for the time of each poll of the body, and takes it
//! back afterwards; nothing is allocated, and a body that moves to another thread takes it along.

mod attempt;
mod bounds;
mod current;
mod progress;
mod told;
mod tries;
#[cfg(feature = "test-util")]
pub(crate) mod unpaced;
mod waited;

use core::num::NonZeroU16;
use core::time::Duration;

#[cfg(feature = "http")]
use crate::clock;
use crate::events::CallSpan;
use crate::failure::Failure;
use crate::hint::Hint;

pub use self::attempt::Attempt;
pub use self::attempt::IdempotencyKey;
use self::bounds::Bounds;
use self::current::Current;
pub(crate) use self::progress::Progress;
pub use self::told::ResetUnit;
use self::told::Told;
pub(crate) use self::waited::Pause;
pub(crate) use self::waited::Stopwatch;

thread_local! {
    static CURRENT: Current = const { Current::new() };
}

/// What an attempt knows, and what its body has told. It is part of every call's future, so what
/// most calls never need is on the heap.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) bounds: Bounds,
    notes: Option<Box<Notes>>,
    /// 1 for the first attempt.
    pub(crate) number: u32,
    /// What `observe` saw last.
    pub(crate) status: Option<NonZeroU16>,
    /// Whether `observe` saw something that the limiter has not heard of, and the unit of resets.
    told: Told,
    /// Only the call reads it, so it is not lent to the thread.
    pub(crate) progress: Progress,
    /// Time that the call has waited in queues and in backoffs. It runs while the call waits.
    pub(crate) waited: Stopwatch,
}

/// What is only known of calls that are retried, observed with a hint, or asked for their key.
#[derive(Clone, Debug, Default)]
struct Notes {
    previous: Option<Failure>,
    /// Retries after refusals that do not count as retries.
    throttles: u32,
    /// A call inside the body has tried this often enough: another attempt would multiply its.
    spent: Option<Failure>,
    /// Nanoseconds of the delay before this attempt.
    delay: u64,
    /// When the wait for this attempt has to be over.
    latest: u64,
    /// Nanoseconds of cooldowns and backoffs that the call has waited for, calls in its body included.
    paused: u64,
    /// Until when they have been counted: calls in the body may wait at the same time.
    paused_to: u64,
    /// Nanoseconds that the call itself has waited for the ends of cooldowns, and of backoffs.
    cooled: u64,
    backed_off: u64,
    hint: Option<Hint>,
    /// When the hint was received.
    received: u64,
    key: Option<IdempotencyKey>,
    /// The last failures of the call.
    failures: Vec<Failure>,
    span: Option<CallSpan>,
}

impl Scope {
    /// Nanoseconds of cooldowns for which a call without a bound on them waits.
    pub(crate) const UNLIMITED: u64 = u64::MAX >> 1;

    /// No call.
    const NONE: Self = Self {
        bounds: Bounds::NONE,
        notes: None,
        number: 0,
        status: None,
        told: Told::of(ResetUnit::Guess),
        progress: Progress::Waiting,
        waited: Stopwatch::NEW,
    };

    const fn new(bounds: Bounds, unit: ResetUnit) -> Self {
        Self {
            bounds,
            told: Told::of(unit),
            number: 1,
            notes: None,
            status: None,
            progress: Progress::Waiting,
            waited: Stopwatch::NEW,
        }
    }

    /// Makes it the scope of the next attempt, after `delay` nanoseconds and not after `latest`. `throttle`:
    /// it does not count as a retry.
    pub(crate) fn advance(&mut self, failure: Failure, delay: u64, latest: u64, throttle: bool) {
        self.number = self.number.saturating_add(1);
        self.status = None;
        self.told.set_heard();
        self.progress = Progress::Waiting;
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
    fn observe(&mut self, status: u16, hint: Option<Hint>) {
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
    fn inherit(&mut self, paused: u64) {
        if paused > 0 {
            self.notes().paused = paused;
        }
    }

    /// What `observe` saw last, and when.
    pub(crate) fn hint(&self) -> Option<(&Hint, u64)> {
        let notes = self.notes.as_deref()?;
        Some((notes.hint.as_ref()?, notes.received))
    }

    fn notes(&mut self) -> &mut Notes {
        self.notes.get_or_insert_default()
    }

    fn attempt(&mut self) -> Attempt {
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

/// The time for which a scope is the thread's current one. It keeps the outer scope in the place of
/// the inner one, and puts both back even when the body panics.
pub(crate) struct Loan<'a>(&'a mut Scope);

impl Drop for Loan<'_> {
    #[inline]
    fn drop(&mut self) {
        CURRENT.with(|current| current.swap(self.0));
        if self.0.has_notes() {
            self.0.leave_span();
        }
    }
}

/// Makes `scope` the thread's current one.
#[inline]
pub(crate) fn lend(scope: &mut Option<Scope>) -> Loan<'_> {
    let scope = scope.get_or_insert(Scope::NONE);
    if scope.has_notes() {
        scope.enter_span();
    }
    CURRENT.with(|current| current.swap(scope));
    Loan(scope)
}

/// The scope of a call that begins at `now`. Inside of another call it has no more time than that one.
#[inline]
pub(crate) fn begin(deadline: Option<u64>, unit: ResetUnit, now: u64) -> Scope {
    let outer = CURRENT.with(|current| current.bounds.get());
    let mut scope = Scope::new(Bounds::of(deadline, now, outer.deadline()), unit);
    if outer.is_patient() {
        inherit_pauses(&mut scope);
    }
    #[cfg(feature = "test-util")]
    if unpaced::is_on() {
        scope.told.set_unpaced();
    }
    scope
}

#[cold]
fn inherit_pauses(scope: &mut Scope) {
    if let Some(paused) = with_current(|outer| Bounds::PATIENCE - outer.patience()) {
        scope.inherit(paused);
    }
}

/// Returns the unit of resets in responses to the current attempt; `None` outside of one.
#[cfg(feature = "http")]
#[inline]
pub(crate) fn reset_unit() -> Option<ResetUnit> {
    CURRENT.with(|current| (current.number.get() > 0).then(|| current.told.get().unit()))
}

/// Takes note of a response to the current attempt.
#[cfg(feature = "http")]
pub(crate) fn observe(status: u16, hint: Option<Hint>) {
    if hint.is_some() || CURRENT.with(Current::has_notes) {
        with_current(|scope| scope.observe(status, hint));
    } else {
        CURRENT.with(|current| current.status.set(NonZeroU16::new(status)));
    }
}

/// Lets `act` see the current scope, if this is inside an attempt.
pub(crate) fn with_current<T>(act: impl FnOnce(&mut Scope) -> T) -> Option<T> {
    let mut scope = Scope::NONE;
    CURRENT.with(|current| current.swap(&mut scope));
    let result = (scope.number > 0).then(|| act(&mut scope));
    CURRENT.with(|current| current.swap(&mut scope));
    result
}

/// The attempt whose body this is called in, from any depth of it on the same task.
///
/// Outside of a rate-limited function, and in tasks that the body spawns, it answers as the first
/// attempt of a call without a deadline, with a new idempotency key each time.
///
/// ```
/// # use paced::rate_limited;
/// #[rate_limited(rate = 5)]
/// async fn pay(cents: u64) -> Result<String, std::io::Error> {
///     let attempt = paced::attempt();
///     Ok(format!("Idempotency-Key: {} (attempt {})", attempt.idempotency_key(), attempt.number()))
/// }
/// ```
pub fn attempt() -> Attempt {
    with_current(Scope::attempt)
        .unwrap_or_else(|| Scope::new(Bounds::NONE, ResetUnit::Guess).attempt())
}
