//! The option `store` with a file.

use std::fs;
use std::path::Path;

use paced::Error;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use paced::store;

const FILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/attribute.db");
const URL: &str = concat!("sqlite:", env!("CARGO_TARGET_TMPDIR"), "/attribute.db");

#[rate_limited(limiter = "stores::sqlite", rate = "1/h", burst = 2, max_wait = "60s", store = URL)]
async fn by_constant() -> Result<(), Error> {
    Ok(())
}

#[rate_limited(limiter = "stores::sqlite", rate = "1/h", burst = 2, max_wait = "60s", store = URL.to_owned())]
async fn at_run_time() -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn functions_keep_to_the_limit_that_a_file_holds() {
    for suffix in ["", "-wal", "-shm"] {
        // Of an earlier run.
        drop(fs::remove_file(format!("{FILE}{suffix}")));
    }
    assert!(!Path::new(FILE).exists());
    by_constant().await.expect("one of two");
    assert!(Path::new(FILE).exists());
    at_run_time().await.expect("the other one");
    let error = by_constant().await.expect_err("an hour is too long");
    let wait = paced::Error::find(&error).and_then(paced::Error::retry_after);
    assert!(
        wait.is_some_and(|wait| wait.as_secs() >= 3500 && wait.as_secs() <= 3600),
        "{error}"
    );
    let staging = store::connect(&format!("{URL}?namespace=staging")).expect("a namespace");
    let quota = Quota::new("1/h".parse().expect("a rate"));
    let limiter = Limiter::builder(quota)
        .name("stores::sqlite")
        .store(staging)
        .unregistered()
        .build();
    let limiter = limiter.expect("a slow rate");
    limiter.acquire().await.expect("another limit of this name");
}
