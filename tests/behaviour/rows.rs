//! Limiters with several limits: costs, order, settlement.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use futures_util::future::join_all;
use paced::Limiter;
use paced::Quota;
use paced::Rate;
use tokio::time::Instant;

fn whole(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).expect("above 0")
}

/// Returns the quota of so many tokens per second, all of them at once.
fn per_second(count: u32) -> Quota {
    Quota::per_second(whole(count))
}

/// Returns a limiter of 10 requests and 500 tokens per second.
fn requests_and_tokens() -> Limiter {
    let builder = Limiter::builder(per_second(10)).row("tokens", per_second(500));
    builder.build().expect("two limits")
}

fn available(limiter: &Limiter, unit: &str) -> u64 {
    limiter.snapshot().row(unit).expect("a limit").available
}

#[tokio::test(start_paused = true)]
async fn a_permit_takes_its_costs_from_all_limits() -> Result<(), paced::Error> {
    let limiter = requests_and_tokens();
    limiter.acquire_costs(&[("tokens", 100)]).await?;
    assert_eq!(
        (
            available(&limiter, "requests"),
            available(&limiter, "tokens")
        ),
        (9, 400)
    );
    limiter
        .acquire_costs(&[("tokens", 50), ("requests", 3)])
        .await?;
    assert_eq!(
        (
            available(&limiter, "requests"),
            available(&limiter, "tokens")
        ),
        (6, 350)
    );
    limiter.acquire().await?;
    assert_eq!(
        (
            available(&limiter, "requests"),
            available(&limiter, "tokens")
        ),
        (5, 350)
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_one_limit_takes_nothing_from_the_others() -> Result<(), paced::Error> {
    let limiter = requests_and_tokens();
    limiter.acquire_costs(&[("tokens", 500)]).await?;
    let start = Instant::now();
    let waits = limiter.acquire_costs(&[("tokens", 250)]);
    assert!(
        tokio::time::timeout(Duration::from_millis(400), waits)
            .await
            .is_err()
    );
    assert_eq!(
        (
            available(&limiter, "requests"),
            available(&limiter, "tokens")
        ),
        (10, 200)
    );
    limiter.acquire_costs(&[("tokens", 250)]).await?;
    assert_eq!(start.elapsed(), Duration::from_millis(500));
    let waited = limiter.snapshot().row("tokens").expect("a limit").waited;
    assert_eq!(waited, Duration::from_millis(100));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn callers_of_several_limits_are_served_in_the_order_of_their_arrival() {
    let limiter = Arc::new(requests_and_tokens());
    let start = Instant::now();
    let costs = [400_u64, 300, 10, 10, 500, 1];
    let calls = costs.map(|cost| {
        let limiter = Arc::clone(&limiter);
        async move {
            let permit = limiter.acquire_costs(&[("tokens", cost)]).await;
            permit
                .map(|_| start.elapsed().as_millis())
                .expect("a permit")
        }
    });
    // 400 at once, 300 when 200 have come, then 20 more, 500 and 1.
    assert_eq!(join_all(calls).await, [0, 400, 420, 440, 1440, 1442]);
}

#[tokio::test(start_paused = true)]
async fn twenty_two_callers_of_two_saturated_limits_get_the_rate_of_the_tighter_one() {
    let limiter = Limiter::builder(per_second(50).with_burst(whole(1)))
        .row("tokens", per_second(50).with_burst(whole(1)))
        .build()
        .expect("two limits");
    let limiter = Arc::new(limiter);
    let end = Instant::now() + Duration::from_secs(20);
    let callers = (0..22).map(|_| {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move {
            let mut granted = 0_u32;
            let mut longest = Duration::ZERO;
            loop {
                let asked = Instant::now();
                let wait = limiter.acquire_costs(&[("tokens", 1)]);
                if tokio::time::timeout_at(end, wait).await.is_err() {
                    return (granted, longest);
                }
                granted += 1;
                longest = longest.max(asked.elapsed());
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    let (mut granted, mut longest, mut each) = (0, Duration::ZERO, Vec::new());
    for caller in callers {
        let (its, wait) = caller.await.expect("no panic");
        granted += its;
        longest = longest.max(wait);
        each.push(its);
    }
    assert!((990..=1001).contains(&granted), "{granted}: {each:?}");
    assert!(each.iter().all(|its| (45..=47).contains(its)), "{each:?}");
    assert_eq!(longest, Duration::from_millis(440));
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_its_limit_is_refused_at_once() {
    let limiter = requests_and_tokens();
    let error = limiter
        .acquire_costs(&[("tokens", 501)])
        .await
        .expect_err("too much");
    assert!(error.is_insufficient_capacity());
    assert_eq!(error.unit(), Some("tokens"));
    let text = error.to_string();
    assert!(
        text.contains("501") && text.contains("500") && text.contains("tokens"),
        "{text}"
    );
    assert_eq!(available(&limiter, "requests"), 10);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_one_token_names_the_limit_as_well() {
    let builder =
        Limiter::builder(per_second(10)).row("requests", per_second(5).with_burst(whole(1)));
    let limiter = builder.build().expect("two limits");
    let error = limiter.acquire_many(2).await.expect_err("too much");
    assert_eq!(error.unit(), Some("requests"));
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_is_not_there_is_named() {
    let limiter = requests_and_tokens();
    let error = limiter
        .acquire_costs(&[("token", 1)])
        .await
        .expect_err("no such unit");
    assert!(error.is_conflict());
    assert!(error.to_string().contains("\"tokens\""), "{error}");
}

#[tokio::test(start_paused = true)]
async fn two_limits_of_one_unit_hold_both() -> Result<(), paced::Error> {
    let minute = Quota::new(Rate::parse("20/min").expect("a rate")).with_burst(whole(20));
    let limiter = Limiter::builder(per_second(10))
        .row("requests", minute)
        .build()?;
    for _ in 0..10 {
        limiter.acquire().await?;
    }
    let start = Instant::now();
    for _ in 0..10 {
        limiter.acquire().await?;
    }
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    limiter.acquire().await?;
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn several_permits_are_taken_from_each_limit_of_requests_and_from_no_other()
-> Result<(), paced::Error> {
    let limiter = Limiter::builder(per_second(10))
        .row("tokens", per_second(500))
        .row("requests", per_second(20))
        .build()?;
    limiter.acquire_many(3).await?;
    limiter.try_acquire_many(2)?;
    let left: Vec<_> = limiter.snapshot().rows().map(|row| row.available).collect();
    assert_eq!(left, [5, 500, 15]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_was_not_spent_comes_back() -> Result<(), paced::Error> {
    let limiter = requests_and_tokens();
    let reservation = limiter.acquire_costs(&[("tokens", 400)]).await?;
    reservation.settle(&[("tokens", 100)])?;
    assert_eq!(available(&limiter, "tokens"), 400);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_was_not_spent_is_lost_once_the_bucket_was_full() -> Result<(), paced::Error> {
    let limiter = requests_and_tokens();
    let reservation = limiter.acquire_costs(&[("tokens", 100)]).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    limiter.acquire_costs(&[("tokens", 200)]).await?;
    reservation.settle(&[("tokens", 0)])?;
    assert_eq!(available(&limiter, "tokens"), 300);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_was_spent_beyond_the_cost_is_owed() -> Result<(), paced::Error> {
    let limiter = requests_and_tokens();
    let reservation = limiter.acquire_costs(&[("tokens", 100)]).await?;
    reservation.settle(&[("tokens", 850)])?;
    let start = Instant::now();
    limiter.acquire_costs(&[("tokens", 50)]).await?;
    // 350 are owed, and 50 are wanted.
    assert_eq!(start.elapsed(), Duration::from_millis(800));
    assert_eq!(
        limiter.snapshot().row("tokens").expect("a limit").forgiven,
        0
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_limit_owes_one_period_at_most() -> Result<(), paced::Error> {
    let limiter = requests_and_tokens();
    let reservation = limiter.acquire_costs(&[("tokens", 0)]).await?;
    reservation.settle(&[("tokens", u64::MAX)])?;
    let start = Instant::now();
    limiter.acquire_costs(&[("tokens", 1)]).await?;
    assert_eq!(start.elapsed(), Duration::from_millis(1002));
    assert!(limiter.snapshot().row("tokens").expect("a limit").forgiven > 1_000_000);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_debt_outlives_a_pause_and_a_new_quota() -> Result<(), paced::Error> {
    let limiter = requests_and_tokens();
    let reservation = limiter.acquire_costs(&[("tokens", 500)]).await?;
    reservation.settle(&[("tokens", 1000)])?;
    limiter.cooldown_for(Duration::from_millis(100));
    limiter.set_limit("tokens", per_second(1000))?;
    let start = Instant::now();
    limiter.acquire_costs(&[("tokens", 10)]).await?;
    // 500 are owed, at twice the rate.
    assert_eq!(start.elapsed(), Duration::from_millis(510));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_leaves_the_limits_to_the_next() -> Result<(), paced::Error> {
    let limiter = requests_and_tokens();
    limiter.acquire_costs(&[("tokens", 500)]).await?;
    let start = Instant::now();
    let first = Box::pin(limiter.acquire_costs(&[("tokens", 500)]));
    let second = limiter.acquire_costs(&[("tokens", 50)]);
    let first = async {
        let _ = tokio::time::timeout(Duration::from_millis(200), first).await;
    };
    let ((), second) = tokio::join!(first, second);
    second?;
    assert_eq!(start.elapsed(), Duration::from_millis(200));
    assert_eq!(available(&limiter, "tokens"), 50);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn strict_windows_hold_in_each_limit() -> Result<(), paced::Error> {
    let strict = Quota::strict(Rate::parse("100/10s").expect("a rate"));
    let limiter = Limiter::builder(per_second(10))
        .row("tokens", strict)
        .build()?;
    limiter.acquire_costs(&[("tokens", 60)]).await?;
    limiter.acquire_costs(&[("tokens", 40)]).await?;
    let start = Instant::now();
    limiter.acquire_costs(&[("tokens", 1)]).await?;
    let waited = start.elapsed();
    assert!(
        waited >= Duration::from_secs(10) && waited < Duration::from_secs(12),
        "{waited:?}"
    );
    Ok(())
}

static SHARED: Limiter = Limiter::with_limits(&[
    ("tokens", Quota::per_second(NonZeroU32::new(500).unwrap())),
    ("requests", Quota::per_second(NonZeroU32::new(10).unwrap())),
]);

#[tokio::test(start_paused = true)]
async fn a_limiter_in_a_static_can_have_several_limits() -> Result<(), paced::Error> {
    SHARED.acquire_costs(&[("tokens", 200)]).await?;
    let units: Vec<_> = SHARED
        .snapshot()
        .rows()
        .map(|row| (row.unit, row.available))
        .collect();
    assert_eq!(units, [("requests", 9), ("tokens", 300)]);
    Ok(())
}

#[test]
fn one_name_has_one_set_of_limits() {
    let builder = || Limiter::builder(per_second(10)).name("rows::one_name");
    let first = builder().row("tokens", per_second(500)).build();
    let same = builder().row("tokens", per_second(500)).build();
    assert!(first.is_ok() && same.is_ok());
    let other = builder().row("tokens", per_second(100)).build();
    assert!(other.expect_err("another limit").is_conflict());
    assert!(builder().build().expect_err("one limit").is_conflict());
}

#[test]
fn there_are_eight_limits_at_most() {
    let builder = |count| {
        let builder = Limiter::builder(per_second(10));
        (1..count).fold(builder, |builder, _| builder.row("tokens", per_second(5)))
    };
    assert!(builder(8).build().is_ok());
    assert!(builder(9).build().expect_err("too many").is_invalid());
}
