//! Limits that several limiters share through a store, as those of several processes would.

use std::sync::Arc;

use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use paced::store::MemoryStore;
use paced::store::Policy;
use paced::store::Store;
use tokio::time::Instant;
use tokio::time::advance;

use crate::stores::Scripted;
use crate::support::Failed;
use crate::support::Log;
use crate::support::ms;
use crate::support::quota;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

pub(crate) fn shared(store: &Arc<impl Store>, hz: f64, burst: u32) -> Limiter {
    with_policy(store, hz, burst, Policy::new())
}

pub(crate) fn with_policy(store: &Arc<impl Store>, hz: f64, burst: u32, policy: Policy) -> Limiter {
    Limiter::builder(quota(hz, burst))
        .name("api")
        .store(Arc::clone(store) as _)
        .store_policy(policy)
        .unregistered()
        .build()
        .expect("a slow rate")
}

/// When each of `count` callers gets its permit, in milliseconds.
pub(crate) async fn times(limiters: &[&Limiter], count: usize) -> Vec<u64> {
    let start = Instant::now();
    let log = Log::new();
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..count {
        let limiter = limiters[number % limiters.len()].clone();
        let log = log.clone();
        callers.spawn(async move {
            limiter.acquire().await.expect("a permit");
            log.add(since(start));
        });
    }
    callers.join_all().await;
    log.entries()
}

#[tokio::test(start_paused = true)]
async fn two_processes_keep_to_one_limit() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (shared(&store, 10.0, 3), shared(&store, 10.0, 3));
    let times = times(&[&one, &other], 8).await;
    assert_eq!(times, [0, 0, 0, 100, 200, 300, 400, 500]);
}

