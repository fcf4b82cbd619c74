//! Limits with a key of their own, and limits that all keys share.

use core::time::Duration;

use paced::ResponseExt as _;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::refusal;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

/// Returns the tokens of the first limit that all keys of a function share.
fn shared_by(function: &str) -> u64 {
    let name = format!("{}::{function}.shared", module_path!());
    paced::limiter(&name)
        .snapshot()
        .row("requests")
        .unwrap()
        .available
}

#[rate_limited(limits(
    requests(rate = "1/s", key = tenant),
    requests(rate = "100/h", burst = 100, key = ())
))]
async fn own_rows_bind(tenant: u64) -> Result<u64, Failed> {
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn a_backlog_of_one_key_neither_drains_the_shared_limit_nor_delays_another_key() {
    let start = Instant::now();
    let (at, log) = (Log::new(), Log::new());
    for _ in 0..20 {
        let at = at.clone();
        tokio::spawn(async move {
            own_rows_bind(1).await.unwrap();
            at.add(since(start));
        });
    }
    tokio::time::sleep(ms(10)).await;
    assert_eq!(shared_by("own_rows_bind"), 99, "one call has gone");
    own_rows_bind(2).await.unwrap();
    log.add(since(start));
    assert_eq!(shared_by("own_rows_bind"), 98);
    tokio::time::sleep(secs(30)).await;
    assert_eq!(log.entries(), [10]);
    let each_second: Vec<u64> = (0..20).map(|second| second * 1000).collect();
    assert_eq!(at.entries(), each_second);
    assert_eq!(shared_by("own_rows_bind"), 79, "99 and 20 took one each");
}

#[rate_limited(limits(requests(rate = "8/s", key = tenant), total(rate = "10/s", burst = 1)), cost(total = 1))]
async fn shared_row_binds(tenant: u64) -> Result<u64, Failed> {
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn one_call_of_each_key_waits_for_the_shared_limit() {
    let (start, at) = (Instant::now(), Log::new());
    for call in 0..8 {
        let at = at.clone();
        tokio::spawn(async move {
            shared_row_binds(1).await.unwrap();
            at.add((1, call, since(start)));
        });
    }
    tokio::time::sleep(ms(50)).await;
    for call in 0..2 {
        let at = at.clone();
        tokio::spawn(async move {
            shared_row_binds(2).await.unwrap();
            at.add((2, call, since(start)));
        });
    }
    tokio::time::sleep(secs(2)).await;
    // The second call of the first key waits for the shared limit already.
    let expected = [
        (1, 0, 0),
        (1, 1, 100),
        (2, 0, 200),
        (1, 2, 300),
        (2, 1, 400),
        (1, 3, 500),
        (1, 4, 600),
        (1, 5, 700),
        (1, 6, 800),
        (1, 7, 900),
    ];
    assert_eq!(at.entries(), expected);
}

#[rate_limited(
    limits(
        requests(rate = "8/s", key = tenant),
        requests(rate = "10/s", burst = 1, key = ())
    ),
    max_retries = 0
)]
async fn refused_meanwhile(
    tenant: u64,
    takes: Duration,
    out: Result<(), ApiError>,
) -> Result<(), Failed> {
    let _ = tenant;
    tokio::time::sleep(takes).await;
    out.map_err(Failed::Api)
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_of_a_key_that_waits_for_the_shared_limit_lets_the_others_pass() {
    let start = Instant::now();
    let refused = refused_meanwhile(1, ms(50), Err(ApiError::after(429, secs(5))));
    let waits = async {
        tokio::time::sleep(ms(10)).await;
        refused_meanwhile(1, ms(0), Ok(())).await.unwrap();
        since(start)
    };
    let other = async {
        tokio::time::sleep(ms(20)).await;
        refused_meanwhile(2, ms(0), Ok(())).await.unwrap();
        since(start)
    };
    let (refused, waits, other) = tokio::join!(refused, waits, other);
    assert!(refused.is_err());
    // The shared token of 100 ms goes to the other key in the same instant.
    assert_eq!((waits, other), (5050, 100));
}

#[rate_limited(limits(
    requests(rate = "1/s", key = tenant),
    requests(rate = "100/min", burst = 3, key = ())
), max_wait = "10s")]
async fn dropped(tenant: u64) -> Result<(), Failed> {
    let _ = tenant;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_takes_nothing() {
    let start = Instant::now();
    dropped(1).await.unwrap();
    let mut own = Box::pin(dropped(1));
    let mut next = Box::pin(dropped(1));
    assert!(poll_once(&mut own).is_pending());
    assert!(poll_once(&mut next).is_pending());
    assert_eq!(shared_by("dropped"), 2);
    drop(own);
    next.await.unwrap();
    assert_eq!(since(start), 1000);
    dropped(2).await.unwrap();
    dropped(3).await.unwrap();
    // It waits for the shared limit, and takes nothing of its own.
    let mut shared = Box::pin(dropped(4));
    assert!(poll_once(&mut shared).is_pending());
    let mut other = Box::pin(dropped(5));
    assert!(poll_once(&mut other).is_pending());
    drop(shared);
    other.await.unwrap();
    assert_eq!(since(start), 1600, "600 ms for each shared token");
    dropped(4).await.unwrap();
    assert_eq!(since(start), 2200);
}

#[rate_limited(
    limits(requests(rate = "10/s", key = tenant), tokens(rate = "60/min", burst = 100, key = ())),
    cost(tokens = cost),
    settle(tokens = |took: &u64| *took)
)]
async fn settled(tenant: u64, cost: u32, took: u64) -> Result<u64, Failed> {
    let _ = (tenant, cost);
    Ok(took)
}

