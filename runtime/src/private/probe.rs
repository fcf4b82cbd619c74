//! What a return type makes possible, found by method resolution after type inference.
//!
//! Each question is a method with a reserved name on an inherent impl whose bounds are the
//! condition. Where they do not hold, the probe derefs to the next one, which answers in another
//! way. No trait has to be imported, so expansions stay free of lints and of name clashes.
//!
//! Method resolution sees no lifetimes: a bound that holds for `'static` only would be chosen for an
//! error that borrows, and then fail. So no bound here is about lifetimes but those of boxed errors,
//! for which the macro asks another question where it sees a lifetime in the type.
#![expect(
    clippy::unused_self,
    reason = "a probe has no data, but only methods are looked up on its type"
)]

use core::error::Error as StdError;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;

use crate::call::Attempted;
use crate::call::Can;
use crate::call::Cannot;
use crate::call::Chosen;
use crate::call::Kept;
use crate::call::Lost;
use crate::call::Refuse;
use crate::signal::Known;
use crate::signal::Refusable;
use crate::signal::Signal;
use crate::verdict::Verdict;

#[cfg(feature = "http")]
use super::readers::ByAnswer;
use super::readers::ByDynError;
use super::readers::ByDynSource;
use super::readers::ByKnown;
use super::readers::ByNothing;
use super::readers::BySendError;
use super::readers::BySendSource;
use super::readers::BySignal;
use super::readers::ByStdError;
use super::readers::BySyncError;
use super::readers::BySyncSource;
use super::readers::Classify;

/// What a rate-limited function returns: a `Result`.
#[diagnostic::on_unimplemented(
    message = "`#[rate_limited]` needs a function that returns `Result`, but this one returns `{Self}`",
    label = "not a `Result`",
    note = "a call that is refused or fails has to say so: return `Result<{Self}, E>`"
)]
pub trait Outcome {
    /// What answers questions about it.
    type Probe;

    /// The probe, which needs no value.
    fn probe() -> Self::Probe;
}

impl<T, E> Outcome for Result<T, E> {
    type Probe = Probe<Self>;

    fn probe() -> Probe<Self> {
        Probe(PhantomData)
    }
}

/// The probe of an attempt's outcome.
///
/// Its type is a projection, and all else is asked through its methods: where the return type is
/// no `Result`, this is the only error.
pub fn probe<O: Outcome>(_: &Attempted<O>) -> O::Probe {
    O::probe()
}

macro_rules! probes {
    ($($(#[$doc:meta])* $name:ident<$param:ident> $(=> $next:ident)?;)*) => {$(
        $(#[$doc])*
        // Contravariant: each question may be about a type that lives longer than the outcome.
        pub struct $name<$param>(PhantomData<fn($param)>);

        impl<$param> fmt::Debug for $name<$param> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        $(impl<$param> Deref for $name<$param> {
            type Target = $next<$param>;

            fn deref(&self) -> &Self::Target {
                const { &$next(PhantomData) }
            }
        })?
    )*};
}

probes! {
    /// Asks about a whole `Result<T, E>`.
    Probe<O> => KnownErrProbe;
    /// Answers for any but an error, of which it asks whether its type is known.
    KnownErrProbe<O> => StdErrProbe;
    /// Asks for a standard error.
    StdErrProbe<O> => DynErrProbe;
    /// Asks for a boxed error, `anyhow::Error` and the like.
    DynErrProbe<O> => SyncErrProbe;
    /// Asks for a boxed error that is `Send` and `Sync`.
    SyncErrProbe<O> => SendErrProbe;
    /// Asks for a boxed error that is `Send`.
    SendErrProbe<O> => AnyErrProbe;
    /// Answers for any error.
    AnyErrProbe<O>;
}

impl<T, E> Probe<Result<T, E>> {
    /// Reads an outcome with the user's function, and `reader` for what it leaves open.
    pub const fn __paced_classify<'a, R>(
        &self,
        classify: &'a dyn Fn(&Result<T, E>) -> Verdict,
        reader: R,
    ) -> Classify<'a, T, E, R> {
        Classify { classify, reader }
    }

    /// A function with an option that can refuse a call has to be able to say so.
    pub const fn __paced_must_refuse<O>(&self)
    where
        E: option::FromRefusal<O>,
    {
    }

    /// A function with a value that can be wrong when it is called has to be able to say so.
    pub const fn __paced_must_report<O>(&self)
    where
        E: option::FromMistake<O>,
    {
    }
}

impl<T, E: Refusable> Probe<Result<T, E>> {
    /// Refusals become `Err`.
    pub const fn __paced_refuse(&self) -> Refuse<Result<T, E>, Can> {
        Refuse::CAN
    }
}

impl<T, E> KnownErrProbe<Result<T, E>> {
    /// Nothing can say that a call was refused.
    pub const fn __paced_refuse(&self) -> Refuse<Result<T, E>, Cannot> {
        Refuse::CANNOT
    }
}

