//! `Callback`: the trait by which timers and stores call a limiter back.

use tokio::runtime::Id;

use crate::quota::Quota;
use crate::store::Limits;
use crate::store::Reply;
use crate::store::State;
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

    /// Returns the slots that this process has and wants, with what requests to the store carry. `None`: it needs none any
    /// more.
    fn lease_claim(&self) -> Option<(LeaseClaim, Limits, Option<State>)>;

    /// Reports how many slots this process has leased. `None`: the store is away. Returns when to ask again.
    fn leased(&self, slots: Option<LeasedSlots>) -> NextClaim;

    /// Reports that the task that asks for slots has ended with its runtime.
    fn lease_task_ended(&self, runtime: Id);
}

/// Slots that this process has and wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeaseClaim {
    /// Slots of all processes together.
    pub(super) most: u32,
    pub(super) want: u32,
    /// Leased slots that it keeps.
    pub(super) held: u32,
    /// Callers that wait for a slot.
    pub(super) waiting: u32,
}

/// Slots that this process has leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeasedSlots {
    pub(super) held: u32,
    /// Its fair part, where callers of other processes wait. No call begins while more are in flight.
    pub(super) part: Option<u32>,
}

/// Time of the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextClaim {
    /// Callers wait for slots that other processes hold, or those of other processes for slots of this one.
    Soon,
    /// Some slots are idle.
    Idle,
    Renewal,
}
