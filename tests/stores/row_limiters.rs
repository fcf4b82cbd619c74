//! Limiters with several limits in one store: two of them stand for two processes, on paused time.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::Quota;
use paced::store::MemoryStore;
use paced::store::Store;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::row_far::far;

/// Requests per second, and at once.
const REQUESTS: u32 = 10;

/// Tokens per second, and at once.
const TOKENS: u32 = 1000;

fn per_second(count: u32) -> Quota {
    let count = NonZeroU32::new(count).expect("above 0");
    Quota::per_second(count).with_burst(count)
}

/// Returns the limiters of so many processes.
fn processes<const N: usize>(store: &Arc<MemoryStore>) -> [Limiter; N] {
    [(); N].map(|()| {
        let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(store);
        let builder = Limiter::builder(per_second(REQUESTS)).row("tokens", per_second(TOKENS));
        let builder = builder.name("openai").store(store).unregistered();
        builder.build().expect("two limits")
    })
}

pub(crate) fn two_of(store: &Arc<dyn Store>) -> [Limiter; 2] {
    [(); 2].map(|()| {
        let builder = Limiter::builder(per_second(REQUESTS)).row("tokens", per_second(TOKENS));
        let builder = builder.name("two").store(Arc::clone(store)).unregistered();
        builder.build().expect("two limits")
    })
}

fn two() -> [Limiter; 2] {
    processes(&Arc::new(MemoryStore::new()))
}

async fn take(limiter: &Limiter, tokens: u64) -> paced::Receipt {
    let permit = limiter.acquire_costs(&[("tokens", tokens)]).await;
    permit.expect("a permit").into_receipt()
}

/// Lets requests to the store, and their answers, arrive. Corrections are sent after 50 ms.
async fn exchange() {
    tokio::time::sleep(Duration::from_millis(60)).await;
}

