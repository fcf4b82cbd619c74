//! Changes that a person or the program makes to a limiter: ending a pause, forgetting, and closing.

use std::sync::Arc;

use paced::Limiter;
use paced::rate_limited;
use paced::store::MemoryStore;
use tokio::time::Instant;
use tokio::time::advance;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Server;
use crate::support::api_error;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

#[rate_limited(limiter = limiter, max_retries = 2, backoff(base = "2s", jitter = "none"))]
async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn resumed_waiters_go_on_at_the_paced_rate() {
    let limiter = Arc::new(limiter(2.0, 4));
    limiter.try_acquire_many(4).unwrap();
    advance(secs(3)).await;
    limiter.cooldown_for(secs(600));
    let start = Instant::now();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { limiter.acquire().await.map(|_| since(start)) })
        })
        .collect();
    advance(secs(7)).await;
    limiter.resume();
    let mut granted = Vec::new();
    for waiting in waiting {
        granted.push(waiting.await.unwrap().unwrap());
    }
    assert_eq!(granted, [7000, 7500, 8000]);
}

#[tokio::test(start_paused = true)]
async fn ending_a_pause_gives_no_token_that_the_bucket_has_not() {
    let limiter = limiter(1.0, 3);
    limiter.try_acquire_many(3).unwrap();
    for _ in 0..10 {
        limiter.cooldown_for(secs(600));
        limiter.resume();
    }
    assert_eq!(limiter.snapshot().available, 0);
    advance(ms(999)).await;
    assert!(limiter.try_acquire().is_err());
    advance(ms(1)).await;
    assert!(limiter.try_acquire().is_ok());
    assert!(limiter.try_acquire().is_err());
    // The quota may have changed during the pause.
    limiter.cooldown_for(secs(600));
    limiter.set_quota(quota(2.0, 4));
    limiter.resume();
    let start = Instant::now();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 500);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_server_refused_goes_on_after_a_resume() {
    let limiter = Arc::new(limiter(10.0, 10));
    let server = Server::failing([ApiError::after(429, secs(200))]);
    let start = Instant::now();
    let waiting = tokio::spawn({
        let (limiter, server) = (Arc::clone(&limiter), Arc::clone(&server));
        async move { call(&limiter, &server).await.map(|_| since(start)) }
    });
    advance(secs(5)).await;
    tokio::task::yield_now().await;
    assert!(limiter.snapshot().cooldown.is_some());
    let cut = limiter.snapshot().rate;
    limiter.resume();
    assert_eq!(waiting.await.unwrap().unwrap(), 5000);
    assert_eq!(limiter.snapshot().rate, cut);
}

