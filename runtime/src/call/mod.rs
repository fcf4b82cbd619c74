//! One call of a rate-limited function: admission, attempts and what follows from each.

mod attempt;
mod config;
mod end;
mod outcome;
mod process;
mod wait;

use core::marker::PhantomData;
use core::ops::ControlFlow;
use std::sync::Arc;

pub use self::attempt::Attempt;
pub use self::attempt::Attempted;
pub(crate) use self::config::Config;
pub(crate) use self::config::Setup;
pub use self::outcome::Can;
pub use self::outcome::Cannot;
pub use self::outcome::Keep;
pub use self::outcome::Keeper;
pub use self::outcome::Kept;
pub use self::outcome::Lost;
pub use self::outcome::Read;
pub use self::outcome::ReadOutcome;
pub use self::outcome::Refuse;
pub use self::outcome::Refuser;

use crate::error::Error;
use crate::limiter::Shared;

use self::process::Core;

/// One call of a rate-limited function.
///
/// `S` is what is kept of the last outcome while a retry waits, `R` whether the function's error
/// can say that a call was refused. Both follow from the function's return type.
#[derive(Debug)]
pub struct Call<S, R> {
    core: Core,
    kept: Option<S>,
    refuses: PhantomData<fn() -> R>,
}

impl<S: Keep, R: Refuse> Call<S, R> {
    /// Where the function's options are wrong, the first admission refuses the call.
    #[inline]
    pub(crate) const fn new(
        setup: &'static Result<Setup, Error>,
        brought: Option<Arc<Shared>>,
    ) -> Self {
        Self {
            core: Core::new(setup, brought),
            kept: None,
            refuses: PhantomData,
        }
    }

    /// Takes a permit and runs the body once.
    pub const fn attempt<F: Future>(&mut self, body: F) -> Attempt<'_, S, R, F> {
        Attempt { call: self, body }
    }

    /// Decides what follows from an attempt: the outcome of the call, or another attempt.
    pub fn settle<O>(
        &mut self,
        attempted: Attempted<O>,
        reader: impl ReadOutcome<O>,
        refuse: Refuser<R, O>,
        keep: Keeper<S, O>,
    ) -> ControlFlow<O> {
        match attempted {
            Attempted::Done(out) if self.core.settle(&reader.read(&out)) => {
                self.kept = Some(keep.keep(out));
                ControlFlow::Continue(())
            }
            Attempted::Done(out) => ControlFlow::Break(out),
            Attempted::TimedOut(_) if self.core.settle(&Read::TIMEOUT) => {
                self.kept = None;
                ControlFlow::Continue(())
            }
            Attempted::TimedOut(error) => ControlFlow::Break(refuse.with(error)),
            Attempted::Refused(error) => {
                let last = self.kept.take().and_then(|kept| keep.restore(kept));
                ControlFlow::Break(last.unwrap_or_else(|| refuse.with(error)))
            }
        }
    }

    /// [`settle`](Self::settle) for a call that is never retried.
    pub fn settle_once<O>(
        &mut self,
        attempted: Attempted<O>,
        reader: impl ReadOutcome<O>,
        refuse: Refuser<R, O>,
        _: Keeper<S, O>,
    ) -> O {
        match attempted {
            Attempted::Done(out) => {
                self.core.settle(&reader.read(&out));
                out
            }
            Attempted::TimedOut(error) => {
                self.core.settle(&Read::TIMEOUT);
                refuse.with(error)
            }
            Attempted::Refused(error) => refuse.with(error),
        }
    }

    /// Whether something can be returned without an attempt.
    fn can_refuse(&self) -> bool {
        R::CAN || (S::CAN && self.kept.is_some())
    }
}
