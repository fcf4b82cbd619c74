//! Modes of limiters with several limits, strict windows, resources and stores.

use core::num::NonZeroU32;
use std::sync::Arc;

use http::Response;
use paced::Limiter;
use paced::Mode;
use paced::Quota;
use paced::rate_limited;
use paced::store::MemoryStore;
use paced::store::Store;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::modes::in_millis;
use crate::modes::observing;
use crate::modes::would_wait;
use crate::support::ms;
use crate::support::quota;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

fn per_second(count: u32) -> Quota {
    Quota::per_second(NonZeroU32::new(count).unwrap())
}

/// Returns a limiter of 10 requests and 500 tokens per second that observes.
fn requests_and_tokens() -> Limiter {
    let builder = Limiter::builder(per_second(10)).row("tokens", per_second(500));
    builder.mode(Mode::Observe).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn waits_are_counted_by_limit() {
    let (limiter, start) = (requests_and_tokens(), Instant::now());
    limiter.acquire_costs(&[("tokens", 500)]).await.unwrap();
    limiter.acquire_costs(&[("tokens", 100)]).await.unwrap();
    limiter.acquire_costs(&[("tokens", 200)]).await.unwrap();
    limiter.acquire_costs(&[("requests", 10)]).await.unwrap();
    limiter.acquire_costs(&[("tokens", 600)]).await.unwrap();
    limiter.try_acquire_costs(&[("tokens", 1)]).unwrap();
    assert_eq!(since(start), 0);
    let snapshot = limiter.snapshot();
    let row = |unit| {
        let row = snapshot.row(unit).unwrap();
        (in_millis(row.would_have_waited), row.would_have_refused)
    };
    assert_eq!(row("tokens"), ((2, 800, 600), 2));
    assert_eq!(row("requests"), ((1, 300, 300), 0));
    assert_eq!(would_wait(&limiter), (3, 1100, 600));
    assert_eq!(snapshot.would_have_refused, 2);

    // The end of a cooldown belongs to no limit.
    sleep(secs(10)).await;
    limiter.cooldown_for(secs(5));
    limiter.acquire().await.unwrap();
    assert_eq!(would_wait(&limiter), (4, 6100, 5000));
    assert_eq!(
        limiter
            .snapshot()
            .row("requests")
            .unwrap()
            .would_have_waited
            .count,
        1
    );

    limiter.resume();
    sleep(secs(10)).await;
    limiter.set_mode(Mode::Enforce);
    let start = Instant::now();
    limiter.acquire_costs(&[("tokens", 500)]).await.unwrap();
    limiter.acquire_costs(&[("tokens", 50)]).await.unwrap();
    assert_eq!(since(start), 100);
}

#[tokio::test(start_paused = true)]
async fn debts_of_all_limits_are_bounded() {
    let limiter = requests_and_tokens();
    for _ in 0..100 {
        limiter.acquire_costs(&[("tokens", 500)]).await.unwrap();
    }
    assert_eq!(would_wait(&limiter).2, 99_000);
    limiter.set_mode(Mode::Enforce);
    let start = Instant::now();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 1100, "ten requests are owed");
    limiter.acquire_costs(&[("tokens", 250)]).await.unwrap();
    assert_eq!(since(start), 1500, "500 tokens are owed");
}

#[tokio::test(start_paused = true)]
async fn settlements_change_the_waits_that_follow() {
    let limiter = requests_and_tokens();
    let reserved = limiter.acquire_costs(&[("tokens", 500)]).await.unwrap();
    let other = limiter.acquire_costs(&[("tokens", 100)]).await.unwrap();
    reserved.settle(&[("tokens", 900)]).unwrap();
    limiter.acquire_costs(&[("tokens", 100)]).await.unwrap();
    // 400 more are owed: 200 ms of the second call, and a second for this one.
    assert_eq!(would_wait(&limiter), (2, 1400, 1200));
    other.settle(&[("tokens", 0)]).unwrap();
    limiter.acquire_costs(&[("tokens", 50)]).await.unwrap();
    assert_eq!(would_wait(&limiter), (3, 2500, 1200));
}

#[tokio::test(start_paused = true)]
async fn a_strict_window_is_full_when_it_is_enforced() {
    let quota = Quota::strict(paced::Rate::parse("5/s").unwrap());
    let limiter = Limiter::builder(quota).mode(Mode::Observe).build().unwrap();
    let start = Instant::now();
    for _ in 0..6 {
        limiter.acquire().await.unwrap();
    }
    assert_eq!(since(start), 0);
    let waits = limiter.snapshot().would_have_waited;
    assert_eq!(waits.count, 1);
    assert!(
        waits.longest >= secs(1) && waits.longest < ms(1600),
        "{waits:?}"
    );
    limiter.set_mode(Mode::Enforce);
    limiter.acquire().await.unwrap();
    assert!(since(start) >= 1000);
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_is_used_up_holds_back_no_call() {
    #[rate_limited(limiter = limiter, max_retries = 0)]
    async fn search(limiter: &Limiter) -> Result<Response<String>, paced::Error> {
        let _ = limiter;
        let told = [
            ("x-ratelimit-resource", "search"),
            ("x-ratelimit-limit", "30"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "60"),
        ];
        Ok(response(200, &told))
    }
    let (limiter, start) = (observing(100.0, 10), Instant::now());
    for _ in 0..3 {
        search(&limiter).await.unwrap();
    }
    assert_eq!(since(start), 0);
    let waits = limiter.snapshot().would_have_waited;
    assert_eq!((waits.count, waits.longest.as_secs()), (2, 60));
    limiter.set_mode(Mode::Enforce);
    search(&limiter).await.unwrap();
    assert_eq!(
        since(start),
        60_020,
        "the two calls before have used tokens of the next window"
    );
}

/// Returns two limiters of 5 tokens per second that share them, as those of two processes do.
fn processes() -> [Limiter; 2] {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let builder = Limiter::builder(quota(5.0, 5)).name("modes").unregistered();
    let builder = builder.store(store);
    [(); 2].map(|()| builder.clone().build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_process_that_observes_uses_up_the_tokens_of_those_that_enforce() {
    for (calls, wait) in [(1, 0), (5, 200), (8, 800), (30, 1200)] {
        let [observing, enforcing] = processes();
        observing.set_mode(Mode::Observe);
        let start = Instant::now();
        for _ in 0..calls {
            observing.acquire().await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(since(start), 0);
        sleep(ms(0)).await;
        enforcing.acquire().await.unwrap();
        assert_eq!(since(start), wait, "after {calls} calls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_observes_says_what_others_leave() {
    let [observing, enforcing] = processes();
    enforcing.acquire_many(5).await.unwrap();
    observing.set_mode(Mode::Observe);
    // The store is not known before the first call.
    observing.acquire().await.unwrap();
    sleep(ms(10)).await;
    observing.acquire().await.unwrap();
    let waits = observing.snapshot().would_have_waited;
    assert_eq!(waits.count, 1);
    assert!(waits.longest.abs_diff(ms(390)) <= ms(10), "{waits:?}");
    observing.set_mode(Mode::Enforce);
    let start = Instant::now();
    observing.acquire().await.unwrap();
    assert!(since(start).abs_diff(590) <= 10, "{}", since(start));
}
