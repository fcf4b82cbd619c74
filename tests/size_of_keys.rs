//! Exact costs of the option `key`: bytes of future and allocations.

use core::num::NonZeroU32;

use allocation_counter::measure;
use paced::Quota;
use paced::rate_limited;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

async fn request() -> Result<u64, std::io::Error> {
    tokio::task::yield_now().await;
    Ok(7)
}

async fn plain(tenant: u64, id: u64) -> Result<u64, std::io::Error> {
    Ok(request().await? + id + tenant)
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// Allocations of the second of two runs: the first one sets up what stays.
fn allocations<F: Future>(runtime: &Runtime, call: impl Fn() -> F) -> u64 {
    runtime.block_on(call());
    measure(|| {
        runtime.block_on(call());
    })
    .count_total
}

#[rate_limited(rate = 1000, key = tenant, max_retries = 3)]
async fn of_key(tenant: u64, id: u64) -> Result<u64, std::io::Error> {
    Ok(request().await? + id + tenant)
}

#[rate_limited(limits(requests = "1000/s", tokens = "100000/s"), key = tenant, cost(tokens = 5), settle(tokens = |took: &u64| *took))]
async fn of_key_with_costs(tenant: &str, id: u64) -> Result<u64, paced::Error> {
    Ok(id + tenant.len() as u64)
}

/// The most that the future of a function with a key has beside the plain one's.
const WITH_KEY: usize = 136;

#[test]
fn a_call_of_a_known_key_allocates_nothing() {
    let runtime = runtime();
    // Yielding takes one.
    let plain_one = allocations(&runtime, || plain(7, 1));
    assert_eq!(allocations(&runtime, || of_key(7, 1)), plain_one);
    let keyed: paced::Keyed<str> =
        paced::Keyed::new(Quota::per_second(NonZeroU32::new(1000).unwrap()));
    assert_eq!(
        allocations(&runtime, || async { keyed.acquire("acme").await.is_ok() }),
        0
    );
    let added = size_of_val(&of_key(7, 1)) - size_of_val(&plain(7, 1));
    assert!(added <= WITH_KEY, "{added}");
}

#[test]
fn nor_does_one_with_several_limits_and_settlement() {
    let runtime = runtime();
    assert_eq!(allocations(&runtime, || of_key_with_costs("acme", 1)), 0);
}

#[test]
fn a_million_limited_keys_take_forty_bytes_each_and_survive_a_flood() {
    const KEYS: u64 = 1_000_000;
    let hourly = Quota::per_hour(NonZeroU32::MIN).with_burst(NonZeroU32::new(2).unwrap());
    let mut all = None;
    let memory = measure(|| {
        let keyed: paced::Keyed<u64> = paced::Keyed::new(hourly);
        for key in 0..KEYS {
            keyed.try_acquire(&key).expect("there is room");
        }
        all = Some(keyed);
    });
    let keyed = all.unwrap();
    assert!(
        memory.bytes_current <= 40 * KEYS.cast_signed(),
        "{memory:?}"
    );
    let flood = measure(|| {
        for key in KEYS..KEYS + 200_000 {
            assert!(keyed.try_acquire(&key).unwrap_err().is_keys_exhausted());
        }
    });
    assert_eq!(flood.bytes_current, 0);
    assert_eq!(keyed.len() as u64, KEYS);
    for key in (0..KEYS).step_by(5) {
        assert_eq!(keyed.snapshot(&key).available, 1, "{key} was forgotten");
    }
}
