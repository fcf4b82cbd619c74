//! One attempt of a function that is not asynchronous: its permit is waited for, and its body runs, on the caller's
//! thread.

use core::future;

use tokio::runtime::EnterGuard;

use crate::blocking;
use crate::context;
use crate::error::Error;
use crate::error::Kind;
use crate::limiter::Counts;

use super::Attempted;
use super::Call;
use super::Paying;
use super::Refusing;
use super::payment::CallTerms;
use super::phase::Phase;
use super::under_way::slot_address;
use super::untyped::Core;

impl<S, R: Refusing, C: Paying> Call<'_, S, R, C> {
    /// Waits for the permit of the next attempt, then runs the body. The thread sleeps while it waits.
    ///
    /// # Panics
    ///
    /// On a thread that runs tokio tasks, if the function's outcome cannot say that the call is refused.
    #[inline]
    #[track_caller]
    pub fn run<O>(&mut self, body: impl FnOnce() -> O) -> Attempted<O> {
        if let Err(refusal) = self.admit_here() {
            return Attempted::Refused(refusal);
        }
        let Core {
            setup,
            brought,
            scope,
            ..
        } = &mut *self.core;
        let loan = context::lend(scope, || slot_address(brought.as_ref(), setup));
        let out = body();
        drop(loan);
        Attempted::Done(out)
    }

    #[inline]
    #[track_caller]
    fn admit_here(&mut self) -> Result<(), Error> {
        if self.core.scope.is_none() && !blocking::may_block() {
            return Err(self.core.refuse_to_block(R::CAN));
        }
        // An outcome can be returned without an attempt.
        let terms = CallTerms {
            own: self.costs.own(),
            key: self.costs.key(),
            can_refuse: R::CAN || self.kept.is_some(),
        };
        let is_idle = matches!(*self.core.wait, Phase::Idle);
        let (own, key, can_refuse) = (terms.own, terms.key, terms.can_refuse);
        if !(is_idle && self.core.begin_at_once(own, key, can_refuse)) {
            self.core.wait_here(terms)?;
        }
        // The previous outcome is not needed any more, and may hold a connection.
        self.kept = None;
        Ok(())
    }
}

impl Core<'_> {
    /// Waits for the backoff and the permits of an attempt, and blocks the thread meanwhile.
    #[cold]
    #[track_caller]
    fn wait_here(&mut self, terms: CallTerms<'_>) -> Result<(), Error> {
        let Some(runtime) = blocking::runtime() else {
            return Err(Error::new(Kind::NoRuntime));
        };
        // Timers are set on the runtime that is entered. In asynchronous code that was not recognised as such, this
        // panics.
        runtime.block_on(future::poll_fn(|cx| self.admit(terms, cx)))
    }

    /// Enters the runtime of blocking functions for another attempt, if the call is one of such a function.
    pub(super) fn enter_runtime(&self) -> Option<EnterGuard<'static>> {
        let setup = self.setup.as_ref();
        let is_blocking = setup.is_ok_and(|setup| setup.config.blocking);
        is_blocking.then(blocking::enter).flatten()
    }

    /// Returns the refusal of a call on a thread that runs tasks.
    #[cold]
    #[track_caller]
    fn refuse_to_block(&mut self, can_refuse: bool) -> Error {
        let refusal = Error::new(Kind::BlockingInAsync);
        if !can_refuse {
            let setup = self.setup.as_ref();
            let name = setup.map_or("a function", |setup| setup.origin.name());
            panic!("`{name}` cannot be called here: {refusal}");
        }
        self.begin();
        self.name_limiter();
        self.count(Counts::call);
        self.located(refusal)
    }
}
