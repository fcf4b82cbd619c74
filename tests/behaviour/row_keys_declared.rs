//! Limits with keys in blocks, on plain functions, without pacing, and with meters.

use core::num::NonZeroU32;
use std::io;

use paced::Meter;
use paced::Quota;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::Failed;
use crate::support::secs;
use crate::support::since;

struct Api;

#[rate_limited(
    key = tenant,
    limits(requests = "1/s", requests(rate = "100/h", burst = 10, key = ()))
)]
impl Api {
    async fn read(&self, tenant: u64) -> io::Result<u64> {
        Ok(tenant)
    }

    async fn write(&self, tenant: u64) -> io::Result<u64> {
        Ok(tenant)
    }
}

#[tokio::test(start_paused = true)]
async fn functions_of_a_block_share_the_limiters_of_their_keys() {
    let start = Instant::now();
    Api.read(1).await.unwrap();
    Api.write(2).await.unwrap();
    assert_eq!(since(start), 0);
    Api.write(1).await.unwrap();
    assert_eq!(since(start), 1000);
    let shared = paced::limiter(concat!(module_path!(), "::Api.shared"));
    assert_eq!(shared.snapshot().available, 7);
}

#[rate_limited(limits(requests(rate = "1/s", key = ())))]
async fn of_all(tenant: u64) -> io::Result<u64> {
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn without_any_key_all_calls_share_the_limit() {
    let start = Instant::now();
    of_all(1).await.unwrap();
    of_all(2).await.unwrap();
    assert_eq!(since(start), 1000);
}

#[rate_limited(limits(requests(rate = "1/s", key = tenant), requests = "2/s"), mode = "off")]
async fn off(tenant: u64) -> io::Result<u64> {
    Ok(tenant)
}

#[rate_limited(limits(requests(rate = "1/h", key = tenant), tokens(rate = "2/h")), cost(tokens = 1))]
async fn unpaced(tenant: u64) -> Result<u64, Failed> {
    paced::spent("tokens", 2);
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn without_pacing_nothing_is_taken() {
    let start = Instant::now();
    for _ in 0..5 {
        off(1).await.unwrap();
    }
    let guard = paced::testing::unpaced();
    for _ in 0..5 {
        unpaced(1).await.unwrap();
    }
    drop(guard);
    unpaced(1).await.unwrap();
    assert_eq!(since(start), 0);
    let shared = paced::limiter(concat!(module_path!(), "::unpaced.shared")).snapshot();
    assert_eq!(shared.row("tokens").unwrap().available, 0);
    assert_eq!((shared.counts.attempts, shared.in_flight), (1, 0));
}

#[rate_limited(
    limits(requests(rate = "10/s", key = tenant), tokens(rate = "100/h", burst = 100, key = ())),
    cost(tokens = 60)
)]
async fn metered(tenant: u64) -> Result<Meter, Failed> {
    let _ = tenant;
    Ok(paced::meter())
}

#[tokio::test(start_paused = true)]
async fn a_meter_corrects_the_limit_that_all_keys_share() {
    let left = || {
        let shared = paced::limiter(concat!(module_path!(), "::metered.shared"));
        shared.snapshot().row("tokens").unwrap().available
    };
    let meter = metered(1).await.unwrap();
    assert_eq!(left(), 40);
    meter.spent("tokens", 25);
    drop(meter);
    assert_eq!(left(), 75);
}

#[rate_limited(
    limits(requests(rate = "10/s", key = tenant), tokens(rate = "100/h", burst = 100, key = ())),
    cost(tokens = 50)
)]
async fn cancelled(tenant: u64) -> Result<(), Failed> {
    let _ = tenant;
    paced::spent("tokens", 80);
    tokio::time::sleep(secs(10)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_dropped_has_taken_what_it_said() {
    let call = tokio::time::timeout(secs(1), cancelled(1)).await;
    assert!(call.is_err());
    let shared = paced::limiter(concat!(module_path!(), "::cancelled.shared")).snapshot();
    assert_eq!(shared.row("tokens").unwrap().available, 20);
    assert_eq!(shared.in_flight, 0);
}

#[rate_limited(limits(requests(rate = "500/s", burst = 1, key = tenant), requests(rate = "1000/s", burst = 1)))]
fn plain(tenant: u64) -> io::Result<u64> {
    Ok(tenant)
}

#[test]
fn plain_functions_wait_for_all_limits() {
    for tenant in [1, 2, 1, 1] {
        assert_eq!(plain(tenant).unwrap(), tenant);
    }
    let shared = paced::limiter(concat!(module_path!(), "::plain.shared")).snapshot();
    assert_eq!((shared.counts.attempts, shared.in_flight), (4, 0));
}

#[rate_limited(
    limits(requests(rate = "1/s", key = tenant), requests(rate = "1/s", burst = 1, key = ())),
    max_keys = 2,
    max_retries = 0
)]
async fn few(tenant: u64) -> Result<(), Failed> {
    let _ = tenant;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn closing_the_shared_limit_refuses_the_calls_of_all_keys() {
    few(1).await.unwrap();
    let shared = paced::limiter(concat!(module_path!(), "::few.shared"));
    let waits = tokio::spawn(few(2));
    tokio::task::yield_now().await;
    assert_eq!(shared.snapshot().waiting, 1);
    shared.set_quota(Quota::per_hour(NonZeroU32::MIN));
    shared.close();
    let error = crate::support::refusal(waits.await.unwrap());
    assert!(error.is_closed(), "{error}");
    let error = crate::support::refusal(few(1).await);
    assert!(error.is_closed(), "{error}");
}

#[rate_limited(
    limits(
        requests(rate = "2000/s", burst = 5, key = tenant),
        posts(rate = "3000/s", burst = 5, key = channel),
        requests(rate = "4000/s", burst = 5),
    ),
    cost(posts = 1),
    max_retries = 1,
    backoff(base = "1ms")
)]
async fn crowded(tenant: usize, channel: usize, fails: bool) -> Result<(), Failed> {
    let _ = (tenant, channel);
    if fails && paced::attempt().number() == 1 {
        return Err(Failed::Api(crate::support::ApiError::of(
            paced::Failure::Connect,
        )));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn on_several_threads_no_call_hangs_and_all_are_counted() {
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..1500_usize {
        calls.spawn(async move {
            let call = crowded(number % 3, number % 5, number % 211 == 0);
            if number % 4 == 0 {
                let patience = core::time::Duration::from_micros(number as u64 % 700);
                drop(tokio::time::timeout(patience, call).await);
            } else {
                call.await.unwrap();
            }
        });
    }
    let all = async { while calls.join_next().await.is_some() {} };
    let ended = tokio::time::timeout(secs(60), all).await;
    ended.expect("no call hangs");
    let shared = paced::limiter(concat!(module_path!(), "::crowded.shared")).snapshot();
    assert_eq!((shared.waiting, shared.in_flight), (0, 0));
    assert!(shared.counts.attempts >= 1125, "{shared:?}");
}
