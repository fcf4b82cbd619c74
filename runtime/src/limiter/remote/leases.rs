//! Leases of slots from a store, by a task that lives while this process holds slots, or callers of it wait for some.
//!
//! A lease ends 10 s after the last request of its process. The task renews it every 3 s, gives back slots that were idle
//! for a while, and asks again for what callers wait for.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Weak;

use tokio::runtime::Handle;

use crate::limiter::callback::Callback;
use crate::limiter::callback::LeaseClaim;
use crate::limiter::callback::LeasedSlots;
use crate::limiter::callback::NextClaim;
use crate::store::Action;
use crate::store::Lease;
use crate::store::Limits;
use crate::store::Request;
use crate::store::State;

use super::client::StoreClient;

/// Time between two renewals.
const RENEW: Duration = Duration::from_secs(3);

/// Time after which slots that were not used since are given back.
const IDLE: Duration = Duration::from_millis(250);

/// Shortest and longest time between two requests for slots that other processes hold.
const ASK: Duration = Duration::from_millis(25);
const ASK_LONGEST: Duration = Duration::from_millis(200);

/// Longest wait for a reply.
const REPLY: Duration = Duration::from_secs(2);

/// Guard of the task: reports its end to the limiter, however it ends.
struct TaskGuard(Option<Weak<dyn Callback>>);

impl TaskGuard {
    fn limiter(&self) -> Option<Arc<dyn Callback>> {
        self.0.as_ref()?.upgrade()
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        if let Some(limiter) = self.limiter() {
            limiter.lease_task_ended();
        }
    }
}

impl StoreClient {
    /// Leases slots from a task on `runtime`, as long as the limiter holds or wants some.
    pub(in crate::limiter) fn keep_leases(
        &self,
        process: u64,
        runtime: &Handle,
        limiter: &Weak<dyn Callback>,
    ) {
        let client = self.clone();
        let guard = TaskGuard(Some(Weak::clone(limiter)));
        // Not awaited: the guard reports the end of the task, however it ends.
        drop(runtime.spawn(async move { client.lease(process, guard).await }));
    }

    /// Asks for more slots at once.
    pub(in crate::limiter) fn ask_for_more(&self) {
        self.more().notify_one();
    }

    /// Asks the store for slots. `None`: the store is away.
    async fn claim(
        &self,
        process: u64,
        (claim, limits, floor): (LeaseClaim, Limits, Option<State>),
    ) -> Option<LeasedSlots> {
        let action = Action::Slots {
            process,
            most: claim.most,
            want: claim.want,
            held: claim.held,
            waiting: claim.waiting,
        };
        let mut request = Request::new(action, limits);
        request.floor = floor;
        let reply = self.store().transact(self.key(), &request);
        let reply = tokio::time::timeout(REPLY, reply).await.ok()?;
        let reply = reply.ok()?;
        let held = reply.granted();
        let part = part(claim, process, held, &reply.state.leases);
        Some(LeasedSlots { held, part })
    }

    async fn lease(&self, process: u64, mut guard: TaskGuard) {
        let mut ask = ASK;
        loop {
            let claim = guard.limiter().and_then(|limiter| limiter.lease_claim());
            let Some(claim) = claim else {
                // The limiter knows of this end, and may have another task by now.
                guard.0 = None;
                return;
            };
            let granted = self.claim(process, claim).await;
            let Some(limiter) = guard.limiter() else {
                return;
            };
            let next = limiter.leased(granted);
            drop(limiter);
            let wait = match next {
                NextClaim::Renewal => RENEW,
                NextClaim::Idle => IDLE,
                NextClaim::Soon => ask,
            };
            ask = match next {
                NextClaim::Soon => (ask * 2).min(ASK_LONGEST),
                _ => ASK,
            };
            // Either way the next claim says what has changed.
            drop(tokio::time::timeout(wait, self.more().notified()).await);
        }
    }
}

/// Returns the fair part of a process that holds `held` slots, by the callers that hold a slot or wait. `None`: no caller of
/// another process waits.
fn part(claim: LeaseClaim, process: u64, held: u32, leases: &[Lease]) -> Option<u32> {
    let others = leases.iter().filter(|lease| lease.process != process);
    let (theirs, waiting) = others.fold((0, 0), |(theirs, waiting), lease| {
        let all = u64::from(lease.held) + u64::from(lease.waiting);
        (theirs + all, waiting + lease.waiting)
    });
    let own = u64::from(held) + u64::from(claim.waiting);
    let part = (u64::from(claim.most) * own).checked_div(own + theirs);
    let part = part.map_or(1, |part| u32::try_from(part).unwrap_or(u32::MAX));
    (waiting > 0).then_some(part.max(1))
}
