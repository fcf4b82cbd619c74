//! The way to a limiter's store: requests are sent by tasks that live for one round trip, however late
//! the answer is.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Weak;

use tokio::runtime::Handle;

use crate::events;
use crate::limiter::callback::Callback;
use crate::store::Answer;
use crate::store::Policy;
use crate::store::Store;
use crate::store::StoreError;

use super::Outgoing;
use super::StoreEvent;

/// Where a limiter's shared state is.
#[derive(Clone, Debug)]
pub(in crate::limiter) struct StoreClient {
    store: Arc<dyn Store>,
    key: Arc<str>,
    policy: Policy,
}

impl StoreClient {
    pub(in crate::limiter) fn new(store: Arc<dyn Store>, key: &str, policy: Policy) -> Self {
        Self {
            store,
            key: key.into(),
            policy,
        }
    }

    /// The place of one of the limiter's resources, in the same store.
    pub(in crate::limiter) fn of_resource(&self, name: &str) -> Self {
        Self {
            key: format!("{}#{name}", self.key).into(),
            ..self.clone()
        }
    }

    /// Whether it is this store, used in this way.
    pub(in crate::limiter) fn is_for(&self, store: &Arc<dyn Store>, policy: Policy) -> bool {
        core::ptr::addr_eq(Arc::as_ptr(&self.store), Arc::as_ptr(store)) && self.policy == policy
    }

    pub(in crate::limiter) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Where the state is: the address of the store, and the name.
    pub(in crate::limiter) fn place(&self) -> (usize, Arc<str>) {
        let store = Arc::as_ptr(&self.store).cast::<()>();
        (store.addr(), Arc::clone(&self.key))
    }

    /// The name that the store knows the limiter by.
    pub(in crate::limiter) fn key(&self) -> &str {
        &self.key
    }

    pub(in crate::limiter) const fn policy(&self) -> Policy {
        self.policy
    }

    /// Sends a request from a runtime and brings the answer back to the limiter.
    pub(in crate::limiter) fn send(
        &self,
        order: Outgoing,
        runtime: &Handle,
        limiter: &Weak<dyn Callback>,
    ) {
        let reply = ReplyGuard {
            id: order.id,
            limiter: Some(Weak::clone(limiter)),
        };
        let client = self.clone();
        // Not awaited: the errand reports its end, whatever that is.
        drop(runtime.spawn(async move {
            let answer = client.store.transact(&client.key, &order.request);
            // Dropping it as soon as it is late would lose the tokens that it draws.
            let patience = Duration::from_nanos(order.patience);
            if let Ok(result) = tokio::time::timeout(patience, answer).await {
                reply.report(&result);
            }
        }));
    }

    /// Says once what has changed.
    pub(in crate::limiter) fn tell(&self, event: &StoreEvent) {
        match event {
            StoreEvent::Late(_) | StoreEvent::Away(_) => events::store_away(&self.key, event),
            StoreEvent::Back => events::store_back(&self.key, event),
            StoreEvent::Rejected(_) => events::store_refuses(&self.key, event),
        }
    }
}

/// What has to be done outside the lock.
#[derive(Debug)]
pub(in crate::limiter) struct Outbox {
    pub(in crate::limiter) outgoing: Vec<Outgoing>,
    pub(in crate::limiter) event: Option<StoreEvent>,
    /// From where requests can be sent.
    pub(in crate::limiter) runtime: Option<Handle>,
}

/// Request under way. If it is dropped, with its runtime or at its end, the limiter is told as well.
struct ReplyGuard {
    id: u64,
    limiter: Option<Weak<dyn Callback>>,
}

impl ReplyGuard {
    fn report(mut self, result: &Result<Answer, StoreError>) {
        self.deliver(Some(result));
    }

    fn deliver(&mut self, result: Option<&Result<Answer, StoreError>>) {
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
