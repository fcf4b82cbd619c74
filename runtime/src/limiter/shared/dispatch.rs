//! Dispatches what timers and stores report, and the requests that a locked section has collected.

use std::sync::Arc;
use std::thread;

use tokio::runtime::Handle;
use tokio::runtime::Id;

use crate::clock;
use crate::quota::Quota;
use crate::store::Limits;
use crate::store::Policy;
use crate::store::Reply;
use crate::store::State;
use crate::store::Store;
use crate::store::StoreError;
use crate::time::Instant;

use super::Shared;
use super::locked::Locked;
use crate::limiter::callback::Callback;
use crate::limiter::callback::LeaseClaim;
use crate::limiter::callback::LeasedSlots;
use crate::limiter::callback::NextClaim;
use crate::limiter::remote::client::Outbox;
use crate::limiter::remote::client::StoreClient;
use crate::limiter::state::leases::LeaseOrder;
use crate::limiter::wake_list::WakeList;

impl Callback for Shared {
    fn quota(&self) -> Quota {
        self.lock().state.quota()
    }

    fn timer_fired(&self, runtime: Id) {
        let (mut locked, now) = self.lock_state();
        let mut wakes = WakeList::new();
        if !locked.timers.fired(runtime) {
            locked.wake_waiters_of(runtime, &mut wakes);
        }
        self.finish(locked, now, &mut wakes);
    }

    fn store_replied(&self, request: u64, reply: Option<&Result<Reply, StoreError>>) {
        self.with_state(|state, now, wakes| match reply {
            Some(Ok(answer)) => state.answered_by_store(request, answer, now, wakes),
            Some(Err(error)) => state.failed_by_store(request, error, now),
            None => state.lost_on_the_way(request, now),
        });
    }

    fn visited(&self) {
        self.with_state(|_, _, _| ());
    }

    fn lease_claim(&self) -> Option<(LeaseClaim, Limits, Option<State>)> {
        let state = &mut self.lock().state;
        let claim = state.lease_claim()?;
        let (limits, floor) = state.carried_to_store(clock::now())?;
        Some((claim, limits, floor))
    }

    fn leased(&self, slots: Option<LeasedSlots>) -> NextClaim {
        self.with_state(|state, _, _| state.leased(slots))
    }

    fn lease_task_ended(&self, runtime: Id) {
        let mut locked = self.lock();
        if thread::panicking() {
            // A visit starts another task, and not this thread, which would meet the same panic again.
            return locked.state.lease_task_ended();
        }
        let mut wakes = WakeList::new();
        let next = locked.lease_task_ended(runtime, &mut wakes);
        drop(locked);
        if let (Some((runtime, process)), Some(client)) = (next, self.client.get()) {
            client.keep_leases(process, &runtime, &self.me);
        }
        wakes.wake();
    }
}

impl Shared {
    /// Moves a waiter to the runtime that polls it, where that is another one. Returns whether it is: its timer has to be
    /// set then.
    pub(in crate::limiter) fn follow(&self, locked: &mut Locked, index: u32) -> bool {
        let Ok(handle) = Handle::try_current() else {
            return false;
        };
        let runtime = locked.state.queue.waiter(index).runtime;
        if handle.id() == runtime {
            return false;
        }
        locked.timers.register(&handle, &self.me);
        locked.state.queue.waiter_mut(index).runtime = handle.id();
        locked.timers.unregister(runtime);
        true
    }

    /// Returns whether the limit is in this store, or in this process alone.
    pub(in crate::limiter) fn is_in(&self, place: Option<(&Arc<dyn Store>, Policy)>) -> bool {
        match (self.client.get(), place) {
            (None, None) => true,
            (Some(client), Some((store, policy))) => client.is_for(store, policy),
            _ => false,
        }
    }

    /// Sends the collected requests to the store.
    #[cold]
    pub(super) fn run(&self, outbox: Outbox) {
        let Some(client) = self.client.get() else {
            return;
        };
        if let Some(event) = outbox.event {
            client.tell(&event);
        }
        if let (Some(at), Some(runtime)) = (outbox.visit_at, &outbox.runtime) {
            StoreClient::visit(at, runtime, &self.me);
        }
        match (outbox.leases, &outbox.runtime) {
            (Some(LeaseOrder::Start(process)), Some(runtime)) => {
                client.keep_leases(process, runtime, &self.me);
            }
            (Some(LeaseOrder::Start(..)), None) => self.lock().state.lease_task_ended(),
            (Some(LeaseOrder::Wake), _) => client.ask_for_more(),
            (None, _) => {}
        }
        for outgoing in outbox.outgoing {
            match &outbox.runtime {
                Some(runtime) => client.send(outgoing, runtime, &self.me),
                None => self.store_replied(outgoing.id, None),
            }
        }
    }

    /// Returns why the store refuses callers.
    #[cold]
    pub(crate) fn no_store(&self) -> Arc<str> {
        let why = self.with_state(|state, now, _| state.no_store(Instant::FAR, now));
        why.unwrap_or_else(|| Arc::from("the store cannot be reached"))
    }
}
