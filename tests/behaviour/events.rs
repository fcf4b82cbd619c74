//! The `tracing` events and spans of calls and limiters.

use std::sync::Arc;

use paced::Limiter;
use paced::rate_limited;
use tokio::time::advance;
use tracing::Level;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::quota;
use crate::support::secs;
use crate::telling::Listener;

#[rate_limited(limiter = limiter, max_retries = 2, backoff(base = "2s", jitter = "none"), max_wait = "20s")]
async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

/// The events from now on, until the guard is dropped.
pub(crate) fn listen() -> (Log<(Level, String)>, tracing::subscriber::DefaultGuard) {
    let heard = Log::new();
    let guard = tracing::subscriber::set_default(Listener(heard.clone()));
    (heard, guard)
}

/// Asserts that these parts stand in these events, and that there are no others.
fn assert_told(heard: &Log<(Level, String)>, expected: &[(Level, &[&str])]) {
    let told = heard.entries();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((level, text), (right, parts)) in told.iter().zip(expected) {
        assert_eq!(level, right, "{told:#?}");
        for part in *parts {
            assert!(text.contains(part), "no {part:?} in {text:?}: {told:#?}");
        }
    }
}

const NAME: &str = "limiter=told ";
const RETRY: &str = "the attempt is tried again";
const PAUSE: &str = "a pause begins";
const OVER: &str = "the pause is over";
const GIVEN_UP: &str = "the call is given up";
const GIVES_UP: &[&str] = &[
    GIVEN_UP,
    NAME,
    "attempts=3 ",
    "failures=status 429, status 429, status 503 ",
    "queue=0s",
    "cooldown=3s",
    "backoff=4s",
    "the retries are used up",
];
const CUT: &str = "the rate is cut";
const WHOLE: &str = "the full rate is used again";

