//! The options `limits`, `cost` and `settle`, as the attribute declares them.

use paced::Error;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::since;

#[rate_limited(limits = ["10/s", "20/min"])]
async fn by_the_second_and_the_minute() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_slower_limit_begins_where_its_count_is_used() {
    let start = Instant::now();
    for _ in 0..10 {
        by_the_second_and_the_minute().await.expect("a success");
    }
    assert_eq!(since(start), 0);
    // Then one call in 100 ms. Meanwhile the limit of the minute gains a token every 3 s, and none in the first second.
    for _ in 10..20 {
        by_the_second_and_the_minute().await.expect("a success");
    }
    assert_eq!(since(start), 1000);
    by_the_second_and_the_minute().await.expect("a success");
    assert_eq!(since(start), 3000);
}

#[rate_limited(
    limits(requests = "600/min", tokens(rate = "6000/min", burst = 1000)),
    cost(tokens = prompt.len()),
    settle(tokens = |used| *used),
)]
async fn complete(prompt: &[u8], used: u64) -> Result<u64, Error> {
    Ok(used)
}

#[tokio::test(start_paused = true)]
async fn a_settlement_corrects_the_cost() {
    let start = Instant::now();
    // The bucket was not full since the cost was taken, so 800 are given back.
    complete(&[0; 1000], 200).await.expect("a success");
    assert_eq!(since(start), 0);
    complete(&[0; 800], 800).await.expect("a success");
    assert_eq!(since(start), 0);
    complete(&[0; 100], 300).await.expect("a success");
    assert_eq!(since(start), 1000);
    // It took 200 more than it paid.
    complete(&[0; 100], 100).await.expect("a success");
    assert_eq!(since(start), 4000);
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_capacity_is_refused_at_once() {
    let error = too_large(1001).await.expect_err("a cost above capacity");
    assert!(error.is_insufficient_capacity(), "{error}");
    assert_eq!(error.unit(), Some("tokens"));
    assert!(too_large(1000).await.is_ok());
}

#[rate_limited(limits("100/s", tokens = "1000/min"), cost(tokens = cost))]
async fn too_large(cost: u32) -> Result<(), Error> {
    Ok(())
}

#[rate_limited(rate = "60/min", cost = ids.len())]
async fn several(ids: &[u64]) -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_cost_makes_the_burst_a_whole_period() {
    let start = Instant::now();
    several(&[1; 60]).await.expect("a success");
    assert_eq!(since(start), 0);
    several(&[1; 3]).await.expect("a success");
    assert_eq!(since(start), 3000);
}

#[rate_limited(
    limits = [rate_of_a_second(), "600/min"],
    start = "empty",
    mode = "on"
)]
async fn at_run_time() -> Result<(), Error> {
    Ok(())
}

fn rate_of_a_second() -> &'static str {
    "20/s"
}

#[tokio::test(start_paused = true)]
async fn limits_at_run_time_can_start_empty() {
    let start = Instant::now();
    at_run_time().await.expect("a success");
    assert_eq!(since(start), 100);
    at_run_time().await.expect("a success");
    assert_eq!(since(start), 200);
}

#[rate_limited(limits = [1, "30/min"], cost = panics(), mode = "off", settle(requests = |()| panics()))]
async fn switched_off() -> Result<(), Error> {
    Ok(())
}

fn panics() -> u64 {
    panic!("evaluated")
}

#[tokio::test(start_paused = true)]
async fn without_a_limiter_no_cost_is_evaluated() {
    let start = Instant::now();
    for _ in 0..5 {
        switched_off().await.expect("a success");
    }
    assert_eq!(since(start), 0);
}

#[rate_limited(
    limiter = "declared_limits",
    limits(requests = "600/min", search = "30/min"),
    cost(search = 1)
)]
async fn search() -> Result<(), Error> {
    Ok(())
}

#[rate_limited(limiter = "declared_limits", cost(serch = 1))]
async fn misspelt() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_a_shared_limiter_does_not_count_is_refused() {
    search().await.expect("a success");
    let error = misspelt().await.expect_err("a unit that is not there");
    assert!(error.is_conflict(), "{error}");
    assert!(error.to_string().contains("search"), "{error}");
}
