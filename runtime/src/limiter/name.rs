//! Name of a limiter, and whether its quota is a placeholder.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use std::sync::Arc;
use std::sync::OnceLock;

/// Name of a limiter, and whether its quota is a placeholder.
#[derive(Debug, Default)]
pub(super) struct Naming {
    pub(super) name: OnceLock<Arc<str>>,
    /// The first function that called through it.
    pub(super) user: OnceLock<&'static str>,
    /// The quota is a placeholder until the limiter is declared.
    pub(super) provisional: AtomicBool,
}

impl Naming {
    /// Marks the quota as declared or set.
    pub(super) fn settle(&self) {
        self.provisional.store(false, Ordering::Relaxed);
    }
}
