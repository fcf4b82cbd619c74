//! The option `key` of single limits, in a store.

use core::time::Duration;
use std::sync::Arc;
use std::sync::LazyLock;

use paced::Error;
use paced::rate_limited;
use paced::store::MemoryStore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use super::rows::names;

const SECOND: Duration = Duration::from_secs(1);

static STORE: LazyLock<Arc<MemoryStore>> = LazyLock::new(Arc::default);

#[rate_limited(
    limits(
        requests = "3/s",
        requests(rate = "4/s", burst = 2, key = ()),
        posts(rate = "1/s", burst = 1, key = channel),
    ),
    key = tenant,
    cost(posts = 1),
    store = &*STORE,
)]
async fn post(tenant: &str, channel: u32) -> Result<usize, Error> {
    let _ = channel;
    Ok(tenant.len())
}

#[tokio::test(start_paused = true)]
async fn a_function_has_limits_of_several_keys_in_the_store() -> Result<(), Error> {
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for (tenant, channel) in [("acme", 1), ("globex", 2), ("acme", 1), ("globex", 1)] {
        calls.spawn(async move { post(tenant, channel).await.map(|_| start.elapsed()) });
    }
    let mut took = Vec::new();
    for call in calls.join_all().await {
        took.push(call?);
    }
    took.sort_unstable();
    for (took, due) in took.into_iter().zip([0, 0, 1000, 2000]) {
        let due = Duration::from_millis(due);
        assert!(took >= due && took <= due + SECOND / 50, "{took:?}");
    }
    let path = concat!(module_path!(), "::post");
    let names = names(&STORE).await;
    let count = |prefix: String| names.iter().filter(|it| it.starts_with(&prefix)).count();
    assert_eq!(count(format!("{path}:")), 2, "{names:?}");
    assert_eq!(count(format!("{path}.key2:")), 2, "{names:?}");
    assert_eq!(count(format!("{path}.shared")), 1, "{names:?}");
    assert_eq!(names.len(), 5);
    Ok(())
}

static BY_NAME: LazyLock<Arc<MemoryStore>> = LazyLock::new(Arc::default);

#[rate_limited(
    limiter = "crm-rows",
    limits(requests = "100/s", tokens(rate = "60/min", burst = 600, key = ())),
    key = tenant,
    cost(tokens = 300),
    settle(tokens = |took: &u64| *took),
    store = &*BY_NAME,
)]
async fn complete(tenant: u64, took: u64) -> Result<u64, Error> {
    let _ = tenant;
    Ok(took)
}

#[rate_limited(
    limiter = "crm-rows",
    limits(requests = "100/s", tokens(rate = "60/min", burst = 500, key = ())),
    key = tenant,
    cost(tokens = 300),
    store = &*BY_NAME,
)]
async fn otherwise(tenant: u64) -> Result<u64, Error> {
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn what_was_not_spent_is_given_back_to_the_shared_limit_in_the_store() -> Result<(), Error> {
    let left = async || {
        let shared = paced::limiter("crm-rows.shared");
        let seen = shared.shared_snapshot().await.expect("a snapshot");
        seen.row("tokens").expect("a row").available
    };
    complete(1, 100).await?;
    sleep(SECOND).await;
    assert_eq!(left().await, 501);
    let start = Instant::now();
    complete(2, 300).await?;
    complete(3, 10).await?;
    // 501 less 300: a hundred were missing.
    assert!(start.elapsed() >= 98 * SECOND, "{:?}", start.elapsed());
    assert!(start.elapsed() <= 101 * SECOND, "{:?}", start.elapsed());
    let error = otherwise(1).await.expect_err("another burst");
    assert!(error.is_conflict(), "{error}");
    Ok(())
}
