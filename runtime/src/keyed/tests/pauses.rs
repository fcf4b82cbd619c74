//! Work of one access at most, counted in keys and not in time.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::keyed::Keyed;
use crate::quota::Quota;

/// Keys of a limiter whose keys are all in one shard.
const KEYS: u64 = 3000;
/// Places that one access looks at, at most: two for each access, in batches of sixteen accesses.
const LOOKS: usize = 32;

fn keyed(max_keys: usize) -> Keyed<u64> {
    let quota = Quota::per_second(NonZeroU32::MIN);
    let keyed = Keyed::builder(quota).max_keys(max_keys);
    keyed.build().expect("valid")
}

/// Work of one access.
#[derive(Debug, Default)]
struct Work {
    added: usize,
    removed: usize,
    /// Keys that were moved, because a table has changed its size.
    moved: usize,
}

fn access(keyed: &Keyed<u64>, key: u64) -> Work {
    let before = (keyed.len(), keyed.keys().allocation());
    drop(keyed.try_acquire(&key));
    let after = (keyed.len(), keyed.keys().allocation());
    let moved = if before.1 == after.1 {
        0
    } else {
        before.0.max(after.0)
    };
    Work {
        added: after.0.saturating_sub(before.0),
        removed: before.0.saturating_sub(after.0),
        moved,
    }
}

#[tokio::test(start_paused = true)]
async fn no_access_adds_moves_or_removes_more_than_a_part_of_one_shard() {
    let most = usize::try_from(KEYS).expect("small");
    let keyed = keyed(most);
    assert_eq!(keyed.keys().shards().count(), 1);
    let mut grown = 0;
    for key in 0..KEYS {
        let work = access(&keyed, key);
        assert!(work.added <= 1 && work.removed == 0, "{key}: {work:?}");
        assert!(work.moved <= most, "{key}: {work:?}");
        grown += usize::from(work.moved > 0);
    }
    assert_eq!(keyed.len(), most);
    assert!(grown > 8, "it grows in steps, and each moves what is there");
    tokio::time::advance(Duration::from_secs(2)).await;
    let (mut accesses, mut shrunk) = (0, 0);
    while keyed.len() > 1 {
        let work = access(&keyed, 0);
        assert!(work.removed <= LOOKS, "{accesses}: {work:?}");
        // A table shrinks when it is no more than an eighth full.
        assert!(work.moved <= most / 4, "{accesses}: {work:?}");
        shrunk += usize::from(work.moved > 0);
        accesses += 1;
    }
    // Two places for each access: 4,096 of the table, and some more while it shrinks.
    assert!((1000..6000).contains(&accesses), "{accesses}");
    assert!(shrunk > 1, "{shrunk}");
}

#[tokio::test(start_paused = true)]
async fn a_new_key_in_a_full_table_looks_at_a_few_places() {
    let most = usize::try_from(KEYS).expect("small");
    let keyed = keyed(most);
    for key in 0..KEYS {
        keyed.try_acquire(&key).expect("there is room");
    }
    tokio::time::advance(Duration::from_secs(2)).await;
    for key in 0..KEYS {
        let work = access(&keyed, 100_000 + key);
        // A sweep looks at 32, and making room at twice sixteen.
        assert!(work.removed <= 2 * LOOKS, "{key}: {work:?}");
        assert!(keyed.len() <= most, "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn whole_limiters_of_idle_keys_go_as_slowly() {
    let keyed = keyed(1000);
    for key in 0..1000 {
        drop(keyed.limiter(&key).expect("there is room"));
    }
    assert_eq!(keyed.keys().wholes(), 1000);
    let mut wholes = 1000;
    for _ in 0..5000 {
        drop(keyed.try_acquire(&0));
        let left = keyed.keys().wholes();
        assert!(wholes - left <= LOOKS, "{wholes}, {left}");
        wholes = left;
    }
    assert!(wholes <= 1, "{wholes}");
}

#[test]
fn shards_of_many_keys_are_as_small() {
    for max_keys in [1, 3000, 3001, 1_000_000, 10_000_000] {
        let shards = keyed(max_keys).keys().shards().count();
        assert_eq!(shards, max_keys.div_ceil(3000));
    }
}

#[test]
fn many_keys_take_24_bytes_each_when_all_are_there() {
    const MANY: usize = 300_000;
    let keyed = keyed(MANY);
    for key in 0..MANY as u64 {
        drop(keyed.try_acquire(&key));
    }
    let bytes = keyed.keys().allocation();
    assert!(bytes <= 24 * MANY, "{bytes}");
}