impl<T: Send, E: Send> Probe<Result<T, E>> {
    /// The last outcome is kept while a retry waits.
    pub const fn __paced_keep(&self) -> Chosen<Kept<Result<T, E>>> {
        PhantomData
    }
}

impl<T, E> Probe<Result<T, E>> {
    /// The outcome is of a type that the function does not name, and may turn out not to be `Send`.
    pub const fn __paced_lose(&self) -> Chosen<Lost> {
        PhantomData
    }
}

impl<T, E> KnownErrProbe<Result<T, E>> {
    /// Keeping the outcome would make the future `!Send`.
    pub const fn __paced_keep(&self) -> Chosen<Lost> {
        PhantomData
    }
}

#[cfg(feature = "http")]
impl<T: crate::signal::Answer, E> Probe<Result<T, E>> {
    /// A response has a status.
    pub const fn __paced_ok(&self) -> ByAnswer {
        ByAnswer
    }
}

impl<T, E> KnownErrProbe<Result<T, E>> {
    /// Any other value is a success.
    pub const fn __paced_ok(&self) -> ByNothing {
        ByNothing
    }
}

macro_rules! errors {
    ($($(#[$doc:meta])* $probe:ident<$error:ident: $bound:path> => $reader:ident;)*) => {$(
        impl<T, $error: $bound> $probe<Result<T, $error>> {
            $(#[$doc])*
            pub const fn __paced_err(&self) -> $reader {
                $reader
            }

            $(#[$doc])*
            pub const fn __paced_borrowed_err(&self) -> $reader {
                $reader
            }
        }
    )*};
}

errors! {
    /// The error says it itself.
    Probe<E: Signal> => BySignal;
    /// The error and its sources say it.
    KnownErrProbe<E: Known> => ByKnown;
    /// The sources of the error say it.
    StdErrProbe<E: StdError> => ByStdError;
}

macro_rules! boxed_errors {
    ($($probe:ident<$($auto:ident)*> => $reader:ident, $borrowed:ident;)*) => {$(
        impl<T, E: AsRef<dyn StdError $(+ $auto)* + 'static>> $probe<Result<T, E>> {
            /// The boxed error and its sources say it.
            pub const fn __paced_err(&self) -> $reader {
                $reader
            }
        }

        impl<'e, T, E: AsRef<dyn StdError $(+ $auto)* + 'e>> $probe<Result<T, E>> {
            /// The sources of the boxed error say it, which borrows.
            pub const fn __paced_borrowed_err(&self) -> $borrowed {
                $borrowed
            }
        }
    )*};
}

boxed_errors! {
    DynErrProbe<> => ByDynError, ByDynSource;
    SyncErrProbe<Send Sync> => BySyncError, BySyncSource;
    SendErrProbe<Send> => BySendError, BySendSource;
}

impl<T, E> AnyErrProbe<Result<T, E>> {
    /// Only what the body passed to `observe` says it.
    pub const fn __paced_err(&self) -> ByNothing {
        ByNothing
    }

    /// Only what the body passed to `observe` says it.
    pub const fn __paced_borrowed_err(&self) -> ByNothing {
        ByNothing
    }
}

/// Options that can refuse a call, by name, for the compiler's messages.
pub mod option {
    use crate::signal::Refusable;

    /// `max_wait`
    #[derive(Debug)]
    pub enum MaxWait {}

    /// `deadline`
    #[derive(Debug)]
    pub enum Deadline {}

    /// `attempt_timeout`
    #[derive(Debug)]
    pub enum AttemptTimeout {}

    /// `on_store_error`
    #[derive(Debug)]
    pub enum OnStoreError {}

    /// a value that is only known at run time
    #[derive(Debug)]
    pub enum RunTimeValue {}

    /// An error that can say that a call was refused.
    #[diagnostic::on_unimplemented(
        message = "this option can refuse a call, but the function's error `{Self}` cannot say so",
        label = "needs `{Self}: From<paced::Error>`",
        note = "write `impl From<paced::Error> for {Self}`, or return an error type of your own that has one beside `{Self}`",
        note = "`std::io::Error`, boxed errors and `anyhow::Error` can say so as they are, and `reqwest::Error` of reqwest 0.13, `tonic::Status` and `ureq::Error` with the features `reqwest`, `tonic` and `ureq` of `paced`"
    )]
    pub trait FromRefusal<O> {}

    #[diagnostic::do_not_recommend]
    impl<E: Refusable, O> FromRefusal<O> for E {}

    /// An error that can say that a value was wrong.
    #[diagnostic::on_unimplemented(
        message = "this value is only known at run time, and if it is wrong, the function's error `{Self}` cannot say so",
        label = "needs `{Self}: From<paced::Error>`",
        note = "write a literal or the path of a constant, which are checked before the program runs",
        note = "or write `impl From<paced::Error> for {Self}`"
    )]
    pub trait FromMistake<O> {}

    #[diagnostic::do_not_recommend]
    impl<E: Refusable, O> FromMistake<O> for E {}
}
