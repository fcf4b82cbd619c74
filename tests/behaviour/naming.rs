//! Limiters that are shared by name.

use std::io;

use paced::Limiter;
use paced::rate_limited;

use crate::support::quota;

#[tokio::test(start_paused = true)]
async fn the_same_name_and_quota_give_the_same_limiter() {
    let one = Limiter::builder(quota(10.0, 3))
        .name("naming-same")
        .build()
        .unwrap();
    let other = Limiter::builder(quota(10.0, 3))
        .name("naming-same")
        .build()
        .unwrap();
    one.acquire_many(2).await.unwrap();
    assert_eq!(other.snapshot().available, 1);
}

#[test]
fn two_quotas_for_one_name_are_an_error_that_names_both() {
    let _first = Limiter::builder(quota(5.0, 3))
        .name("naming-twice")
        .build()
        .unwrap();
    let error = Limiter::builder(quota(5.0, 4))
        .name("naming-twice")
        .build()
        .unwrap_err();
    assert!(error.is_conflict());
    assert_eq!(
        error.to_string(),
        "limiter \"naming-twice\" is declared twice: once with 5/s with a burst of 3, \
         once with 5/s with a burst of 4; give both declarations the same rate and burst, or two names"
    );
}

#[rate_limited(limiter = "naming-later")]
async fn first() -> io::Result<()> {
    Ok(())
}

#[rate_limited(limiter = "naming-later", rate = 5)]
async fn declaring() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_name_may_be_declared_after_the_first_call_of_a_function_that_uses_it() {
    let error = first().await.unwrap_err();
    let error = paced::Error::find(&error).unwrap();
    assert!(error.is_conflict());
    assert!(
        error.to_string().ends_with(
            "limiter \"naming-later\" is not declared yet: call the function that has its rate before, \
             give the same `rate` or `limits` here, or build it: `Limiter::builder(..).name(\"naming-later\")`"
        ),
        "{error}"
    );
    declaring().await.unwrap();
    first().await.unwrap();
    assert_eq!(paced::limiter("naming-later").snapshot().available, 3);
}
