//! Slots that processes share, as snapshots show them; processes that observe, and the end of one.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Limiter;
use paced::Mode;
use paced::Permit;
use paced::Quota;
use paced::store::MemoryStore;
use paced::store::Store;
use tokio::time::Instant;
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// A limiter that stands for a process.
fn process(store: &Arc<MemoryStore>, most: u32) -> Limiter {
    let quota = Quota::per_second(NonZeroU32::new(1000).expect("above 0"));
    let store: Arc<dyn Store> = store.clone();
    let builder = Limiter::builder(quota).name("shared").store(store);
    let builder = builder.max_concurrency(NonZeroU32::new(most).expect("above 0"));
    builder.unregistered().build().expect("a right limiter")
}

async fn permits(limiter: &Limiter, count: u32) -> Vec<Permit<'_>> {
    let mut permits = Vec::new();
    for _ in 0..count {
        permits.push(limiter.acquire().await.expect("a permit"));
    }
    permits
}

/// Slots that are leased, and calls that wait for one, in all processes.
async fn shared(limiter: &Limiter) -> (u64, u64) {
    let shared = limiter.shared_snapshot().await.expect("a reply");
    (shared.in_flight, shared.waiting)
}

fn in_flight(limiter: &Limiter) -> u64 {
    limiter.snapshot().in_flight
}

#[tokio::test(start_paused = true)]
async fn snapshots_show_the_slots_of_this_process_and_of_all() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (process(&store, 4), process(&store, 4));
    let held = permits(&one, 3).await;
    let theirs = permits(&other, 1).await;
    let wait = async {
        let _waiting = tokio::join!(other.acquire(), other.acquire());
    };
    assert!(tokio::time::timeout(SECOND, wait).await.is_err());
    assert_eq!((in_flight(&one), in_flight(&other)), (3, 1));
    let bound = other.snapshot().max_concurrency.map(NonZeroU32::get);
    assert_eq!(bound, Some(4), "of all processes");
    let seen = shared(&one).await;
    assert_eq!(seen.0, 4);
    assert_eq!(seen, shared(&other).await);
    drop((held, theirs));
    sleep(5 * SECOND).await;
    assert_eq!(shared(&one).await, (0, 0));
    assert_eq!((in_flight(&one), in_flight(&other)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_process_that_observes_are_counted_as_far_as_there_are_slots() {
    let store = Arc::new(MemoryStore::new());
    let (observing, other) = (process(&store, 4), process(&store, 4));
    observing.set_mode(Mode::Observe);
    let start = Instant::now();
    let mut held = permits(&observing, 3).await;
    assert_eq!(start.elapsed(), Duration::ZERO, "it waits for nothing");
    sleep(SECOND).await;
    assert_eq!(shared(&other).await, (3, 0));
    let theirs = permits(&other, 1).await;
    held.extend(permits(&observing, 5).await);
    sleep(SECOND).await;
    assert_eq!(in_flight(&observing), 8);
    assert_eq!(shared(&other).await, (4, 0));
    // One that is held back has its part, though calls of the other do not end.
    let start = Instant::now();
    let more = permits(&other, 1).await;
    assert!(start.elapsed() < 4 * SECOND, "{:?}", start.elapsed());
    assert_eq!(in_flight(&observing), 8);
    assert_eq!(shared(&other).await.0, 4);
    drop((held, theirs, more));
    sleep(5 * SECOND).await;
    assert_eq!(shared(&other).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_off_takes_no_slot_of_others() {
    let store = Arc::new(MemoryStore::new());
    let (off, other) = (process(&store, 2), process(&store, 2));
    off.set_mode(Mode::Off);
    let held = permits(&off, 5).await;
    sleep(SECOND).await;
    assert_eq!((in_flight(&off), shared(&other).await), (5, (0, 0)));
    drop(permits(&other, 2).await);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_switched_on_waits_until_its_calls_have_slots() {
    let store = Arc::new(MemoryStore::new());
    let (limiter, other) = (process(&store, 2), process(&store, 2));
    limiter.set_mode(Mode::Observe);
    let mut held = permits(&limiter, 3).await;
    sleep(SECOND).await;
    limiter.set_mode(Mode::Enforce);
    assert!(limiter.try_acquire().expect_err("no slot").is_not_yet());
    held.truncate(1);
    sleep(SECOND).await;
    held.push(limiter.acquire().await.expect("a slot"));
    assert_eq!(shared(&other).await, (2, 0));
    assert!(other.try_acquire().expect_err("no slot").is_not_yet());
}

#[tokio::test(start_paused = true)]
async fn drain_waits_for_calls_in_flight_and_gives_their_slots_back() {
    let store = Arc::new(MemoryStore::new());
    let (ending, other) = (process(&store, 2), process(&store, 2));
    let held = permits(&ending, 2).await;
    let start = Instant::now();
    let limiters = [&ending];
    let drain = paced::drain(&limiters, 30 * SECOND);
    let end = async {
        sleep(4 * SECOND).await;
        drop(held);
    };
    let (left, ()) = tokio::join!(drain, end);
    assert_eq!(left, 0);
    let took = start.elapsed();
    assert!((4 * SECOND..5 * SECOND).contains(&took), "{took:?}");
    // At once, not after ten seconds.
    assert_eq!(shared(&other).await, (0, 0));
    let both = [other.try_acquire(), other.try_acquire()];
    assert!(both.iter().all(Result::is_err), "they are asked for");
    let start = Instant::now();
    drop(permits(&other, 2).await);
    assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn drain_ends_at_its_timeout_with_the_calls_that_are_left() {
    let store = Arc::new(MemoryStore::new());
    let ending = process(&store, 2);
    let _held = permits(&ending, 2).await;
    let start = Instant::now();
    assert_eq!(paced::drain(&[&ending], 3 * SECOND).await, 2);
    assert_eq!(start.elapsed(), 3 * SECOND);
}
