//! Readers of the outcomes of calls without the attribute, which are chosen by the types of the outcome.

use core::any::Any;
use core::error::Error as StdError;

use crate::context::ResetUnit;
use crate::failure::Failure;
use crate::signal::Reading;
use crate::signal::Signal;
use crate::signal::read_chain;
use crate::verdict::Verdict;

/// Reads an outcome by its types.
#[derive(Clone, Copy, Debug)]
pub struct ByTypes;

/// Reads an error by its [`Signal`].
#[derive(Clone, Copy, Debug)]
pub struct ByOwnSignal;

/// Reads no error.
#[derive(Clone, Copy, Debug)]
pub struct NotRead;

/// Asks a function for the verdict on an outcome, and another reader where it has none.
#[derive(Clone, Copy)]
pub struct Judged<C, R> {
    pub(super) judge: C,
    pub(super) reader: R,
}

/// Errors that paced can read by their type alone. `How` tells the compiler in which way.
#[diagnostic::on_unimplemented(
    message = "paced cannot read an error of type `{Self}`",
    label = "neither a standard error, nor boxed, nor a `Signal`",
    note = "implement `paced::Signal` for `{Self}`",
    note = "or say that nothing can be read in it, by `CallOptions::unreadable`, and judge the outcomes by `classify` or \
            show the responses to `observe`"
)]
pub trait Readable<How> {
    /// Reads the error, of a server whose resets are in `unit`.
    #[doc(hidden)]
    fn read(&self, unit: ResetUnit) -> Reading;
}

/// A standard error, which is read with its chain of sources.
#[derive(Debug)]
pub enum AsStdError {}

/// A boxed error that can be shared between threads, `anyhow::Error` and `eyre::Report` among them.
#[derive(Debug)]
pub enum AsSharedBox {}

/// A boxed error.
#[derive(Debug)]
pub enum AsBox {}

/// An error that implements [`Signal`].
#[derive(Debug)]
pub enum AsSignal {}

impl<E: StdError + 'static> Readable<AsStdError> for E {
    fn read(&self, unit: ResetUnit) -> Reading {
        read_chain(self, unit)
    }
}

impl<E: AsRef<dyn StdError + Send + Sync + 'static>> Readable<AsSharedBox> for E {
    fn read(&self, unit: ResetUnit) -> Reading {
        read_chain(self.as_ref(), unit)
    }
}

impl Readable<AsBox> for Box<dyn StdError> {
    fn read(&self, unit: ResetUnit) -> Reading {
        read_chain(&**self, unit)
    }
}

impl Readable<AsBox> for Box<dyn StdError + Send> {
    fn read(&self, unit: ResetUnit) -> Reading {
        read_chain(&**self, unit)
    }
}

impl<E: Signal> Readable<AsSignal> for E {
    fn read(&self, _: ResetUnit) -> Reading {
        Reading::signalled(self)
    }
}

/// Reads the outcomes of calls without the attribute.
pub trait Reader<T, E, How> {
    /// Reads an outcome, of a server whose resets are in `unit`.
    #[doc(hidden)]
    fn reading(&self, out: &Result<T, E>, unit: ResetUnit) -> Reading;

    /// Returns the user's verdict on it.
    #[doc(hidden)]
    fn verdict(&self, _: &Result<T, E>) -> Verdict {
        Verdict::Auto
    }
}

impl<T: 'static, E: Readable<How>, How> Reader<T, E, How> for ByTypes {
    fn reading(&self, out: &Result<T, E>, unit: ResetUnit) -> Reading {
        read(out, unit, |error| error.read(unit))
    }
}

impl<T: 'static, E: Signal> Reader<T, E, AsSignal> for ByOwnSignal {
    fn reading(&self, out: &Result<T, E>, unit: ResetUnit) -> Reading {
        read(out, unit, |error| Reading::signalled(error))
    }
}

impl<T: 'static, E> Reader<T, E, NotRead> for NotRead {
    fn reading(&self, out: &Result<T, E>, unit: ResetUnit) -> Reading {
        read(out, unit, |_| Reading::failed(Failure::Other))
    }
}

impl<T, E, How, C, R> Reader<T, E, How> for Judged<C, R>
where
    C: Fn(&Result<T, E>) -> Verdict,
    R: Reader<T, E, How>,
{
    fn reading(&self, out: &Result<T, E>, unit: ResetUnit) -> Reading {
        self.reader.reading(out, unit)
    }

    fn verdict(&self, out: &Result<T, E>) -> Verdict {
        (self.judge)(out)
    }
}

/// Reads the value of an `Ok` by its type, and an error by `read_error`.
fn read<T: 'static, E>(
    out: &Result<T, E>,
    unit: ResetUnit,
    read_error: impl FnOnce(&E) -> Reading,
) -> Reading {
    match out {
        Ok(value) => read_value(value, unit),
        Err(error) => read_error(error),
    }
}

/// Reads the value of an `Ok` if it is a response. Generic and inlined: the types are known when the program is compiled.
#[inline]
fn read_value<T: 'static>(value: &T, unit: ResetUnit) -> Reading {
    let value: &dyn Any = value;
    #[cfg(feature = "http")]
    macro_rules! responses {
        ($($(#[$cfg:meta])? $response:ty,)*) => {$(
            $(#[$cfg])?
            if let Some(response) = value.downcast_ref::<$response>() {
                return Reading::answered(response, unit);
            }
        )*};
    }
    #[cfg(feature = "http")]
    responses! {
        #[cfg(feature = "reqwest")]
        reqwest::Response,
        #[cfg(feature = "ureq")]
        http::Response<ureq::Body>,
        http::Response<()>,
        http::Response<String>,
        http::Response<Vec<u8>>,
    }
    #[cfg(not(feature = "http"))]
    let _ = (value, unit);
    Reading::value()
}
