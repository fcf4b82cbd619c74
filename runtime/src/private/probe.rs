//! Selection by the traits of a return type, by method resolution after type inference ("autoderef specialization").
//!
//! Each selection is a method with a reserved name in an inherent impl whose bounds are the condition. Where the bounds
//! do not hold, the probe derefs to the next probe, which has a method with the same name and a weaker bound. No trait
//! has to be imported, so expansions cause no lints and no name clashes.
//!
//! Method resolution ignores lifetimes: a method with a bound for `'static` would be selected for an error that
//! borrows, and then not compile. So only the bounds about boxed errors contain lifetimes. For these the macro calls
//! another method (`__paced_borrowed_err`) where it sees a lifetime in the type.
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

/// Return type of a rate-limited function: a `Result`.
#[diagnostic::on_unimplemented(
    message = "`#[rate_limited]` needs a function that returns `Result`, but this one returns `{Self}`",
    label = "not a `Result`",
    note = "a call that is refused or fails has to say so: return `Result<{Self}, E>`"
)]
pub trait Outcome {
    /// Probe of the type.
    type Probe;

    /// Returns the probe. No value of the type is needed.
    fn probe() -> Self::Probe;
}

impl<T, E> Outcome for Result<T, E> {
    type Probe = Probe<Self>;

    fn probe() -> Probe<Self> {
        Probe(PhantomData)
    }
}

/// Returns the probe of an attempt's outcome.
///
/// Its type is an associated type, and all further selections are methods of it. So a return type that is not a
/// `Result` causes a single error, here.
pub fn probe<O: Outcome>(_: &Attempted<O>) -> O::Probe {
    O::probe()
}

