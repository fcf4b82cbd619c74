//! Many calls that are settled in another order than they were made, near a full bucket.

use core::num::NonZeroU32;

use paced::Limiter;
use paced::Quota;
use paced::Receipt;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use test_support::short::ms;
use test_support::short::quota;
use tokio::time::sleep;

const CALLS: u64 = 100;
const COST: u64 = 510;
const USED: u64 = 10;
const BURST: u32 = 10_000;

/// A limiter of a token in a second: what flows in meanwhile is less than a call takes.
fn limiter() -> Limiter {
    let burst = NonZeroU32::new(BURST).expect("above 0");
    let tokens = Quota::per_minute(NonZeroU32::new(60).expect("above 0")).with_burst(burst);
    let builder = Limiter::builder(quota(1000.0, 1000)).row("tokens", tokens);
    builder.build().expect("two limits")
}

/// Makes calls, as many at once as the limit has tokens for. Returns the tokens that they have cost in the end.
async fn cost_of(seed: u64) -> u64 {
    let (limiter, mut random) = (limiter(), StdRng::seed_from_u64(seed));
    let mut open: Vec<Receipt> = Vec::new();
    let mut made = 0;
    while made < CALLS || !open.is_empty() {
        let is_made = made < CALLS
            && limiter
                .try_acquire_costs(&[("tokens", COST)])
                .map(|reservation| open.push(reservation.into_receipt()))
                .is_ok();
        if is_made {
            made += 1;
        } else {
            let receipt = open.swap_remove(random.random_range(0..open.len()));
            limiter
                .settle(receipt, &[("tokens", USED)])
                .expect("a limit of this unit");
        }
        sleep(ms(10)).await;
    }
    let row = limiter.snapshot().row("tokens").expect("a limit");
    u64::from(BURST) - row.available
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_settled_in_any_order_cost_what_they_used() {
    for seed in 0..20 {
        let cost = cost_of(seed).await;
        // Two tokens have flowed in meanwhile.
        assert!(
            (CALLS * USED - 2..=CALLS * USED).contains(&cost),
            "{seed}: {cost}"
        );
    }
}
