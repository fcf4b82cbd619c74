//! The limiter of a call, and the count of attempts that are under way on it.

use std::sync::Arc;

use crate::context::Progress;
#[cfg(feature = "test-util")]
use crate::context::Scope;
use crate::limiter::Shared;

use super::untyped::Core;

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
        match (&self.brought, self.setup) {
            (Some(brought), _) => Some(brought),
            (None, Ok(setup)) => setup.limiter.as_ref(),
            (None, Err(_)) => None,
        }
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

    /// Ends the attempt under way without an outcome.
    #[cold]
    #[inline(never)]
    fn abandon(&self) {
        if let Some(limiter) = self.limiter() {
            limiter.end_attempt();
        }
    }
}

impl Drop for Core<'_> {
    /// A call that is dropped, or whose body panics, ends its attempt as well.
    #[inline]
    fn drop(&mut self) {
        let Some(scope) = &self.scope else { return };
        if scope.progress.is_under_way() {
            self.abandon();
        }
    }
}
