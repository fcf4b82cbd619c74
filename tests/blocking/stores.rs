//! Stores, from threads that are in no runtime.

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Instant;

use paced::store::{ListRequest, MemoryStore, Store};
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

static KEYS: LazyLock<Arc<dyn Store>> = LazyLock::new(|| Arc::new(MemoryStore::new()));

#[rate_limited(rate = "20/s", burst = 2, key = tenant, store = Arc::clone(&KEYS))]
fn customer(tenant: &str) -> Result<usize, Failed> {
    Ok(tenant.len())
}

#[test]
fn each_key_takes_its_permits_from_the_store() {
    let begun = Instant::now();
    let tenants = ["acme", "globex", "initech"];
    let calls = tenants
        .map(|tenant| thread::spawn(|| (0..4).try_for_each(|_| customer(tenant).map(|_| ()))));
    for call in calls {
        call.join().expect("no panic").expect("permits");
    }
    // Two at once, and two more: for all keys at the same time.
    assert!(begun.elapsed() >= ms(98));
    let page = single()
        .block_on(KEYS.list(&ListRequest::new()))
        .expect("a list");
    let prefix = "blocking::stores::customer:";
    let of_function = |name: &str| name.starts_with(prefix);
    let found = page.limiters.iter().filter(|it| of_function(&it.name));
    assert_eq!(found.count(), 3);
}

#[rate_limited(
    limits(requests = "1000/s", tokens(rate = "6/min", burst = 600)),
    cost(tokens = 600),
    settle(tokens = |took: &u64| *took),
    key = tenant,
    store = Arc::clone(&KEYS),
    max_wait = "10s",
)]
fn complete(tenant: &str) -> Result<u64, paced::Error> {
    let _ = tenant;
    Ok(0)
}

#[test]
fn a_correction_of_a_key_is_sent_from_a_thread_without_a_runtime() {
    for tenant in ["acme", "globex"] {
        complete(tenant).expect("a full bucket");
    }
    // All of it is given back soon, though no call comes, or this would wait for more than an hour.
    thread::sleep(ms(500));
    complete("acme").expect("nothing was used");
}
