//! How a limiter uses its store, in the units of its arithmetic.

use crate::clock;
use crate::store::OnStoreError;
use crate::store::Policy;

/// A store that is away is looked for this often, and up to [`PROBE_JITTER`] less often.
const PROBE_EVERY: u64 = 80_000_000;
const PROBE_JITTER: u64 = 40_000_000;

/// How a limiter uses its store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RemoteConfig {
    pub(crate) on_error: OnStoreError,
    /// Nanoseconds that one request may take.
    pub(crate) timeout: u64,
    /// Nanoseconds from one look for a store that is away to the next.
    pub(crate) probe_every: u64,
    /// How many processes there are, as far as anybody knows beforehand.
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