#[tokio::test(start_paused = true)]
async fn costs_and_settlements_are_those_of_the_limit_of_their_unit() {
    let tokens = || {
        let name = format!("{}::settled.shared", module_path!());
        paced::limiter(&name)
            .snapshot()
            .row("tokens")
            .unwrap()
            .available
    };
    let start = Instant::now();
    settled(1, 80, 10).await.unwrap();
    assert_eq!(tokens(), 90);
    settled(2, 90, 100).await.unwrap();
    assert_eq!(since(start), 0);
    assert_eq!(tokens(), 0);
    settled(3, 5, 5).await.unwrap();
    assert_eq!(since(start), 15_000, "10 were owed");
    let error = refusal(settled(3, 101, 5).await);
    assert!(error.is_insufficient_capacity(), "{error}");
    assert_eq!(error.unit(), Some("tokens"));
}

#[rate_limited(
    limits(requests(rate = "1/s", key = tenant), tokens(rate = "60/min", burst = 60, key = ())),
    cost(tokens = 60),
    max_wait = wait
)]
async fn impatient(tenant: u64, wait: Duration) -> Result<(), Failed> {
    let _ = tenant;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_is_refused_at_once_and_names_the_unit() {
    let start = Instant::now();
    impatient(1, secs(1)).await.unwrap();
    let error = refusal(impatient(2, secs(10)).await);
    assert!(error.is_max_wait(), "{error}");
    assert_eq!(error.unit(), Some("tokens"));
    let error = refusal(impatient(1, ms(500)).await);
    assert!(error.is_max_wait(), "{error}");
    assert_eq!(since(start), 0);
    impatient(2, secs(60)).await.unwrap();
    assert_eq!(since(start), 60_000);
}

#[rate_limited(limits(a(rate = "1/s", key = tenant), b(rate = "2/s", burst = 1, key = region), c(rate = "100/s", key = ())),
    cost(a = 1, b = 1, c = 1))]
