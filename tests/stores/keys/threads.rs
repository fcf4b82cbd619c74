//! Threads that make limiters of keys, and forget them, at the same time. In real time: a paused clock is for one thread.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use paced::Keyed;
use paced::store::MemoryStore;
use tokio::task::JoinSet;

use super::per_second;

const KEYS: u32 = 16;
const RATE: u32 = 100;
const BURST: u32 = 2;

/// Calls with one key after the other, of which too many are in use at times. Returns the permits of each.
async fn call(keyed: Keyed<u32>, seed: u32) -> HashMap<u32, u32> {
    let begun = Instant::now();
    let mut permits = HashMap::new();
    let mut key = seed;
    while begun.elapsed() < Duration::from_secs(1) {
        key = (key * 5 + 3) % KEYS;
        match keyed.acquire(&key).await {
            Ok(_) => *permits.entry(key).or_default() += 1,
            Err(error) => assert!(error.is_keys_exhausted(), "{error}"),
        }
        if key % 3 == 0 {
            drop(keyed.try_acquire(&key));
            assert_eq!(keyed.snapshot(&key).quota, per_second(RATE, BURST));
        }
        tokio::task::yield_now().await;
    }
    permits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_that_come_and_go_keep_to_their_limits() {
    let store = Arc::new(MemoryStore::new());
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    for process in 0..3 {
        let builder = Keyed::<u32>::builder(per_second(RATE, BURST)).name("crm");
        let builder = builder.store(store.clone()).max_keys(8);
        let keyed = builder.build().expect("a right limiter");
        for task in 0..8 {
            calls.spawn(call(keyed.clone(), process * 8 + task));
        }
    }
    let all = tokio::time::timeout(Duration::from_secs(60), calls.join_all());
    let all = all.await.expect("no call hangs");
    let most = f64::from(BURST) + f64::from(RATE) * (begun.elapsed().as_secs_f64() + 0.2);
    let mut sums: HashMap<u32, u32> = HashMap::new();
    for (key, permits) in all.into_iter().flatten() {
        *sums.entry(key).or_default() += permits;
    }
    for (key, permits) in sums {
        assert!(
            f64::from(permits) <= most,
            "{permits} of {key}, at most {most}"
        );
    }
}
