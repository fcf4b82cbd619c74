//! `Callback`: the trait by which timers and stores call a limiter back.

use tokio::runtime::Id;

use crate::quota::Quota;
use crate::store::Reply;
use crate::store::StoreError;

/// A limiter, as its timers, its store and other limiters of its name see it.
pub(super) trait Callback: Send + Sync {
    /// Reports that the timer on this runtime fired.
    fn timer_fired(&self, runtime: Id);

    /// Reports the outcome of a request to the store; `None`: the request was dropped in this process.
    fn store_replied(&self, request: u64, reply: Option<&Result<Reply, StoreError>>);

    /// Visits the limiter at an instant that it has asked for.
    fn visited(&self);

    /// Returns the declared quota.
    fn quota(&self) -> Quota;
}
