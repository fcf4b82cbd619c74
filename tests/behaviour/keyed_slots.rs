//! Calls in flight, and modes, of limiters of keys that a program builds.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::LazyLock;

use paced::Hint;
use paced::Keyed;
use paced::KeyedBuilder;
use paced::Mode;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::Failed;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;

fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn builder() -> KeyedBuilder<u64> {
    Keyed::builder(quota(1000.0, 1000))
}

fn bounded(max: u32) -> Keyed<u64> {
    builder().max_concurrency(count(max)).build().unwrap()
}

fn in_flight(keyed: &Keyed<u64>, key: u64) -> u64 {
    keyed.snapshot(&key).in_flight
}

#[test]
fn a_permit_of_a_key_holds_a_slot_until_it_is_dropped() {
    let keyed = bounded(2);
    let (one, other) = (keyed.try_acquire(&1).unwrap(), keyed.try_acquire(&1));
    assert!(other.is_ok());
    assert!(keyed.try_acquire(&1).unwrap_err().is_not_yet());
    assert_eq!((in_flight(&keyed, 1), in_flight(&keyed, 2)), (2, 0));
    let elsewhere = keyed.try_acquire(&2).unwrap();
    // The response is told to the limiter while the slot is held.
    one.accepted(&Hint::new());
    assert!(keyed.try_acquire(&1).is_err());
    drop(one);
    assert_eq!((in_flight(&keyed, 1), in_flight(&keyed, 2)), (1, 1));
    let again = keyed.try_acquire(&1).unwrap();
    drop((again, other, elsewhere));
    assert_eq!((in_flight(&keyed, 1), in_flight(&keyed, 2)), (0, 0));
    assert_eq!(keyed.snapshot(&9).max_concurrency, Some(count(2)));
}

#[tokio::test(start_paused = true)]
async fn a_permit_of_a_key_and_of_shared_limits_holds_a_slot_until_it_is_dropped() {
    let keyed = builder().shared_row("requests", quota(1000.0, 1000));
    let keyed: Keyed<u64> = keyed.max_concurrency(count(1)).build().unwrap();
    let permit = keyed.try_acquire(&1).unwrap();
    assert_eq!(in_flight(&keyed, 1), 1);
    assert!(keyed.try_acquire(&1).unwrap_err().is_not_yet());
    let mut waits = Box::pin(keyed.acquire(&1));
    assert!(poll_once(&mut waits).is_pending());
    drop(permit);
    let permit = waits.await.unwrap();
    assert_eq!(in_flight(&keyed, 1), 1);
    assert!(keyed.try_acquire(&1).is_err());
    drop(permit);
    assert_eq!(in_flight(&keyed, 1), 0);
    assert!(keyed.try_acquire(&1).is_ok());
}

