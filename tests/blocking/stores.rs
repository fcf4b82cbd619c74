//! Stores, from threads that are in no runtime.

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Instant;

use paced::store::{MemoryStore, Store};
use paced::{Limiter, Quota, Rate, rate_limited};

use crate::support::{Failed, ms, single};

static MEMORY: LazyLock<Arc<dyn Store>> = LazyLock::new(|| Arc::new(MemoryStore::new()));

#[rate_limited(limiter = "blocking_memory", rate = "40/s", burst = 2, store = Arc::clone(&MEMORY))]
fn stored() -> Result<(), Failed> {
    Ok(())
}

#[test]
fn calls_take_their_permits_from_the_store() {
    let begun = Instant::now();
    let calls = [(); 3].map(|()| thread::spawn(|| (0..2).try_for_each(|_| stored())));
    for call in calls {
        call.join().expect("no panic").expect("permits");
    }
    // Six calls, two of them at once.
    assert!(begun.elapsed() >= ms(98));
    let quota = Quota::new(Rate::parse("40/s").expect("a rate"));
    let quota = quota.with_burst(std::num::NonZeroU32::new(2).expect("not zero"));
    let elsewhere = Limiter::builder(quota)
        .name("blocking_memory")
        .store(Arc::clone(&MEMORY));
    let elsewhere = elsewhere.unregistered().build().expect("a limiter");
    let seen = single()
        .block_on(elsewhere.shared_snapshot())
        .expect("an answer");
    assert!(seen.available <= 2);
}

#[test]
fn calls_share_a_limit_in_a_file() {
    #[rate_limited(limiter = limiter)]
    fn through(limiter: &Limiter) -> Result<(), Failed> {
        Ok(())
    }
    let folder = std::env::temp_dir().join(format!("paced-blocking-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let url = format!("sqlite:{}", folder.join("quota.db").display());
    let store = paced::store::connect(&url).expect("a store");
    let limiter = |name: &str| {
        let quota = Quota::new(Rate::parse("20/s").expect("a rate"));
        let quota = quota.with_burst(std::num::NonZeroU32::MIN);
        let builder = Limiter::builder(quota).name(name).store(Arc::clone(&store));
        builder.unregistered().build().expect("a limiter")
    };
    let (one, other) = (limiter("blocking_file"), limiter("blocking_file"));
    let begun = Instant::now();
    for _ in 0..2 {
        through(&one).expect("a permit");
        through(&other).expect("a permit");
    }
    assert!(begun.elapsed() >= ms(140));
    std::fs::remove_dir_all(&folder).expect("the folder");
}
