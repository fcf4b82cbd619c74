//! Errors that are not understood, which is said once for each function.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;

/// Whether it has been said of a function that its errors are not understood.
#[derive(Debug)]
pub(crate) struct Unread {
    function: &'static str,
    is_told: AtomicBool,
}

impl Unread {
    pub(crate) const fn of(function: &'static str) -> Self {
        Self {
            function,
            is_told: AtomicBool::new(false),
        }
    }

    /// Says so, the first time.
    #[cold]
    pub(super) fn tell(&self) {
        if self.is_told.swap(true, Ordering::Relaxed) {
            return;
        }
        let function = self.function;
        #[cfg(feature = "tracing")]
        tracing::warn!(
            function,
            "an error is not understood, so that no call is retried or held back for one: show the response \
             to `observe` in the body, implement `paced::Signal` for the error, or judge it with `classify`; \
             https://docs.rs/paced/latest/paced/attr.rate_limited.html#clients has a recipe for many a client"
        );
        #[cfg(not(feature = "tracing"))]
        let _ = function;
    }
}
