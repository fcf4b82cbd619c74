//! One call of a rate-limited function: admission, attempts and what follows from each.

mod admission;
mod attempt;
#[cfg(feature = "blocking")]
mod blocking;
mod by_type;
mod call_error;
mod config;
mod correcting;
mod correction;
mod counting;
mod direct;
mod end;
mod gathering;
mod heeding;
mod joint;
mod keyed;
mod named_costs;
mod next;
mod options;
mod origin;
mod outcome;
mod payment;
mod phase;
mod planning;
mod settling;
#[cfg(test)]
mod tests;
mod under_way;
mod unread;
mod untyped;

use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::ControlFlow;
use std::sync::Arc;

pub use self::attempt::Attempted;
pub use self::attempt::RunningAttempt;
pub use self::call_error::CallError;
pub(crate) use self::config::Config;
pub(crate) use self::config::Hooks;
pub(crate) use self::config::Setup;
pub use self::keyed::KeyAndCosts;
pub use self::options::CallOptions;
pub(crate) use self::origin::Origin;
pub use self::outcome::Can;
pub use self::outcome::Cannot;
pub use self::outcome::Keep;
pub use self::outcome::Kept;
pub use self::outcome::Lost;
pub use self::outcome::ReadOutcome;
pub use self::outcome::Refuse;
pub use self::outcome::Refusing;
pub use self::payment::OwnCosts;
pub use self::payment::Paying;
pub use self::payment::UsualCosts;
pub(crate) use self::unread::Unread;

use crate::error::Error;
use crate::limiter::Shared;
use crate::signal::Reading;
use crate::verdict::Verdict;

use self::payment::Paid;
use self::phase::CallPhase;
use self::untyped::Core;

/// Marker of a type that a probe has chosen.
pub type Chosen<T> = PhantomData<fn() -> T>;

/// One call of a rate-limited function.
///
/// `S` is how the last outcome is kept while a retry waits, `R` whether the function's error can say that a
/// call was refused. Both follow from the function's return type. `'s` is the lifetime of its settings, which
/// may be its own. `C` is how it says what it costs.
#[derive(Debug)]
pub struct Call<'s, S, R, C: Paying = UsualCosts> {
    /// Dropped by hand: mostly there is nothing in it to drop.
    core: ManuallyDrop<Core<'s>>,
    kept: Option<S>,
    refuses: Chosen<R>,
    costs: C,
}

impl<'s, S, R> Call<'s, S, R> {
    /// Creates a call. Where the function's options are wrong, its first admission refuses it.
    #[inline]
    pub(crate) const fn new(setup: &'s Result<Setup, Error>, brought: Option<Arc<Shared>>) -> Self {
        Self::paying(setup, brought, UsualCosts)
    }
}

impl<'s, S, R, C: Paying> Call<'s, S, R, C> {
    /// Creates a call that says what it costs.
    #[inline]
    pub(crate) const fn paying(
        setup: &'s Result<Setup, Error>,
        brought: Option<Arc<Shared>>,
        costs: C,
    ) -> Self {
        Self {
            core: ManuallyDrop::new(Core::new(setup, brought)),
            kept: None,
            refuses: PhantomData,
            costs,
        }
    }

    /// Decides what follows from an attempt: the outcome of the call, or another attempt.
    #[inline]
    pub fn settle<O>(
        &mut self,
        reader: &impl ReadOutcome<O>,
        refuse: Refuse<O, R>,
        keep: Chosen<S>,
        attempted: Attempted<O>,
    ) -> ControlFlow<O>
    where
        S: Keep<O>,
    {
        self.settle_spent(&[], reader, refuse, keep, attempted)
    }

    /// [`settle`](Self::settle) for a call with the option `settle`. `spent`: what the attempt took of each unit in the
    /// settings, where it is known.
    #[inline]
    pub fn settle_spent<O>(
        &mut self,
        spent: &[Option<u64>],
        reader: &impl ReadOutcome<O>,
        refuse: Refuse<O, R>,
        _: Chosen<S>,
        attempted: Attempted<O>,
    ) -> ControlFlow<O>
    where
        S: Keep<O>,
    {
        match attempted {
            Attempted::Done(out) => {
                if !self.settle_done(spent, reader, &out) {
                    return ControlFlow::Break(out);
                }
                self.kept = S::keep(out);
                ControlFlow::Continue(())
            }
            Attempted::TimedOut(error) => match self.settle_timeout(error) {
                Some(error) => ControlFlow::Break(refuse.outcome(error)),
                None => ControlFlow::Continue(()),
            },
            Attempted::Refused(error) => {
                self.core.end_refused(&error);
                let last = self.kept.take().map(S::restore);
                ControlFlow::Break(last.unwrap_or_else(|| refuse.outcome(error)))
            }
        }
    }

    /// [`settle`](Self::settle) for a call that is never retried.
    pub fn settle_once<O>(
        &mut self,
        reader: &impl ReadOutcome<O>,
        refuse: Refuse<O, R>,
        keep: Chosen<S>,
        attempted: Attempted<O>,
    ) -> O {
        self.settle_spent_once(&[], reader, refuse, keep, attempted)
    }

    /// [`settle_once`](Self::settle_once) for a call with the option `settle`.
    #[inline]
    pub fn settle_spent_once<O>(
        &mut self,
        spent: &[Option<u64>],
        reader: &impl ReadOutcome<O>,
        refuse: Refuse<O, R>,
        _: Chosen<S>,
        attempted: Attempted<O>,
    ) -> O {
        match attempted {
            Attempted::Done(out) => {
                self.settle_done(spent, reader, &out);
                out
            }
            Attempted::TimedOut(error) => {
                let paid = Paid::as_estimated(self.costs.own()).of(self.costs.key());
                self.core.settle(paid, &Reading::TIMEOUT, Verdict::Auto);
                refuse.outcome(error)
            }
            Attempted::Refused(error) => {
                self.core.end_refused(&error);
                refuse.outcome(error)
            }
        }
    }

    /// Settles an attempt whose body has returned. Returns whether there will be another one.
    #[inline]
    fn settle_done<O>(
        &mut self,
        spent: &[Option<u64>],
        reader: &impl ReadOutcome<O>,
        out: &O,
    ) -> bool {
        let (own, key) = (self.costs.own(), self.costs.key());
        let reading = reader.reading(out, self.core.reset_unit());
        let paid = Paid { own, spent, key };
        self.core.settle(paid, &reading, reader.verdict(out))
    }

    /// Settles an attempt that was cut off. Returns the error if there will be no other one.
    #[cold]
    fn settle_timeout(&mut self, error: Error) -> Option<Error> {
        let paid = Paid::as_estimated(self.costs.own()).of(self.costs.key());
        if self.core.settle(paid, &Reading::TIMEOUT, Verdict::Auto) {
            self.kept = None;
            return None;
        }
        Some(error)
    }
}

impl<S, R, C: Paying> Drop for Call<'_, S, R, C> {
    /// A call that is dropped, or whose body panics, ends its attempt as well.
    #[inline]
    fn drop(&mut self) {
        self.core.end_call(self.costs.own(), self.costs.key());
        if !self.core.is_bare() {
            discard(&mut self.core);
        }
    }
}

/// Drops what a call has left. Not inlined, because few calls end here. Each part is dropped in its place, because a copy of
/// the whole takes longer.
#[cold]
#[inline(never)]
fn discard(core: &mut Core<'_>) {
    core.brought = None;
    core.scope = None;
    core.wait = CallPhase::new();
}