macro_rules! probes {
    ($($(#[$doc:meta])* $name:ident<$param:ident> $(=> $next:ident)?;)*) => {$(
        $(#[$doc])*
        // Contravariant, so that the methods apply to a type that outlives the outcome as well.
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
    /// First probe: bounds on the whole `Result<T, E>`, and errors that implement [`Signal`].
    Probe<O> => KnownErrProbe;
    /// Errors of known types, and the fallback of the selections that are not about errors.
    KnownErrProbe<O> => StdErrProbe;
    /// Standard errors.
    StdErrProbe<O> => DynErrProbe;
    /// Boxed errors, such as `anyhow::Error`.
    DynErrProbe<O> => SyncErrProbe;
    /// Boxed errors that are `Send` and `Sync`.
    SyncErrProbe<O> => SendErrProbe;
    /// Boxed errors that are `Send`.
    SendErrProbe<O> => AnyErrProbe;
    /// Any error.
    AnyErrProbe<O>;
}

impl<T, E> Probe<Result<T, E>> {
    /// Returns a reader with the user's `classify` function, and `reader` for outcomes that it leaves undecided.
    pub const fn __paced_classify<'a, R>(
        &self,
        classify: &'a dyn Fn(&Result<T, E>) -> Verdict,
        reader: R,
    ) -> Classify<'a, T, E, R> {
        Classify { classify, reader }
    }

    /// Compiles only if the error can express a refusal, for functions with an option that can refuse a call.
    pub const fn __paced_must_refuse<O>(&self)
    where
        E: option::FromRefusal<O>,
    {
    }

    /// Compiles only if the error can express a mistake in a value, for functions with a value known only at run time.
    pub const fn __paced_must_report<O>(&self)
    where
        E: option::FromMistake<O>,
    {
    }
}

impl<T, E: Refusable> Probe<Result<T, E>> {
    /// Selects the conversion of refusals into the function's error.
    pub const fn __paced_refuse(&self) -> Refuse<Result<T, E>, Can> {
        Refuse::CAN
    }
}

impl<T, E> KnownErrProbe<Result<T, E>> {
    /// Selects no conversion: the function's error cannot express a refusal.
    pub const fn __paced_refuse(&self) -> Refuse<Result<T, E>, Cannot> {
        Refuse::CANNOT
    }
}

impl<T: Send, E: Send> Probe<Result<T, E>> {
    /// Selects that the last outcome is kept while a retry waits.
    pub const fn __paced_keep(&self) -> Chosen<Kept<Result<T, E>>> {
        PhantomData
    }
}

impl<T, E> Probe<Result<T, E>> {
    /// Selects that outcomes are not kept, for a return type that the function does not name (`impl Trait`), which may
    /// not be `Send`.
    pub const fn __paced_lose(&self) -> Chosen<Lost> {
        PhantomData
    }

    /// Selects that the last outcome is kept, for a function that waits on its own thread.
    #[cfg(feature = "blocking")]
    pub const fn __paced_keep_here(&self) -> Chosen<Kept<Result<T, E>>> {
        PhantomData
    }
}

impl<T, E> KnownErrProbe<Result<T, E>> {
    /// Selects that outcomes are not kept: keeping one would make the future `!Send`.
    pub const fn __paced_keep(&self) -> Chosen<Lost> {
        PhantomData
    }
}

#[cfg(feature = "http")]
impl<T: crate::signal::HttpAnswer, E> Probe<Result<T, E>> {
    /// Selects the reader of HTTP responses.
    pub const fn __paced_ok(&self) -> ByAnswer {
        ByAnswer
    }
}

impl<T, E> KnownErrProbe<Result<T, E>> {
    /// Selects the reader for which every `Ok` is a success.
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
    /// Selects the reader of errors that implement [`Signal`].
    Probe<E: Signal> => BySignal;
    /// Selects the reader of errors of known types and their sources.
    KnownErrProbe<E: Known> => ByKnown;
    /// Selects the reader of the sources of a standard error.
    StdErrProbe<E: StdError> => ByStdError;
}

macro_rules! boxed_errors {
    ($($probe:ident<$($auto:ident)*> => $reader:ident, $borrowed:ident;)*) => {$(
        impl<T, E: AsRef<dyn StdError $(+ $auto)* + 'static>> $probe<Result<T, E>> {
            /// Selects the reader of a boxed error and its sources.
            pub const fn __paced_err(&self) -> $reader {
                $reader
            }
        }

        impl<'e, T, E: AsRef<dyn StdError $(+ $auto)* + 'e>> $probe<Result<T, E>> {
            /// Selects the reader of the sources of a boxed error that borrows.
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
    /// Selects no reader: only the responses that the body observes count.
    pub const fn __paced_err(&self) -> ByNothing {
        ByNothing
    }

    /// Selects no reader: only the responses that the body observes count.
    pub const fn __paced_borrowed_err(&self) -> ByNothing {
        ByNothing
    }
}

/// Options that can refuse a call, as types whose names appear in the compiler's messages.
pub mod option {
    use crate::signal::Refusable;

    /// Option `max_wait`.
    #[derive(Debug)]
    pub enum MaxWait {}

    /// Option `deadline`.
    #[derive(Debug)]
    pub enum Deadline {}

    /// Option `attempt_timeout`.
    #[derive(Debug)]
    pub enum AttemptTimeout {}

    /// Option `on_store_error`.
    #[derive(Debug)]
    pub enum OnStoreError {}

    /// Option `cost`.
    #[derive(Debug)]
    pub enum Cost {}

    /// Option `settle`, for a limiter that is declared elsewhere.
    #[derive(Debug)]
    pub enum Settle {}

    /// Value that is known only at run time.
    #[derive(Debug)]
    pub enum RunTimeValue {}

    /// Error type that can express the refusal of a call.
    #[diagnostic::on_unimplemented(
        message = "this option can refuse a call, but the function's error `{Self}` cannot say so",
        label = "needs `{Self}: From<paced::Error>`",
        note = "write `impl From<paced::Error> for {Self}`, or return an error type of your own that has one beside `{Self}`",
        note = "`std::io::Error`, boxed errors and `anyhow::Error` can say so as they are, and `reqwest::Error` of reqwest 0.13, `tonic::Status` and `ureq::Error` with the features `reqwest`, `tonic` and `ureq` of `paced`"
    )]
    pub trait FromRefusal<O> {}

    #[diagnostic::do_not_recommend]
    impl<E: Refusable, O> FromRefusal<O> for E {}

    /// Error type that can express a mistake in a value.
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
