//! Limiters with several limits whose modes and bounds change, in a store and alone.

use core::future::Future as _;
use core::num::NonZeroU32;
use core::task::Context;
use core::task::Waker;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::Mode;
use paced::Quota;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use tokio::time::Instant;

fn per_second(count: u32) -> Quota {
    let count = NonZeroU32::new(count).expect("above 0");
    Quota::per_second(count).with_burst(count)
}

/// A store that can lose everything.
#[derive(Debug, Default)]
struct Forgetful(Mutex<Arc<MemoryStore>>);

impl Forgetful {
    fn lose(&self) {
        *self.0.lock().expect("no panic") = Arc::default();
    }
}

impl Store for Forgetful {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        let memory = Arc::clone(&self.0.lock().expect("no panic"));
        Box::pin(async move { memory.transact(key, request).await })
    }
}

fn alone(requests: u32, tokens: u32) -> Limiter {
    let builder = Limiter::builder(per_second(requests)).row("tokens", per_second(tokens));
    builder.unregistered().build().expect("two limits")
}

fn shared(store: &Arc<Forgetful>, requests: u32, tokens: u32) -> Limiter {
    let store: Arc<dyn Store> = Arc::<Forgetful>::clone(store);
    let builder = Limiter::builder(per_second(requests)).row("tokens", per_second(tokens));
    let builder = builder.name("openai").store(store).unregistered();
    builder.build().expect("two limits")
}

async fn take(limiter: &Limiter, tokens: u64) -> paced::Receipt {
    let permit = limiter.acquire_costs(&[("tokens", tokens)]).await;
    permit.expect("a permit").into_receipt()
}

fn millis(since: Instant) -> u128 {
    since.elapsed().as_millis()
}

async fn exchange() {
    tokio::time::sleep(Duration::from_millis(60)).await;
}

async fn observed(limiter: &Limiter) -> (u64, u128, u128) {
    drop(take(limiter, 0).await);
    exchange().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    limiter.set_mode(Mode::Observe);
    for _ in 0..20 {
        drop(take(limiter, 200).await);
    }
    let waits = limiter.snapshot().would_have_waited;
    (
        waits.count,
        waits.total.as_millis(),
        waits.longest.as_millis(),
    )
}

#[tokio::test(start_paused = true)]
async fn an_observed_queue_in_a_store_is_that_of_a_limiter_alone() {
    let alone = observed(&alone(1000, 1000)).await;
    let shared = observed(&shared(&Arc::default(), 1000, 1000)).await;
    assert_eq!((alone, shared), ((15, 24_000, 3000), (15, 24_000, 3000)));
}

async fn off_and_settled(limiter: &Limiter) -> u128 {
    drop(take(limiter, 1000).await);
    limiter.set_mode(Mode::Off);
    let receipt = take(limiter, 900).await;
    limiter.set_mode(Mode::Enforce);
    limiter.settle(receipt, &[("tokens", 0)]).expect("a limit");
    exchange().await;
    let start = Instant::now();
    drop(take(limiter, 500).await);
    millis(start)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_back_that_was_not_taken_while_it_was_off() {
    let alone = off_and_settled(&alone(1000, 1000)).await;
    let shared = off_and_settled(&shared(&Arc::default(), 1000, 1000)).await;
    assert_eq!((alone, shared), (440, 440));
}

async fn refused_and_settled(limiter: &Limiter) -> u128 {
    // Nothing is foreseen before a store has answered.
    drop(take(limiter, 0).await);
    limiter.set_mode(Mode::Observe);
    drop(take(limiter, 1000).await);
    // It would have been refused.
    let permit = limiter.try_acquire_costs(&[("tokens", 900)]);
    let receipt = permit.expect("it is only observed").into_receipt();
    limiter.settle(receipt, &[("tokens", 0)]).expect("a limit");
    limiter.set_mode(Mode::Enforce);
    exchange().await;
    let start = Instant::now();
    drop(take(limiter, 500).await);
    millis(start)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_back_of_a_call_that_would_have_been_refused() {
    let alone = refused_and_settled(&alone(1000, 1000)).await;
    let shared = refused_and_settled(&shared(&Arc::default(), 1000, 1000)).await;
    // The store was told of the debt after 50 ms.
    assert_eq!((alone, shared), (440, 490));
}

async fn after_a_loss(max_concurrency: u32) -> u128 {
    let store = Arc::default();
    let shared = shared(&store, 1, 60);
    shared.set_max_concurrency(NonZeroU32::new(max_concurrency));
    let permit = shared
        .acquire_costs(&[("tokens", 60)])
        .await
        .expect("a permit");
    exchange().await;
    store.lose();
    tokio::time::sleep(Duration::from_millis(100)).await;
    if max_concurrency > 0 {
        // Another slot is asked for.
        drop(shared.try_acquire_costs(&[("tokens", 1)]));
    }
    let start = Instant::now();
    drop(take(&shared, 60).await);
    drop(permit);
    millis(start)
}

#[tokio::test(start_paused = true)]
async fn a_lease_does_not_hide_a_loss() {
    let (without, with) = (after_a_loss(0).await, after_a_loss(2).await);
    assert!((840..1100).contains(&without), "{without}");
    assert!((840..1100).contains(&with), "{with}");
}

/// Takes the only slot of a limiter, lets another caller wait for it, and changes the mode. Returns the calls in flight:
/// at the start, without the other caller, and without both.
async fn in_flight(mode: Mode, is_used: bool) -> [u64; 3] {
    let limiter = alone(10, 1000);
    limiter.set_max_concurrency(NonZeroU32::new(1));
    let held = limiter.acquire().await.expect("a permit");
    let mut waiting = Box::pin(limiter.acquire());
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    limiter.set_mode(mode);
    let counted = || limiter.snapshot().in_flight;
    let mut seen = [0; 3];
    if is_used {
        let released = waiting.await.expect("a permit");
        seen[0] = counted();
        drop(released);
    } else {
        seen[0] = counted();
        drop(waiting);
    }
    seen[1] = counted();
    drop(held);
    seen[2] = counted();
    seen
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_released_hold_slots_of_their_own() {
    for mode in [Mode::Off, Mode::Observe] {
        assert_eq!(in_flight(mode, true).await, [2, 1, 0], "{mode:?}");
        assert_eq!(in_flight(mode, false).await, [2, 1, 0], "{mode:?}");
    }
}
