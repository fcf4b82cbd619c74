//! Changes of a limiter's mode, and declarations of one.

use std::sync::Arc;

use futures_util::future::join_all;
use paced::Limiter;
use paced::Mode;
use paced::Quota;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::modes::call;
use crate::modes::observing;
use crate::modes::would_wait;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::quota;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn waiters_go_on_at_once_and_in_order_when_a_limiter_begins_to_observe() {
    let limiter = Arc::new(limiter(1.0, 1));
    let (log, start) = (Log::new(), Instant::now());
    for number in 0..20 {
        let (limiter, log) = (Arc::clone(&limiter), log.clone());
        tokio::spawn(async move {
            limiter.acquire().await.unwrap();
            log.add((number, since(start)));
        });
        tokio::task::yield_now().await;
    }
    sleep(ms(1500)).await;
    assert_eq!(log.entries(), [(0, 0), (1, 1000)]);
    limiter.set_mode(Mode::Observe);
    tokio::task::yield_now().await;
    let released: Vec<_> = (2..20).map(|number| (number, 1500)).collect();
    assert_eq!(log.entries()[2..], released);
    assert_eq!(limiter.snapshot().waiting, 0);
    // The rest of their waits: 0.5 s, 1.5 s and so on.
    assert_eq!(would_wait(&limiter), (18, 162_000, 17_500));
    limiter.try_acquire().unwrap();
    assert_eq!(limiter.snapshot().would_have_refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_limiter_that_begins_to_enforce_owes_the_tokens_of_one_period_at_most() {
    for (calls, wait) in [(3, 0), (5, 200), (7, 600), (10, 1200), (1000, 1200)] {
        let limiter = observing(5.0, 5);
        for _ in 0..calls {
            limiter.acquire().await.unwrap();
        }
        limiter.set_mode(Mode::Enforce);
        let start = Instant::now();
        limiter.acquire().await.unwrap();
        assert_eq!(since(start), wait, "after {calls} calls");
        // The rate is the declared one from then on.
        sleep(secs(5)).await;
        let start = Instant::now();
        for _ in 0..6 {
            limiter.acquire().await.unwrap();
        }
        assert_eq!(since(start), 200);
    }
    let per_minute = Quota::per_minute(core::num::NonZeroU32::MIN);
    let limiter = Limiter::builder(per_minute)
        .mode(Mode::Observe)
        .build()
        .unwrap();
    join_all((0..100).map(|_| limiter.acquire())).await;
    limiter.set_mode(Mode::Enforce);
    let start = Instant::now();
    assert!(limiter.try_acquire().is_err());
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 120_000);
}

#[tokio::test(start_paused = true)]
async fn a_closed_limiter_refuses_in_every_mode() {
    for mode in [Mode::Enforce, Mode::Observe, Mode::Off] {
        let (limiter, server) = (limiter(5.0, 5), Server::failing([]));
        limiter.set_mode(mode);
        limiter.close();
        assert!(limiter.acquire().await.unwrap_err().is_closed());
        assert!(refusal(call(&limiter, &server).await).is_closed());
        limiter.reset();
        assert_eq!(limiter.mode(), mode);
        limiter.acquire().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_declares_that_its_limiter_observes() {
    #[rate_limited(rate = 1, burst = 1, mode = "observe")]
    async fn watched() -> Result<(), Failed> {
        Ok(())
    }
    let start = Instant::now();
    for _ in 0..3 {
        watched().await.unwrap();
    }
    let limiter = paced::limiter(concat!(module_path!(), "::watched"));
    assert_eq!(limiter.mode(), Mode::Observe);
    assert_eq!((since(start), would_wait(&limiter)), (0, (2, 3000, 2000)));
    limiter.set_mode(Mode::Enforce);
    watched().await.unwrap();
    assert_eq!(since(start), 2000);
}

#[tokio::test(start_paused = true)]
async fn one_function_that_observes_is_enough_for_all_that_share_the_limiter() {
    #[rate_limited(limiter = "watched together", rate = 1, burst = 1)]
    async fn one() -> Result<(), Failed> {
        Ok(())
    }
    #[rate_limited(limiter = "watched together", mode = "observe")]
    async fn other() -> Result<(), Failed> {
        Ok(())
    }
    let start = Instant::now();
    one().await.unwrap();
    one().await.unwrap();
    assert_eq!(since(start), 1000);
    other().await.unwrap();
    one().await.unwrap();
    assert_eq!(since(start), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_mode_that_was_set_before_the_declaration_stays() {
    #[rate_limited(rate = 1, burst = 1, mode = "observe")]
    async fn configured() -> Result<(), Failed> {
        Ok(())
    }
    let path = concat!(module_path!(), "::configured");
    paced::limiter(path).set_mode(Mode::Enforce);
    let start = Instant::now();
    configured().await.unwrap();
    configured().await.unwrap();
    assert_eq!(since(start), 1000);

    let builder = || Limiter::builder(quota(1.0, 1)).name("observed by a builder");
    let first = builder().mode(Mode::Observe).build().unwrap();
    assert_eq!(builder().build().unwrap().mode(), Mode::Observe);
    assert_eq!(
        builder().mode(Mode::Off).build().unwrap().mode(),
        Mode::Observe
    );
    first.set_mode(Mode::Off);
    assert_eq!(builder().build().unwrap().mode(), Mode::Off);
}

#[tokio::test(start_paused = true)]
async fn modes_change_at_any_time_and_no_call_is_lost() {
    const MODES: [Mode; 5] = [
        Mode::Observe,
        Mode::Enforce,
        Mode::Off,
        Mode::Enforce,
        Mode::Off,
    ];
    let limiter = Arc::new(limiter(100.0, 5));
    let calls: Vec<_> = (0..600_u64)
        .map(|number| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move {
                let server = Server::failing([]);
                sleep(ms(number * 13 % 1500)).await;
                let patience = ms(1 + number * 7 % 900);
                match number % 3 {
                    0 => call(&limiter, &server).await.map(drop).unwrap(),
                    1 => drop(tokio::time::timeout(patience, limiter.acquire()).await),
                    _ => drop(tokio::time::timeout(patience, call(&limiter, &server)).await),
                }
            })
        })
        .collect();
    for (round, mode) in MODES.into_iter().cycle().take(40).enumerate() {
        sleep(ms(u64::try_from(round).unwrap() * 11 % 67)).await;
        limiter.set_mode(mode);
        if round % 9 == 8 {
            limiter.cooldown_for(ms(50));
        }
    }
    limiter.set_mode(Mode::Enforce);
    for call in calls {
        call.await.unwrap();
    }
    let snapshot = limiter.snapshot();
    assert_eq!((snapshot.waiting, snapshot.in_flight), (0, 0));
    sleep(secs(5)).await;
    assert_eq!(limiter.snapshot().available, 5);
    let start = Instant::now();
    for _ in 0..25 {
        limiter.acquire().await.unwrap();
    }
    assert_eq!(since(start), 200);
}