#[tokio::test(start_paused = true)]
async fn limiters_of_other_names_are_not_affected() {
    let store = Arc::new(MemoryStore::new());
    let one = shared(&store, 1.0, 1);
    let other = Limiter::builder(quota(1.0, 1))
        .name("other")
        .store(store)
        .unregistered()
        .build()
        .expect("slow");
    assert_eq!(times(&[&one, &other], 2).await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn the_first_to_come_is_the_first_to_be_served() {
    let store = Arc::new(MemoryStore::new());
    let limiter = shared(&store, 10.0, 1);
    let log = Log::new();
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (limiter, log) = (limiter.clone(), log.clone());
        callers.spawn(async move {
            limiter.acquire_many(1).await.expect("a permit");
            log.add(number);
        });
    }
    callers.join_all().await;
    assert_eq!(log.entries(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn many_callers_make_few_requests() {
    let store = Arc::new(Scripted::new());
    let limiter = shared(&store, 50_000.0, 1000);
    let _ = times(&[&limiter], 1000).await;
    // Callers that come one by one: 1, 1, 2 and 4 tokens before the first answer, then the rest.
    assert_eq!(store.requests(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_idle_caller_makes_one_request() {
    let store = Arc::new(Scripted::new());
    let limiter = shared(&store, 10.0, 10);
    for number in 1..=5 {
        limiter.acquire().await.expect("a permit");
        assert_eq!(store.requests(), number);
        advance(secs(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_holds_for_all_processes() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (shared(&store, 10.0, 5), shared(&store, 10.0, 5));
    one.acquire().await.expect("a permit");
    one.cooldown_for(secs(2));
    tokio::task::yield_now().await;
    // Paced over both together, the first one interval after the end.
    assert_eq!(times(&[&other, &one], 4).await, [2100, 2200, 2300, 2400]);
}

#[tokio::test(start_paused = true)]
async fn waiters_for_a_token_see_a_cooldown_that_comes_in_between() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (shared(&store, 1.0, 1), shared(&store, 1.0, 1));
    let limiters = [&one];
    let (times, ()) = tokio::join!(times(&limiters, 3), async {
        tokio::time::sleep(ms(1500)).await;
        other.cooldown_for(secs(3));
    });
    assert_eq!(times, [0, 1000, 5500]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_caller_leaves_its_token_to_the_next() {
    let store = Arc::new(MemoryStore::new());
    let limiter = shared(&store, 1.0, 1);
    limiter.acquire().await.expect("a permit");
    let start = Instant::now();
    let gives_up = tokio::time::timeout(ms(500), limiter.acquire());
    let (gave_up, permit) = tokio::join!(gives_up, limiter.acquire());
    assert!(gave_up.is_err());
    permit.expect("a permit");
    assert_eq!(since(start), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_is_refused_at_once() {
    #[derive(Debug)]
    struct Refused;
    impl From<paced::Error> for Refused {
        fn from(error: paced::Error) -> Self {
            assert!(error.is_max_wait(), "{error}");
            Self
        }
    }
    #[paced::rate_limited(limiter = limiter, max_wait = "2s")]
    async fn call(limiter: &Limiter) -> Result<(), Refused> {
        Ok(())
    }
    let store = Arc::new(MemoryStore::new());
    let limiter = shared(&store, 1.0, 1);
    let start = Instant::now();
    let calls = tokio::join!(call(&limiter), call(&limiter), call(&limiter), async {
        let refused = call(&limiter).await.is_err();
        (refused, since(start))
    });
    assert!(calls.0.is_ok() && calls.1.is_ok() && calls.2.is_ok());
    assert_eq!(calls.3, (true, 0));
}

#[tokio::test(start_paused = true)]
async fn trying_fetches_a_token_for_the_next_try() {
    let store = Arc::new(MemoryStore::new());
    let limiter = shared(&store, 1.0, 1);
    assert!(
        limiter
            .try_acquire()
            .expect_err("nothing is at hand")
            .is_not_yet()
    );
    tokio::task::yield_now().await;
    limiter.try_acquire().expect("it has been fetched");
    assert!(limiter.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_cost_is_paid_in_one_piece() {
    let store = Arc::new(MemoryStore::new());
    let (one, other) = (shared(&store, 10.0, 5), shared(&store, 10.0, 5));
    one.acquire_many(4).await.expect("a permit");
    let start = Instant::now();
    other.acquire_many(5).await.expect("a permit");
    assert_eq!(since(start), 400);
    let error = one
        .acquire_many(6)
        .await
        .expect_err("more than the bucket holds");
    assert!(error.is_insufficient_capacity());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_lost_with_its_runtime_is_sent_again() {
    let store = Arc::new(Scripted::new());
    let limiter = shared(&store, 10.0, 1);
    let clone = limiter.clone();
    // The other runtime's time is not paused.
    let real = std::time::Instant::now();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut acquire = clone.acquire();
            assert!(crate::support::poll_once(&mut acquire).is_pending());
        });
    })
    .join()
    .expect("no panic");
    let start = Instant::now();
    limiter.acquire().await.expect("a permit");
    let (waited, passed) = (start.elapsed(), real.elapsed());
    assert!(waited <= passed + ms(20), "{waited:?} of {passed:?}");
}

#[tokio::test(start_paused = true)]
async fn rates_that_a_store_cannot_hold_are_refused() {
    let store = Arc::new(MemoryStore::new());
    let error = Limiter::builder(quota(110_000.0, 1))
        .name("api")
        .store(store)
        .unregistered()
        .build();
    assert!(error.expect_err("too fast").is_invalid());
}

/// Times of a bucket that takes a day to fill are longer than the clock has run.
#[tokio::test(start_paused = true)]
async fn a_large_bucket_in_a_store_is_as_full_as_it_is() {
    #[rate_limited(limiter = limiter, max_wait = "1s")]
    async fn call(limiter: &Limiter) -> Result<(), Failed> {
        Ok(())
    }
    let quota = Quota::new("1000/day".parse().unwrap()).with_burst(1000.try_into().unwrap());
    let store = Arc::new(MemoryStore::new());
    let limiter = Limiter::builder(quota)
        .name("large")
        .store(store)
        .unregistered()
        .build()
        .unwrap();
    let start = Instant::now();
    for _ in 0..5 {
        let calls: Vec<_> = (0..200)
            .map(|_| {
                let limiter = limiter.clone();
                tokio::spawn(async move { call(&limiter).await })
            })
            .collect();
        for called in calls {
            called.await.unwrap().unwrap();
        }
    }
    assert_eq!(since(start), 0);
    assert!(refusal(call(&limiter).await).is_max_wait());
}
