//! Settings of a limiter's store, in the units of the limiter's arithmetic.

use crate::clock;
use crate::store::OnStoreError;
use crate::store::Policy;

/// Time between two tries of a store that is away, to which up to [`PROBE_JITTER`] is added.
const PROBE_EVERY: u64 = 80_000_000;
const PROBE_JITTER: u64 = 40_000_000;

/// Settings of a limiter's store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RemoteConfig {
    pub(crate) on_error: OnStoreError,
    /// Nanoseconds that one request may take.
    pub(crate) timeout: u64,
    /// Nanoseconds between two tries of a store that is away.
    pub(crate) probe_every: u64,
    /// Number of processes that is assumed before anything is known.
    pub(crate) processes: u32,
}

impl RemoteConfig {
    pub(in crate::limiter) fn of(policy: Policy) -> Self {
        Self {
            on_error: policy.on_error,
            timeout: clock::nanos(policy.timeout),
            // Processes that lost the same store do not all come back in step.
            probe_every: PROBE_EVERY + rand::random_range(0..PROBE_JITTER),
            processes: policy.processes,
        }
    }
}
