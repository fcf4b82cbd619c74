//! Settlements that come late, are out of all proportion, or are of another limiter.

use core::num::NonZeroU32;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use test_support::short::ms;
use test_support::short::quota;
use tokio::time::sleep;

fn five_strictly() -> Quota {
    Quota::strict(Rate::per_second(NonZeroU32::new(5).expect("above 0")))
}

/// Returns a limiter of requests and of another unit.
fn both(requests: Quota, others: Quota) -> Limiter {
    let builder = Limiter::builder(requests).row("tokens", others);
    builder.build().expect("two limits")
}

fn available(limiter: &Limiter, unit: &str) -> u64 {
    limiter.snapshot().row(unit).expect("a limit").available
}

#[tokio::test(start_paused = true)]
async fn a_settlement_after_its_window_frees_no_later_permit() -> Result<(), paced::Error> {
    let plenty = quota(1000.0, 1000);
    for (unit, limiter) in [
        ("tokens", both(plenty, five_strictly())),
        ("requests", both(five_strictly(), plenty)),
    ] {
        let receipt = limiter.acquire_costs(&[(unit, 5)]).await?.into_receipt();
        sleep(ms(3000)).await;
        limiter.acquire_costs(&[(unit, 5)]).await?;
        limiter.settle(receipt, &[(unit, 0)])?;
        sleep(ms(700)).await;
        assert_eq!(available(&limiter, unit), 0, "five {unit} in this second");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_strict_window_counts_settlements_of_any_size() -> Result<(), paced::Error> {
    let limiter = both(five_strictly(), five_strictly());
    let all = [("requests", 2), ("tokens", 2)];
    let most = [("requests", u64::MAX), ("tokens", u64::MAX)];
    let receipts = [
        limiter.acquire_costs(&all).await?.into_receipt(),
        limiter.acquire_costs(&all).await?.into_receipt(),
    ];
    for receipt in receipts {
        limiter.settle(receipt, &most)?;
    }
    limiter.acquire_costs(&all).await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_of_one_limiter() -> Result<(), paced::Error> {
    let limiter = || both(quota(10.0, 10), quota(1.0, 1000));
    let (one, other) = (limiter(), limiter());
    let receipt = one.acquire_costs(&[("tokens", 1000)]).await?.into_receipt();
    other.acquire_costs(&[("tokens", 1000)]).await?;
    let error = other.settle(receipt, &[("tokens", 0)]).unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!(available(&other, "tokens"), 0);
    let receipt = one.acquire_costs(&[]).await?.into_receipt();
    one.clone().settle(receipt, &[("requests", 0)])
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_before_a_pause_is_not_given_back_after_it() -> Result<(), paced::Error> {
    let limiter = both(quota(10.0, 10), quota(1000.0, 1000));
    let ten = limiter.acquire_costs(&[("requests", 10)]).await?;
    // The bucket is full again long before the end.
    limiter.cooldown_for(ms(10_000));
    sleep(ms(10_000)).await;
    limiter.try_acquire_costs(&[])?;
    ten.settle(&[("requests", 0)])?;
    assert_eq!(available(&limiter, "requests"), 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_a_smaller_quota_has_forgotten_is_not_given_back() -> Result<(), paced::Error> {
    let (large, small) = (quota(1.0, 100), quota(1.0, 10));
    let plenty = quota(1000.0, 1000);
    for (unit, limiter) in [
        ("tokens", both(plenty, large)),
        ("requests", both(large, plenty)),
    ] {
        let unused = limiter.acquire_costs(&[(unit, 50)]).await?;
        limiter.acquire_costs(&[(unit, 50)]).await?;
        limiter.set_limit(unit, small)?;
        unused.settle(&[(unit, 0)])?;
        assert_eq!(available(&limiter, unit), 0, "50 {unit} were spent");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refund_is_at_most_what_the_bucket_has_lacked_since() -> Result<(), paced::Error> {
    let (tokens, plenty) = (quota(10.0, 100), quota(1000.0, 1000));
    for (unit, limiter) in [
        ("tokens", both(plenty, tokens)),
        ("requests", both(tokens, plenty)),
    ] {
        let unused = limiter.acquire_costs(&[(unit, 9)]).await?;
        // The server, which has counted nothing, spills 4 tokens.
        sleep(ms(400)).await;
        limiter.acquire_costs(&[(unit, 50)]).await?;
        assert_eq!(available(&limiter, unit), 45);
        unused.settle(&[(unit, 0)])?;
        assert_eq!(
            available(&limiter, unit),
            50,
            "as many {unit} as the server"
        );
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_a_cooldown_is_of_no_unit() {
    let limiter = both(quota(10.0, 10), quota(1000.0, 1000));
    limiter.cooldown_for(ms(5000));
    let error = limiter.try_acquire_costs(&[("tokens", 1)]).unwrap_err();
    assert_eq!((error.is_not_yet(), error.unit()), (true, None), "{error}");
}
