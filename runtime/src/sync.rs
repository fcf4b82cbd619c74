//! The atomics of the limiter's lock-free part.
//!
//! They are imported through this module, so that the model in `tests/model` can replace them with loom's and run the
//! same code through all interleavings of threads.

pub(crate) use core::sync::atomic::AtomicU64;
pub(crate) use core::sync::atomic::Ordering;
