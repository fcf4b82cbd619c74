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

static BY_NAME: LazyLock<Arc<MemoryStore>> = LazyLock::new(Arc::default);

#[rate_limited(limiter = "crm", rate = 1, burst = 2, key = tenant, store = &*BY_NAME)]
async fn read(tenant: &str) -> Result<usize, Error> {
    Ok(tenant.len())
}

#[rate_limited(limiter = "crm", rate = 1, burst = 2, key = tenant, store = &*BY_NAME, max_retries = 0)]
async fn write(tenant: String) -> Result<String, Error> {
    Ok(tenant)
}

#[rate_limited(limiter = "crm", rate = 1, burst = 3, key = tenant, store = &*BY_NAME)]
async fn otherwise(tenant: &str) -> Result<usize, Error> {
    Ok(tenant.len())
}

#[tokio::test(start_paused = true)]
async fn functions_share_keys_by_a_name_in_a_store() -> Result<(), Error> {
    let start = Instant::now();
    read("acme").await?;
    write("acme".to_owned()).await?;
    write("globex".to_owned()).await?;
    assert_eq!(start.elapsed(), Duration::ZERO);
    read("acme").await?;
    assert_eq!(start.elapsed(), SECOND);
    let error = otherwise("acme").await.expect_err("another burst");
    assert!(error.is_conflict(), "{error}");
    let page = BY_NAME.list(&ListRequest::new()).await.expect("a list");
    assert_eq!(page.limiters.len(), 2);
    assert!(page.limiters.iter().any(|it| it.name == super::ACME));
    Ok(())
}

struct Api;

#[rate_limited(rate = 1, burst = 2, key = tenant, store = shared())]
impl Api {
    async fn get(&self, tenant: &str) -> Result<usize, Error> {
        Ok(tenant.len())
    }

    async fn put(&self, tenant: &str, _body: u32) -> Result<usize, Error> {
        Ok(tenant.len())
    }
}

struct Local;

#[rate_limited(rate = 1, burst = 2, key = tenant)]
impl Local {
    async fn get(&self, tenant: &str) -> Result<usize, Error> {
        Ok(tenant.len())
    }

    async fn put(&self, tenant: &str, _body: u32) -> Result<usize, Error> {
        Ok(tenant.len())
    }
}

#[tokio::test(start_paused = true)]
async fn the_functions_of_a_block_share_each_key() -> Result<(), Error> {
    let start = Instant::now();
    Api.get("acme").await?;
    Api.put("acme", 1).await?;
    Api.get("globex").await?;
    assert_eq!(start.elapsed(), Duration::ZERO);
    Api.put("acme", 2).await?;
    assert_eq!(start.elapsed(), SECOND);
    // So they do without a store.
    Local.get("acme").await?;
    Local.put("acme", 1).await?;
    assert_eq!(start.elapsed(), SECOND);
    Local.get("acme").await?;
    assert_eq!(start.elapsed(), 2 * SECOND);
    Ok(())
}

struct Other;

impl Other {
    #[rate_limited(limiter = "other", rate = 1, key = self.tenant(), store = shared())]
    async fn get(&self) -> Result<u32, Error> {
        Ok(1)
    }

    const fn tenant(&self) -> (u32, &'static str) {
        let Self = self;
        (7, "eu")
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_has_a_name_for_its_keys() -> Result<(), Error> {
    let start = Instant::now();
    Other.get().await?;
    Other.get().await?;
    assert_eq!(start.elapsed(), SECOND);
    Ok(())
}
