//! Visits of a limiter that nothing calls for: learning from calls that pass without waiting, and closing.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use tokio::time::sleep;

use crate::clock;
use crate::costs::Costs;
use crate::limiter::Function;
use crate::limiter::Limiter;
use crate::quota::Quota;
use crate::store::MemoryStore;

use super::shared::Shared;

#[test]
fn calls_that_pass_are_not_reported_for_ever() {
    let often = NonZeroU32::new(1_000_000_000).expect("above 0");
    let shared = Shared::new(Quota::per_second(often).with_burst(often));
    for _ in 0..1100 {
        let now = clock::now();
        assert!(shared.pass(1, now));
        if !shared.count_pass() {
            shared.learn_from_pass(Function::of(&0), (now, &Costs::ONE), false);
        }
    }
    assert!(!shared.published.is_attentive());
}

#[tokio::test(start_paused = true)]
async fn a_closed_limiter_gives_back_what_it_has_drawn_and_is_not_visited() {
    let store = Arc::new(MemoryStore::new());
    let quota = Quota::per_second(NonZeroU32::MIN);
    let process = || {
        let builder = Limiter::builder(quota).row("tokens", quota);
        let builder = builder.name("github").store(store.clone());
        builder.unregistered().build().expect("a right limiter")
    };
    let (limiter, other) = (process(), process());
    limiter.acquire().await.expect("a permit");
    let wait = || {
        let limiter = limiter.clone();
        tokio::spawn(async move { limiter.acquire().await.map(drop) })
    };
    let waits = [wait(), wait()];
    sleep(Duration::from_millis(100)).await;
    limiter.close();
    for wait in waits {
        let refused = wait.await.expect("no panic").expect_err("it is closed");
        assert!(refused.is_closed());
    }
    sleep(Duration::from_secs(1)).await;
    let before = limiter.shared().visits();
    sleep(Duration::from_secs(60)).await;
    // A visit that was arranged before it was closed.
    assert_eq!(limiter.shared().visits() - before, 1);
    let shared = other.shared_snapshot().await.expect("an answer");
    assert_eq!((shared.available, shared.full_in), (1, Duration::ZERO));
}
