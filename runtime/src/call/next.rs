//! Another attempt that makes sense.

/// Another attempt that makes sense: so long after an instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct NextAttempt {
    pub(super) base: u64,
    pub(super) wait: u64,
    pub(super) now: u64,
    /// It does not count as a retry.
    pub(super) throttle: bool,
}
