//! The limiter of a call, and the count of attempts that are under way on it.

use std::sync::Arc;

use crate::context::Progress;
use crate::context::Scope;
use crate::error::Error;
use crate::limiter::Shared;

use super::Setup;
use super::payment::KeyOfCall;
use super::payment::OwnCosts;
use super::payment::Paid;
use super::phase::Phase;
use super::untyped::Core;

/// Returns the limiter that a call brings, or that of its setup.
#[inline]
fn limiter_of<'a>(
    brought: Option<&'a Arc<Shared>>,
    setup: &'a Result<Setup, Error>,
) -> Option<&'a Arc<Shared>> {
    match (brought, setup) {
        (Some(brought), _) => Some(brought),
        (None, Ok(setup)) => setup.limiter.as_ref(),
        (None, Err(_)) => None,
    }
}

/// Returns the address by which the slots of a call's limiter are known.
#[cold]
pub(super) fn slot_address(brought: Option<&Arc<Shared>>, setup: &Result<Setup, Error>) -> usize {
    limiter_of(brought, setup).map_or(0, |limiter| limiter.address())
}

impl Core<'_> {
    /// Returns the limiter that the call goes through.
    #[inline]
    pub(super) fn limiter(&self) -> Option<&Shared> {
        self.limiter_handle().map(|limiter| &**limiter)
    }

    /// Returns whether a test has switched pacing off.
    #[cfg(feature = "test-util")]
    pub(super) fn is_unpaced(&self) -> bool {
        self.scope.as_ref().is_some_and(Scope::is_unpaced)
    }

    /// Returns the limiter, for a place in its queue.
    #[inline]
    pub(super) fn limiter_handle(&self) -> Option<&Arc<Shared>> {
        #[cfg(feature = "test-util")]
        if self.is_unpaced() {
            return None;
        }
        self.declared_handle()
    }

    #[inline]
    pub(super) fn declared_limiter(&self) -> Option<&Shared> {
        self.declared_handle().map(|limiter| &**limiter)
    }

    #[inline]
    fn declared_handle(&self) -> Option<&Arc<Shared>> {
        limiter_of(self.brought.as_ref(), self.setup)
    }

    /// Records that the attempt begins, or has to wait before it begins.
    pub(super) const fn note(&mut self, progress: Progress) {
        if let Some(scope) = &mut self.scope {
            scope.progress = progress;
        }
    }

    /// Records that the attempt ends. Returns whether the limiter has been told that it was refused.
    pub(super) fn end_attempt(&mut self) -> bool {
        let progress = self.scope.as_ref().map(|scope| scope.progress);
        self.note(Progress::Waiting);
        progress.is_some_and(Progress::is_reported)
    }

    /// Returns whether dropping it does nothing: it has no limiter of its own and no notes, and waits for nothing.
    #[inline]
    pub(super) fn is_bare(&self) -> bool {
        self.brought.is_none()
            && matches!(*self.wait, Phase::Idle | Phase::Running(_))
            && self.scope.as_ref().is_none_or(Scope::is_bare)
    }

    /// Ends the attempt without an outcome, if it is under way: the call is dropped, or its body has panicked.
    #[inline]
    pub(super) fn end_call(&self, own: Option<&OwnCosts>, key: KeyOfCall<'_>) {
        let Some(scope) = &self.scope else { return };
        if scope.progress.is_under_way() {
            self.abandon(Paid::as_estimated(own).of(key));
        }
    }

    #[cold]
    #[inline(never)]
    fn abandon(&self, paid: Paid<'_>) {
        self.end_further(paid.key);
        let limiter = self.limiter();
        if let Some(limiter) = limiter {
            limiter.end_attempt();
        }
        let holds_slot = self.settle_dropped(paid);
        if let (Some(limiter), true) = (limiter, holds_slot) {
            limiter.release_slot();
        }
    }

    /// Returns whether the attempt holds a slot of the limiter.
    pub(super) fn has_slot(&self) -> bool {
        self.scope.as_ref().is_some_and(Scope::has_slot)
    }

    /// Records whether the attempt holds a slot of the limiter.
    pub(super) const fn set_slot(&mut self, holds: bool) {
        if let Some(scope) = &mut self.scope {
            scope.set_slot(holds);
        }
    }
}
