//! What a limiter makes of what its server tells, on success and on refusal.

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use http::HeaderValue;
use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

type Headers = Vec<(&'static str, String)>;

fn answer(headers: &Headers) -> Response<()> {
    let mut response = Response::new(());
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        response.headers_mut().insert(*name, value);
    }
    response
}

/// What a server says is left.
fn left(remaining: u32, limit: u32, reset: u64) -> Headers {
    vec![
        ("x-ratelimit-remaining", remaining.to_string()),
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ]
}

#[rate_limited(limiter = limiter)]
async fn call(limiter: &Limiter, headers: &Headers) -> Result<Response<()>, io::Error> {
    Ok(answer(headers))
}

/// When calls go after one that was told `headers`, in milliseconds after it.
async fn after(headers: Headers, calls: usize) -> Vec<u64> {
    let limiter = limiter(10.0, 20);
    let start = Instant::now();
    call(&limiter, &headers).await.unwrap();
    let mut at = Vec::new();
    for _ in 0..calls {
        call(&limiter, &Headers::new()).await.unwrap();
        at.push(since(start));
    }
    at
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_spread_over_the_time_to_the_reset() {
    assert_eq!(after(left(4, 100, 8), 4).await, [2000, 4000, 6000, 8000]);
}

#[tokio::test(start_paused = true)]
async fn what_was_spread_is_forgotten_at_the_reset() {
    let limiter = limiter(10.0, 20);
    call(&limiter, &left(2, 100, 4)).await.unwrap();
    let start = Instant::now();
    for _ in 0..4 {
        limiter.acquire().await.unwrap();
    }
    assert_eq!(since(start), 4200);
}

#[tokio::test(start_paused = true)]
async fn nothing_left_closes_until_the_reset() {
    assert_eq!(after(left(0, 100, 7), 2).await, [7000, 7100]);
}

#[tokio::test(start_paused = true)]
async fn enough_left_changes_nothing() {
    assert_eq!(after(left(10, 100, 3600), 5).await, [0; 5]);
    assert_eq!(
        after(vec![("x-ratelimit-remaining", "3".into())], 5).await,
        [0; 5]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_learnt_never_loosens_what_was_declared() {
    let limiter = limiter(1.0, 1);
    call(&limiter, &left(9, 100, 1)).await.unwrap();
    let start = Instant::now();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 1000);
}

#[tokio::test(start_paused = true)]
async fn the_scarcest_of_several_windows_governs() {
    let headers = vec![
        (
            "ratelimit",
            r#""minute";r=50;t=30, "day";r=3;t=12"#.to_owned(),
        ),
        (
            "ratelimit-policy",
            r#""minute";q=60;w=60, "day";q=1000;w=86400"#.to_owned(),
        ),
    ];
    assert_eq!(after(headers, 2).await, [4000, 8000]);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_not_calls() {
    let headers = vec![
        ("x-ratelimit-remaining-tokens", "1".to_owned()),
        ("x-ratelimit-limit-tokens", "100000".to_owned()),
        ("x-ratelimit-reset-tokens", "60s".to_owned()),
    ];
    assert_eq!(after(headers, 3).await, [0; 3]);
}

#[tokio::test(start_paused = true)]
async fn one_call_goes_first_after_a_cooldown_and_the_others_wait_for_its_answer() {
    #[rate_limited(limiter = limiter)]
    async fn slow(limiter: &Limiter, log: &Log<u64>, start: Instant) -> Result<(), ApiError> {
        log.add(since(start));
        sleep(ms(300)).await;
        match paced::attempt().number() {
            1 if since(start) < 1000 => Err(ApiError::after(429, secs(2))),
            _ => Ok(()),
        }
    }
    let (limiter, log, start) = (limiter(10.0, 1), Log::new(), Instant::now());
    let (a, b, c) = tokio::join!(
        slow(&limiter, &log, start),
        slow(&limiter, &log, start),
        slow(&limiter, &log, start),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    // Sent at 0, 100 and 200 and refused at 300, 400 and 500: closed until 2500. Then one probe,
    // answered after 300 ms, and the others at the paced rate.
    assert_eq!(log.entries(), [0, 100, 200, 2500, 2800, 2900]);
}

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
async fn request(limiter: &Limiter, server: &Strict) -> Result<(), ApiError> {
    sleep(ms(5)).await;
    server.request()
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
    let refused = server.refused_between(start, start + secs(100));
    // Eight at first; then one probe after 1, 2, 4, 8 .. seconds, each held for the others as well.
    assert!(refused <= 8 + 8, "{refused}");
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
async fn a_probe_that_is_given_up_is_followed_by_another() {
    let limiter = limiter(10.0, 1);
    let start = Instant::now();
    call(&limiter, &left(0, 100, 2)).await.unwrap();
    let mut probe = limiter.acquire();
    assert!(poll_once(&mut probe).is_pending());
    let log = Log::new();
    let next = {
        let (limiter, log) = (limiter.clone(), log.clone());
        tokio::spawn(async move {
            limiter.acquire().await.unwrap();
            log.add(since(start));
        })
    };
    sleep(ms(2500)).await;
    drop(probe);
    next.await.unwrap();
    assert_eq!(log.entries(), [2500]);
}

#[tokio::test(start_paused = true)]
async fn the_rate_in_force_is_shown() {
    let limiter = limiter(10.0, 20);
    call(&limiter, &left(4, 100, 8)).await.unwrap();
    assert_eq!(limiter.snapshot().rate, paced::Rate::from_hz(0.5).unwrap());
    sleep(secs(8)).await;
    assert_eq!(limiter.snapshot().rate, paced::Rate::from_hz(10.0).unwrap());
}

#[tokio::test(start_paused = true)]
async fn headers_that_are_not_to_be_respected_count_for_nothing() {
    #[rate_limited(limiter = limiter, respect_headers = false, backoff(jitter = "none"))]
    async fn call(limiter: &Limiter, headers: &Headers) -> Result<Response<()>, io::Error> {
        let mut response = answer(headers);
        if paced::attempt().number() == 1 && headers.len() == 1 {
            *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        }
        Ok(response)
    }
    let (limiter, start) = (limiter(10.0, 20), Instant::now());
    call(&limiter, &left(0, 100, 60)).await.unwrap();
    call(&limiter, &left(1, 100, 60)).await.unwrap();
    assert_eq!(since(start), 0);
    call(&limiter, &vec![("retry-after", "60".to_owned())])
        .await
        .unwrap();
    assert_eq!(since(start), 1000);
}

#[tokio::test(start_paused = true)]
async fn what_counts_as_little_can_be_said() {
    #[rate_limited(limiter = limiter, throttle_below = 0.5)]
    async fn call(limiter: &Limiter, headers: &Headers) -> Result<Response<()>, io::Error> {
        Ok(answer(headers))
    }
    let (limiter, start) = (limiter(10.0, 20), Instant::now());
    call(&limiter, &left(40, 100, 80)).await.unwrap();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 2000);
}

#[tokio::test(start_paused = true)]
async fn a_hint_beyond_the_longest_cooldown_ends_the_call_and_closes_for_no_longer() {
    #[rate_limited(limiter = limiter, max_cooldown = "1min", deadline = "1h")]
    async fn call(limiter: &Limiter, wait: u64) -> Result<u32, ApiError> {
        match paced::attempt().number() {
            1 => Err(ApiError::after(429, secs(wait))),
            number => Ok(number),
        }
    }
    let (limiter, start) = (limiter(10.0, 20), Instant::now());
    assert_eq!(
        call(&limiter, 61).await,
        Err(ApiError::after(429, secs(61)))
    );
    assert_eq!(since(start), 0);
    assert_eq!(limiter.snapshot().cooldown, Some(secs(60)));
    sleep(secs(60)).await;
    assert_eq!(call(&limiter, 60).await, Ok(2));
    assert_eq!(since(start), 120_000);
}
