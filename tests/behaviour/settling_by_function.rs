//! Settlement by the option `settle`, which reads what a call returns.

use paced::__private as private;
use paced::Failure;
use paced::Limiter;

use crate::costs::available;
use crate::support::ApiError;
use crate::support::limiter;

type Outcome = Result<Option<u64>, ApiError>;

static SITE: private::Site = private::Site::new(
    "settling_by_function",
    private::Settings::new().units(&["requests"]).idempotent(),
);

/// Makes a call as `cost = cost` and `settle(requests = |took| took)` do.
async fn call(limiter: &Limiter, cost: u64, body: impl AsyncFn() -> Outcome) -> Outcome {
    let mut costs = private::OwnCosts::new();
    let begin = private::Begin {
        limiter: private::limiter(limiter),
        settings: (),
    };
    let costs_of_units = [private::cost(&cost)];
    let mut call = private::Site::call_with_costs(&SITE, begin, &mut costs, costs_of_units);
    loop {
        let out: private::Attempted<Outcome> =
            private::Call::attempt(&mut call, async { body().await }).await;
        let probe = private::probe(&out);
        let spent = [probe.__paced_spent(&out, |took: &Option<u64>| *took)];
        match private::Call::settle_spent(
            &mut call,
            &spent,
            &(probe.__paced_ok(), probe.__paced_err()),
            probe.__paced_refuse(),
            probe.__paced_keep(),
            out,
        ) {
            core::ops::ControlFlow::Break(out) => break out,
            core::ops::ControlFlow::Continue(()) => {}
        }
    }
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
        1 => Err(ApiError::of(Failure::Timeout)),
        _ => Ok(Some(2)),
    };
    call(&limiter, 8, body).await.unwrap();
    assert_eq!(available(&limiter), 10);
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_the_limiter_does_not_count_refuses_the_call() {
    static OTHER: private::Site =
        private::Site::new("other", private::Settings::new().units(&["tokns"]));
    let limiter = limiter(0.1, 10);
    let mut costs = private::OwnCosts::new();
    let begin = private::Begin {
        limiter: private::limiter(&limiter),
        settings: (),
    };
    let mut call: private::Call<'_, private::Kept<std::io::Result<()>>, private::Can, _> =
        private::Site::call_with_costs(&OTHER, begin, &mut costs, [3]);
    let attempted = private::Call::attempt(&mut call, async { std::io::Result::Ok(()) }).await;
    let private::Attempted::Refused(error) = attempted else {
        panic!("{attempted:?}");
    };
    assert!(error.is_conflict(), "{error}");
    assert!(error.to_string().starts_with("other: "), "{error}");
    assert_eq!(available(&limiter), 10);
}
