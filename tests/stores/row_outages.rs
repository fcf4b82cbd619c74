//! Limiters with several limits while their store is away, after it has lost its state, beside processes that declare
//! other limits, and after a server has spoken of one limit.

use core::num::NonZeroU32;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::Quota;
use paced::store::MemoryStore;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreError;
use paced::store::StoreFuture;
use tokio::time::Instant;

fn per_second(count: u32) -> Quota {
    let count = NonZeroU32::new(count).expect("above 0");
    Quota::per_second(count).with_burst(count)
}

/// A store that can be away, and that can lose everything.
#[derive(Debug, Default)]
struct Moody {
    memory: Mutex<Arc<MemoryStore>>,
    is_away: AtomicBool,
}

impl Moody {
    fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    fn lose(&self) {
        *self.memory.lock().expect("no panic") = Arc::default();
    }
}

impl Store for Moody {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        let memory = Arc::clone(&self.memory.lock().expect("no panic"));
        Box::pin(async move {
            if self.is_away.load(Ordering::SeqCst) {
                return Err(StoreError::unavailable("it is away"));
            }
            memory.transact(key, request).await
        })
    }
}

fn limiter(store: &Arc<Moody>, on_error: OnStoreError, tokens: u32) -> Limiter {
    let store: Arc<dyn Store> = Arc::<Moody>::clone(store);
    let builder = Limiter::builder(per_second(10)).row("tokens", per_second(tokens));
    let builder = builder.name("openai").store(store).unregistered();
    let policy = Policy::new().on_error(on_error).processes(2);
    builder.store_policy(policy).build().expect("two limits")
}

async fn take(limiter: &Limiter, tokens: u64) -> paced::Receipt {
    let permit = limiter.acquire_costs(&[("tokens", tokens)]).await;
    permit.expect("a permit").into_receipt()
}

