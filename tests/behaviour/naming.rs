//! Limiters that are shared by name.

use paced::Limiter;

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
