//! Functions that are switched off, tests that do not wait, buckets that begin empty, and what counts as a long wait.

use std::cell::Cell;
use std::sync::Arc;

use paced::Limiter;
use paced::rate_limited;
use paced::testing::unpaced;
use tokio::time::Instant;
use tracing::Level;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::api_error;
use crate::support::limiter;
use crate::support::ms;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;
use crate::telling::Listener;

thread_local! {
    static HOOKED: Cell<u32> = const { Cell::new(0) };
}

fn hook(_: &paced::Report<'_>) {
    HOOKED.set(HOOKED.get() + 1);
}

#[rate_limited(limiter = limiter, mode = "off", max_retries = 1, on_retry = hook, on_give_up = hook)]
async fn off(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    let _ = limiter;
    tokio::time::sleep(ms(50)).await;
    server.answer().map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_off_waits_for_its_backoffs_alone() {
    let limiter = limiter(1.0, 1);
    limiter.cooldown_for(secs(60));
    let server = Server::failing([
        ApiError::after(503, secs(9)),
        ApiError::after(429, secs(2)),
        ApiError::status(404),
    ]);
    let start = Instant::now();
    let error = api_error(off(&limiter, &server).await);
    assert!(matches!(error.failure, paced::Failure::Status(429)));
    assert_eq!((since(start), HOOKED.get()), (9_100, 2));
    api_error(off(&limiter, &server).await);
    for _ in 0..10 {
        off(&limiter, &server).await.unwrap();
    }
    assert_eq!((since(start), HOOKED.get()), (9_650, 2));
    limiter.resume();
    assert_eq!(limiter.snapshot().counts, paced::Counts::default());
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_off_keeps_its_deadline() {
    #[rate_limited(rate = 1, mode = "off", deadline = "1s")]
    async fn late(server: &Server) -> Result<u8, Failed> {
        server.answer().map_err(Failed::Api)
    }
    let server = Server::failing([ApiError::after(503, secs(9))]);
    let start = Instant::now();
    api_error(late(&server).await);
    assert_eq!((since(start), server.calls().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_off_declares_no_limiter() {
    #[rate_limited(rate = 1, mode = "off")]
    async fn nothing() -> Result<u8, Failed> {
        Ok(u8::try_from(paced::attempt().number()).unwrap())
    }
    assert_eq!(nothing().await.unwrap(), 1);
    let name = concat!(module_path!(), "::nothing");
    assert!(paced::limiters().iter().all(|it| it.name() != Some(name)));
}

#[rate_limited(limiter = limiter, max_retries = 2, on_retry = hook)]
async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn a_test_that_is_unpaced_waits_for_nothing_and_teaches_nothing() {
    let limiter = Arc::new(limiter(1.0, 1));
    let other = Arc::clone(&limiter);
    let refused = || ApiError::after(429, secs(100));
    let server = Server::failing([
        refused(),
        ApiError::status(503),
        refused(),
        refused(),
        refused(),
    ]);
    let start = Instant::now();
    let guard = unpaced();
    call(&limiter, &server).await.unwrap_err();
    assert_eq!(HOOKED.get(), 2);
    let spawned = tokio::spawn({
        let (limiter, server) = (Arc::clone(&limiter), Arc::clone(&server));
        async move { call(&limiter, &server).await }
    });
    assert!(spawned.await.unwrap().is_ok());
    for _ in 0..10 {
        limiter.acquire().await.unwrap();
        limiter.try_acquire().unwrap();
    }
    // Another thread is not concerned.
    let elsewhere =
        std::thread::spawn(move || (other.try_acquire().map(drop), other.try_acquire().map(drop)));
    let (first, second) = elsewhere.join().unwrap();
    assert!(first.is_ok() && second.is_err());
    assert_eq!(since(start), 0);
    let counts = limiter.snapshot().counts;
    assert_eq!((counts.attempts, counts.throttled), (0, 0));
    drop(guard);
    assert!(limiter.try_acquire().is_err());
    call(&limiter, &server).await.unwrap();
    assert_eq!(limiter.snapshot().counts.attempts, 1);
    assert_eq!(limiter.snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_begins_empty_fills_at_the_rate() {
    #[rate_limited(rate = 5, burst = 10, start = "empty")]
    async fn empty() -> Result<(), Failed> {
        Ok(())
    }
    let start = Instant::now();
    empty().await.unwrap();
    assert_eq!(since(start), 200);
    empty().await.unwrap();
    assert_eq!(since(start), 400);
    tokio::time::sleep(secs(10)).await;
    for _ in 0..10 {
        empty().await.unwrap();
    }
    assert_eq!(since(start), 10_400);
    let plain = Limiter::new(quota(10.0, 4).starting_empty());
    let named = Limiter::builder(quota(10.0, 4).starting_empty())
        .name("begins empty")
        .build()
        .unwrap();
    for limiter in [&plain, &named] {
        assert!(limiter.try_acquire().is_err());
    }
    tokio::time::sleep(ms(200)).await;
    for limiter in [&plain, &named] {
        assert_eq!(limiter.snapshot().available, 2);
    }
    let same = Limiter::builder(quota(10.0, 4))
        .name("agrees")
        .build()
        .unwrap();
    assert_eq!(same.snapshot().available, 4);
    assert!(
        Limiter::builder(quota(10.0, 4).starting_empty())
            .name("agrees")
            .build()
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn the_threshold_of_a_long_wait_is_the_functions_own() {
    const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);
    #[rate_limited(limiter = limiter, slow = "1s")]
    async fn hasty(limiter: &Limiter) -> Result<(), Failed> {
        let _ = limiter;
        Ok(())
    }
    #[rate_limited(limiter = limiter, slow = MINUTE)]
    async fn patient(limiter: &Limiter) -> Result<(), Failed> {
        let _ = limiter;
        Ok(())
    }
    #[rate_limited(limiter = limiter, slow = at_run_time())]
    async fn dynamic(limiter: &Limiter) -> Result<(), Failed> {
        let _ = limiter;
        Ok(())
    }
    fn at_run_time() -> std::time::Duration {
        secs(2)
    }
    let heard: Log<(Level, String)> = Log::new();
    let _guard = tracing::subscriber::set_default(Listener(heard.clone()));
    let long = || {
        let entries = heard.entries();
        let long = entries.iter().filter(|it| it.1.contains("waits for long"));
        long.count()
    };
    let limiter = limiter(0.5, 1);
    hasty(&limiter).await.unwrap();
    assert_eq!(long(), 0);
    hasty(&limiter).await.unwrap();
    assert_eq!(long(), 1);
    tokio::time::sleep(secs(20)).await;
    limiter.cooldown_for(secs(30));
    patient(&limiter).await.unwrap();
    assert_eq!(long(), 1);
    // The wait is no longer than two seconds.
    dynamic(&limiter).await.unwrap();
    assert_eq!(long(), 1);
    limiter.cooldown_for(secs(3));
    dynamic(&limiter).await.unwrap();
    assert_eq!(long(), 2);
}
