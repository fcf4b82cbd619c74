//! Keys beside options that need more of a key than a bucket: `max_concurrency` and `mode`.

use core::num::NonZeroU32;

use paced::Keyed;
use paced::Mode;
use paced::Quota;
use paced::rate_limited;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_slots() {
    #[rate_limited(rate = 100, key = tenant, max_concurrency = 4)]
    async fn export(tenant: u32) -> Result<u32, Failed> {
        sleep(secs(10)).await;
        Ok(tenant)
    }
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for call in 0..16 {
        calls.spawn(async move { export(call % 2).await.map(|_| since(start)) });
    }
    let mut ends: Vec<_> = calls.join_all().await.into_iter().flatten().collect();
    ends.sort_unstable();
    assert_eq!(ends, [[10_000; 8], [20_000; 8]].concat());
}

#[tokio::test(start_paused = true)]
async fn a_key_with_a_call_in_flight_is_not_forgotten() {
    #[rate_limited(rate = 1000, key = tenant, max_concurrency = 1, max_keys = 2)]
    async fn export(tenant: u32, time: u64) -> Result<u32, Failed> {
        sleep(secs(time)).await;
        Ok(tenant)
    }
    let start = Instant::now();
    let first = tokio::spawn(export(1, 10));
    // Its bucket is full again, and each access looks for keys to forget.
    for _ in 0..200 {
        export(2, 0).await.unwrap();
        sleep(secs(0)).await;
    }
    export(1, 0).await.unwrap();
    assert_eq!(since(start), 10_000);
    assert!(first.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn keys_that_observe_hold_no_call_back() {
    #[rate_limited(rate = "1/h", key = tenant, mode = "observe")]
    async fn report(tenant: u32) -> Result<u32, Failed> {
        Ok(tenant)
    }
    let start = Instant::now();
    for _ in 0..10 {
        report(7).await.unwrap();
    }
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn the_mode_of_one_key_stays() {
    static KEYS: Keyed<u32> = Keyed::new(Quota::per_minute(NonZeroU32::MIN));
    KEYS.limiter(&7).unwrap().set_mode(Mode::Observe);
    sleep(secs(600)).await;
    for key in 100..20_000 {
        KEYS.try_acquire(&key).unwrap();
    }
    let start = Instant::now();
    for _ in 0..3 {
        KEYS.acquire(&7).await.unwrap();
    }
    assert_eq!(since(start), 0);
    KEYS.acquire(&8).await.unwrap();
    KEYS.acquire(&8).await.unwrap();
    assert_eq!(since(start), 60_000);
}

/// A call that the server answers with this status.
#[rate_limited(limiter = keyed, key = key, max_retries = 1, max_wait = "1s")]
async fn answered(keyed: &Keyed<u64>, key: u64, status: u16) -> Result<u8, Failed> {
    match status {
        200 => Ok(1),
        status => Err(Failed::Api(ApiError::status(status))),
    }
}

/// Calls of seven keys.
async fn use_keys(keyed: &Keyed<u64>) {
    for key in 0..5 {
        // Two by the bucket, one that waits a second, and one that is refused while another waits.
        keyed.try_acquire(&key).unwrap();
        answered(keyed, key, 200).await.unwrap();
        let (waited, refused) = tokio::join!(keyed.acquire(&key), answered(keyed, key, 200));
        waited.unwrap();
        refused.unwrap_err();
    }
    // Both have a whole limiter from then on.
    answered(keyed, 7, 429).await.unwrap_err();
    answered(keyed, 8, 500).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn counts_of_all_keys_stay_when_keys_go() {
    let builder = Keyed::<u64>::builder(quota(1.0, 2));
    let keyed = builder.max_keys(100).build().unwrap();
    use_keys(&keyed).await;
    let (counts, waits) = (keyed.counts(), keyed.waits());
    assert_eq!((counts.calls, counts.attempts), (12, 7), "{counts:?}");
    assert_eq!(counts.granted, 5 * 3 + 2, "{counts:?}");
    assert_eq!((counts.refused, counts.given_up), (5, 1), "{counts:?}");
    assert_eq!((counts.throttled, counts.failed), (1, 1), "{counts:?}");
    assert_eq!(waits.queue, secs(5));
    sleep(secs(600)).await;
    for _ in 0..200 {
        keyed.try_acquire(&99).unwrap();
        sleep(secs(3)).await;
    }
    // What a refusal has taught a key is remembered for longer.
    assert!(keyed.len() <= 2, "{}", keyed.len());
    let mut expected = counts;
    expected.granted += 200;
    assert_eq!((keyed.counts(), keyed.waits()), (expected, waits));
}
