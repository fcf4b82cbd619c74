//! Name of a limiter, and whether its quota has been declared.

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use std::sync::Arc;
use std::sync::OnceLock;

/// Name of a limiter, and whether its quota is a chosen one.
#[derive(Debug, Default)]
pub(super) struct Naming {
    pub(super) name: OnceLock<Arc<str>>,
    /// The first function that called through it.
    pub(super) user: OnceLock<&'static str>,
    /// Its quota stands for one that is not known yet.
    pub(super) provisional: AtomicBool,
}

impl Naming {
    /// The quota is one that somebody has chosen.
    pub(super) fn settle(&self) {
        self.provisional.store(false, Ordering::Relaxed);
    }
}
