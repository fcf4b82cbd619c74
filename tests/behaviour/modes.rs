//! Modes of a limiter: a limiter that observes holds nothing back, and says what it would have done.

use std::sync::Arc;

use futures_util::future::join_all;
use paced::Limiter;
use paced::Mode;
use paced::ObservedWaits;
use paced::Quota;
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
use crate::support::quota;
use crate::support::refusal;
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
async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
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
