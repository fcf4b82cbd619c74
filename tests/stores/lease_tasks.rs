//! Slots that processes share through a store, where the task that leases them meets the end of its runtime or a panic.

use core::future::Future as _;
use core::num::NonZeroU32;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;
use core::task::Context;
use core::task::Waker;
use core::time::Duration;
use std::sync::Arc;

use paced::Limiter;
use paced::Quota;
use paced::store::Action;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;
use tokio::time::sleep;
use tokio::time::timeout;

/// A limiter with one slot, which stands for a process.
fn process(store: &Arc<impl Store + 'static>) -> Limiter {
    let quota = Quota::per_second(NonZeroU32::new(1000).expect("above 0"));
    let store: Arc<dyn Store> = store.clone();
    let builder = Limiter::builder(quota).name("shared").store(store);
    let builder = builder.max_concurrency(NonZeroU32::MIN);
    builder.unregistered().build().expect("a right limiter")
}

/// A runtime whose clock is paused, and its own.
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_time().start_paused(true);
    builder.build().expect("a runtime")
}

#[test]
fn a_caller_is_served_though_the_runtime_of_the_task_that_asks_has_ended() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (process(&store), process(&store));
    let (first, second) = (runtime(), runtime());
    let held = second.block_on(other.acquire()).expect("a slot");
    let mut first_caller = Box::pin(one.acquire());
    first.block_on(async {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(first_caller.as_mut().poll(&mut cx).is_pending());
        sleep(Duration::from_millis(300)).await;
    });
    let second_caller = one.clone();
    let second_caller = second.spawn(async move { second_caller.acquire().await.map(drop) });
    // Beyond the time after which long waits are reported, which visits the limiter.
    second.block_on(async { sleep(Duration::from_secs(6)).await });
    drop(first_caller);
    drop(first);
    drop(held);
    let served = second.block_on(async { timeout(Duration::from_secs(8), second_caller).await });
    let served = served.expect("it is served").expect("no panic");
    served.expect("a slot");
}

#[test]
fn a_lease_is_renewed_though_the_runtime_of_its_task_has_ended() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (process(&store), process(&store));
    let (first, second) = (runtime(), runtime());
    drop(first.block_on(one.acquire()).expect("a slot"));
    let held = second.block_on(one.acquire()).expect("a slot");
    drop(first);
    second.block_on(async {
        // A lease ends after 10 s.
        sleep(Duration::from_secs(11)).await;
        let waits = timeout(Duration::from_secs(3), other.acquire()).await;
        assert!(waits.is_err(), "two calls in flight");
        drop(held);
        let served = timeout(Duration::from_secs(3), other.acquire()).await;
        served.expect("it is served").expect("a slot");
    });
}

/// A store whose code panics at the first requests for slots.
#[derive(Debug, Default)]
struct Panics {
    memory: MemoryStore,
    asked: AtomicU32,
}

impl Store for Panics {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            let mut actions = request.actions.iter();
            let is_for_slots = actions.any(|it| matches!(it, Action::Slots { .. }));
            let fails = is_for_slots && self.asked.fetch_add(1, Ordering::SeqCst) < 3;
            assert!(!fails, "a fault of the store");
            self.memory.transact(key, request).await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn slots_are_asked_for_again_after_a_panic_of_the_store() {
    let store = Arc::new(Panics::default());
    let (one, other) = (process(&store), process(&store));
    let minute = Duration::from_secs(60);
    for limiter in [&one, &other, &one] {
        let served = timeout(minute, limiter.acquire()).await;
        drop(served.expect("it is served").expect("a slot"));
        sleep(Duration::from_secs(1)).await;
    }
    assert!(
        store.asked.load(Ordering::SeqCst) > 3,
        "the store answers again"
    );
}
