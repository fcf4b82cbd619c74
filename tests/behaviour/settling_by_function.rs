//! Settlement by the option `settle`, which reads what a call returns.

use paced::Failure;
use paced::Limiter;
use paced::rate_limited;

use crate::costs::available;
use crate::support::ApiError;
use crate::support::Failed;
use crate::support::limiter;
use crate::support::refusal;

type Outcome = Result<Option<u64>, Failed>;

/// Makes a call whose body returns what it took.
#[rate_limited(limiter = limiter, idempotent, cost = cost, settle(requests = |took| *took))]
async fn call(limiter: &Limiter, cost: u64, body: impl AsyncFn() -> Outcome) -> Outcome {
    body().await
}

#[tokio::test(start_paused = true)]
async fn a_success_takes_what_the_function_says_or_else_its_cost() {
    for (cost, took, expected) in [
        (8, Some(3), 7),
        (8, Some(0), 10),
        (3, Some(8), 2),
        (8, Some(8), 2),
        (8, None, 2),
    ] {
        let limiter = limiter(0.1, 10);
        call(&limiter, cost, async || Ok(took)).await.unwrap();
        assert_eq!(available(&limiter), expected, "{cost} {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_body_says_wins() {
    let limiter = limiter(0.1, 10);
    let body = async || {
        paced::spent("requests", 1);
        Ok(Some(3))
    };
    call(&limiter, 8, body).await.unwrap();
    assert_eq!(available(&limiter), 9);
}

#[tokio::test(start_paused = true)]
async fn a_meter_that_says_nothing_leaves_it_to_the_function() {
    for (said, expected) in [(None, 7), (Some(1), 9)] {
        let limiter = limiter(0.1, 10);
        let meters = crate::support::Kept::default();
        let body = async || {
            meters.keep(paced::meter());
            Ok(Some(3))
        };
        call(&limiter, 8, body).await.unwrap();
        assert_eq!(available(&limiter), 2);
        let meter = meters.take();
        if let Some(said) = said {
            meter.spent("requests", said);
        }
        drop(meter);
        assert_eq!(available(&limiter), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_says_nothing() {
    let limiter = limiter(0.01, 20);
    let body = async || match paced::attempt().number() {
        1 => Err(Failed::Api(ApiError::of(Failure::Timeout))),
        _ => Ok(Some(2)),
    };
    call(&limiter, 8, body).await.unwrap();
    assert_eq!(available(&limiter), 10);
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_the_limiter_does_not_count_refuses_the_call() {
    #[rate_limited(limiter = limiter, cost(tokns = 3), settle(tokns = |took| *took))]
    async fn misspelt(limiter: &Limiter) -> Outcome {
        Ok(Some(limiter.snapshot().available))
    }
    let limiter = limiter(0.1, 10);
    let error = refusal(misspelt(&limiter).await);
    assert!(error.is_conflict(), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("misspelt: ") && text.contains("\"tokns\""),
        "{text}"
    );
    assert_eq!(available(&limiter), 10);
}
