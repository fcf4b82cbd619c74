//! The stores that keep all promises.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::State;
use paced::store::Store;
use paced::store::StoreFuture;
use paced::store::TICKS_PER_SECOND;
use paced::store::conformance;
use paced::store::step;

use crate::stepping::draw;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_memory_conforms() {
    conformance::check(Arc::new(MemoryStore::new())).await;
}

#[tokio::test(start_paused = true)]
async fn the_store_in_memory_conforms_on_paused_time() {
    conformance::check(Arc::new(MemoryStore::new())).await;
}

/// The example of the documentation.
#[derive(Debug, Default)]
struct Table(Mutex<HashMap<String, State>>);

impl Store for Table {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            let mut table = self.0.lock().unwrap();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let now = u64::try_from(now.as_micros()).unwrap() * 4;
            table.retain(|_, state| state.expires_at() > now);
            Ok(step(table.entry(key.to_owned()).or_default(), now, request))
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_the_example_conforms() {
    conformance::check(Arc::new(Table::default())).await;
}

#[tokio::test(start_paused = true)]
async fn the_store_in_memory_drops_what_has_expired() {
    let store = MemoryStore::new();
    let limits = Limits::one(Limit::new(TICKS_PER_SECOND, 1));
    let request = Request::new(draw(1), limits);
    for round in 0..20 {
        for number in 0..1000 {
            let key = format!("{round}-{number}");
            store.transact(&key, &request).await.unwrap();
        }
        // A second until the bucket is full, and two more.
        tokio::time::advance(core::time::Duration::from_secs(3)).await;
    }
    assert!(store.len() <= 2000, "{store:?}");
    let peek = Request::new(Action::Peek, limits);
    for number in 0..2000 {
        store
            .transact(&format!("last-{number}"), &peek)
            .await
            .unwrap();
    }
    assert!(store.len() <= 4000, "{store:?}");
}
