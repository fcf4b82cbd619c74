//! Capabilities of a function's return type, and the meaning of an outcome.

use core::fmt;
use core::marker::PhantomData;

use crate::context::ResetUnit;
use crate::context::Scope;
use crate::error::Error;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::retry::Advice;
use crate::signal::Reading;
use crate::signal::Refusable;
use crate::time::Instant;
use crate::verdict::Verdict;

impl Reading {
    pub(super) const TIMEOUT: Self = Self::failed(Failure::Timeout);

    /// Returns whether it is a success that tells nothing more.
    #[inline]
    pub(super) const fn is_quiet(&self) -> bool {
        self.failure.is_none() && self.hint.is_none()
    }

    /// Returns whether the response that the body passed to `observe` counts.
    fn needs_observation(&self, scope: &Scope) -> bool {
        let Some(status) = scope.status else {
            return false;
        };
        let same = self.failure == Some(Failure::Status(status.get()));
        !self.conclusive || (same && self.hint.is_none())
    }

    /// Returns the meaning of the outcome and the observation together, of which the user says `verdict`.
    pub(super) fn conclude<'a>(
        &'a self,
        scope: &'a Scope,
        respects_headers: bool,
        verdict: Verdict,
    ) -> Conclusion<'a> {
        let observed = self.needs_observation(scope);
        let throttled = matches!(verdict, Verdict::Throttled { .. });
        // A verdict on an outcome leaves the wait to the response that the outcome came from.
        let by_user = throttled || matches!(verdict, Verdict::Retry { .. });
        let status = scope
            .status
            .filter(|status| observed && status.get() >= 400);
        let failure = status
            .map(|status| Failure::Status(status.get()))
            .or(self.failure);
        let own = self.hint.as_ref().filter(|_| respects_headers);
        let seen = scope
            .hint()
            .filter(|_| (observed || by_user) && respects_headers);
        let (advice, received) = match (own, seen) {
            (Some(own), _) => (Advice::of(own, throttled), None),
            (None, Some((hint, received))) => (Advice::of(hint, throttled), Some(received)),
            (None, None) => (Advice::default(), None),
        };
        // An observed response has been reported already, and a refusal with a wait is reported as a refusal.
        let refused = advice.refuses(failure);
        let told = refused && advice.retry_after.is_some();
        let unheard = own.filter(|_| scope.status.is_none() && !told);
        Conclusion {
            failure,
            advice,
            received,
            hint: own.or(seen.map(|(hint, _)| hint)),
            unheard,
        }
    }
}

/// Meaning of an attempt's outcome and its observation together.
#[derive(Debug)]
pub(super) struct Conclusion<'a> {
    pub(super) failure: Option<Failure>,
    pub(super) advice: Advice,
    /// Instant at which the advice was received, if it was observed.
    pub(super) received: Option<Instant>,
    /// Source of the advice.
    pub(super) hint: Option<&'a Hint>,
    /// A hint that the limiter has not heard of.
    pub(super) unheard: Option<&'a Hint>,
}

/// Reads an outcome.
pub trait ReadOutcome<O> {
    /// Reads the outcome by its type, of a server whose resets are in `unit`.
    fn reading(&self, out: &O, unit: ResetUnit) -> Reading;

    /// Returns what the user says of it.
    #[inline]
    fn verdict(&self, _: &O) -> Verdict {
        Verdict::Auto
    }
}

/// Whether a function's outcome can say that a call was refused.
pub trait Refusing {
    /// It can.
    const CAN: bool;
}

/// The error type has room for it.
#[derive(Debug)]
pub enum Can {}

/// It has not.
#[derive(Debug)]
pub enum Cannot {}

impl Refusing for Can {
    const CAN: bool = true;
}

impl Refusing for Cannot {
    const CAN: bool = false;
}

/// How a function's outcome says that a call was refused; `R` is whether it can.
///
/// A value and not a method of `R`'s, because it may be of a type that lives longer than the
/// function's outcome needs to: an error that borrows, but is made of a refusal only where it does not.
pub struct Refuse<O, R> {
    outcome: fn(Error) -> O,
    can: PhantomData<fn() -> R>,
}

impl<O, R> Refuse<O, R> {
    pub(super) fn outcome(self, refusal: Error) -> O {
        (self.outcome)(refusal)
    }
}

impl<T, E: Refusable> Refuse<Result<T, E>, Can> {
    /// Refusals become `Err`.
    pub(crate) const CAN: Self = Self {
        outcome: |refusal| Err(E::refused(refusal)),
        can: PhantomData,
    };
}

impl<O> Refuse<O, Cannot> {
    /// A call is refused only for settings that contradict each other, or where there is no runtime,
    /// and then it panics.
    pub(crate) const CANNOT: Self = Self {
        outcome: |refusal| panic!("{refusal}"),
        can: PhantomData,
    };
}

impl<O, R> fmt::Debug for Refuse<O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refuse")
    }
}

/// How the last outcome is kept while a retry waits.
pub trait Keep<O>: Sized {
    /// Keeps the outcome, if it can be kept.
    fn keep(out: O) -> Option<Self>;

    /// Returns the outcome.
    fn restore(self) -> O;
}

/// The last outcome, on the heap.
pub struct Kept<O>(Box<O>);

/// Nothing: an outcome that may not move between threads would keep the whole call from it.
#[derive(Debug)]
pub enum Lost {}

impl<O> Keep<O> for Kept<O> {
    fn keep(out: O) -> Option<Self> {
        Some(Self(Box::new(out)))
    }

    fn restore(self) -> O {
        *self.0
    }
}

impl<O> Keep<O> for Lost {
    fn keep(_: O) -> Option<Self> {
        None
    }

    fn restore(self) -> O {
        match self {}
    }
}

impl<O> fmt::Debug for Kept<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}
