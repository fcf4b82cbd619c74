//! What a function's return type makes possible, and how an outcome is read.

use core::fmt;
use core::marker::PhantomData;

use crate::context::Scope;
use crate::error::Error;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::retry::Advice;
use crate::signal::Reading;
use crate::verdict::Verdict;

/// What an outcome and the user's `classify` say.
#[derive(Clone, Debug)]
pub struct Read {
    pub(crate) reading: Reading,
    pub(crate) verdict: Verdict,
}

impl Read {
    pub(crate) const TIMEOUT: Self = Self {
        reading: Reading::failed(Failure::Timeout),
        verdict: Verdict::Auto,
    };

    /// Whether it is a success that nobody has said more about.
    #[inline]
    pub(super) const fn is_all_there_is(&self, scope: &Scope) -> bool {
        let fine = matches!(self.verdict, Verdict::Auto | Verdict::Done);
        let quiet = self.reading.failure.is_none() && self.reading.hint.is_none();
        fine && quiet && scope.status.is_none()
    }

    /// Whether what the body passed to `observe` counts.
    pub(super) fn needs_observation(&self, scope: &Scope) -> bool {
        let Some(status) = scope.status else {
            return false;
        };
        let same = self.reading.failure == Some(Failure::Status(status.get()));
        !self.reading.conclusive || (same && self.reading.hint.is_none())
    }

    /// What the outcome and the observation say together.
    pub(super) fn conclude<'a>(&'a self, scope: &'a Scope, respects_headers: bool) -> Told<'a> {
        let observed = self.needs_observation(scope);
        let status = scope
            .status
            .filter(|status| observed && status.get() >= 400);
        let failure = status
            .map(|status| Failure::Status(status.get()))
            .or(self.reading.failure);
        let own = self.reading.hint.as_ref().filter(|_| respects_headers);
        let seen = scope.hint().filter(|_| observed && respects_headers);
        let (advice, received) = match (own, seen) {
            (Some(own), _) => (Advice::of(Some(own)), None),
            (None, Some((hint, received))) => (Advice::of(Some(hint)), Some(received)),
            (None, None) => (Advice::default(), None),
        };
        // A response that was observed has been heard of, and a refusal that says for how long says
        // no more.
        let refused = advice.limited || failure.is_some_and(Failure::is_throttle);
        let told = refused && advice.retry_after.is_some();
        let unheard = own.filter(|_| scope.status.is_none() && !told);
        Told {
            failure,
            advice,
            received,
            unheard,
        }
    }
}

/// What an attempt's outcome and its observation say together.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) failure: Option<Failure>,
    pub(super) advice: Advice,
    /// When the advice was received, if it was observed.
    pub(super) received: Option<u64>,
    /// A hint that the limiter has not heard of.
    pub(super) unheard: Option<&'a Hint>,
}

/// Reads an outcome.
pub trait ReadOutcome<O> {
    /// What the outcome says.
    fn read(self, out: &O) -> Read;
}

/// Whether a function's error can say that a call was refused.
pub trait Refuse {
    /// It can.
    const CAN: bool;
}

/// The error type implements `From<paced::Error>`.
#[derive(Debug)]
pub enum Can {}

/// It does not.
#[derive(Debug)]
pub enum Cannot {}

impl Refuse for Can {
    const CAN: bool = true;
}

impl Refuse for Cannot {
    const CAN: bool = false;
}

/// Makes a function's outcome of a refusal.
pub struct Refuser<R, O> {
    make: Option<fn(Error) -> O>,
    refuses: PhantomData<fn() -> R>,
}

impl<O> Refuser<Can, O> {
    /// A refusal becomes this.
    pub const fn can(make: fn(Error) -> O) -> Self {
        Self {
            make: Some(make),
            refuses: PhantomData,
        }
    }
}

impl<O> Refuser<Cannot, O> {
    /// A call is never refused.
    pub const fn cannot() -> Self {
        Self {
            make: None,
            refuses: PhantomData,
        }
    }
}

impl<R, O> Refuser<R, O> {
    /// # Panics
    ///
    /// Where the function's error cannot say it: settings that contradict each other, or no runtime.
    #[track_caller]
    pub(super) fn with(self, error: Error) -> O {
        match self.make {
            Some(make) => make(error),
            None => panic!("{error}"),
        }
    }
}

/// Whether the last outcome can be kept while a retry waits.
pub trait Keep {
    /// It can.
    const CAN: bool;
}

/// The last outcome, on the heap.
pub struct Kept<O>(Box<O>);

/// Nothing: an outcome that may not move between threads would keep the whole call from it.
#[derive(Debug)]
pub struct Lost;

impl<O> Keep for Kept<O> {
    const CAN: bool = true;
}

impl Keep for Lost {
    const CAN: bool = false;
}

impl<O> fmt::Debug for Kept<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

/// Keeps the last outcome while a retry waits.
pub struct Keeper<S, O> {
    keep: fn(O) -> S,
    restore: fn(S) -> Option<O>,
}

impl<O> Keeper<Kept<O>, O> {
    /// Keeps it.
    pub const fn keeping() -> Self {
        Self {
            keep: |out| Kept(Box::new(out)),
            restore: |kept| Some(*kept.0),
        }
    }
}

impl<O> Keeper<Lost, O> {
    /// Drops it.
    pub const fn losing() -> Self {
        Self {
            keep: |_| Lost,
            restore: |_| None,
        }
    }
}

impl<S, O> Keeper<S, O> {
    pub(super) fn keep(self, out: O) -> S {
        (self.keep)(out)
    }

    pub(super) fn restore(self, kept: S) -> Option<O> {
        (self.restore)(kept)
    }
}

impl<R, O> fmt::Debug for Refuser<R, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refuser")
    }
}

impl<S, O> fmt::Debug for Keeper<S, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}
