//! Callbacks of timers and stores, which know a limiter by this trait alone.

use tokio::runtime::Id;

use crate::quota::Quota;
use crate::store::Answer;
use crate::store::StoreError;

/// A limiter, as its timers, its store and other limiters of its name see it.
pub(super) trait Callback: Send + Sync {
    /// The timer on this runtime fired.
    fn timer_fired(&self, runtime: Id);

    /// The store answered a request or failed it; `None`: the request was dropped on this side.
    fn store_replied(&self, request: u64, reply: Option<&Result<Answer, StoreError>>);

    /// Returns the declared quota.
    fn quota(&self) -> Quota;
}
