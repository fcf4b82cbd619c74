//! Settings of a limiter's store, in the units of the limiter's arithmetic.

use crate::store::OnStoreError;
use crate::store::Policy;
use crate::time::Span;

/// Time between two tries of a store that is away, to which up to [`PROBE_JITTER`] is added.
const PROBE_EVERY: Span = Span::from_millis(80);
const PROBE_JITTER: Span = Span::from_millis(40);

/// Settings of a limiter's store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RemoteConfig {
    pub(crate) on_error: OnStoreError,
    /// Time that one request may take.
    pub(crate) timeout: Span,
    /// Time between two tries of a store that is away.
    pub(crate) probe_every: Span,
    /// Number of processes that is assumed before anything is known.
    pub(crate) processes: u32,
}

impl RemoteConfig {
    pub(in crate::limiter) fn of(policy: Policy) -> Self {
        let jitter = Span::from_nanos(rand::random_range(0..PROBE_JITTER.nanos()));
        Self {
            on_error: policy.on_error,
            timeout: Span::of(policy.timeout),
            // Processes that lost the same store do not all come back in step.
            probe_every: PROBE_EVERY + jitter,
            processes: policy.processes,
        }
    }
}