#[tokio::test(start_paused = true)]
async fn a_reset_limiter_is_as_new_but_for_what_was_used() {
    let limiter = limiter(10.0, 10);
    let server = Server::failing([ApiError::status(429), ApiError::status(429)]);
    call(&limiter, &server).await.unwrap();
    limiter.cooldown_for(secs(600));
    assert_ne!(limiter.snapshot().rate, quota(10.0, 10).rate());
    limiter.close();
    assert!(limiter.snapshot().closed);
    limiter.reset();
    let snapshot = limiter.snapshot();
    assert_eq!(snapshot.rate, quota(10.0, 10).rate());
    assert_eq!((snapshot.closed, snapshot.cooldown), (false, None));
    assert_eq!(snapshot.counts.attempts, 3);
    advance(secs(1)).await;
    limiter.try_acquire_many(10).unwrap();
    limiter.reset();
    assert!(limiter.try_acquire().is_err());
    advance(ms(100)).await;
    limiter.try_acquire().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_closed_limiter_refuses_waiters_and_new_calls() {
    let limiter = Arc::new(limiter(1.0, 1));
    limiter.acquire().await.unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { limiter.acquire().await.map(drop) })
        })
        .collect();
    let server = Server::failing([]);
    let called = tokio::spawn({
        let (limiter, server) = (Arc::clone(&limiter), Arc::clone(&server));
        async move { call(&limiter, &server).await }
    });
    advance(ms(1)).await;
    tokio::task::yield_now().await;
    let start = Instant::now();
    limiter.close();
    for waiting in waiting {
        assert!(waiting.await.unwrap().unwrap_err().is_closed());
    }
    assert!(refusal(called.await.unwrap()).is_closed());
    assert!(limiter.try_acquire().unwrap_err().is_closed());
    let error = limiter.acquire().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "refused: the program has closed the limiter"
    );
    assert!(refusal(call(&limiter, &server).await).is_closed());
    assert_eq!((since(start), server.calls().len()), (0, 0));
    limiter.reset();
    advance(secs(1)).await;
    call(&limiter, &server).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_granted_before_stays_good() {
    let limiter = limiter(1.0, 1);
    limiter.acquire().await.unwrap();
    let mut waiting = Box::pin(limiter.acquire());
    assert!(poll_once(&mut waiting).is_pending());
    advance(ms(1000)).await;
    limiter.close();
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_be_refused_waits_for_a_reset() {
    #[rate_limited(limiter = limiter)]
    async fn stubborn(limiter: &Limiter) -> Result<u8, std::fmt::Error> {
        let _ = limiter;
        Ok(1)
    }
    let limiter = limiter(1.0, 2);
    limiter.close();
    let mut call = Box::pin(stubborn(&limiter));
    assert!(poll_once(&mut call).is_pending());
    advance(secs(3600)).await;
    assert!(poll_once(&mut call).is_pending());
    limiter.reset();
    assert_eq!(call.await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_at_a_closed_limiter_is_returned_at_once() {
    #[rate_limited(limiter = limiter)]
    async fn closing(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
        limiter.close();
        server.answer().map_err(Failed::Api)
    }
    let limiter = limiter(10.0, 10);
    let server = Server::failing([ApiError::status(503)]);
    let start = Instant::now();
    let error = api_error(closing(&limiter, &server).await);
    assert_eq!(error, ApiError::status(503));
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn one_of_two_limiters_of_a_store_ends_the_pause_of_both() {
    let store = Arc::new(MemoryStore::new());
    let [one, other] = [(); 2].map(|()| {
        let store = Arc::clone(&store) as Arc<dyn paced::store::Store>;
        Limiter::builder(quota(10.0, 10))
            .name("resumed")
            .store(store)
            .unregistered()
            .build()
            .unwrap()
    });
    one.acquire().await.unwrap();
    other.acquire().await.unwrap();
    one.cooldown_for(secs(600));
    advance(ms(10)).await;
    assert!(poll_once(&mut Box::pin(one.acquire())).is_pending());
    let start = Instant::now();
    let waiting = tokio::spawn({
        let other = other.clone();
        async move { other.acquire().await.map(|_| since(start)) }
    });
    advance(secs(3)).await;
    tokio::task::yield_now().await;
    assert!(other.snapshot().cooldown.is_some());
    one.resume();
    one.acquire().await.unwrap();
    assert_eq!(since(start), 3100);
    let waited = waiting.await.unwrap().unwrap();
    assert!((3000..=4200).contains(&waited), "{waited}");
    // No process brings it back.
    for _ in 0..30 {
        one.acquire().await.unwrap();
        other.acquire().await.unwrap();
    }
    assert!(since(start) < 12_000, "{}", since(start));
    assert_eq!(one.snapshot().cooldown, None);
    assert_eq!(other.snapshot().cooldown, None);
}

#[tokio::test(start_paused = true)]
async fn an_idle_limiter_of_a_store_hears_of_a_resume_at_its_next_call() {
    let store = Arc::new(MemoryStore::new());
    let [one, other] = [(); 2].map(|()| {
        let store = Arc::clone(&store) as Arc<dyn paced::store::Store>;
        Limiter::builder(quota(10.0, 10))
            .name("idle")
            .store(store)
            .unregistered()
            .build()
            .unwrap()
    });
    one.cooldown_for(secs(600));
    tokio::time::sleep(ms(10)).await;
    assert!(other.try_acquire().is_err());
    tokio::time::sleep(ms(10)).await;
    assert!(other.snapshot().cooldown.is_some());
    one.resume();
    tokio::time::sleep(secs(2)).await;
    for _ in 0..2 {
        let _ = other.try_acquire();
        tokio::time::sleep(ms(10)).await;
    }
    assert_eq!(other.snapshot().cooldown, None);
    let start = Instant::now();
    other.acquire().await.unwrap();
    assert!(since(start) < 200, "{}", since(start));
}

#[tokio::test(start_paused = true)]
async fn a_reset_gives_no_token_back_that_a_slower_rate_has_hidden() {
    #[rate_limited(limiter = limiter, max_retries = 0, backoff(base = "1ms", max = "1ms", jitter = "none"))]
    async fn call(limiter: &Limiter, status: u16) -> Result<u8, ApiError> {
        let _ = limiter;
        if status == 200 {
            Ok(1)
        } else {
            Err(ApiError::status(status))
        }
    }
    let (limiter, start) = (limiter(10.0, 100), Instant::now());
    let mut sent: u64 = 0;
    for _ in 0..100 {
        call(&limiter, 200).await.unwrap();
        sent += 1;
    }
    for _ in 0..5 {
        for status in [429, 429, 429, 200] {
            _ = call(&limiter, status).await;
            sent += 1;
        }
        limiter.reset();
        while limiter.try_acquire().is_ok() {
            sent += 1;
        }
    }
    // One interval for rounding.
    assert!(
        sent <= 100 + since(start) / 100 + 1,
        "{sent} in {} ms",
        since(start)
    );
}
