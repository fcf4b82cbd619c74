//! A resource whose limit is the declared bucket.

use super::Answer;
use super::api;

/// When 25 calls in a row are sent that are told what is left in a bucket of ten.
async fn told_of_a_bucket(resource: Option<&str>) -> Vec<u64> {
    let api = api();
    for number in 0..25_u32 {
        let left = 9_u32.saturating_sub(number);
        let mut answer = Answer::told("api", 10, left, 1);
        answer
            .headers
            .retain(|(name, _)| resource.is_some() || *name != "x-ratelimit-resource");
        api.core(answer).await.unwrap().unwrap();
    }
    api.sent("core", 0)
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_is_the_declared_bucket_is_recognized_as_it_is_without_a_name() {
    let times = told_of_a_bucket(Some("api")).await;
    assert_eq!(times, told_of_a_bucket(None).await);
    assert_eq!(times.last(), Some(&1500));
}
