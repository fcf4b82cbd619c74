//! Heap of many keys.

use allocation_counter::measure;
use governor::DefaultKeyedRateLimiter as Governor;
use paced::Keyed;

use super::HOURLY;
use super::KEYS;
use super::governor_hourly;
use super::throttle;

/// Returns the allocations of the second of two runs: the first one sets up what stays.
pub(super) fn allocations(run: impl Fn()) -> u64 {
    run();
    measure(run).count_total
}

/// Returns the bytes of each of a million keys.
pub(super) fn of_a_million() -> Vec<(&'static str, i64)> {
    let each = |fill: fn()| measure(fill).bytes_current / i64::from(KEYS);
    vec![
        ("paced", each(paced)),
        ("governor", each(governor)),
        ("throttle-net", each(throttle_net)),
    ]
}

fn paced() {
    let keyed: Keyed<u64> = Keyed::new(HOURLY);
    (0..u64::from(KEYS)).for_each(|key| drop(keyed.try_acquire(&key)));
    std::mem::forget(keyed);
}

fn governor() {
    let keyed = Governor::keyed(governor_hourly());
    (0..u64::from(KEYS)).for_each(|key| drop(keyed.check_key(&key)));
    std::mem::forget(keyed);
}

fn throttle_net() {
    let keyed = throttle();
    for key in 0..u64::from(KEYS) {
        let _ = keyed.try_acquire(&key);
    }
    std::mem::forget(keyed);
}
