//! More processes than slots, through limiters, with a store some way off: all callers get through, and never more than there are slots
//! at the same time.

use core::num::NonZeroU32;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::sync::Arc;

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

/// A limiter that stands for a process.
fn process(store: &Arc<dyn Store>, slots: u32) -> Limiter {
    let number = |count| NonZeroU32::new(count).expect("above 0");
    let builder = Limiter::builder(Quota::per_second(number(1000)));
    let builder = builder.name("crowd").store(Arc::clone(store));
    let builder = builder.max_concurrency(number(slots));
    builder.unregistered().build().expect("a right limiter")
}

#[derive(Default)]
struct Flying {
    now: AtomicU32,
    most: AtomicU32,
}

fn millis(dice: &mut StdRng, most: u64) -> Duration {
    Duration::from_millis(dice.random_range(1..most))
}

/// Makes calls one after the other, and gives some up while they wait. Returns the longest wait.
async fn caller(limiter: Limiter, seed: u64, flying: Arc<Flying>) -> Duration {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut longest = Duration::ZERO;
    sleep(millis(&mut dice, 3000)).await;
    for _ in 0..dice.random_range(1..12) {
        let start = Instant::now();
        let patience = match dice.random_range(0..4) {
            0 => millis(&mut dice, 400),
            _ => Duration::from_secs(3600),
        };
        let permit = timeout(patience, limiter.acquire()).await;
        longest = longest.max(start.elapsed());
        let Ok(permit) = permit else { continue };
        let permit = permit.expect("a permit");
        let now = flying.now.fetch_add(1, Relaxed) + 1;
        flying.most.fetch_max(now, Relaxed);
        sleep(millis(&mut dice, 1500)).await;
        flying.now.fetch_sub(1, Relaxed);
        drop(permit);
        if dice.random_range(0..3) == 0 {
            sleep(millis(&mut dice, 4000)).await;
        }
    }
    longest
}

#[tokio::test(start_paused = true)]
async fn all_callers_of_more_processes_than_slots_get_through() {
    for seed in 0..60 {
        let mut dice = StdRng::seed_from_u64(seed);
        let slots = dice.random_range(1..4);
        let store = far([0, 5, 60][dice.random_range(0..3)], seed);
        let flying = Arc::new(Flying::default());
        let mut callers = JoinSet::new();
        let processes = dice.random_range(1..8);
        for nth in 0..processes {
            let limiter = process(&store, slots);
            for own in 0..dice.random_range(1..6) {
                let seed = seed * 1000 + nth * 10 + own;
                callers.spawn(caller(limiter.clone(), seed, Arc::clone(&flying)));
            }
        }
        let all = timeout(Duration::from_secs(3600), callers.join_all()).await;
        let longest = all.expect("nobody hangs").into_iter().max();
        let most = flying.most.load(Relaxed);
        assert!(most <= slots, "{seed}: {most} of {slots}");
        // Turns of two seconds, and calls of up to 1.5 s, of all other callers.
        assert!(
            longest <= Some(Duration::from_secs(60)),
            "{seed}: {longest:?} {processes} {slots}"
        );
    }
}
