//! Client of a limiter's store: sends each request from a task that lives for one round trip, however late
//! the answer is.

use std::sync::Arc;
use std::sync::Weak;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::clock;
use crate::events;
use crate::limiter::callback::Callback;
use crate::limiter::state::leases::LeaseOrder;
use crate::limiter::store_events::StoreEvents;
use crate::store::Policy;
use crate::store::Reply;
use crate::store::Store;
use crate::store::StoreError;
use crate::time::Instant;

use super::Outgoing;
use super::StoreEvent;

/// Store of a limiter's shared state, and the key of that state.
#[derive(Clone, Debug)]
pub(in crate::limiter) struct StoreClient {
    store: Arc<dyn Store>,
    key: Arc<str>,
    policy: Policy,
    /// Wakes the task that asks for slots.
    more: Arc<Notify>,
    /// Events of the limiter and its resources, or of all keys.
    events: Arc<StoreEvents>,
}

impl StoreClient {
    pub(in crate::limiter) fn new(store: Arc<dyn Store>, key: &str, policy: Policy) -> Self {
        Self {
            store,
            key: key.into(),
            policy,
            more: Arc::default(),
            events: Arc::new(StoreEvents::new()),
        }
    }

    /// Emits only events that no limiter of another key has emitted.
    pub(in crate::limiter) fn with_events(self, events: Arc<StoreEvents>) -> Self {
        Self { events, ..self }
    }

    /// Returns the client of one of the limiter's resources, in the same store.
    pub(in crate::limiter) fn of_resource(&self, name: &str) -> Self {
        Self {
            key: format!("{}#{name}", self.key).into(),
            ..self.clone()
        }
    }

    /// Returns whether it uses this store with this policy.
    pub(in crate::limiter) fn is_for(&self, store: &Arc<dyn Store>, policy: Policy) -> bool {
        core::ptr::addr_eq(Arc::as_ptr(&self.store), Arc::as_ptr(store)) && self.policy == policy
    }

    pub(in crate::limiter) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Returns the place of the state: the address of the store, and the key.
    pub(in crate::limiter) fn place(&self) -> (usize, Arc<str>) {
        let store = Arc::as_ptr(&self.store).cast::<()>();
        (store.addr(), Arc::clone(&self.key))
    }

    /// Returns the name that the store knows the limiter by.
    pub(in crate::limiter) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn more(&self) -> &Notify {
        &self.more
    }

    pub(in crate::limiter) const fn policy(&self) -> Policy {
        self.policy
    }

    /// Sends a request from a task on `runtime`, which reports the reply to the limiter.
    pub(in crate::limiter) fn send(
        &self,
        outgoing: Outgoing,
        runtime: &Handle,
        limiter: &Weak<dyn Callback>,
    ) {
        let reply = ReplyGuard {
            id: outgoing.id,
            limiter: Some(Weak::clone(limiter)),
        };
        let client = self.clone();
        // Not awaited: `ReplyGuard` reports the end of the task, however it ends.
        drop(runtime.spawn(async move {
            let answer = client.store.transact(&client.key, &outgoing.request);
            // Dropping it as soon as it is late would lose the tokens that it draws.
            let ends_after = outgoing.ends_after.into();
            if let Ok(result) = tokio::time::timeout(ends_after, answer).await {
                reply.report(&result);
            }
        }));
    }

    /// Visits the limiter at `at`, from a task on `runtime`.
    pub(in crate::limiter) fn visit(at: Instant, runtime: &Handle, limiter: &Weak<dyn Callback>) {
        let limiter = Weak::clone(limiter);
        drop(runtime.spawn(async move {
            tokio::time::sleep_until(clock::instant(at)).await;
            if let Some(limiter) = limiter.upgrade() {
                limiter.visited();
            }
        }));
    }

    /// Emits the event of the store's condition, unless it is left out as one of many.
    pub(in crate::limiter) fn tell(&self, event: &StoreEvent) {
        let Some(left_out) = self.events.count(event, clock::now()) else {
            return;
        };
        let name = self.events.keyed().unwrap_or(&self.key);
        match event {
            StoreEvent::Late(_) | StoreEvent::Away(_) => events::store_away(name, left_out, event),
            StoreEvent::Back => events::store_back(name, event),
            StoreEvent::Rejected(_) => events::store_refuses(name, left_out, event),
            StoreEvent::Tighter(_) => events::quota_held(name, event),
        }
    }
}

/// Requests and event to be handled after unlocking.
#[derive(Debug)]
pub(in crate::limiter) struct Outbox {
    pub(in crate::limiter) outgoing: Vec<Outgoing>,
    pub(in crate::limiter) event: Option<StoreEvent>,
    pub(in crate::limiter) leases: Option<LeaseOrder>,
    /// Runtime from which requests can be sent.
    pub(in crate::limiter) runtime: Option<Handle>,
    /// Instant at which to visit the limiter, although no caller may wait.
    pub(in crate::limiter) visit_at: Option<Instant>,
}

/// Guard of a request in flight: reports to the limiter also if the request is dropped, with its runtime or
/// at its end.
struct ReplyGuard {
    id: u64,
    limiter: Option<Weak<dyn Callback>>,
}

impl ReplyGuard {
    fn report(mut self, result: &Result<Reply, StoreError>) {
        self.deliver(Some(result));
    }

    fn deliver(&mut self, result: Option<&Result<Reply, StoreError>>) {
        let limiter = self.limiter.take().and_then(|limiter| limiter.upgrade());
        if let Some(limiter) = limiter {
            limiter.store_replied(self.id, result);
        }
    }
}

impl Drop for ReplyGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.deliver(Some(&Err(StoreError::unavailable("the store panicked"))));
        } else {
            self.deliver(None);
        }
    }
}
