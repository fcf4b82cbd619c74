//! A store some way off, for limiters with several limits.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// A store some way off: each way takes up to so many milliseconds.
#[derive(Debug)]
struct Far {
    memory: MemoryStore,
    most: u64,
    dice: Mutex<StdRng>,
}

impl Far {
    async fn travel(&self) {
        let way = self
            .dice
            .lock()
            .expect("no panic")
            .random_range(0..=self.most);
        tokio::time::sleep(Duration::from_millis(way)).await;
    }
}

impl Store for Far {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            self.travel().await;
            let reply = self.memory.transact(key, request).await;
            self.travel().await;
            reply
        })
    }
}

/// Returns a store to which, and from which, a way takes up to so many milliseconds.
pub(crate) fn far(most: u64, seed: u64) -> Arc<dyn Store> {
    Arc::new(Far {
        memory: MemoryStore::new(),
        most,
        dice: Mutex::new(StdRng::seed_from_u64(seed)),
    })
}
