//! Deadlines, `max_wait` and the bound on cooldowns hold over the waits for resources and for the limiter.

use http::Response;
use paced::rate_limited;
use tokio::time::sleep;

use crate::support::Failed;
use crate::support::ms;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

use super::Answer;
use super::Api;
use super::api;

#[rate_limited(limiter = api.limiter, deadline = "30s")]
async fn hurried(api: Api, answer: Answer) -> Result<Response<String>, Failed> {
    Ok(api.request("hurried", &answer).await)
}

#[rate_limited(limiter = api.limiter, max_wait = "30s")]
async fn impatient(api: Api, answer: Answer) -> Result<Response<String>, Failed> {
    Ok(api.request("impatient", &answer).await)
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_resource_opens_too_late_is_refused_at_once() {
    for (resource, all, wait) in [(60, 0, 60), (60, 20, 60), (10, 40, 40), (40, 40, 40)] {
        let api = api();
        let none = Answer::told("search", 30, 0, resource);
        hurried(api.clone(), none.clone()).await.unwrap();
        impatient(api.clone(), none).await.unwrap();
        api.limiter.cooldown_for(secs(all));
        let error = refusal(hurried(api.clone(), Answer::SILENT).await);
        assert_eq!(error.retry_after(), Some(secs(wait)), "{error}");
        assert!(error.to_string().contains("deadline"), "{error}");
        let reason = if all >= resource {
            "; the limiter is closed for another 40s: the program asked for it".to_owned()
        } else {
            format!("; \"search\" is closed for another {resource}s: the server's limit is used up")
        };
        assert!(error.to_string().contains(&reason), "{error}");
        let error = refusal(impatient(api.clone(), Answer::SILENT).await);
        assert_eq!(error.retry_after(), Some(secs(wait)), "{error}");
        assert_eq!(since(api.start), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn max_wait_covers_both_waits_together() {
    let api = api();
    let none = Answer::told("search", 30, 0, 20);
    impatient(api.clone(), none).await.unwrap();
    let call = tokio::spawn(impatient(api.clone(), Answer::SILENT));
    sleep(ms(19_000)).await;
    // Eleven seconds of the thirty are left.
    api.limiter.cooldown_for(secs(12));
    let error = refusal(call.await.unwrap());
    assert_eq!(error.retry_after(), Some(secs(11)), "{error}");
    assert_eq!(since(api.start), 20_000);
}

#[tokio::test(start_paused = true)]
async fn cooldowns_of_a_resource_and_of_the_limiter_add_up() {
    #[rate_limited(limiter = api.limiter)]
    async fn patient(api: Api, answer: Answer) -> Result<Response<String>, Failed> {
        Ok(api.request("patient", &answer).await)
    }
    for (second, refused) in [(100, false), (101, true)] {
        let api = api();
        let none = Answer::told("search", 30, 0, 200);
        patient(api.clone(), none).await.unwrap();
        let call = tokio::spawn(patient(api.clone(), Answer::SILENT));
        sleep(ms(199_999)).await;
        api.limiter.cooldown_for(ms(second * 1000 + 1));
        assert_eq!(call.await.unwrap().is_err(), refused);
        let until = if refused { 200_000 } else { 300_000 };
        assert_eq!(since(api.start), until);
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_its_resource_would_hold_for_too_long_is_not_planned() {
    let api = api();
    let slow = Answer::SILENT.status(429).late(100);
    let slow = tokio::spawn(hurried(api.clone(), slow));
    let none = Answer::told("search", 30, 0, 60).late(50);
    hurried(api.clone(), none).await.unwrap();
    let response = slow.await.unwrap().unwrap();
    assert_eq!((response.status().as_u16(), since(api.start)), (429, 100));
}
