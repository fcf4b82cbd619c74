//! Two processes whose calls end in any order, are dropped, or use more than they drew: the bucket that they share never has more than
//! one that counts what was used.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::Quota;
use paced::store::Store;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::row_far::far;

const BURST: u32 = 1000;

/// Tokens per second. Calls are never forgiven anything: they can owe those of a minute.
fn tokens(per_second: u32) -> Quota {
    let number = |count| NonZeroU32::new(count).expect("above 0");
    Quota::per_minute(number(60 * per_second)).with_burst(number(BURST))
}

/// Returns limiters that stand for two processes: 100 tokens per second.
fn two(store: &Arc<dyn Store>) -> [Limiter; 2] {
    let many = Quota::per_second(NonZeroU32::new(50_000).expect("above 0"));
    [(); 2].map(|()| {
        let builder = Limiter::builder(many).row("tokens", tokens(100));
        let builder = builder.name("overdrawn").store(Arc::clone(store));
        builder.unregistered().build().expect("two limits")
    })
}

async fn available(limiter: &Limiter) -> u64 {
    let shared = limiter.shared_snapshot().await.expect("an answer");
    shared.row("tokens").expect("a limit").available
}

/// Tokens that calls have used, and when they were let through.
type Used = Arc<Mutex<Vec<(Instant, u64)>>>;

/// Makes a call that may be dropped at any time.
async fn call(limiter: Limiter, seed: u64, all: Used) {
    let mut dice = StdRng::seed_from_u64(seed);
    let millis = |most: u64, dice: &mut StdRng| Duration::from_millis(dice.random_range(0..most));
    sleep(millis(2500, &mut dice)).await;
    let cost = dice.random_range(1..300);
    let costs = [("tokens", cost)];
    let ways = dice.random_range(0..5);
    let patience = if ways == 0 { 30 } else { 60_000 };
    let permit = timeout(millis(patience, &mut dice), limiter.acquire_costs(&costs)).await;
    let Ok(Ok(permit)) = permit else { return };
    let receipt = permit.into_receipt();
    let at = Instant::now();
    let used = match ways {
        1 => cost,
        2 => dice.random_range(0..400),
        _ => dice.random_range(0..=cost),
    };
    all.lock().expect("no panic").push((at, used));
    sleep(millis(1500, &mut dice)).await;
    if ways == 1 {
        // Its cost stands.
        drop(receipt);
    } else {
        limiter
            .settle(receipt, &[("tokens", used)])
            .expect("a limit");
    }
}

/// Returns what a bucket has that counts what was used.
fn counted(all: &Used) -> u64 {
    let mut all = all.lock().expect("no panic").clone();
    all.sort_unstable();
    let now = Instant::now();
    let mut full_at = now - Duration::from_secs(60);
    for (at, used) in all {
        full_at = full_at.max(at) + Duration::from_millis(10 * used);
    }
    let missing = full_at
        .saturating_duration_since(now)
        .as_millis()
        .div_ceil(10);
    u64::from(BURST).saturating_sub(u64::try_from(missing).expect("small"))
}

#[tokio::test(start_paused = true)]
async fn what_two_processes_share_is_never_more_than_what_was_not_used() {
    for seed in 0..150 {
        let most = if seed % 2 == 0 { 0 } else { 20 };
        let limiters = two(&far(most, seed));
        let used = Used::default();
        let mut calls = JoinSet::new();
        for (nth, limiter) in (0..14).zip(limiters.iter().cycle()) {
            calls.spawn(call(limiter.clone(), seed * 100 + nth, Arc::clone(&used)));
        }
        calls.join_all().await;
        sleep(Duration::from_millis(150)).await;
        let shared = available(&limiters[1]).await;
        let counted = counted(&used);
        assert!(shared <= counted + 3, "{seed}: {shared} of {counted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_of_a_call_that_was_drawn_at_a_higher_rate_is_no_larger_than_its_draw() {
    let [one, other] = two(&far(0, 0));
    let take = async |limiter: &Limiter| {
        let permit = limiter.acquire_costs(&[("tokens", 450)]).await;
        permit.expect("a permit").into_receipt()
    };
    drop(take(&other).await);
    let receipt = take(&one).await;
    for limiter in [&one, &other] {
        limiter.set_limit("tokens", tokens(10)).expect("a limit");
    }
    one.settle(receipt, &[("tokens", 10)]).expect("a limit");
    sleep(Duration::from_millis(100)).await;
    drop(other.try_acquire());
    sleep(Duration::from_millis(100)).await;
    // 460 tokens were used, each of which took 10 ms to flow in; now it is 100 ms.
    let left = available(&other).await;
    assert!(left <= 957, "{left}");
}
