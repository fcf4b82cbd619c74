//! The option `key`: one limiter for each key.

use core::num::NonZeroU32;
use core::time::Duration;

use paced::Keyed;
use paced::Quota;
use paced::ResponseExt as _;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::poll_once;
use crate::support::refusal;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

#[rate_limited(rate = 1, key = tenant)]
async fn of_tenant(tenant: u64) -> Result<u64, Failed> {
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_bucket_and_queue() {
    let start = Instant::now();
    let at = async |tenant| {
        of_tenant(tenant).await.unwrap();
        since(start)
    };
    let ended = tokio::join!(at(1), at(1), at(2), at(1), at(2), at(3));
    assert_eq!(ended, (0, 1000, 0, 2000, 1000, 0));
}

#[rate_limited(rate = 10, key = tenant, max_retries = 1)]
async fn refused_once(tenant: &str, first: Result<(), ApiError>) -> Result<(), Failed> {
    if paced::attempt().number() == 1 {
        first.map_err(Failed::Api)?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_one_key_holds_no_other_back() {
    let start = Instant::now();
    let refused = async {
        refused_once("acme", Err(ApiError::after(429, secs(30))))
            .await
            .unwrap();
        since(start)
    };
    let same = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        refused_once("acme", Ok(())).await.unwrap();
        since(start)
    };
    let other = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        refused_once("globex", Ok(())).await.unwrap();
        since(start)
    };
    let (refused, same, other) = tokio::join!(refused, same, other);
    // One call goes first, and not the one that was refused.
    assert_eq!((refused, same, other), (30_100, 30_000, 10));
}

#[rate_limited(rate = 10, key = tenant, max_retries = 0)]
async fn observing(tenant: String) -> Result<http::Response<String>, Failed> {
    drop(tenant);
    Ok(response(
        200,
        &[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-limit", "50"),
            ("x-ratelimit-reset", "20"),
        ],
    )
    .observe())
}

#[tokio::test(start_paused = true)]
async fn headers_concern_the_key_of_their_call_which_may_be_consumed() {
    let start = Instant::now();
    observing("acme".to_owned()).await.unwrap();
    observing("globex".to_owned()).await.unwrap();
    assert_eq!(since(start), 0);
    observing("acme".to_owned()).await.unwrap();
    assert_eq!(since(start), 20_000);
}

#[rate_limited(rate = 1, burst = 10, key = tenant, cost = cost, deadline = "5s")]
async fn costing(tenant: u8, cost: u32) -> Result<(), Failed> {
    let _ = (tenant, cost);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn costs_are_taken_from_the_bucket_of_the_key() {
    let start = Instant::now();
    costing(1, 8).await.unwrap();
    costing(2, 8).await.unwrap();
    costing(1, 4).await.unwrap();
    assert_eq!(since(start), 2000);
    let late = refusal(costing(1, 6).await);
    assert!(
        late.is_deadline() && late.to_string().contains("costing"),
        "{late}"
    );
    assert!(refusal(costing(1, 11).await).is_insufficient_capacity());
    costing(2, 4).await.unwrap();
    assert_eq!(since(start), 2000);
}

#[rate_limited(
    limits(requests = "10/s", tokens(rate = "60/min", burst = 100)),
    key = (account, "model"),
    cost(tokens = 80),
    settle(tokens = |took: &u64| *took)
)]
async fn complete(account: u32, took: u64) -> Result<u64, Failed> {
    let _ = account;
    Ok(took)
}

#[tokio::test(start_paused = true)]
async fn several_limits_with_settlement() {
    let start = Instant::now();
    complete(1, 10).await.unwrap();
    complete(1, 20).await.unwrap();
    assert_eq!(since(start), 0, "90 were left");
    complete(1, 80).await.unwrap();
    assert_eq!(since(start), 10_000, "70 were left");
    complete(2, 100).await.unwrap();
    assert_eq!(since(start), 10_000);
}

