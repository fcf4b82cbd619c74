//! A store that counts the requests that it is sent.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use paced::store::RedisStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;

#[derive(Debug)]
pub(crate) struct Counted {
    store: RedisStore,
    requests: AtomicU64,
}

impl Counted {
    pub(crate) fn new(store: RedisStore) -> Self {
        Self {
            store,
            requests: AtomicU64::new(0),
        }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Store for Counted {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.store.transact(key, request)
    }
}
