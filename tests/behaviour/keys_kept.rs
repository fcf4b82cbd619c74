//! Parts of a key beside its bucket: calls in flight, the mode, debts, and settings that the program has made.

use core::num::NonZeroU32;
use std::io;

use paced::Keyed;
use paced::Limiter;
use paced::Mode;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::quota;
use crate::support::secs;
use crate::support::since;

#[rate_limited(rate = 100, burst = 100, key = tenant, max_concurrency = 1)]
async fn one_of_each(tenant: u32) -> io::Result<()> {
    let _ = tenant;
    sleep(secs(1)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own_slots() {
    let start = Instant::now();
    let calls = [1, 1, 2].map(|tenant| tokio::spawn(one_of_each(tenant)));
    let mut took = Vec::new();
    for call in calls {
        call.await.unwrap().unwrap();
        took.push(since(start));
    }
    assert_eq!(took, [1000, 2000, 2000]);
}

#[rate_limited(rate = 1, key = tenant, mode = "observe")]
async fn observed(tenant: u32) -> io::Result<u32> {
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn keys_can_be_observed() {
    let start = Instant::now();
    for _ in 0..5 {
        observed(1).await.unwrap();
    }
    assert_eq!(since(start), 0);
}

/// Uses other keys until all that can be forgotten is.
async fn use_others(keyed: &Keyed<u64>) {
    for _ in 0..2 {
        for number in 0..2000 {
            drop(keyed.try_acquire(&(100 + number % 40)));
        }
        sleep(secs(60)).await;
    }
}

fn keyed() -> Keyed<u64> {
    Keyed::builder(quota(2.0, 3)).max_keys(6).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_debt_stays_when_a_key_is_nothing_but_a_bucket_again() {
    let overspend = async |limiter: &Limiter| {
        let call = limiter.call(|| async {
            paced::spent("requests", 5);
            io::Result::Ok(())
        });
        call.await.unwrap();
    };
    let keyed = keyed();
    overspend(&keyed.limiter(&1).unwrap()).await;
    for number in 0..2000 {
        drop(keyed.try_acquire(&(100 + number % 40)));
    }
    let plain = Limiter::new(quota(2.0, 3));
    overspend(&plain).await;
    let start = Instant::now();
    let of_key = async {
        keyed.acquire(&1).await.unwrap();
        since(start)
    };
    let of_plain = async {
        plain.acquire().await.unwrap();
        since(start)
    };
    assert_eq!(tokio::join!(of_key, of_plain), (1500, 1500));
}

#[tokio::test(start_paused = true)]
async fn what_was_set_for_one_key_stays() {
    let keyed = keyed();
    let one = NonZeroU32::new(1);
    keyed.limiter(&1).unwrap().set_max_concurrency(one);
    keyed.limiter(&2).unwrap().set_mode(Mode::Off);
    use_others(&keyed).await;
    let limiter = keyed.limiter(&1).unwrap();
    assert_eq!(limiter.snapshot().max_concurrency, one);
    limiter.set_max_concurrency(None);
    drop(limiter);
    assert_eq!(keyed.limiter(&2).unwrap().mode(), Mode::Off);
    use_others(&keyed).await;
    let limiter = keyed.limiter(&1).unwrap();
    assert_eq!(limiter.snapshot().max_concurrency, None);
}

#[tokio::test(start_paused = true)]
async fn a_key_with_a_receipt_is_not_forgotten() {
    let builder = Keyed::<u64>::builder(quota(1000.0, 1000));
    let builder = builder.row("tokens", quota(100.0, 1000)).max_keys(100);
    let keyed = builder.build().unwrap();
    let limiter = keyed.limiter(&7).unwrap();
    let reservation = limiter.acquire_costs(&[("tokens", 500)]).await.unwrap();
    let receipt = reservation.into_receipt();
    drop(limiter);
    for _ in 0..200 {
        keyed.acquire(&8).await.unwrap();
        sleep(secs(3)).await;
    }
    assert_eq!(keyed.len(), 2, "all buckets are full again");
    let limiter = keyed.limiter(&7).unwrap();
    limiter.settle(receipt, &[("tokens", 900)]).unwrap();
    let tokens = limiter.snapshot().row("tokens").unwrap();
    assert_eq!(tokens.available, 600);
    drop(limiter);
    for _ in 0..200 {
        keyed.acquire(&8).await.unwrap();
        sleep(secs(3)).await;
    }
    assert_eq!(keyed.len(), 1, "nothing keeps it any more");
}