async fn of_two_keys(tenant: u64, region: &str) -> Result<(), Failed> {
    let _ = (tenant, region);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_limit_may_have_another_key() {
    let start = Instant::now();
    let at = async |tenant, region| {
        of_two_keys(tenant, region).await.unwrap();
        since(start)
    };
    let ended = tokio::join!(
        at(1, "eu"),
        at(2, "eu"),
        at(3, "us"),
        at(1, "us"),
        at(4, "eu"),
        at(5, "us"),
    );
    assert_eq!(ended, (0, 500, 0, 1000, 1000, 500));
}

#[rate_limited(
    limits(requests(rate = "5/s", key = tenant), tokens(rate = "600/min", burst = 600, key = ())),
    cost(tokens = 1),
    max_retries = 0
)]
async fn told(
    tenant: u64,
    status: u16,
    headers: &[(&'static str, &str)],
) -> Result<http::Response<String>, Failed> {
    let _ = tenant;
    Ok(response(status, headers).observe())
}

#[tokio::test(start_paused = true)]
async fn hints_are_about_the_limit_that_they_name() {
    let start = Instant::now();
    // Of the shared limit nothing is left: that holds for all keys.
    let used_up = [
        ("x-ratelimit-limit-tokens", "600"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "7s"),
    ];
    told(1, 200, &used_up).await.unwrap();
    told(2, 200, &[]).await.unwrap();
    assert_eq!(since(start), 7000);
    // A `Retry-After` closes the key alone.
    told(1, 429, &[("retry-after", "30")]).await.unwrap();
    told(2, 200, &[]).await.unwrap();
    assert_eq!(since(start), 7000);
    told(1, 200, &[]).await.unwrap();
    assert_eq!(since(start), 37_000);
}

#[rate_limited(
    limits(requests(rate = "10/s", key = tenant), requests(rate = "15/s", burst = 15, key = ())),
    max_retries = 2,
    backoff(base = "100ms", jitter = "none")
)]
async fn retried(tenant: u64, failures: u32) -> Result<u32, Failed> {
    let _ = tenant;
    let number = paced::attempt().number();
    if number <= failures {
        return Err(Failed::Api(ApiError::status(503)));
    }
    Ok(number)
}

#[tokio::test(start_paused = true)]
async fn each_attempt_takes_from_all_limits() {
    assert_eq!(retried(1, 2).await.unwrap(), 3);
    let name = format!("{}::retried.shared", module_path!());
    let counts = paced::limiter(&name).snapshot().counts;
    assert_eq!((counts.calls, counts.attempts, counts.retried), (1, 3, 2));
    let left = shared_by("retried");
    assert!(left >= 12, "{left}");
}

#[rate_limited(
    limits(requests(rate = "100/s", key = tenant), requests(rate = "1000/s", key = ())),
    max_concurrency = 1,
    key = tenant
)]
async fn one_at_once(tenant: u64) -> Result<(), Failed> {
    let _ = tenant;
    tokio::time::sleep(secs(1)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn calls_in_flight_are_those_of_the_key() {
    let start = Instant::now();
    let at = async |tenant| {
        one_at_once(tenant).await.unwrap();
        since(start)
    };
    let ended = tokio::join!(at(1), at(1), at(2), at(1));
    assert_eq!(ended, (1000, 2000, 1000, 3000));
}

#[rate_limited(
    limits(requests(rate = "1/s", key = tenant), requests(rate = "2/s", burst = 2, key = ())),
    mode = "observe"
)]
async fn observed(tenant: u64) -> Result<(), Failed> {
    let _ = tenant;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn observing_holds_no_call_back_and_counts_in_all_limits() {
    let start = Instant::now();
    for tenant in 0..10 {
        observed(tenant).await.unwrap();
    }
    assert_eq!(since(start), 0);
    let name = format!("{}::observed.shared", module_path!());
    let snapshot = paced::limiter(&name).snapshot();
    assert_eq!(snapshot.would_have_waited.count, 8);
    assert_eq!(snapshot.would_have_waited.longest, secs(4));
}
