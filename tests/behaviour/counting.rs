//! Counts of a limiter, the waits that an attempt knows of, and the words of a refusal.

use paced::Limiter;
use paced::Waits;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::timeout;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

#[rate_limited(limiter = limiter, max_retries = 2, backoff(jitter = "none"), max_wait = "20s")]
async fn call(limiter: &Limiter, server: &Server) -> Result<u8, Failed> {
    server.answer().map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_counted_by_what_became_of_it() {
    let limiter = limiter(1000.0, 1000);
    let server = Server::failing([
        ApiError::after(429, secs(1)),
        ApiError::after(429, secs(1)),
        ApiError::status(404),
    ]);
    assert!(call(&limiter, &server).await.is_err());
    assert!(call(&limiter, &server).await.is_ok());
    limiter.acquire().await.unwrap();
    tokio::time::advance(ms(5)).await;
    limiter.try_acquire().unwrap();
    let counts = limiter.snapshot().counts;
    assert_eq!((counts.calls, counts.attempts, counts.retried), (2, 4, 2));
    assert_eq!((counts.throttled, counts.failed), (2, 1));
    assert_eq!((counts.granted, counts.refused), (6, 0));
    assert_eq!((counts.given_up, counts.waits_given_up), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn calls_that_run_out_of_retries_are_given_up() {
    let limiter = limiter(1000.0, 1000);
    let server = Server::failing([ApiError::status(503); 3]);
    assert!(call(&limiter, &server).await.is_err());
    let counts = limiter.snapshot().counts;
    assert_eq!((counts.calls, counts.attempts, counts.retried), (1, 3, 2));
    assert_eq!((counts.throttled, counts.given_up), (3, 1));
    // The server asks for longer than the call may wait.
    let server = Server::failing([ApiError::after(429, secs(60))]);
    assert!(call(&limiter, &server).await.is_err());
    let counts = limiter.snapshot().counts;
    assert_eq!((counts.calls, counts.attempts, counts.given_up), (2, 4, 2));
}

#[tokio::test(start_paused = true)]
async fn refused_calls_and_waits_that_are_given_up_are_counted() {
    let (limiter, server) = (limiter(1.0, 1), Server::new([]));
    call(&limiter, &server).await.unwrap();
    limiter.cooldown_for(secs(60));
    assert!(call(&limiter, &server).await.is_err());
    assert!(timeout(secs(7), limiter.acquire()).await.is_err());
    let snapshot = limiter.snapshot();
    let counts = snapshot.counts;
    assert_eq!((counts.calls, counts.refused, counts.granted), (2, 1, 1));
    assert_eq!(counts.waits_given_up, 1);
    assert_eq!(snapshot.waits.given_up, secs(7));
    // One that is refused while it waits.
    tokio::time::advance(secs(43)).await;
    let mut waiting = Box::pin(call(&limiter, &server));
    assert!(poll_once(&mut waiting).is_pending());
    tokio::time::advance(ms(2000)).await;
    limiter.cooldown_for(secs(30));
    assert!(waiting.await.is_err());
    let snapshot = limiter.snapshot();
    assert_eq!((snapshot.counts.refused, snapshot.counts.calls), (2, 3));
    assert_eq!(snapshot.counts.waits_given_up, 2);
    assert_eq!(snapshot.waits.given_up, secs(9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_on_many_threads_are_counted_exactly() {
    #[rate_limited(limiter = limiter)]
    async fn ping(limiter: Limiter) -> std::io::Result<()> {
        Ok(())
    }
    let limiter = limiter(1e9, 1_000_000_000);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                for _ in 0..2000 {
                    ping(limiter.clone()).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let counts = limiter.snapshot().counts;
    assert_eq!(counts.calls, 16_000);
    assert_eq!((counts.attempts, counts.granted), (16_000, 16_000));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_knows_what_its_call_has_waited_for() {
    #[rate_limited(limiter = limiter, backoff(base = "3s", jitter = "none"), idempotent)]
    async fn call(
        limiter: &Limiter,
        server: &Server,
        log: &Log<(u64, Waits)>,
    ) -> Result<u8, ApiError> {
        let attempt = paced::attempt();
        assert_eq!(attempt.waited(), attempt.waits().total());
        log.add((attempt.waited().as_secs(), attempt.waits()));
        server.answer()
    }
    let (limiter, log, start) = (limiter(1.0, 1), Log::new(), Instant::now());
    let server = Server::failing([ApiError::after(429, secs(10)), ApiError::status(500)]);
    limiter.acquire().await.unwrap();
    call(&limiter, &server, &log).await.unwrap();
    assert_eq!(since(start), 17_000);
    let told = log.entries();
    assert_eq!(told.iter().map(|it| it.0).collect::<Vec<_>>(), [1, 11, 17]);
    let waits = told[2].1;
    assert_eq!(
        (waits.queue, waits.backoff, waits.cooldown),
        (secs(1), secs(6), secs(10))
    );
    assert_eq!(paced::attempt().waited(), secs(0));
}

#[tokio::test(start_paused = true)]
async fn the_remaining_time_is_that_of_the_deadline_or_of_the_patience() {
    #[rate_limited(rate = 1000, deadline = "10s")]
    async fn bounded() -> Result<u64, paced::Error> {
        tokio::time::sleep(secs(3)).await;
        Ok(paced::attempt().remaining().unwrap().as_secs())
    }
    #[rate_limited(rate = 1000)]
    async fn patient() -> Result<u64, paced::Error> {
        Ok(paced::attempt().remaining().unwrap().as_secs())
    }
    assert_eq!(bounded().await.unwrap(), 7);
    assert_eq!(patient().await.unwrap(), 300);
    assert_eq!(paced::attempt().remaining(), None);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_which_limiter_and_how_many_were_ahead() {
    let (limiter, server) = (
        Limiter::builder(quota(1.0, 1))
            .name("crowded")
            .build()
            .unwrap(),
        Server::new([]),
    );
    limiter.acquire().await.unwrap();
    let mut ahead: Vec<_> = (0..30).map(|_| Box::pin(limiter.acquire())).collect();
    for wait in &mut ahead {
        assert!(poll_once(wait).is_pending());
    }
    let error = refusal(call(&limiter, &server).await);
    assert!(error.is_max_wait() && !error.is_sent());
    assert_eq!(
        (error.limiter(), error.ahead()),
        (Some("crowded"), Some(30))
    );
    let message = "refused: a permit comes in 31s, later than `max_wait` allows (limiter \"crowded\", 30 waiting)";
    assert_eq!(error.to_string(), message);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_says_whether_something_was_sent() {
    #[rate_limited(limiter = limiter, deadline = "5s")]
    async fn long(limiter: &Limiter, nap: u64) -> Result<u8, Failed> {
        tokio::time::sleep(secs(nap)).await;
        Ok(1)
    }
    let limiter = limiter(10.0, 1);
    let error = refusal(long(&limiter, 60).await);
    assert!(error.is_deadline() && error.is_sent(), "{error}");
    limiter.cooldown_for(secs(60));
    let error = refusal(long(&limiter, 1).await);
    assert!(error.is_deadline() && !error.is_sent(), "{error}");
    assert!(error.limiter().unwrap().ends_with("::long"), "{error}");
}

#[test]
fn rates_are_printed_as_they_are_said() {
    for (hz, printed) in [
        (85.0, "85/s"),
        (7.0, "7/s"),
        (3.0, "3/s"),
        (0.5, "30/min"),
        (7.0 / 60.0, "7/min"),
        (5000.0 / 3600.0, "5000/h"),
        (142.857_143, "142.857/s"),
        (1.0 / 600.0, "6/h"),
    ] {
        assert_eq!(paced::Rate::from_hz(hz).unwrap().to_string(), printed);
    }
}