fn millis(since: Instant) -> u128 {
    since.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn two_processes_share_each_limit() {
    let [one, other] = two();
    let start = Instant::now();
    drop(take(&one, 600).await);
    drop(take(&other, 400).await);
    assert_eq!(millis(start), 0);
    // The tokens are gone, in both processes.
    drop(take(&one, 200).await);
    assert_eq!(millis(start), 200);
    drop(take(&other, 100).await);
    assert_eq!(millis(start), 300);
    // And so are the requests.
    for _ in 0..9 {
        drop(take(&one, 0).await);
    }
    assert_eq!(millis(start), 300);
    drop(take(&other, 0).await);
    assert_eq!(millis(start), 400);
}

#[tokio::test(start_paused = true)]
async fn the_first_caller_is_served_first_and_holds_those_behind_it() {
    let [one, _] = two();
    drop(take(&one, 1000).await);
    let (start, order) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let mut calls = JoinSet::new();
    for (nth, cost) in [700, 0, 300, 0].into_iter().enumerate() {
        let (limiter, order) = (one.clone(), Arc::clone(&order));
        calls.spawn(async move {
            drop(take(&limiter, cost).await);
            order.lock().expect("no panic").push((nth, millis(start)));
        });
        tokio::task::yield_now().await;
    }
    calls.join_all().await;
    let order = order.lock().expect("no panic").clone();
    assert_eq!(order, [(0, 700), (1, 700), (2, 1000), (3, 1000)]);
}

#[tokio::test(start_paused = true)]
async fn it_is_known_which_limit_a_call_waited_for() {
    let [one, other] = two();
    drop(take(&one, 1000).await);
    drop(take(&other, 500).await);
    let waited = |unit| other.snapshot().row(unit).expect("a limit").waited;
    assert_eq!(waited("tokens"), Duration::from_millis(500));
    assert_eq!(waited("requests"), Duration::ZERO);
    let error = other
        .try_acquire_costs(&[("tokens", 700)])
        .expect_err("too early");
    assert!(error.is_not_yet(), "{error}");
    assert_eq!(error.unit(), Some("tokens"));
    let after = error.retry_after().expect("a time").as_millis();
    assert_eq!(after, 700);
    let error = other
        .try_acquire_costs(&[("tokens", 1001)])
        .expect_err("never");
    assert!(error.is_insufficient_capacity(), "{error}");
    assert_eq!(error.unit(), Some("tokens"));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_spent_is_there_for_the_other_process() {
    let [one, other] = two();
    let receipt = take(&one, 1000).await;
    one.settle(receipt, &[("tokens", 300)]).expect("a limit");
    exchange().await;
    let start = Instant::now();
    drop(take(&other, 700).await);
    assert_eq!(millis(start), 0);
    // 60 tokens have flowed in.
    drop(take(&one, 160).await);
    assert_eq!(millis(start), 100);
}

#[tokio::test(start_paused = true)]
async fn what_was_overspent_is_owed_by_both_processes() {
    let [one, other] = two();
    let receipt = take(&one, 100).await;
    one.settle(receipt, &[("tokens", 1100)]).expect("a limit");
    exchange().await;
    let start = Instant::now();
    drop(take(&other, 100).await);
    assert_eq!(millis(start), 200 - 60);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_needed_is_given_back() {
    let [one, other] = two();
    let mut receipts = Vec::new();
    for _ in 0..REQUESTS {
        receipts.push(take(&one, 0).await);
    }
    for receipt in receipts {
        one.settle(receipt, &[("requests", 0)]).expect("a limit");
    }
    exchange().await;
    let start = Instant::now();
    for _ in 0..REQUESTS {
        drop(take(&other, 0).await);
    }
    assert_eq!(millis(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refund_survives_what_the_other_process_saw_before() {
    let [one, other] = two();
    let receipt = take(&one, 900).await;
    drop(take(&other, 100).await);
    one.settle(receipt, &[("tokens", 0)]).expect("a limit");
    exchange().await;
    let start = Instant::now();
    drop(take(&other, 900).await);
    assert_eq!(millis(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_row_is_settled_too() {
    let store = Arc::new(MemoryStore::new());
    let [one, other] = [(); 2].map(|()| {
        let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        let builder = Limiter::builder(per_second(REQUESTS)).name("one row");
        builder
            .store(store)
            .unregistered()
            .build()
            .expect("a limit")
    });
    // The first correction turns the limiter to calls; what was drawn before stands.
    let first = one.acquire_costs(&[]).await.expect("a permit");
    first.settle(&[("requests", 0)]).expect("a limit");
    exchange().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut permits = Vec::new();
    for _ in 0..REQUESTS {
        permits.push(one.acquire_costs(&[]).await.expect("a permit"));
    }
    for permit in permits {
        permit.settle(&[("requests", 0)]).expect("a limit");
    }
    exchange().await;
    let start = Instant::now();
    for _ in 0..REQUESTS {
        other.acquire().await.expect("a permit");
    }
    assert_eq!(millis(start), 0);
}

#[tokio::test(start_paused = true)]
async fn the_call_of_a_caller_that_left_goes_to_the_next_or_back() {
    let [one, other] = two();
    drop(take(&one, 1000).await);
    let start = Instant::now();
    let waiting = one.clone();
    let first = tokio::spawn(async move { drop(take(&waiting, 500).await) });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let waiting = one.clone();
    let second = tokio::spawn(async move { drop(take(&waiting, 500).await) });
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.abort();
    second.await.expect("a permit");
    assert_eq!(millis(start), 500);
    // No caller of these costs is left: what was drawn ahead for the other is given back.
    exchange().await;
    let at = Instant::now();
    let waiting = one.clone();
    let third = tokio::spawn(async move { drop(take(&waiting, 900).await) });
    tokio::time::sleep(Duration::from_millis(10)).await;
    third.abort();
    exchange().await;
    exchange().await;
    drop(take(&other, 300).await);
    assert!(millis(at) <= 400, "{}", millis(at));
}

/// A call that was made: when, and what it took.
pub(crate) type Made = (Instant, [u64; 2]);

/// Tokens that a call took beyond its cost, after the instant at which that was known.
pub(crate) type Overspent = (Instant, u64);

/// Lets callers of two processes come and go, and returns the calls that were made.
async fn crowd(limiters: [Limiter; 2], seed: u64, settles: bool) -> Vec<Made> {
    overspending_crowd(limiters, seed, settles).await.0
}

pub(crate) async fn overspending_crowd(
    limiters: [Limiter; 2],
    seed: u64,
    settles: bool,
) -> (Vec<Made>, Vec<Overspent>) {
    let made = Arc::new(Mutex::new(Vec::new()));
    let overspent = Arc::new(Mutex::new(Vec::new()));
    let mut callers = JoinSet::new();
    let mut dice = StdRng::seed_from_u64(seed);
    for _ in 0..60 {
        let limiter = limiters[dice.random_range(0..2)].clone();
        let cost = dice.random_range(0..400);
        let spent = if settles {
            dice.random_range(0..500)
        } else {
            cost
        };
        let begins = Duration::from_millis(dice.random_range(0..4000));
        let patience = Duration::from_millis(dice.random_range(0..8000));
        let takes = Duration::from_millis(dice.random_range(0..1500));
        let (made, overspent) = (Arc::clone(&made), Arc::clone(&overspent));
        callers.spawn(async move {
            tokio::time::sleep(begins).await;
            let Ok(receipt) = tokio::time::timeout(patience, take(&limiter, cost)).await else {
                return;
            };
            let at = Instant::now();
            tokio::time::sleep(takes).await;
            made.lock().expect("no panic").push((at, [1, spent]));
            if settles {
                limiter
                    .settle(receipt, &[("tokens", spent)])
                    .expect("a limit");
                let over = spent.saturating_sub(cost);
                let mut overspent = overspent.lock().expect("no panic");
                overspent.push((Instant::now(), over));
            }
        });
    }
    callers.join_all().await;
    let mut made = made.lock().expect("no panic").clone();
    made.sort();
    let overspent = overspent.lock().expect("no panic").clone();
    (made, overspent)
}

/// Checks that no span holds more than the burst, what flows in, and `more`.
fn check(made: &[Made], row: usize, quota: u32, more: u64, late: f64) {
    for (from, (first, _)) in made.iter().enumerate() {
        let mut sum = 0;
        for (at, taken) in &made[from..] {
            sum += taken[row];
            let flows = (*at - *first).as_secs_f64() * f64::from(quota);
            let most = f64::from(quota) + flows + late * f64::from(quota);
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let (sum, most) = (sum as f64, most + more as f64);
            assert!(
                sum <= most,
                "{sum} of row {row} in {:?}, at most {most}",
                *at - *first
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn both_processes_together_keep_to_the_envelope_of_each_limit() {
    for seed in 0..40 {
        let made = crowd(two(), seed, false).await;
        assert!(made.len() > 30, "{} were made", made.len());
        // A call that is late counts as one that was in time: by no more than one call.
        check(&made, 0, REQUESTS, 1, 0.003);
        check(&made, 1, TOKENS, 400, 0.003);
    }
}

#[tokio::test(start_paused = true)]
async fn the_envelope_holds_with_a_store_some_way_off() {
    for seed in 0..40 {
        let most = 5 + seed % 8 * 5;
        let made = crowd(two_of(&far(most, seed)), seed, false).await;
        assert!(made.len() > 30, "{} were made", made.len());
        // A call that was served is made when the answer arrives, and not all ways are as long.
        let late = Duration::from_millis(2 * most + 3).as_secs_f64();
        check(&made, 0, REQUESTS, 1, late);
        check(&made, 1, TOKENS, 400, late);
    }
}
