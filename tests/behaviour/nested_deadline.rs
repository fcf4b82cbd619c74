//! The deadline of a call inside another one's body: the waits of both count for the outer one.

use paced::Failure;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::api_error;
use crate::support::limiter;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

/// The answer of a body in here to its first attempt.
type First = Option<ApiError>;

fn answer(first: First) -> Result<(), Failed> {
    match (paced::attempt().number(), first) {
        (1, Some(error)) => Err(Failed::Api(error)),
        _ => Ok(()),
    }
}

#[rate_limited(limiter = limiter, backoff(base = "150s", max = "150s", jitter = "none"))]
async fn inner(limiter: &Limiter, first: First) -> Result<(), Failed> {
    answer(first)
}

/// A call of the inner function, which fails once at the most, and then its own answer.
#[rate_limited(limiter = limiter)]
async fn outer(
    limiter: &Limiter,
    (within, answers): (&Limiter, First),
    first: First,
) -> Result<(), Failed> {
    let answers = answers.filter(|_| paced::attempt().number() == 1);
    inner(within, answers).await?;
    answer(first)
}

/// The same with a call of the inner function from the second attempt on.
#[rate_limited(limiter = limiter)]
async fn outer_first(limiter: &Limiter, within: &Limiter, first: First) -> Result<(), Failed> {
    answer(first)?;
    inner(within, None).await
}

const fn told(seconds: u64) -> ApiError {
    ApiError::after(429, core::time::Duration::from_secs(seconds))
}

/// How an outer call ends, and after how many seconds, whose own answer is `first`.
async fn call(within: &Limiter, answers: First, first: ApiError) -> (Result<(), ApiError>, u64) {
    let start = Instant::now();
    let out = outer(&limiter(10.0, 5), (within, answers), Some(first)).await;
    let out = match out {
        Ok(()) => Ok(()),
        failed => Err(api_error(failed)),
    };
    (out, since(start) / 1000)
}

#[tokio::test(start_paused = true)]
async fn the_cooldown_of_a_nested_call_counts_for_the_outer_call() {
    for (wait, expected) in [(100, (Ok(()), 300)), (101, (Err(told(101)), 200))] {
        let within = limiter(10.0, 5);
        within.cooldown_for(secs(200));
        assert_eq!(call(&within, None, told(wait)).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn told_waits_and_backoff_of_a_nested_call_count_for_the_outer_call() {
    for answers in [told(150), ApiError::of(Failure::Connect)] {
        for (wait, expected) in [(150, (Ok(()), 300)), (151, (Err(told(151)), 150))] {
            let within = limiter(10.0, 5);
            assert_eq!(call(&within, Some(answers), told(wait)).await, expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_nested_call_does_not_count_for_the_outer_call() {
    let within = limiter(0.01, 1);
    within.acquire().await.unwrap();
    // 100 s for a token, the told wait, and 1 s in which the next token is gained.
    let (out, end) = call(&within, None, told(299)).await;
    assert_eq!((out, end), (Ok(()), 399));
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_has_the_time_that_the_outer_call_has_left() {
    let start = Instant::now();
    let within = limiter(10.0, 5);
    within.cooldown_for(secs(300));
    outer_first(&limiter(10.0, 5), &within, Some(told(200)))
        .await
        .unwrap();
    assert_eq!(since(start), 300_000);

    let start = Instant::now();
    within.cooldown_for(secs(301));
    let out = outer_first(&limiter(10.0, 5), &within, Some(told(200))).await;
    let error = refusal(out);
    assert!(error.is_deadline(), "{error}");
    assert_eq!(error.retry_after(), Some(secs(101)));
    assert_eq!(since(start), 200_000);
}

#[tokio::test(start_paused = true)]
async fn remaining_time_of_a_nested_call_is_the_lesser_of_both() {
    #[rate_limited(rate = 10)]
    async fn inner(log: &Log<u64>) -> Result<(), Failed> {
        log.add(paced::attempt().remaining().unwrap().as_secs());
        Ok(())
    }
    #[rate_limited(limiter = limiter)]
    async fn outer(limiter: &Limiter, log: &Log<u64>) -> Result<(), Failed> {
        inner(log).await?;
        answer(Some(told(70)))
    }
    #[rate_limited(rate = 10, deadline = "10s")]
    async fn bounded(log: &Log<u64>) -> Result<(), Failed> {
        inner(log).await
    }
    let log = Log::new();
    outer(&limiter(10.0, 5), &log).await.unwrap();
    bounded(&log).await.unwrap();
    assert_eq!(log.entries(), [300, 230, 10]);
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_nested_call_counts_for_a_declared_outer_deadline() {
    #[rate_limited(rate = 10, deadline = "10s")]
    async fn bounded(within: &Limiter) -> Result<(), Failed> {
        inner(within, None).await
    }
    let (within, start) = (limiter(0.05, 1), Instant::now());
    within.acquire().await.unwrap();
    let error = refusal(bounded(&within).await);
    assert!(error.is_deadline(), "{error}");
    assert_eq!(error.retry_after(), Some(secs(20)));
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn nested_calls_that_wait_at_the_same_time_count_once() {
    #[rate_limited(rate = 100, burst = 100)]
    async fn outer(within: &Limiter) -> Result<(), Failed> {
        let (mut calls, first) = (Vec::new(), First::None);
        for _ in 0..40 {
            calls.push(Box::pin(inner(within, first)));
        }
        for call in &mut calls {
            let _ = crate::support::poll_once(call);
        }
        for call in calls {
            call.await?;
        }
        within.cooldown_for(secs(10));
        inner(within, first).await
    }
    let (within, start) = (limiter(100.0, 100), Instant::now());
    within.cooldown_for(secs(10));
    outer(&within).await.unwrap();
    assert!(since(start) < 21_000);
}
