//! Modes of a limiter: a limiter that observes holds nothing back, and says what it would have done.

use std::sync::Arc;

use futures_util::future::join_all;
use paced::Limiter;
use paced::Mode;
use paced::ObservedWaits;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;
use tracing::Level;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;
use crate::support::since;
use crate::telling::Listener;

/// Returns a limiter that observes.
pub(crate) fn observing(hz: f64, burst: u32) -> Limiter {
    let limiter = limiter(hz, burst);
    limiter.set_mode(Mode::Observe);
    limiter
}

/// Returns the number of calls that would have waited, and the milliseconds of their sum and of the longest.
pub(crate) fn would_wait(limiter: &Limiter) -> (u64, u128, u128) {
    in_millis(limiter.snapshot().would_have_waited)
}

pub(crate) fn in_millis(waits: ObservedWaits) -> (u64, u128, u128) {
    let ObservedWaits {
        count,
        total,
        longest,
        ..
    } = waits;
    (count, total.as_millis(), longest.as_millis())
}

#[rate_limited(limiter = limiter)]
pub(crate) async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn calls_pass_at_once_and_their_waits_are_those_of_a_queue() {
    let (limiter, server) = (observing(5.0, 5), Server::failing([]));
    let start = Instant::now();
    let calls = (0..20).map(|_| call(&limiter, &server));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(since(start), 0);
    // 0.2 s, 0.4 s and so on.
    assert_eq!(would_wait(&limiter), (15, 24_000, 3000));
    let snapshot = limiter.snapshot();
    assert_eq!(snapshot.would_have_refused, 0);
    assert_eq!((snapshot.counts.attempts, snapshot.counts.calls), (20, 20));
    assert_eq!((snapshot.available, snapshot.in_flight), (0, 0));
    assert_eq!(snapshot.waits, paced::Waits::default());

    // The queue has gone down by ten calls after two seconds.
    sleep(secs(2)).await;
    call(&limiter, &server).await.unwrap();
    assert_eq!(would_wait(&limiter), (16, 25_200, 3000));
    sleep(secs(10)).await;
    assert_eq!(limiter.snapshot().available, 5);
}

