//! Callers of a good resource beside callers of one that is always refused, on one limiter.

use core::time::Duration;

use paced::Limiter;
use paced::rate_limited;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::sleep_until;

use crate::callers::Crowd;
use crate::errors::Refusal;
use crate::support::ending;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;
use crate::support::since;

/// Good calls in 300 s at 50/s, if nothing but them took permits and nothing held them up.
const IDEAL: usize = 15_000;

/// Least number of good calls without bad callers.
const ALONE: usize = 14_800;

/// Least number beside bad callers that are refused without a hint.
const BESIDE_BARE: usize = 14_000;

/// Least number beside bad callers that are told to wait.
const BESIDE_TOLD: usize = 13_500;

/// The same where they are told to wait for ten seconds.
const BESIDE_TOLD_LONG: usize = 12_500;

/// Numbers of bad callers for which the least numbers are promised.
const PROMISED: [usize; 2] = [1, 3];

/// Most milliseconds until ten good calls are over that came just after three bad ones.
const MOST_MILLIS: u64 = 5_000;

/// Runs that have to keep what is promised, each with its own jitter.
const RUNS: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Figures {
    good: usize,
    /// Good calls that returned an error.
    lost: usize,
    /// Bad calls that ended, all with an error.
    bad: usize,
}

#[derive(Clone, Copy, Debug)]
enum Retries {
    Five,
    None,
}

#[rate_limited(limiter = limiter, max_retries = 5)]
async fn retrying(limiter: &Limiter, refusal: Option<Refusal>) -> Result<(), Refusal> {
    answer(refusal).await
}

#[rate_limited(limiter = limiter, max_retries = 0)]
async fn trying_once(limiter: &Limiter, refusal: Option<Refusal>) -> Result<(), Refusal> {
    answer(refusal).await
}

async fn answer(refusal: Option<Refusal>) -> Result<(), Refusal> {
    sleep(ms(20)).await;
    refusal.map_or(Ok(()), Err)
}

async fn call(limiter: Limiter, retries: Retries, refusal: Option<Refusal>) -> bool {
    let result = match retries {
        Retries::Five => retrying(&limiter, refusal).await,
        Retries::None => trying_once(&limiter, refusal).await,
    };
    result.is_ok()
}

/// 16 good callers and some bad ones, for 300 s.
async fn scenario(refusal: Refusal, retries: Retries, bad_callers: usize) -> Figures {
    scenario_from(Duration::ZERO, refusal, retries, bad_callers).await
}

/// The same where the bad callers begin after a while.
async fn scenario_from(
    begin: Duration,
    refusal: Refusal,
    retries: Retries,
    bad_callers: usize,
) -> Figures {
    let (limiter, mut crowd) = (limiter(50.0, 50), Crowd::new());
    let begin = Instant::now() + begin;
    let shared = limiter.clone();
    let good = crowd.add(16, move || call(shared.clone(), retries, None));
    let shared = limiter.clone();
    let bad = crowd.add(bad_callers, move || {
        let limiter = shared.clone();
        async move {
            sleep_until(begin).await;
            call(limiter, retries, Some(refusal)).await
        }
    });
    crowd.run(secs(300)).await;
    let figures = Figures {
        good: good.passed(),
        lost: good.failed(),
        bad: bad.failed(),
    };
    println!(
        "matrix: {refusal}, retries {retries:?}, {bad_callers} bad: {} of {IDEAL} good calls, {} lost, {} bad calls",
        figures.good, figures.lost, figures.bad
    );
    figures
}

/// Runs with up to 5 bad callers, and returns where less than `least` good calls were made: numbers of
/// bad callers and of good calls.
async fn shortfalls(refusal: Refusal, least: usize) -> Vec<(usize, usize)> {
    let mut short = Vec::new();
    for bad_callers in 0..=5 {
        let (promised, runs) = match bad_callers {
            0 => (ALONE, 1),
            callers if PROMISED.contains(&callers) => (least, RUNS),
            _ => (0, 1),
        };
        for _ in 0..runs {
            let good = scenario(refusal, Retries::Five, bad_callers).await.good;
            if good < promised {
                short.push((bad_callers, good));
            }
        }
    }
    short
}

#[tokio::test(start_paused = true)]
async fn good_calls_go_on_beside_bad_ones_refused_with_a_bare_429() {
    assert_eq!(shortfalls(Refusal::bare(429), BESIDE_BARE).await, []);
}

#[tokio::test(start_paused = true)]
async fn good_calls_go_on_beside_bad_ones_refused_with_a_bare_503() {
    assert_eq!(shortfalls(Refusal::bare(503), BESIDE_BARE).await, []);
}

#[tokio::test(start_paused = true)]
async fn good_calls_go_on_beside_bad_ones_told_to_wait() {
    assert_eq!(shortfalls(Refusal::told(secs(1)), BESIDE_TOLD).await, []);
}

#[tokio::test(start_paused = true)]
async fn good_calls_go_on_when_bad_callers_come_later() {
    let mut short = Vec::new();
    for (refusal, least) in [
        (Refusal::bare(429), BESIDE_BARE),
        (Refusal::bare(503), BESIDE_BARE),
        (Refusal::told(secs(1)), BESIDE_TOLD),
        (Refusal::told(secs(10)), BESIDE_TOLD_LONG),
    ] {
        let figures = scenario_from(secs(10), refusal, Retries::Five, 3).await;
        if figures.good < least {
            short.push((refusal.to_string(), figures));
        }
    }
    assert!(short.is_empty(), "{short:?}");
}

/// Runs without retries, where nothing is promised: nothing tells a bad caller from an overload.
async fn without_retries(refusal: Refusal) {
    for bad_callers in 0..=5 {
        let figures = scenario(refusal, Retries::None, bad_callers).await;
        assert!(figures.good > 0, "{refusal}, {bad_callers} bad");
    }
}

#[tokio::test(start_paused = true)]
async fn figures_without_retries_with_a_bare_429() {
    without_retries(Refusal::bare(429)).await;
}

#[tokio::test(start_paused = true)]
async fn figures_without_retries_with_a_bare_503() {
    without_retries(Refusal::bare(503)).await;
}

#[tokio::test(start_paused = true)]
async fn figures_without_retries_of_callers_told_to_wait() {
    without_retries(Refusal::told(secs(1))).await;
}

/// Three bad calls at once, ten good ones 100 ms later: milliseconds until the last good one is over.
async fn last_of_ten(refusal: Refusal) -> u64 {
    let (limiter, start) = (limiter(50.0, 50), Instant::now());
    let (mut bad, mut good) = (JoinSet::new(), JoinSet::new());
    for _ in 0..3 {
        bad.spawn(call(limiter.clone(), Retries::Five, Some(refusal)));
    }
    sleep(ms(100)).await;
    for _ in 0..10 {
        good.spawn(call(limiter.clone(), Retries::Five, None));
    }
    let passed = ending(good.join_all()).await;
    assert_eq!(passed, [true; 10]);
    let last = since(start);
    println!("three bad calls and then ten good ones: {refusal}: the last is over at {last} ms");
    last
}

#[tokio::test(start_paused = true)]
async fn three_bad_calls_do_not_stop_ten_good_ones_that_follow() {
    let mut late = Vec::new();
    for refusal in [Refusal::bare(429), Refusal::bare(503)] {
        for _ in 0..RUNS {
            let last = last_of_ten(refusal).await;
            if last > MOST_MILLIS {
                late.push((refusal.to_string(), last));
            }
        }
    }
    assert!(late.is_empty(), "{late:?}");
}
