//! Finding the rate of a server that tells nothing.

use core::iter::repeat_n;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::Server;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;

/// A server that lets through so many per second, and refuses the others without a word.
#[derive(Debug)]
struct Strict {
    interval: Duration,
    burst: u32,
    full_at: Mutex<Instant>,
    passed: Log<Instant>,
    refused: Log<Instant>,
}

impl Strict {
    fn new(hz: u32, burst: u32) -> Arc<Self> {
        Arc::new(Self {
            interval: secs(1) / hz,
            burst,
            full_at: Mutex::new(Instant::now()),
            passed: Log::new(),
            refused: Log::new(),
        })
    }

    fn request(&self) -> Result<(), ApiError> {
        let (now, mut full_at) = (Instant::now(), self.full_at.lock().unwrap());
        let next = (*full_at).max(now) + self.interval;
        if next - now > self.interval * self.burst {
            self.refused.add(now);
            return Err(ApiError::status(429));
        }
        *full_at = next;
        self.passed.add(now);
        Ok(())
    }

    fn passed_between(&self, from: Instant, to: Instant) -> usize {
        self.passed
            .entries()
            .iter()
            .filter(|at| (from..to).contains(at))
            .count()
    }

    fn refused_between(&self, from: Instant, to: Instant) -> usize {
        self.refused
            .entries()
            .iter()
            .filter(|at| (from..to).contains(at))
            .count()
    }
}

#[rate_limited(limiter = limiter, max_retries = 20, deadline = "1000s")]
async fn request(limiter: &Limiter, server: &Strict) -> Result<(), Failed> {
    sleep(ms(5)).await;
    server.request().map_err(Failed::Api)
}

/// Eight callers that call as fast as they may, for so long.
async fn load(limiter: &Limiter, server: &Arc<Strict>, duration: Duration) {
    let end = Instant::now() + duration;
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (limiter, server) = (limiter.clone(), Arc::clone(server));
            tokio::spawn(async move {
                while Instant::now() < end {
                    request(&limiter, &server).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_declared_five_times_too_high_finds_the_servers_and_stays_near_it() {
    let (limiter, server, start) = (limiter(150.0, 150), Strict::new(30, 30), Instant::now());
    load(&limiter, &server, secs(120)).await;
    let (from, to) = (start + secs(10), start + secs(120));
    let (passed, refused) = (
        server.passed_between(from, to),
        server.refused_between(from, to),
    );
    assert!(
        passed >= 30 * 110 * 9 / 10,
        "{passed} passed, {refused} refused"
    );
    assert!(refused <= passed / 50, "{passed} passed, {refused} refused");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_becomes_generous_is_used_again() {
    let limiter = limiter(150.0, 150);
    load(&limiter, &Strict::new(30, 30), secs(30)).await;
    let (generous, start) = (Strict::new(1000, 1000), Instant::now());
    load(&limiter, &generous, secs(130)).await;
    let (from, to) = (start + secs(110), start + secs(130));
    let passed = generous.passed_between(from, to);
    assert!(passed >= 150 * 20 * 99 / 100, "{passed}");
}

#[tokio::test(start_paused = true)]
async fn refusals_that_go_on_are_met_with_ever_longer_cooldowns() {
    let (limiter, server, start) = (limiter(100.0, 100), Strict::new(1, 1), Instant::now());
    *server.full_at.lock().unwrap() = start + secs(100);
    load(&limiter, &server, secs(1)).await;
    let refused = |from, to| server.refused_between(start + secs(from), start + secs(to));
    // Eight at first; then one probe a second, and later one in each tenth part of the time, since eight
    // calls wait.
    assert!(refused(0, 10) <= 8 + 10, "{}", refused(0, 10));
    assert!(refused(50, 100) <= 10, "{}", refused(50, 100));
    assert!(refused(0, 100) <= 8 + 33, "{}", refused(0, 100));
}

#[tokio::test(start_paused = true)]
async fn a_declared_rate_that_is_right_is_soon_used_again_after_an_accident() {
    let (limiter, server, start) = (limiter(30.0, 30), Strict::new(30, 30), Instant::now());
    for _ in 0..3 {
        server.request().unwrap();
    }
    load(&limiter, &server, secs(60)).await;
    let passed = server.passed_between(start, start + secs(60));
    assert!(passed >= 30 * 60 * 9 / 10, "{passed}");
}

#[tokio::test(start_paused = true)]
async fn one_resource_that_is_always_down_does_not_stop_the_others() {
    #[rate_limited(limiter = limiter, backoff(jitter = "none"))]
    async fn call(limiter: &Limiter, server: &Server) -> Result<u8, ApiError> {
        server.answer()
    }
    let (limiter, served) = (limiter(10.0, 1), Log::new());
    let down = Server::failing(repeat_n(ApiError::status(503), 1000));
    let fine = Server::new([]);
    tokio::select! {
        () = async { loop { let _ = call(&limiter, &down).await; } } => {}
        () = async {
            loop {
                call(&limiter, &fine).await.expect("a healthy resource");
                served.add(());
            }
        } => {}
        () = sleep(secs(600)) => {}
    }
    // At 10/s it would be 6000 without the one that is down.
    let served = served.entries().len();
    assert!(served > 3000, "{served}");
}
