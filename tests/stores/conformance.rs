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
use paced::store::Ticks;
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
            let now = Ticks::from_duration(now);
            table.retain(|_, state| state.expires_at() > now);
            Ok(step(table.entry(key.to_owned()).or_default(), now, request))
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_of_the_example_conforms() {
    conformance::check(Arc::new(Table::default())).await;
}

/// A service that replaces a value only where it is still the one that was read.
#[derive(Debug, Default)]
struct Service(Mutex<HashMap<String, Vec<u8>>>);

impl Service {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        tokio::task::yield_now().await;
        self.0.lock().unwrap().get(key).cloned()
    }

    async fn replace(&self, key: &str, old: Option<&[u8]>, new: &[u8]) -> bool {
        tokio::task::yield_now().await;
        let mut values = self.0.lock().unwrap();
        let is_old = values.get(key).map(|value| &**value) == old;
        if is_old {
            values.insert(key.to_owned(), new.to_owned());
        }
        is_old
    }
}

/// The other example of the documentation.
#[derive(Debug, Default)]
struct Values {
    service: Service,
}

impl Store for Values {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            loop {
                let old = self.service.get(key).await;
                let mut state = match &old {
                    Some(bytes) => State::from_bytes(bytes)?,
                    None => State::default(),
                };
                let before = state.clone();
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                let reply = step(&mut state, Ticks::from_duration(now), request);
                let new = state.to_bytes();
                if state == before || self.service.replace(key, old.as_deref(), &new).await {
                    return Ok(reply);
                }
            }
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_of_bytes_that_are_compared_and_swapped_conforms() {
    conformance::check(Arc::new(Values::default())).await;
}

#[tokio::test]
async fn bytes_of_a_newer_version_are_refused_and_left_alone() {
    let store = Values::default();
    let newer = vec![2; 100];
    let key = "api".to_owned();
    store.service.0.lock().unwrap().insert(key, newer.clone());
    let request = Request::new(draw(1), Limits::one(Limit::new(Ticks::SECOND, 1)));
    let error = store.transact("api", &request).await.unwrap_err();
    assert!(error.is_rejected(), "{error}");
    assert_eq!(store.service.get("api").await, Some(newer));
}

#[tokio::test(start_paused = true)]
async fn the_store_in_memory_drops_what_has_expired() {
    let store = MemoryStore::new();
    let limits = Limits::one(Limit::new(Ticks::SECOND, 1));
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
