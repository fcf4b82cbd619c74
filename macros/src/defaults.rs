//! Defaults of the runtime, for options that are compared with them.

pub(crate) const MAX_RETRIES: u32 = 5;
/// In nanoseconds.
pub(crate) const BACKOFF_BASE: u64 = 1_000_000_000;
/// In nanoseconds.
pub(crate) const BACKOFF_MAX: u64 = 60_000_000_000;