#[tokio::test(start_paused = true)]
async fn each_refusal_pause_retry_and_give_up_is_told_once_in_order() {
    let (heard, _guard) = listen();
    let limiter = Limiter::builder(quota(10.0, 10))
        .name("told")
        .build()
        .unwrap();
    let server = Server::failing([
        ApiError::after(429, secs(3)),
        ApiError::status(429),
        ApiError::after(503, secs(4)),
    ]);
    assert!(call(&limiter, &server).await.is_err());
    assert!(call(&limiter, &server).await.is_ok());
    assert_told(
        &heard,
        &[
            (
                Level::INFO,
                &[PAUSE, NAME, "wait=3s", "the server asked for it"],
            ),
            (
                Level::DEBUG,
                &[
                    RETRY,
                    NAME,
                    "attempt=1 ",
                    "reason=status 429 ",
                    "delay=3s",
                    "events::call",
                ],
            ),
            (Level::INFO, &[OVER, NAME]),
            (Level::INFO, &[PAUSE, "wait=2s", "no header was seen"]),
            (Level::INFO, &[CUT, NAME, "rate=7/s", "declared=10/s"]),
            (Level::DEBUG, &[RETRY, "attempt=2 ", "delay=4s"]),
            (Level::INFO, &[OVER]),
            (Level::INFO, &[PAUSE, "wait=4s"]),
            (Level::WARN, GIVES_UP),
            (Level::INFO, &[OVER]),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn the_return_to_the_full_rate_is_told() {
    let limiter = limiter(10.0, 1);
    let server = Server::failing([ApiError::status(429), ApiError::status(429)]);
    let (heard, _guard) = listen();
    for _ in 0..1200 {
        call(&limiter, &server).await.unwrap();
    }
    let told = heard.entries();
    let count = |part: &str| told.iter().filter(|it| it.1.contains(part)).count();
    assert_eq!((count(CUT), count(WHOLE)), (1, 1), "{told:#?}");
    assert!(told.last().unwrap().1.contains(WHOLE), "{told:#?}");
    assert!(told.last().unwrap().1.contains("rate=10/s"), "{told:#?}");
    assert_eq!((count(PAUSE), count(OVER)), (2, 2), "{told:#?}");
    assert_eq!(count(RETRY), 2, "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn many_calls_that_run_into_one_pause_tell_of_it_once() {
    #[rate_limited(limiter = limiter)]
    async fn slow(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        tokio::time::sleep(ms(10)).await;
        server.answer()
    }
    let limiter = limiter(100.0, 100);
    let server = Server::failing([ApiError::after(429, secs(2)); 20]);
    let (heard, _guard) = listen();
    let calls = (0..20).map(|_| slow(&limiter, &server));
    let results = futures_util::future::join_all(calls).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let told = heard.entries();
    let count = |part: &str| told.iter().filter(|it| it.1.contains(part)).count();
    assert_eq!(
        (count(PAUSE), count(OVER), count(RETRY)),
        (1, 1, 20),
        "{told:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn refused_calls_are_told_of_with_the_reason() {
    let (limiter, server) = (limiter(10.0, 1), Server::new([]));
    limiter.cooldown_for(secs(60));
    let (heard, _guard) = listen();
    assert!(call(&limiter, &server).await.is_err());
    let parts: &[&str] = &["the call is refused", "events::call", "60s"];
    assert_told(&heard, &[(Level::DEBUG, parts)]);
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_told_before_it_begins_and_once_in_ten_seconds() {
    let limiter = limiter(1.0, 1);
    let (heard, _guard) = listen();
    let waits: Vec<_> = (0..31)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                limiter.acquire().await.unwrap();
            })
        })
        .collect();
    tokio::task::yield_now().await;
    let parts: &[&str] = &[
        "a call waits for long",
        "wait=6s",
        "ahead=5 ",
        "other calls are ahead",
    ];
    assert_told(&heard, &[(Level::WARN, parts)]);
    advance(ms(9900)).await;
    let late = tokio::spawn({
        let limiter = limiter.clone();
        async move {
            limiter.acquire().await.unwrap();
        }
    });
    tokio::task::yield_now().await;
    assert_eq!(heard.entries().len(), 1);
    advance(ms(200)).await;
    let later = tokio::spawn({
        let limiter = limiter.clone();
        async move {
            limiter.acquire().await.unwrap();
        }
    });
    tokio::task::yield_now().await;
    assert_eq!(heard.entries().len(), 2);
    for wait in waits.into_iter().chain([late, later]) {
        wait.await.unwrap();
    }
    assert_eq!(heard.entries().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_long_backoff_is_told_before_it_begins() {
    #[rate_limited(limiter = limiter, idempotent, backoff(base = "7s", jitter = "none"))]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let limiter = limiter(10.0, 1);
    let server = Server::failing([ApiError::status(500)]);
    let (heard, _guard) = listen();
    call(&limiter, &server).await.unwrap();
    let long: &[&str] = &["a call waits for long", "wait=7s", "the call backs off"];
    assert_told(
        &heard,
        &[
            (Level::DEBUG, &[RETRY, "reason=status 500"]),
            (Level::WARN, long),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn no_event_has_a_secret_in_it() {
    #[rate_limited(limiter = limiter, max_retries = 1)]
    async fn secretive(limiter: &Limiter, token: &str) -> Result<http::Response<String>, Failed> {
        let headers: &[(&'static str, &str)] = &[("retry-after", "1"), ("x-key", token)];
        Ok(crate::support::response(429, headers))
    }
    let (heard, _guard) = listen();
    drop(secretive(&limiter(10.0, 1), "SECRET").await);
    let told = heard.entries();
    assert!(told.len() > 3, "{told:?}");
    assert!(!format!("{told:?}").contains("SECRET"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_another_process_is_told_of_as_one() {
    use paced::store::MemoryStore;

    let store = Arc::new(MemoryStore::new());
    let one = || {
        Limiter::builder(quota(100.0, 10))
            .name("shared")
            .store(store.clone())
            .unregistered()
            .build()
    };
    let (one, two) = (one().unwrap(), one().unwrap());
    two.acquire().await.unwrap();
    let (heard, _guard) = listen();
    one.cooldown_for(secs(3));
    one.acquire().await.unwrap();
    two.acquire().await.unwrap();
    let told = heard.entries();
    let by = |why: &str| {
        told.iter()
            .filter(|it| it.1.contains(PAUSE) && it.1.contains(why))
            .count()
    };
    assert_eq!(by("the program asked for it"), 1, "{told:#?}");
    assert!(by("another process") <= 1, "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn different_quotas_under_one_name_in_a_store_are_told_of_with_both_rates() {
    use paced::store::MemoryStore;

    let store = Arc::new(MemoryStore::new());
    let declare = |name, hz, burst| {
        Limiter::builder(quota(hz, burst))
            .name(name)
            .store(store.clone())
            .unregistered()
            .build()
            .unwrap()
    };
    let (heard, _guard) = listen();
    let _same = (declare("one", 85.0, 10), declare("one", 85.0, 10));
    drop(declare("gone", 85.0, 10));
    let _others = (declare("gone", 5.0, 5), declare("two", 5.0, 5));
    assert_told(&heard, &[]);
    let _differs = declare("one", 5.0, 5);
    let parts: &[&str] = &[
        "limiter=one ",
        "quota=5/s with a burst of 5 ",
        "other=85/s with a burst of 10 ",
        "different quotas",
    ];
    assert_told(&heard, &[(Level::WARN, parts)]);
}

#[tokio::test(start_paused = true)]
async fn a_tighter_quota_of_another_process_is_told_of_once() {
    use paced::store::MemoryStore;

    let store = Arc::new(MemoryStore::new());
    let declare = |hz, burst| {
        let builder = Limiter::builder(quota(hz, burst)).name("one");
        builder.store(store.clone()).unregistered().build().unwrap()
    };
    let (tight, loose) = (declare(5.0, 5), declare(20.0, 20));
    let (heard, _guard) = listen();
    for _ in 0..5 {
        tight.acquire().await.unwrap();
        loose.acquire().await.unwrap();
    }
    let parts: &[&str] = &[
        "limiter=one ",
        "another process has declared a tighter quota",
        "5/s with a burst of 5 instead of 20/s with 20",
    ];
    assert_told(&heard, &[(Level::WARN, parts)]);
    let held = loose.shared_snapshot().await.unwrap().held;
    assert_eq!(held, Some(quota(5.0, 5)));
    assert_eq!(tight.shared_snapshot().await.unwrap().held, None);
}

const BY_HAND: &str = "limiter=by hand ";

#[tokio::test(start_paused = true)]
async fn changes_by_hand_are_told_in_events() {
    #[rate_limited(limiter = limiter)]
    async fn stubborn(limiter: &Limiter) -> Result<(), std::fmt::Error> {
        let _ = limiter;
        Ok(())
    }
    let (heard, _guard) = listen();
    let limiter = Limiter::builder(quota(1.0, 1))
        .name("by hand")
        .build()
        .unwrap();
    limiter.cooldown_for(secs(60));
    limiter.resume();
    limiter.reset();
    limiter.close();
    limiter.close();
    assert!(crate::support::poll_once(&mut Box::pin(stubborn(&limiter))).is_pending());
    assert!(crate::support::poll_once(&mut Box::pin(stubborn(&limiter))).is_pending());
    limiter.reset();
    assert_told(
        &heard,
        &[
            (Level::INFO, &[PAUSE, BY_HAND, "wait=60s"]),
            (Level::INFO, &["resumed by hand", BY_HAND]),
            (Level::INFO, &[OVER, BY_HAND]),
            (Level::INFO, &["reset by hand", BY_HAND]),
            (Level::INFO, &["refuses all calls", BY_HAND, "refused=0"]),
            (
                Level::WARN,
                &["stay pending until they are dropped", BY_HAND, "waiting=1"],
            ),
            (Level::INFO, &["reset by hand", BY_HAND]),
        ],
    );
}
