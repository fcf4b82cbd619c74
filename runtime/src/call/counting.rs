//! What a call counts on its limiter.

use crate::limiter::Counts;

use super::process::Core;

impl Core<'_> {
    /// Counts an attempt that did not have to wait.
    #[inline]
    pub(super) fn count_admitted_at_once(&self) {
        let Some(limiter) = self.limiter() else {
            return;
        };
        limiter.count_attempt();
        if self.is_retry() {
            limiter.count(Counts::retry);
        }
    }

    /// Counts something that is rare.
    #[cold]
    pub(super) fn count(&self, what: impl FnOnce(&mut Counts)) {
        if let Some(limiter) = self.limiter() {
            limiter.count(what);
        }
    }

    /// The call ends with a failure that another attempt might have mended.
    #[cold]
    pub(super) fn give_up(&self) {
        self.count(Counts::give_up);
    }

    /// The call ends because it was refused a permit.
    #[cold]
    pub(super) fn end_refused(&self) {
        if self.is_retry() {
            self.give_up();
        } else {
            self.count(Counts::refuse);
        }
    }
}