fn millis(since: Instant) -> u128 {
    since.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_a_process_has_its_share_of_each_limit() {
    let store = Arc::new(Moody::default());
    let one = limiter(&store, OnStoreError::Local, 1000);
    drop(take(&one, 100).await);
    tokio::time::sleep(Duration::from_secs(2)).await;
    store.set_away(true);
    let start = Instant::now();
    for _ in 0..10 {
        drop(take(&one, 180).await);
    }
    // A tenth less than the half of 1000 a second: 180 tokens take 400 ms, and the first ones are there.
    assert!((3600..3650).contains(&millis(start)), "{}", millis(start));
    // Another limit holds back other calls: 4.5 requests a second.
    let start = Instant::now();
    for _ in 0..5 {
        drop(take(&one, 1).await);
    }
    assert!((888..1300).contains(&millis(start)), "{}", millis(start));
    // Back again, which the next call finds out, all limits count as used up.
    store.set_away(false);
    drop(take(&one, 1).await);
    let start = Instant::now();
    drop(take(&one, 500).await);
    // One request was waited for meanwhile, and 100 tokens have come.
    assert_eq!(millis(start), 401);
}

#[tokio::test(start_paused = true)]
async fn the_other_policies_hold_for_several_limits_too() {
    let store = Arc::new(Moody::default());
    let open = limiter(&store, OnStoreError::Open, 1000);
    let closed = limiter(&store, OnStoreError::Closed, 1000);
    drop(take(&open, 10).await);
    drop(take(&closed, 10).await);
    store.set_away(true);
    let start = Instant::now();
    for _ in 0..30 {
        drop(take(&open, 900).await);
    }
    assert!(millis(start) < 50, "{}", millis(start));
    let error = closed.acquire_costs(&[("tokens", 10)]).await;
    assert!(error.expect_err("refused").is_store());
    store.set_away(false);
    tokio::time::sleep(Duration::from_secs(2)).await;
    drop(take(&closed, 10).await);
}

#[tokio::test(start_paused = true)]
async fn what_was_drawn_without_the_store_is_not_given_back() {
    let store = Arc::new(Moody::default());
    let one = limiter(&store, OnStoreError::Local, 1000);
    drop(take(&one, 10).await);
    tokio::time::sleep(Duration::from_secs(2)).await;
    store.set_away(true);
    let receipt = take(&one, 900).await;
    store.set_away(false);
    tokio::time::sleep(Duration::from_millis(300)).await;
    one.settle(receipt, &[("tokens", 0)]).expect("a limit");
    let start = Instant::now();
    drop(take(&one, 800).await);
    assert!(millis(start) >= 500, "{}", millis(start));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lost_its_state_is_restored() {
    let store = Arc::new(Moody::default());
    let one = limiter(&store, OnStoreError::Closed, 1000);
    let other = limiter(&store, OnStoreError::Closed, 1000);
    drop(take(&other, 600).await);
    drop(take(&one, 400).await);
    store.lose();
    let start = Instant::now();
    drop(take(&one, 200).await);
    assert!((195..=215).contains(&millis(start)), "{}", millis(start));
    // Calls that it was served before it knew of the loss are not made.
    drop(take(&other, 100).await);
    assert_eq!(millis(start), 400);
}

#[tokio::test(start_paused = true)]
async fn a_limiter_that_was_idle_takes_no_detour() {
    let store = Arc::new(Moody::default());
    let one = limiter(&store, OnStoreError::Closed, 1000);
    for _ in 0..3 {
        drop(take(&one, 1000).await);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let start = Instant::now();
    drop(take(&one, 900).await);
    assert_eq!(millis(start), 0);
    let shared = one.shared_snapshot().await.expect("an answer");
    assert_eq!(shared.row("tokens").expect("a limit").available, 100);
}

#[tokio::test(start_paused = true)]
async fn the_tightest_limits_hold_and_can_be_seen() {
    let store = Arc::new(Moody::default());
    let tight = limiter(&store, OnStoreError::Closed, 500);
    let loose = limiter(&store, OnStoreError::Closed, 2000);
    drop(take(&tight, 100).await);
    drop(take(&loose, 400).await);
    let shared = loose.shared_snapshot().await.expect("an answer");
    let row = shared.row("tokens").expect("a limit");
    assert_eq!(row.held, Some(per_second(500)));
    assert_eq!(row.rate.to_string(), "500/s");
    assert_eq!(shared.row("requests").expect("a limit").held, None);
    let shared = tight.shared_snapshot().await.expect("an answer");
    assert_eq!(shared.row("tokens").expect("a limit").held, None);
    let start = Instant::now();
    drop(take(&loose, 100).await);
    assert_eq!(millis(start), 200);
}

#[tokio::test(start_paused = true)]
async fn what_a_server_says_of_one_limit_slows_it_in_all_processes() {
    let store = Arc::new(Moody::default());
    let one = limiter(&store, OnStoreError::Closed, 1000);
    let other = limiter(&store, OnStoreError::Closed, 1000);
    drop(take(&other, 1).await);
    let permit = one.acquire_costs(&[("tokens", 1)]).await.expect("a permit");
    let mut headers = http::HeaderMap::new();
    for (name, value) in [("limit", "1000"), ("remaining", "0"), ("reset", "5s")] {
        let name = format!("x-ratelimit-{name}-tokens");
        let name = http::HeaderName::try_from(name).expect("a name");
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    permit.observe(http::StatusCode::OK, &headers);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    // Calls that take nothing of it go on.
    drop(take(&one, 0).await);
    drop(take(&other, 0).await);
    assert_eq!(millis(start), 0);
    // One call at most is let through by each other process.
    drop(take(&other, 10).await);
    drop(take(&other, 10).await);
    // Then until the limit is there again, and for a period longer at most.
    assert!((4800..=6100).contains(&millis(start)), "{}", millis(start));
    let row = other.snapshot().row("tokens").expect("a limit");
    assert!(row.waited >= Duration::from_millis(4800), "{row:?}");
    let start = Instant::now();
    for _ in 0..5 {
        drop(take(&one, 10).await);
    }
    // The other process was to pay for the second call at the slow pace.
    assert!(millis(start) < 6100, "{}", millis(start));
}