#[tokio::test(start_paused = true)]
async fn an_observed_queue_is_that_of_a_limiter_that_enforces() {
    let (observing, enforcing) = (observing(5.0, 3), limiter(5.0, 3));
    let mut waits = Vec::new();
    let mut seed = 7_u64;
    for _ in 0..200 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        sleep(ms(seed >> 56)).await;
        observing.acquire().await.unwrap();
        let enforcing = enforcing.clone();
        waits.push(tokio::spawn(async move {
            let start = Instant::now();
            enforcing.acquire().await.unwrap();
            start.elapsed()
        }));
        tokio::task::yield_now().await;
    }
    let mut longest = core::time::Duration::ZERO;
    for wait in waits {
        longest = longest.max(wait.await.unwrap());
    }
    let observed = observing.snapshot().would_have_waited;
    // The clock of the timers ticks once in a millisecond.
    assert!(longest > secs(1), "{longest:?}");
    assert!(
        observed.longest.abs_diff(longest) <= ms(1),
        "{observed:?}, {longest:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_is_reported_and_not_waited_for() {
    let (limiter, start) = (observing(5.0, 5), Instant::now());
    limiter.cooldown_for(secs(10));
    limiter.acquire().await.unwrap();
    assert_eq!(would_wait(&limiter), (1, 10_000, 10_000));
    limiter.acquire().await.unwrap();
    assert_eq!(would_wait(&limiter), (2, 20_200, 10_200));
    assert_eq!(since(start), 0);
    assert_eq!(limiter.snapshot().cooldown, Some(secs(10)));
    // A longer cooldown keeps those that wait.
    limiter.cooldown_for(secs(20));
    limiter.acquire().await.unwrap();
    assert_eq!(would_wait(&limiter), (3, 40_600, 20_400));
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_the_wait_that_it_was_told_and_holds_back_no_other() {
    let limiter = observing(5.0, 5);
    let server = Server::failing([ApiError::after(429, secs(7))]);
    let other = Server::failing([]);
    let start = Instant::now();
    let (told, others) = tokio::join!(call(&limiter, &server), async {
        sleep(secs(1)).await;
        call(&limiter, &other).await.unwrap();
        since(start)
    });
    told.unwrap();
    assert_eq!((since(start), others), (7000, 1000));
    let snapshot = limiter.snapshot();
    assert_eq!(snapshot.counts.throttled, 1);
    assert_eq!(snapshot.would_have_waited.longest, secs(6));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_wait_backs_its_own_call_off() {
    #[rate_limited(limiter = limiter, backoff(base = "3s", jitter = "none"))]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
        server.answer().map_err(Failed::Api)
    }
    let limiter = observing(5.0, 5);
    let server = Server::failing([ApiError::status(429)]);
    let start = Instant::now();
    call(&limiter, &server).await.unwrap();
    assert_eq!(since(start), 3000);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_would_have_been_refused_runs_and_takes_nothing() {
    #[rate_limited(limiter = limiter, max_wait = "1s")]
    async fn hasty(limiter: &Limiter) -> Result<(), Failed> {
        let _ = limiter;
        Ok(())
    }
    let limiter = observing(5.0, 5);
    for _ in 0..20 {
        hasty(&limiter).await.unwrap();
    }
    assert_eq!(would_wait(&limiter), (5, 3000, 1000));
    assert_eq!(limiter.snapshot().would_have_refused, 10);
    assert_eq!(limiter.snapshot().counts.refused, 0);
    // As many pass in a second as with a limiter that refuses the others.
    sleep(secs(1)).await;
    for _ in 0..20 {
        hasty(&limiter).await.unwrap();
    }
    assert_eq!(would_wait(&limiter).0, 10);
    assert_eq!(limiter.snapshot().would_have_refused, 25);
}

#[tokio::test(start_paused = true)]
async fn permits_by_hand_are_granted_and_counted() {
    let (limiter, start) = (observing(5.0, 5), Instant::now());
    limiter.try_acquire_many(4).unwrap();
    limiter.acquire_many(3).await.unwrap();
    assert_eq!(would_wait(&limiter), (1, 400, 400));
    limiter.try_acquire().unwrap();
    limiter.acquire_many(6).await.unwrap();
    limiter.try_acquire_many(100).unwrap();
    let snapshot = limiter.snapshot();
    assert_eq!(snapshot.would_have_refused, 3);
    assert_eq!(snapshot.counts.granted, 5);
    assert_eq!(would_wait(&limiter), (1, 400, 400));
    assert_eq!(since(start), 0);
    // No runtime is needed, since nothing waits.
    std::thread::scope(|scope| {
        let alone = scope.spawn(|| {
            let mut acquire = limiter.acquire();
            crate::support::poll_once(&mut acquire).is_ready()
        });
        assert!(alone.join().unwrap());
    });
}

#[tokio::test(start_paused = true)]
async fn a_limiter_that_is_off_takes_and_learns_nothing() {
    let limiter = Arc::new(limiter(1.0, 1));
    limiter.acquire().await.unwrap();
    let waiting = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { limiter.acquire().await.map(drop) }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    limiter.set_mode(Mode::Off);
    waiting.await.unwrap().unwrap();
    let server = Server::failing([ApiError::after(429, secs(7))]);
    call(&limiter, &server).await.unwrap();
    assert_eq!(since(start), 7000, "its own wait is kept");
    for _ in 0..10 {
        call(&limiter, &server).await.unwrap();
    }
    let snapshot = limiter.snapshot();
    assert_eq!((snapshot.cooldown, snapshot.available), (None, 1));
    assert_eq!(
        (snapshot.counts.attempts, snapshot.counts.throttled),
        (12, 1)
    );
    assert_eq!(snapshot.would_have_waited, ObservedWaits::default());
    assert_eq!((since(start), snapshot.in_flight), (7000, 0));
    limiter.set_mode(Mode::Enforce);
    limiter.try_acquire().unwrap();
    assert!(limiter.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn one_event_in_ten_seconds_says_what_would_have_waited() {
    let heard: Log<(Level, String)> = Log::new();
    let _guard = tracing::subscriber::set_default(Listener(heard.clone()));
    let told = || {
        let entries = heard.entries().into_iter();
        let told = entries.filter(|(_, text)| text.contains("would have"));
        told.collect::<Vec<_>>()
    };
    let limiter = observing(5.0, 1);
    for _ in 0..7 {
        limiter.acquire().await.unwrap();
    }
    let [(level, text)] = &told()[..] else {
        panic!("{:?}", told());
    };
    assert_eq!(*level, Level::INFO);
    assert!(
        text.contains("a call would have waited 200ms for `requests`"),
        "{text}"
    );
    sleep(ms(9999)).await;
    limiter.acquire().await.unwrap();
    limiter.try_acquire().unwrap();
    assert_eq!(told().len(), 1);
    sleep(ms(1)).await;
    limiter.try_acquire().unwrap();
    limiter.cooldown_for(secs(30));
    limiter.try_acquire().unwrap();
    assert!(
        told()[1]
            .1
            .contains("a call would have been refused for `requests`"),
        "{:?}",
        told()
    );
    sleep(secs(10)).await;
    limiter.acquire().await.unwrap();
    let last = &told()[2].1;
    assert!(
        last.contains("a call would have waited 20s: the program asked for it"),
        "{last}"
    );
}