#[rate_limited(rate = "1/h", key = tenant, max_keys = 2)]
async fn few(tenant: u64) -> Result<(), Failed> {
    let _ = tenant;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_key_without_a_place_is_refused_where_that_can_be_said() {
    few(1).await.unwrap();
    few(2).await.unwrap();
    let full = refusal(few(3).await);
    assert!(full.is_keys_exhausted(), "{full}");
    assert!(full.to_string().contains("few"), "{full}");
    tokio::time::advance(secs(3600)).await;
    few(3).await.unwrap();
}

#[rate_limited(rate = 1, key = tenant, max_keys = MAX_KEYS)]
async fn patient(tenant: u64) -> Result<(), ApiError> {
    let _ = tenant;
    Ok(())
}

const MAX_KEYS: usize = 1;

#[tokio::test(start_paused = true)]
async fn a_key_without_a_place_waits_where_it_cannot_be_refused() {
    let start = Instant::now();
    patient(1).await.unwrap();
    patient(2).await.unwrap();
    assert!((1000..=2000).contains(&since(start)), "{}", since(start));
}

static TENANTS: Keyed<String> = Keyed::new(Quota::per_second(NonZeroU32::MIN));

#[rate_limited(limiter = TENANTS, key = tenant)]
async fn read(tenant: &str) -> Result<(), Failed> {
    let _ = tenant;
    Ok(())
}

#[rate_limited(limiter = TENANTS, key = tenant, max_retries = 0)]
async fn write(tenant: String) -> Result<(), Failed> {
    drop(tenant);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn functions_share_the_keys_of_a_limiter() {
    let start = Instant::now();
    read("acme").await.unwrap();
    write("acme".to_owned()).await.unwrap();
    assert_eq!(since(start), 1000);
    TENANTS.acquire("acme").await.unwrap();
    read("globex").await.unwrap();
    assert_eq!(since(start), 2000);
    TENANTS.cooldown_for("globex", secs(10)).unwrap();
    read("globex").await.unwrap();
    assert_eq!(since(start), 12_000);
}

struct Client {
    account: String,
}

impl Client {
    #[rate_limited(rate = 1, key = &self.account)]
    async fn fetch(&mut self, calls: &mut u32) -> Result<(), Failed> {
        *calls += 1;
        self.account.push('x');
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_read_once_for_each_call_before_the_body() {
    let (start, mut calls) = (Instant::now(), 0);
    let mut client = Client {
        account: "acme".to_owned(),
    };
    client.fetch(&mut calls).await.unwrap();
    client.fetch(&mut calls).await.unwrap();
    assert_eq!((since(start), calls), (0, 2));
    client.account.truncate(4);
    client.fetch(&mut calls).await.unwrap();
    assert_eq!((since(start), calls), (1000, 3));
}

#[rate_limited(rate = 1, key = tenant, deadline = "1h")]
async fn dropped(tenant: u64) -> Result<(), Failed> {
    let _ = tenant;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_leaves_its_place_to_the_next() {
    let start = Instant::now();
    dropped(1).await.unwrap();
    let mut first = Box::pin(dropped(1));
    let mut second = Box::pin(dropped(1));
    assert!(poll_once(&mut first).is_pending());
    assert!(poll_once(&mut second).is_pending());
    drop(first);
    second.await.unwrap();
    assert_eq!(since(start), 1000);
}

#[rate_limited(rate = 1, key = tenant, mode = "off")]
async fn off(tenant: u64) -> Result<(), Failed> {
    let _ = tenant;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_a_limiter_keys_hold_nothing_back() {
    let start = Instant::now();
    for _ in 0..3 {
        off(1).await.unwrap();
    }
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_backlog_of_one_key_does_not_block_another() {
    static KEYS: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(10).unwrap()));
    let start = Instant::now();
    let backlog: Vec<_> = (0..1000)
        .map(|_| tokio::spawn(async { KEYS.acquire(&1).await.map(drop) }))
        .collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(KEYS.snapshot(&1).waiting, 990);
    for _ in 0..20 {
        KEYS.acquire(&2).await.unwrap();
    }
    assert_eq!(since(start), 1000);
    backlog.iter().for_each(tokio::task::JoinHandle::abort);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(KEYS.snapshot(&1).waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_names_the_function() {
    #[rate_limited(rate = 1, key = tenant, attempt_timeout = "1s", max_retries = 0)]
    async fn slow(tenant: u64) -> Result<(), Failed> {
        let _ = tenant;
        tokio::time::sleep(secs(5)).await;
        Ok(())
    }
    let error = refusal(slow(1).await);
    assert!(
        error.is_attempt_timeout() && error.to_string().contains("slow"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_tells_nothing_keeps_the_key_small() {
    static KEYS: Keyed<u64> = Keyed::new(Quota::per_second(NonZeroU32::new(10).unwrap()));
    #[rate_limited(limiter = KEYS, key = tenant)]
    async fn missing(tenant: u64) -> Result<(), ApiError> {
        let _ = tenant;
        Err(ApiError::status(404))
    }
    for tenant in 0..5 {
        missing(tenant).await.unwrap_err();
    }
    let text = format!("{KEYS:?}");
    assert!(
        text.contains("keys: 5") && text.contains("whole_limiters: 0"),
        "{text}"
    );
}
