//! The limiter of a call, and the count of attempts that are under way on it.

use std::sync::Arc;

use crate::clock;
use crate::context::Progress;
use crate::context::Scope;
use crate::failure::Failure;
use crate::limiter::Shared;
use crate::time::Instant;

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
            if limiter.is_strict() {
                limiter.returned(Instant::from_nanos(self.wait.sent()), None);
            }
        }
    }

    /// Reports to a limiter with a strict window how long the response took.
    #[inline]
    pub(super) fn time_response(&self, failure: Option<Failure>, scope: &Scope, sent: Instant) {
        if let Some(limiter) = self.limiter().filter(|limiter| limiter.is_strict()) {
            let seen = scope
                .hint()
                .map(|(_, received)| Instant::from_nanos(received));
            let answered = matches!(failure, None | Some(Failure::Status(_)));
            let received = seen.or_else(|| answered.then(clock::now));
            limiter.returned(sent, received);
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
