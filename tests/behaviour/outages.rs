//! Stores that cannot be reached, that refuse, and that have lost what they knew.

use std::sync::Arc;

use paced::Limiter;
use paced::store::OnStoreError;
use paced::store::Policy;
use tokio::time::Instant;
use tokio::time::advance;

use crate::late_answers::CLOSED;
use crate::late_answers::OPEN;
use crate::late_answers::hurried;
use crate::late_answers::one_left;
use crate::late_answers::patient;
use crate::late_answers::timed;
use crate::sharing::shared;
use crate::sharing::times;
use crate::sharing::with_policy;
use crate::stores::Fate;
use crate::stores::Scripted;
use crate::support::ApiError;
use crate::support::ms;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_leaves_each_process_its_share() {
    let store = Arc::new(Scripted::new());
    let limiter = with_policy(&store, 10.0, 10, Policy::new().processes(2));
    store.set(Fate::Fails);
    // 0.9 of half of 10 per second, with nothing saved up.
    let interval = 1000.0 / 4.5;
    let times = times(&[&limiter], 10).await;
    for (number, time) in (0_u32..).zip(times) {
        let expected = f64::from(number) * interval;
        let time = f64::from(u32::try_from(time).expect("a short test"));
        assert!(
            (time - expected).abs() <= 2.0,
            "{number}: {time} instead of {expected}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_share_of_a_process_also_pays_for_calls_that_cost_more_than_one() {
    let store = Arc::new(Scripted::new());
    let limiter = with_policy(&store, 10.0, 10, Policy::new().processes(2));
    store.set(Fate::Fails);
    let start = Instant::now();
    limiter.acquire_many(9).await.expect("a permit of its own");
    limiter.acquire_many(9).await.expect("a permit of its own");
    // 4.5 per second.
    assert!((1998..=2002).contains(&since(start)), "{}", since(start));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_comes_back_is_used_again() {
    let store = Arc::new(Scripted::new());
    let limiter = shared(&store, 10.0, 10);
    store.set(Fate::Fails);
    limiter.acquire().await.expect("a permit of its own");
    store.set(Fate::Works);
    advance(ms(130)).await;
    limiter.acquire().await.expect("a permit");
    tokio::task::yield_now().await;
    let before = store.requests();
    limiter.acquire().await.expect("a permit");
    assert!(store.requests() > before, "it is still on its own");
    // What was sent while the store was away is not known to it: nothing is saved up.
    let times = times(&[&limiter], 2).await;
    assert!(times[1] >= 99, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn no_call_waits_longer_than_the_timeout_for_a_store_that_hangs() {
    let store = Arc::new(Scripted::new());
    let limiter = shared(&store, 10.0, 10);
    store.set(Fate::Hangs);
    let start = Instant::now();
    limiter.acquire().await.expect("a permit of its own");
    assert_eq!(since(start), 150);
}

#[tokio::test(start_paused = true)]
async fn on_store_error_closed_refuses_while_the_store_is_away() {
    let store = Arc::new(Scripted::new());
    let closed = Policy::new().on_error(OnStoreError::Closed);
    let limiter = with_policy(&store, 10.0, 10, closed);
    store.set(Fate::Fails);
    for _ in 0..3 {
        let error = limiter.acquire().await.expect_err("the store is away");
        assert!(error.is_store(), "{error}");
    }
    store.set(Fate::Works);
    advance(ms(130)).await;
    limiter.acquire().await.expect("it is back");
}

#[tokio::test(start_paused = true)]
async fn on_store_error_open_does_not_pace_while_the_store_is_away() {
    let store = Arc::new(Scripted::new());
    let open = Policy::new().on_error(OnStoreError::Open);
    let limiter = with_policy(&store, 1.0, 1, open);
    store.set(Fate::Fails);
    assert_eq!(times(&[&limiter], 50).await, [0; 50]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_rejects_is_never_worked_around() {
    let store = Arc::new(Scripted::new());
    for on_error in [
        OnStoreError::Local,
        OnStoreError::Open,
        OnStoreError::Closed,
    ] {
        let limiter = with_policy(&store, 10.0, 10, Policy::new().on_error(on_error));
        store.set(Fate::Rejects);
        let error = limiter.acquire().await.expect_err("a wrong password");
        assert!(error.is_store(), "{error}");
        assert!(error.to_string().contains("wrong password"), "{error}");
        store.set(Fate::Works);
        advance(ms(1001)).await;
        limiter.acquire().await.expect("the store is back");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_refused_goes_on_with_the_share_of_its_process() {
    #[paced::rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<(), ApiError> {
        Ok(())
    }
    let store = Arc::new(Scripted::new());
    let limiter = with_policy(&store, 10.0, 10, Policy::new().processes(1));
    store.set(Fate::Rejects);
    let start = Instant::now();
    for _ in 0..10 {
        call(&limiter).await.expect("it has no error for this");
    }
    // Nine tenths of the rate, with nothing saved up, and asked again once a second.
    assert!((998..=1002).contains(&since(start)), "{}", since(start));
    let error = limiter.acquire().await.expect_err("a wrong password");
    assert!(error.is_store(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_has_lost_everything_is_told_again() {
    let store = Arc::new(Scripted::new());
    let limiter = shared(&store, 10.0, 20);
    assert_eq!(times(&[&limiter], 21).await.last(), Some(&100));
    store.forget();
    let times = times(&[&limiter], 10).await;
    assert_eq!(times.last(), Some(&1000), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_has_lost_a_cooldown_is_told_again() {
    let store = Arc::new(Scripted::new());
    let (one, other) = (shared(&store, 10.0, 1), shared(&store, 10.0, 1));
    one.acquire().await.expect("a permit");
    one.cooldown_for(secs(5));
    tokio::task::yield_now().await;
    store.forget();
    let start = Instant::now();
    let waits = tokio::spawn({
        let one = one.clone();
        async move { one.acquire().await.map(drop) }
    });
    tokio::time::sleep(ms(1)).await;
    other.acquire().await.expect("a permit");
    assert!(start.elapsed() >= secs(5), "{:?}", start.elapsed());
    waits.await.expect("no panic").expect("a permit");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_refused_waits_for_a_store_that_closes() {
    #[paced::rate_limited(limiter = limiter)]
    async fn call(limiter: &Limiter) -> Result<(), ApiError> {
        Ok(())
    }
    let store = Arc::new(Scripted::new());
    let closed = Policy::new().on_error(OnStoreError::Closed);
    let limiter = with_policy(&store, 10.0, 10, closed);
    store.set(Fate::Fails);
    let start = Instant::now();
    let back = async {
        tokio::time::sleep(secs(2)).await;
        store.set(Fate::Works);
    };
    let (called, ()) = tokio::join!(call(&limiter), back);
    called.expect("it is back");
    // It is looked for every 80 to 120 ms. Nothing was sent meanwhile that it does not know of.
    assert!((2000..=2125).contains(&since(start)), "{}", since(start));
}

#[tokio::test(start_paused = true)]
async fn on_store_error_open_does_not_wait_for_the_store() {
    let store = Arc::new(Scripted::new());
    let limiter = one_left(&store, OPEN).await;
    store.set(Fate::Late(1000, 0));
    let (one, other) = tokio::join!(timed(patient(&limiter)), timed(limiter.acquire()));
    one.0.expect("no call is paced");
    other.0.expect("no call is paced");
    assert_eq!((one.1, other.1), (150, 150));
    let (out, took) = timed(hurried(&limiter)).await;
    out.expect("no call is paced");
    assert_eq!(took, 0);
}

#[tokio::test(start_paused = true)]
async fn on_store_error_closed_refuses_calls_that_would_wait_for_ever() {
    for fate in [Fate::Late(1000, 0), Fate::Hangs] {
        let store = Arc::new(Scripted::new());
        let limiter = one_left(&store, CLOSED).await;
        store.set(fate);
        let waits = tokio::spawn({
            let limiter = limiter.clone();
            async move { timed(patient(&limiter)).await }
        });
        tokio::task::yield_now().await;
        // Behind the one waiter.
        let (out, took) = timed(limiter.acquire()).await;
        let error = out.expect_err("the store is late");
        assert!(error.is_store(), "{error}");
        assert_eq!(took, 150, "{fate:?}");
        let (out, took) = timed(limiter.acquire()).await;
        assert!(out.expect_err("it still is").is_store());
        assert_eq!(took, 0, "{fate:?}");

        let (out, took) = waits.await.expect("no panic");
        assert_eq!(took, if fate == Fate::Hangs { 10_000 } else { 1000 });
        if fate == Fate::Hangs {
            assert!(refusal(out).is_store());
        } else {
            out.expect("the other token");
        }
    }
}
