//! Readers of outcomes: by the types of `Ok` and `Err`, or by the user's `classify`.
//!
//! A reader is a type without data, and its functions are associated functions. So the selection of a reader by a probe
//! costs nothing at run time, and a call contains only the code that its types need.

use core::error::Error as StdError;
use core::fmt;

use crate::call::ReadOutcome;
use crate::context::ResetUnit;
use crate::signal::Known;
use crate::signal::Reading;
use crate::signal::Signal;
use crate::signal::read_chain;
use crate::signal::read_sources;
use crate::verdict::Verdict;

/// Reads the value in an `Ok`.
pub trait ReadOk<T> {
    /// Reads the value. `unit` is the unit of the server's resets.
    fn read_ok(value: &T, unit: ResetUnit) -> Reading;
}

/// Reads the error in an `Err`.
pub trait ReadErr<E> {
    /// Reads the error, of a server whose resets are in `unit`.
    fn read_err(error: &E, unit: ResetUnit) -> Reading;
}

macro_rules! readers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
    )*};
}

readers! {
    /// Reader of the status and the headers of a response.
    #[cfg(feature = "http")]
    ByAnswer;
    /// Reader of an error that implements [`Signal`].
    BySignal;
    /// Reader of an error of a known type, and of its sources.
    ByKnown;
    /// Reader of the sources of a standard error.
    ByStdError;
    /// Reader of a boxed error and its sources.
    ByDynError;
    /// Reader of a boxed error that is `Send` and `Sync`, and of its sources.
    BySyncError;
    /// Reader of a boxed error that is `Send`, and of its sources.
    BySendError;
    /// Reader of the sources of a boxed error that borrows.
    ByDynSource;
    /// Reader of the sources of a boxed error that is `Send` and `Sync` and borrows.
    BySyncSource;
    /// Reader of the sources of a boxed error that is `Send` and borrows.
    BySendSource;
    /// Reader for which `Ok` is a success and `Err` an unknown failure.
    ByNothing;
}

#[cfg(feature = "http")]
impl<T: crate::signal::HttpAnswer> ReadOk<T> for ByAnswer {
    fn read_ok(value: &T, unit: ResetUnit) -> Reading {
        Reading::answered(value, unit)
    }
}

impl<T> ReadOk<T> for ByNothing {
    fn read_ok(_: &T, _: ResetUnit) -> Reading {
        Reading::value()
    }
}

impl<E: Signal> ReadErr<E> for BySignal {
    fn read_err(error: &E, _: ResetUnit) -> Reading {
        Reading::signalled(error)
    }
}

impl<E: Known> ReadErr<E> for ByKnown {
    fn read_err(error: &E, unit: ResetUnit) -> Reading {
        read_chain(error.known(), unit)
    }
}

impl<E: StdError> ReadErr<E> for ByStdError {
    fn read_err(error: &E, unit: ResetUnit) -> Reading {
        read_sources(error, unit)
    }
}

macro_rules! boxed {
    ($($error:ident, $source:ident: $($auto:ident)*;)*) => {$(
        impl<E: AsRef<dyn StdError $(+ $auto)* + 'static>> ReadErr<E> for $error {
            fn read_err(error: &E, unit: ResetUnit) -> Reading {
                read_chain(error.as_ref(), unit)
            }
        }

        impl<'e, E: AsRef<dyn StdError $(+ $auto)* + 'e>> ReadErr<E> for $source {
            fn read_err(error: &E, unit: ResetUnit) -> Reading {
                read_sources(error.as_ref(), unit)
            }
        }
    )*};
}

boxed! {
    ByDynError, ByDynSource:;
    BySyncError, BySyncSource: Send Sync;
    BySendError, BySendSource: Send;
}

impl<E> ReadErr<E> for ByNothing {
    fn read_err(_: &E, _: ResetUnit) -> Reading {
        Reading::unread()
    }
}

/// Reads an outcome by its types: a reader of the value and a reader of the error.
impl<T, E, K: ReadOk<T>, G: ReadErr<E>> ReadOutcome<Result<T, E>> for (K, G) {
    #[inline]
    fn reading(&self, out: &Result<T, E>, unit: ResetUnit) -> Reading {
        match out {
            Ok(value) => K::read_ok(value, unit),
            Err(error) => G::read_err(error, unit),
        }
    }
}

/// Reader with the user's `classify`.
pub struct Classify<'a, T, E, R> {
    pub(super) classify: &'a dyn Fn(&Result<T, E>) -> Verdict,
    pub(super) reader: R,
}

impl<T, E, R> fmt::Debug for Classify<'_, T, E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Classify")
    }
}

impl<T, E, R> ReadOutcome<Result<T, E>> for Classify<'_, T, E, R>
where
    R: ReadOutcome<Result<T, E>>,
{
    fn reading(&self, out: &Result<T, E>, unit: ResetUnit) -> Reading {
        self.reader.reading(out, unit)
    }

    fn verdict(&self, out: &Result<T, E>) -> Verdict {
        (self.classify)(out)
    }
}
