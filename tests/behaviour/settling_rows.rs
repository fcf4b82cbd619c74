//! Costs and settlement of calls on a limiter with several limits.

use core::num::NonZeroU32;
use std::io;

use paced::CallOptions;
use paced::Failure;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;

use crate::costs::PLAIN;
use crate::costs::fine;
use crate::costs::refusal;
use crate::settling::say_of;
use crate::support::ApiError;
use crate::support::Kept;
use crate::support::poll_once;
use crate::support::secs;

fn hourly(count: u32) -> Quota {
    let count = NonZeroU32::new(count).expect("above 0");
    Quota::per_hour(count).with_burst(count)
}

/// Ten requests and a thousand tokens.
fn limiter() -> Limiter {
    let builder = Limiter::builder(hourly(10)).row("tokens", hourly(1000));
    builder.build().unwrap()
}

/// Returns what is left of requests and tokens.
fn left(limiter: &Limiter) -> (u64, u64) {
    let snapshot = limiter.snapshot();
    let of = |unit| snapshot.row(unit).expect("a limit").available;
    (of("requests"), of("tokens"))
}

const fn tokens(cost: u64) -> CallOptions {
    let options = CallOptions::new().costs(&[("tokens", cost)]);
    options.max_retries(0).backoff(PLAIN)
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_a_request_and_the_costs_that_it_names() {
    #[rate_limited(limiter = limiter)]
    async fn plain(limiter: &Limiter) -> io::Result<()> {
        Ok(())
    }
    let limiter = limiter();
    limiter.call_with(tokens(300), fine).await.unwrap();
    assert_eq!(left(&limiter), (9, 700));
    plain(&limiter).await.unwrap();
    assert_eq!(left(&limiter), (8, 700));
    limiter.call_with(tokens(100).cost(3), fine).await.unwrap();
    assert_eq!(left(&limiter), (5, 600));
    limiter.call_with(tokens(100).cost(0), fine).await.unwrap();
    assert_eq!(left(&limiter), (5, 500));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_another_unit_alone_costs_nothing_by_default() {
    const THOUSAND: NonZeroU32 = NonZeroU32::new(1000).unwrap();
    const LIMITS: &[(&str, Quota)] = &[("tokens", Quota::per_hour(THOUSAND).with_burst(THOUSAND))];
    let limiter = Limiter::with_limits(LIMITS);
    limiter.call(fine).await.unwrap();
    limiter.call_with(tokens(10), fine).await.unwrap();
    assert_eq!(limiter.snapshot().row("tokens").unwrap().available, 990);
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_a_limit_names_it() {
    let limiter = limiter();
    let error = refusal(limiter.call_with(tokens(1001), fine).await);
    assert!(error.is_insufficient_capacity(), "{error}");
    assert_eq!(error.unit(), Some("tokens"));
    let error = refusal(
        limiter
            .call_with(CallOptions::new().costs(&[("tokns", 1)]), fine)
            .await,
    );
    assert!(
        error.is_conflict() && error.to_string().contains("tokens"),
        "{error}"
    );
    assert_eq!(left(&limiter), (10, 1000));
}

#[tokio::test(start_paused = true)]
async fn each_unit_is_settled_by_itself() {
    for (said, expected) in [
        (&[("tokens", 100)][..], (9, 900)),
        (&[("tokens", 400)], (9, 600)),
        (&[("requests", 0)], (10, 700)),
        (&[("requests", 2), ("tokens", 5), ("tokens", 5)], (8, 990)),
        (&[], (9, 700)),
    ] {
        let limiter = limiter();
        let call = limiter.call_with(tokens(300), || async {
            say_of(said);
            io::Result::Ok(())
        });
        call.await.unwrap();
        assert_eq!(left(&limiter), expected, "{said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_fails_pays_as_far_as_it_got() {
    for (failure, said, expected) in [
        (Failure::Connect, &[][..], (10, 1000)),
        (Failure::Connect, &[("tokens", 50)], (10, 950)),
        (Failure::Timeout, &[], (9, 700)),
        (Failure::Status(500), &[], (9, 700)),
    ] {
        let limiter = limiter();
        let call = limiter.call_with(tokens(300), || async {
            say_of(said);
            Err::<(), _>(ApiError::of(failure))
        });
        assert!(call.await.is_err());
        assert_eq!(left(&limiter), expected, "{failure} {said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_gives_back_what_does_not_count_requests() {
    for (said, expected) in [(&[][..], 1000), (&[("tokens", 100)], 900)] {
        let limiter = limiter();
        let call = limiter.call_with(tokens(300), || async {
            say_of(said);
            Err::<(), _>(ApiError::after(429, secs(1)))
        });
        assert!(call.await.is_err());
        assert_eq!(left(&limiter).1, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_is_about_all_limits() {
    let limiter = limiter();
    let call = limiter.call_with(tokens(300), || async {
        paced::refund();
        io::Result::Ok(())
    });
    call.await.unwrap();
    assert_eq!(left(&limiter), (10, 1000));
}

#[tokio::test(start_paused = true)]
async fn a_meter_leaves_the_units_alone_of_which_it_says_nothing() {
    let limiter = limiter();
    let call = limiter.call_with(tokens(300), || async { io::Result::Ok(paced::meter()) });
    let meter = call.await.unwrap();
    meter.spent("tokens", 20);
    assert_eq!(left(&limiter), (9, 700));
    drop(meter);
    assert_eq!(left(&limiter), (9, 980));
}

#[tokio::test(start_paused = true)]
async fn a_meter_of_an_attempt_that_was_refused_gives_back_what_does_not_count_requests() {
    let (limiter, meters) = (limiter(), Kept::default());
    let call = limiter.call_with(tokens(300), || async {
        meters.keep(paced::meter());
        Err::<(), _>(ApiError::after(429, secs(1)))
    });
    assert!(call.await.is_err());
    assert_eq!(left(&limiter).1, 700);
    drop(meters.take());
    assert_eq!(left(&limiter).1, 1000);
}

#[tokio::test(start_paused = true)]
async fn all_limits_of_a_unit_are_settled() {
    let limits = Limiter::builder(hourly(10)).row("requests", hourly(20));
    let limiter = limits.build().unwrap();
    let call = limiter.call_with(CallOptions::new().cost(4), || async {
        paced::spent("requests", 1);
        io::Result::Ok(())
    });
    call.await.unwrap();
    let rows: Vec<_> = limiter.snapshot().rows().map(|row| row.available).collect();
    assert_eq!(rows, [9, 19]);
}

#[tokio::test(start_paused = true)]
async fn a_debt_is_bounded_and_what_is_beyond_is_counted() {
    let limiter = limiter();
    let call = limiter.call_with(tokens(300), || async {
        say_of(&[("tokens", u64::MAX), ("tokens", u64::MAX)]);
        io::Result::Ok(())
    });
    call.await.unwrap();
    let row = limiter.snapshot().row("tokens").unwrap();
    assert_eq!(row.available, 0);
    assert!(row.forgiven > 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_its_body_began_takes_nothing() {
    let limiter = limiter();
    limiter.call_with(tokens(900), fine).await.unwrap();
    let before = left(&limiter);
    let mut call = Box::pin(limiter.call_with(tokens(300), fine));
    assert!(poll_once(&mut call).is_pending());
    drop(call);
    assert_eq!(left(&limiter), before);
}
