//! Leases of slots from a store, by a task that lives while this process holds slots, or callers of it wait for some.
//!
//! A lease ends 10 s after the last request of its process. The task renews it every 3 s, gives back slots that were idle
//! for a while, and asks again for what callers wait for.

use core::future::Future;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::Weak;

use tokio::runtime::Handle;
use tokio::runtime::Id;

use crate::clock;
use crate::limiter::callback::Callback;
use crate::limiter::callback::LeaseClaim;
use crate::limiter::callback::LeasedSlots;
use crate::limiter::callback::NextClaim;
use crate::store;
use crate::store::Action;
use crate::store::Lease;
use crate::store::Limits;
use crate::store::Request;
use crate::store::State;
use crate::time::Instant;
use crate::time::Span;

use super::client::StoreClient;

/// Time between two renewals.
const RENEW: Duration = Duration::from_secs(3);

/// Time after which slots that were not used since are given back.
const IDLE: Duration = Duration::from_millis(250);

/// Shortest and longest time between two requests for slots that other processes hold.
const ASK: Duration = Duration::from_millis(25);
const ASK_LONGEST: Duration = Duration::from_millis(200);

/// Shortest time for which a process has a slot in turn. Shorter turns would spend more time on the handover, and longer ones
/// let others wait longer.
const TURN: Span = Span::from_secs(2);

/// Longest wait for a reply.
const REPLY: Duration = Duration::from_secs(2);

/// Guard of the task: reports its end to the limiter, however it ends.
struct TaskGuard {
    limiter: Option<Weak<dyn Callback>>,
    runtime: Id,
}

impl TaskGuard {
    fn limiter(&self) -> Option<Arc<dyn Callback>> {
        self.limiter.as_ref()?.upgrade()
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        if let Some(limiter) = self.limiter() {
            limiter.lease_task_ended(self.runtime);
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
        let guard = TaskGuard {
            limiter: Some(Weak::clone(limiter)),
            runtime: runtime.id(),
        };
        // Not awaited: the guard reports the end of the task, however it ends.
        drop(runtime.spawn(async move { client.lease(process, guard).await }));
    }

    /// Asks for more slots at once.
    pub(in crate::limiter) fn ask_for_more(&self) {
        self.more().notify_one();
    }

    /// Asks the store for slots. `None`: the store is away, or its code panics.
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
        let reply = async { self.store().transact(self.key(), &request).await };
        let reply = tokio::time::timeout(REPLY, unless_panic(reply))
            .await
            .ok()?;
        let reply = reply?.ok()?;
        let held = reply.granted();
        let part = part(claim.most, process, &reply.state.leases);
        Some(LeasedSlots { held, part })
    }

    async fn lease(&self, process: u64, mut guard: TaskGuard) {
        let (mut ask, mut turn) = (ASK, ProcessTurn::default());
        loop {
            let claim = guard.limiter().and_then(|limiter| limiter.lease_claim());
            let Some(claim) = claim else {
                // The limiter knows of this end, and may have another task by now.
                guard.limiter = None;
                return;
            };
            let kept = claim.0.held;
            let slots = self.claim(process, claim).await;
            let slots = slots.map(|slots| turn.follow(kept, slots, clock::now()));
            let Some(limiter) = guard.limiter() else {
                return;
            };
            let next = limiter.leased(slots);
            drop(limiter);
            let wait = match next {
                NextClaim::Renewal => turn.wait(clock::now()),
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

/// Waits for the output of a future. `None`: it panics.
async fn unless_panic<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let polled = panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// Turn of a process, where there are more processes than slots.
#[derive(Default)]
struct ProcessTurn {
    begun: Option<Instant>,
    /// Another process waits for its end.
    is_awaited: bool,
}

impl ProcessTurn {
    /// Returns the slots, and lets the process keep one of them until its turn has lasted long enough. `kept`: slots that it
    /// has kept since the last reply.
    fn follow(&mut self, kept: u32, slots: LeasedSlots, now: Instant) -> LeasedSlots {
        self.begun.take_if(|_| kept == 0);
        self.is_awaited = slots.held > 0 && slots.part == Some(0);
        if slots.held > 0 {
            self.begun.get_or_insert(now);
        }
        let least = u32::from(self.is_awaited && !self.left(now).is_zero());
        LeasedSlots {
            part: slots.part.map(|part| part.max(least)),
            ..slots
        }
    }

    /// Returns the time until the turn may end.
    fn left(&self, now: Instant) -> Span {
        self.begun
            .map_or(Span::ZERO, |begun| begun.after(TURN).since(now))
    }

    /// Returns the longest wait until the next request.
    fn wait(&self, now: Instant) -> Duration {
        let left = self.left(now);
        if self.is_awaited && !left.is_zero() {
            left.into()
        } else {
            RENEW
        }
    }
}

/// Returns the fair part of a process.
fn part(most: u32, process: u64, leases: &[Lease]) -> Option<u32> {
    let at = leases.iter().position(|lease| lease.process == process)?;
    store::part(leases, at, most)
}
