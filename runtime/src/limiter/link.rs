//! The way to a limiter's store: requests are sent by tasks that live for one round trip, however late
//! the answer is.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Weak;

use tokio::runtime::Handle;

use crate::store::Answer;
use crate::store::Policy;
use crate::store::Store;
use crate::store::StoreError;

use super::shared::Shared;
use super::supply::News;
use super::supply::Order;

/// Where a limiter's shared state is.
#[derive(Clone, Debug)]
pub(super) struct Link {
    store: Arc<dyn Store>,
    key: Arc<str>,
    policy: Policy,
}

impl Link {
    pub(super) fn new(store: Arc<dyn Store>, key: &str, policy: Policy) -> Self {
        Self {
            store,
            key: key.into(),
            policy,
        }
    }

    /// The place of one of the limiter's resources, in the same store.
    pub(super) fn of_resource(&self, name: &str) -> Self {
        Self {
            key: format!("{}#{name}", self.key).into(),
            ..self.clone()
        }
    }

    pub(super) const fn policy(&self) -> Policy {
        self.policy
    }

    /// Sends a request from a runtime and brings the answer back to the limiter.
    pub(super) fn send(&self, order: Order, runtime: &Handle, limiter: &Weak<Shared>) {
        let errand = Errand {
            id: order.id,
            limiter: Some(Weak::clone(limiter)),
        };
        let link = self.clone();
        // Not awaited: the errand reports its end, whatever that is.
        drop(runtime.spawn(async move {
            let answer = link.store.transact(&link.key, &order.request);
            // Dropping it as soon as it is late would lose the tokens that it draws.
            let patience = Duration::from_nanos(order.patience);
            if let Ok(result) = tokio::time::timeout(patience, answer).await {
                errand.report(&result);
            }
        }));
    }

    /// Says once what has changed.
    #[cfg(feature = "tracing")]
    fn tell(&self, news: &News) {
        let limiter = &self.key;
        match news {
            News::Late(_) | News::Away(_) => tracing::warn!(%limiter, "{news}"),
            News::Back => tracing::info!(%limiter, "{news}"),
            News::Rejected(_) => tracing::error!(%limiter, "{news}"),
        }
    }
}

/// What has to be done outside the lock.
#[derive(Debug)]
pub(super) struct Errands {
    pub(super) orders: Vec<Order>,
    pub(super) news: Option<News>,
    /// From where requests can be sent.
    pub(super) runtime: Option<Handle>,
}

impl Shared {
    /// Whether the limit is kept here: in this store, or in this process alone.
    pub(super) fn is_in(&self, place: Option<(&Arc<dyn Store>, Policy)>) -> bool {
        match (self.link.get(), place) {
            (None, None) => true,
            (Some(link), Some((store, policy))) => {
                core::ptr::addr_eq(Arc::as_ptr(&link.store), Arc::as_ptr(store))
                    && link.policy == policy
            }
            _ => false,
        }
    }

    /// Sends what has to be sent to the store.
    #[cold]
    pub(super) fn run(&self, errands: Errands) {
        let Some(link) = self.link.get() else {
            return;
        };
        #[cfg(feature = "tracing")]
        if let Some(news) = errands.news {
            link.tell(&news);
        }
        #[cfg(not(feature = "tracing"))]
        drop(errands.news);
        for order in errands.orders {
            match &errands.runtime {
                Some(runtime) => link.send(order, runtime, &self.me),
                None => self.hear_from_store(order.id, None),
            }
        }
    }

    /// The store answered a request, or the request got lost.
    pub(super) fn hear_from_store(&self, id: u64, result: Option<&Result<Answer, StoreError>>) {
        self.at_desk(|desk, now, wakes| match result {
            Some(Ok(answer)) => desk.answered_by_store(id, answer, now, wakes),
            Some(Err(error)) => desk.failed_by_store(id, error, now),
            None => desk.lost_on_the_way(id, now),
        });
    }

    /// Why the store has nobody served.
    #[cold]
    pub(crate) fn no_store(&self) -> Arc<str> {
        let why = self.at_desk(|desk, now, _| desk.no_store(u64::MAX, now));
        why.unwrap_or_else(|| Arc::from("the store cannot be reached"))
    }
}

/// Request under way. If it is dropped, with its runtime or at its end, the limiter is told as well.
struct Errand {
    id: u64,
    limiter: Option<Weak<Shared>>,
}

impl Errand {
    fn report(mut self, result: &Result<Answer, StoreError>) {
        self.deliver(Some(result));
    }

    fn deliver(&mut self, result: Option<&Result<Answer, StoreError>>) {
        let limiter = self.limiter.take().and_then(|limiter| limiter.upgrade());
        if let Some(limiter) = limiter {
            limiter.hear_from_store(self.id, result);
        }
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.deliver(Some(&Err(StoreError::unavailable("the store panicked"))));
        } else {
            self.deliver(None);
        }
    }
}
