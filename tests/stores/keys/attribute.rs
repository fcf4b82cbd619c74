//! The options `key` and `store` together.

use core::time::Duration;
use std::sync::Arc;
use std::sync::LazyLock;

use paced::Error;
use paced::rate_limited;
use paced::store::ListRequest;
use paced::store::MemoryStore;
use paced::store::Store as _;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

static STORE: LazyLock<Arc<MemoryStore>> = LazyLock::new(Arc::default);

#[rate_limited(rate = 1, burst = 2, key = tenant, store = &*STORE)]
async fn customer(tenant: &str) -> Result<usize, Error> {
    Ok(tenant.len())
}

#[tokio::test(start_paused = true)]
async fn a_function_has_a_limit_for_each_key_in_the_store() -> Result<(), Error> {
    let start = Instant::now();
    for tenant in ["acme", "acme", "globex", "globex"] {
        customer(tenant).await?;
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    customer("acme").await?;
    assert_eq!(start.elapsed(), SECOND);
    let page = STORE.list(&ListRequest::new()).await.expect("a list");
    let prefix = "stores::keys::attribute::customer:";
    for limiter in page.limiters {
        let digits = limiter.name.strip_prefix(prefix).expect("the function's");
        assert_eq!(digits.len(), 32);
    }
    Ok(())
}

fn shared() -> Arc<MemoryStore> {
    Arc::default()
}

#[rate_limited(
    limits(requests = "100/s", tokens(rate = "600/min", burst = 600)),
    cost(tokens = 300),
    settle(tokens = |took: &u64| *took),
    key = tenant,
    store = shared(),
)]
async fn complete(tenant: u64, took: u64) -> Result<u64, Error> {
    let _ = tenant;
    Ok(took)
}

#[tokio::test(start_paused = true)]
async fn the_first_call_of_a_key_is_settled_too() -> Result<(), Error> {
    let start = Instant::now();
    // Of 300 each, 290 are given back.
    for _ in 0..20 {
        complete(7, 10).await?;
        tokio::time::sleep(SECOND / 10).await;
    }
    assert!(start.elapsed() < 3 * SECOND, "{:?}", start.elapsed());
    complete(8, 600).await?;
    complete(8, 300).await?;
    assert!(start.elapsed() > 30 * SECOND, "{:?}", start.elapsed());
    Ok(())
}

#[rate_limited(rate = 100, key = tenant, max_concurrency = 1, store = shared())]
async fn export(tenant: u64) -> Result<u64, Error> {
    tokio::time::sleep(SECOND).await;
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_slots_in_the_store() -> Result<(), Error> {
    let start = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for tenant in [1, 1, 2] {
        calls.spawn(async move { export(tenant).await.map(|_| start.elapsed()) });
    }
    let mut took = Vec::new();
    for call in calls.join_all().await {
        took.push(call?);
    }
    took.sort_unstable();
    assert!(took[1] < SECOND + SECOND / 2, "{took:?}");
    assert!(took[2] >= 2 * SECOND && took[2] < 3 * SECOND, "{took:?}");
    Ok(())
}

/// Refuses a tenant's first call.
#[rate_limited(rate = 10, key = tenant, store = shared(), max_retries = 1)]
async fn refused_once(tenant: &str) -> Result<u32, Refused> {
    if tenant == "acme" && paced::attempt().number() == 1 {
        return Err(Refused);
    }
    Ok(1)
}

#[derive(Debug)]
struct Refused;

impl From<Error> for Refused {
    fn from(_: Error) -> Self {
        Self
    }
}

impl paced::Signal for Refused {
    fn failure(&self) -> paced::Failure {
        paced::Failure::Status(429)
    }

    fn hint(&self) -> Option<paced::Hint> {
        Some(paced::Hint::new().with_retry_after(20 * SECOND))
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_waits_and_other_keys_do_not() {
    let start = Instant::now();
    let acme = tokio::spawn(refused_once("acme"));
    tokio::task::yield_now().await;
    refused_once("globex").await.expect("a reply");
    assert!(start.elapsed() < SECOND);
    acme.await.expect("no panic").expect("a reply");
    assert!(start.elapsed() >= 20 * SECOND);
}
