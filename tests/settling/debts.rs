//! Debts that outlive pauses and changes of the quota, with exact times.

use paced::Limiter;
use test_support::short::ms;
use test_support::short::quota;
use test_support::short::since;
use tokio::time::Instant;
use tokio::time::sleep;

/// A limiter of 10 tokens in a second that owes 5 of them.
async fn owing() -> Limiter {
    let builder = Limiter::builder(quota(1000.0, 100)).row("tokens", quota(10.0, 10));
    let limiter = builder.build().expect("two limits");
    let reservation = limiter.acquire_costs(&[("tokens", 10)]).await;
    let settled = reservation
        .expect("a full bucket")
        .settle(&[("tokens", 15)]);
    settled.expect("a limit of this unit");
    limiter
}

#[tokio::test(start_paused = true)]
async fn a_debt_is_paid_before_the_next_call() {
    let (limiter, start) = (owing().await, Instant::now());
    limiter
        .acquire_costs(&[("tokens", 1)])
        .await
        .expect("a permit");
    assert_eq!(since(start), 600);
    let row = limiter.snapshot().row("tokens").expect("a limit");
    assert_eq!((row.waited, row.forgiven), (ms(600), 0));
    assert_eq!(
        limiter.snapshot().row("requests").expect("one").waited,
        ms(0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_debt_outlives_a_pause() {
    let (limiter, start) = (owing().await, Instant::now());
    limiter.cooldown_for(ms(300));
    sleep(ms(300)).await;
    limiter
        .acquire_costs(&[("tokens", 1)])
        .await
        .expect("a permit");
    assert_eq!(since(start), 600);
}

#[tokio::test(start_paused = true)]
async fn a_debt_outlives_a_change_of_the_quota() {
    for (of, hz, burst) in [
        ("tokens", 20.0, 10),
        ("tokens", 20.0, 40),
        ("requests", 20.0, 20),
    ] {
        let (limiter, start) = (owing().await, Instant::now());
        limiter
            .set_limit(of, quota(hz, burst))
            .expect("a limit of this unit");
        limiter
            .acquire_costs(&[("tokens", 1)])
            .await
            .expect("a permit");
        // A larger bucket does not pay what is owed.
        let expected = if of == "requests" { 600 } else { 300 };
        assert_eq!(since(start), expected, "{of}: {hz}, {burst}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_than_a_period_is_owed_and_the_rest_is_counted() {
    let builder = Limiter::builder(quota(1000.0, 100)).row("tokens", quota(10.0, 10));
    let limiter = builder.build().expect("two limits");
    let start = Instant::now();
    for _ in 0..3 {
        let reservation = limiter.acquire_costs(&[("tokens", 10)]).await;
        let settled = reservation.expect("a permit").settle(&[("tokens", 110)]);
        settled.expect("a limit of this unit");
    }
    assert_eq!(
        since(start),
        4000,
        "twice a debt of a period, and ten tokens"
    );
    let row = limiter.snapshot().row("tokens").expect("a limit");
    assert_eq!(row.forgiven, 270);
}
