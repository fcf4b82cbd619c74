//! Periods of quotas: for how long a tighter quota of another process holds.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Limiter;
use paced::Quota;
use paced::store::MemoryStore;
use tokio::time::Instant;

fn per_hour(count: u32) -> Quota {
    Quota::per_hour(NonZeroU32::new(count).expect("above 0"))
}

fn limiter(store: &Arc<MemoryStore>, quota: Quota, rows: bool) -> Limiter {
    let builder = Limiter::builder(quota).name("periods").unregistered();
    let builder = builder.store(Arc::<MemoryStore>::clone(store));
    let tokens = per_hour(1000);
    let builder = if rows {
        builder.row("tokens", tokens)
    } else {
        builder
    };
    builder.build().expect("a limiter")
}

/// A quota of an hour holds for an hour, also where it is the only one of its limiter.
#[tokio::test(start_paused = true)]
async fn a_tighter_quota_holds_for_its_period_alone_and_beside_others() {
    for rows in [false, true] {
        let store = Arc::new(MemoryStore::new());
        let tight = limiter(&store, per_hour(3600), rows);
        let loose = limiter(&store, per_hour(36_000), rows);
        drop(tight.acquire().await.expect("a permit"));
        for minutes in [0, 30, 29] {
            tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
            let held = loose.shared_snapshot().await.expect("an answer").held;
            assert!(held.is_some(), "rows: {rows}, {minutes}");
            let start = Instant::now();
            for _ in 0..3 {
                drop(loose.acquire().await.expect("a permit"));
            }
            assert!(start.elapsed() >= Duration::from_secs(2), "rows: {rows}");
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let held = loose.shared_snapshot().await.expect("an answer").held;
        assert_eq!(held, None, "rows: {rows}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_strict_window_of_an_hour_holds_alone_and_beside_others() {
    for rows in [false, true] {
        let store = Arc::new(MemoryStore::new());
        let rate = paced::Rate::parse("60/h").expect("a rate");
        let burst = NonZeroU32::new(10).expect("above 0");
        let strict = Quota::strict(rate).with_burst(burst);
        let [one, other] = [(); 2].map(|()| limiter(&store, strict, rows));
        let start = Instant::now();
        let mut sent = Vec::new();
        for _ in 0..50 {
            drop(one.acquire().await.expect("a permit"));
            sent.push(start.elapsed());
            drop(other.acquire().await.expect("a permit"));
            sent.push(start.elapsed());
        }
        let within = sent
            .windows(61)
            .map(|window| window[60].saturating_sub(window[0]));
        let least = within.min().expect("100 calls");
        assert!(least > Duration::from_secs(3600), "rows: {rows}: {least:?}");
    }
}