#[tokio::test(start_paused = true)]
async fn callers_wait_for_the_slots_of_their_key_in_order() {
    static KEYED: LazyLock<Keyed<u64>> = LazyLock::new(|| bounded(1));
    let start = Instant::now();
    let calls = [(1, 10), (1, 5), (2, 3), (1, 0)].map(|(key, takes)| {
        tokio::spawn(async move {
            let permit = KEYED.acquire(&key).await.unwrap();
            let began = since(start);
            sleep(secs(takes)).await;
            drop(permit);
            began
        })
    });
    let mut began = Vec::new();
    for call in calls {
        began.push(call.await.unwrap());
    }
    assert_eq!(began, [0, 10_000, 0, 15_000]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_leaves_its_slot_to_the_next() {
    let keyed = bounded(1);
    let held = keyed.acquire(&1).await.unwrap();
    let (mut first, mut second) = (Box::pin(keyed.acquire(&1)), Box::pin(keyed.acquire(&1)));
    assert!(poll_once(&mut first).is_pending());
    assert!(poll_once(&mut second).is_pending());
    assert_eq!(keyed.snapshot(&1).waiting, 2);
    drop(held);
    // The first one has the slot now, and has not picked it up.
    assert!(poll_once(&mut second).is_pending());
    drop(first);
    let permit = second.await.unwrap();
    assert_eq!(in_flight(&keyed, 1), 1);
    drop(permit);
    assert_eq!(in_flight(&keyed, 1), 0);
    // A future that is never polled.
    drop(keyed.acquire(&1));
    assert!(keyed.try_acquire(&1).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_permit_is_kept_is_not_forgotten() {
    let keyed = builder().max_concurrency(count(1)).max_keys(2);
    let keyed = keyed.build().unwrap();
    let held = keyed.acquire(&1).await.unwrap();
    for _ in 0..200 {
        sleep(secs(1)).await;
        drop(keyed.acquire(&2).await.unwrap());
    }
    assert_eq!(in_flight(&keyed, 1), 1);
    assert!(keyed.try_acquire(&1).unwrap_err().is_not_yet());
    // There is room for one more key at a time.
    sleep(secs(1)).await;
    let others = [3, 4].map(|key| keyed.try_acquire(&key).is_ok());
    assert_eq!(others, [true, false]);
    drop(held);
    sleep(secs(1)).await;
    for _ in 0..200 {
        drop(keyed.acquire(&2).await.unwrap());
    }
    sleep(secs(1)).await;
    assert!(keyed.try_acquire(&4).is_ok(), "the first key is forgotten");
}

#[tokio::test(start_paused = true)]
async fn annotated_functions_and_permits_share_the_slots_of_a_key() {
    static KEYED: LazyLock<Keyed<u64>> = LazyLock::new(|| bounded(1));
    #[rate_limited(limiter = KEYED, key = key)]
    async fn export(key: u64) -> Result<u64, Failed> {
        sleep(secs(4)).await;
        Ok(key)
    }
    let start = Instant::now();
    let held = KEYED.acquire(&1).await.unwrap();
    let (one, other) = (tokio::spawn(export(1)), tokio::spawn(export(2)));
    sleep(secs(3)).await;
    drop(held);
    other.await.unwrap().unwrap();
    assert_eq!(since(start), 4000);
    one.await.unwrap().unwrap();
    assert_eq!(since(start), 7000);
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_bound_of_its_own() {
    let keyed = builder().auto_concurrency(NonZeroU32::new(8), None);
    let keyed = keyed.build().unwrap();
    assert_eq!(keyed.snapshot(&1).max_concurrency, NonZeroU32::new(8));
    let permits: Vec<_> = (0..8).map(|_| keyed.try_acquire(&1).unwrap()).collect();
    assert!(keyed.try_acquire(&1).is_err());
    drop(permits);
    keyed
        .limiter(&1)
        .unwrap()
        .set_max_concurrency(NonZeroU32::new(2));
    assert_eq!(keyed.snapshot(&1).max_concurrency, NonZeroU32::new(2));
    assert_eq!(keyed.snapshot(&2).max_concurrency, NonZeroU32::new(8));
}

#[tokio::test(start_paused = true)]
async fn keys_are_observed_or_let_alone() {
    let keyed = Keyed::builder(quota(1.0, 1));
    let observed: Keyed<u64> = keyed.clone().mode(Mode::Observe).build().unwrap();
    let off: Keyed<u64> = keyed.mode(Mode::Off).build().unwrap();
    let start = Instant::now();
    for _ in 0..5 {
        observed.acquire(&1).await.unwrap();
        observed.try_acquire(&2).unwrap();
        off.acquire(&1).await.unwrap();
    }
    assert_eq!(since(start), 0);
    let would = observed.snapshot(&1).would_have_waited;
    assert_eq!((would.count, would.longest), (4, Duration::from_secs(4)));
    assert_eq!(observed.snapshot(&2).would_have_refused, 4);
    assert_eq!(off.snapshot(&1).would_have_waited.count, 0);
    assert_eq!(observed.limiter(&3).unwrap().mode(), Mode::Observe);
}

#[tokio::test(start_paused = true)]
async fn permits_beside_a_shared_limit_hold_slots_of_their_key() {
    let builder = Keyed::builder(quota(100.0, 100)).shared_row("requests", quota(100.0, 100));
    let keyed: Keyed<u64> = builder.max_concurrency(NonZeroU32::MIN).build().unwrap();
    let start = Instant::now();
    for _ in 0..3 {
        let permit = keyed.try_acquire(&1).unwrap();
        let error = keyed.try_acquire(&1).unwrap_err();
        assert!(error.is_not_yet(), "{error}");
        let mut waits = Box::pin(keyed.acquire(&1));
        assert!(poll_once(&mut waits).is_pending());
        assert_eq!(keyed.snapshot(&1).in_flight, 1);
        drop(permit);
        let permit = waits.await.unwrap();
        assert_eq!(keyed.snapshot(&1).in_flight, 1);
        drop(keyed.acquire(&2).await.unwrap());
        drop(permit);
    }
    assert_eq!(since(start), 0);
    assert_eq!([1, 2].map(|key| keyed.snapshot(&key).in_flight), [0, 0]);
}
