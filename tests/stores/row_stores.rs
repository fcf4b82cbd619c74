//! Limiters with several limits in real stores: two of them stand for two processes, in real time. Limits of an hour,
//! so that nothing flows in while a test runs.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::Store;

fn per_hour(count: u32) -> Quota {
    let count = NonZeroU32::new(count).expect("above 0");
    Quota::per_hour(count).with_burst(count)
}

fn limiter(store: Arc<dyn Store>) -> Limiter {
    let builder = Limiter::builder(per_hour(10)).row("tokens", per_hour(1000));
    let builder = builder.name("rows").store(store).unregistered();
    // The machine may be busy.
    let policy = Policy::new().on_error(OnStoreError::Closed);
    let policy = policy.timeout(Duration::from_secs(5));
    builder.store_policy(policy).build().expect("two limits")
}

/// Corrections are sent after 50 ms.
async fn exchange() {
    tokio::time::sleep(Duration::from_millis(200)).await;
}

/// Checks that two processes share two limits, and what is settled.
pub(crate) async fn check(stores: [Arc<dyn Store>; 2]) {
    let [one, other] = stores.map(limiter);
    let receipt = one
        .acquire_costs(&[("tokens", 900)])
        .await
        .expect("a permit")
        .into_receipt();
    drop(
        other
            .acquire_costs(&[("tokens", 100)])
            .await
            .expect("a permit")
            .into_receipt(),
    );
    let late = other.acquire_costs(&[("tokens", 100)]);
    let late = tokio::time::timeout(Duration::from_millis(300), late).await;
    assert!(late.is_err(), "nothing is left");
    exchange().await;
    one.settle(receipt, &[("tokens", 400)]).expect("a limit");
    exchange().await;
    let shared = other.shared_snapshot().await.expect("an answer");
    let (requests, tokens) = (shared.row("requests"), shared.row("tokens"));
    assert_eq!(tokens.expect("a limit").available, 500);
    assert_eq!(requests.expect("a limit").available, 8);
    assert_eq!(tokens.expect("a limit").held, None);
    drop(
        other
            .acquire_costs(&[("tokens", 500)])
            .await
            .expect("what was given back")
            .into_receipt(),
    );
    let error = one
        .try_acquire_costs(&[("tokens", 10)])
        .expect_err("nothing is left");
    assert!(error.is_not_yet(), "{error}");
}

const URL: &str = concat!("sqlite:", env!("CARGO_TARGET_TMPDIR"), "/rows.db");

#[rate_limited(
    limiter = "stores::rows",
    limits(requests(rate = "10/h", burst = 10), tokens = "1000/h"),
    cost(tokens = cost),
    settle(tokens = |spent| *spent),
    max_wait = "60s",
    store = URL,
    on_store_error = "closed"
)]
async fn by_constant(cost: u32, spent: u32) -> Result<u32, paced::Error> {
    let _ = cost;
    Ok(spent)
}

#[rate_limited(
    limiter = "stores::rows",
    limits(requests(rate = "10/h", burst = 10), tokens = "1000/h"),
    cost(tokens = cost),
    settle(tokens = |spent| *spent),
    max_wait = "60s",
    store = URL.to_owned(),
    on_store_error = "closed"
)]
async fn at_run_time(cost: u32, spent: u32) -> Result<u32, paced::Error> {
    let _ = cost;
    Ok(spent)
}

#[tokio::test]
async fn functions_keep_to_the_limits_that_a_file_holds() {
    for suffix in ["", "-wal", "-shm"] {
        // Of an earlier run.
        drop(std::fs::remove_file(format!(
            "{}{suffix}",
            URL.trim_start_matches("sqlite:")
        )));
    }
    by_constant(800, 100).await.expect("there are 1000");
    exchange().await;
    at_run_time(900, 900).await.expect("900 are left");
    let error = by_constant(100, 0).await.expect_err("none is left");
    let error = paced::Error::find(&error).expect("a refusal");
    assert_eq!(error.unit(), Some("tokens"), "{error}");
}
