//! The atomics of the limiter's lock-free part.
//!
//! They are named in one place so that the model in `tests/model` can put loom's instead and run the
//! same code through every order in which threads can meet.

pub(crate) use core::sync::atomic::AtomicU64;
pub(crate) use core::sync::atomic::Ordering;
