//! Plain functions with several limits, slots, stores, keys, modes and configurations.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Instant;

use paced::store::{MemoryStore, Store};
use paced::{Config, Limiter, Mode, Quota, Rate, rate_limited};
use tokio::task;

use crate::support::{Failed, ms, several, single};

static MEMORY: LazyLock<Arc<dyn Store>> = LazyLock::new(|| Arc::new(MemoryStore::new()));
static NOW: AtomicU32 = AtomicU32::new(0);
static MOST: AtomicU32 = AtomicU32::new(0);

/// Counts a call in flight, also one that is dropped.
struct Inside;

impl Inside {
    fn new() -> Self {
        MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        NOW.fetch_sub(1, Ordering::SeqCst);
    }
}

#[rate_limited(
    limiter = "blocking_mixed",
    limits(requests(rate = "100/s", burst = 2), tokens(rate = "1000/s", burst = 100)),
    cost(tokens = tokens),
    max_concurrency = 2,
    store = Arc::clone(&MEMORY)
)]
fn plain(tokens: u64) -> Result<(), Failed> {
    let _inside = Inside::new();
    thread::sleep(ms(5));
    Ok(())
}

#[rate_limited(
    limiter = "blocking_mixed",
    limits(requests(rate = "100/s", burst = 2), tokens(rate = "1000/s", burst = 100)),
    cost(tokens = tokens),
    max_concurrency = 2,
    store = Arc::clone(&MEMORY)
)]
async fn awaited(tokens: u64) -> Result<(), Failed> {
    let _inside = Inside::new();
    tokio::time::sleep(ms(5)).await;
    Ok(())
}

#[test]
fn limits_and_slots_of_a_store_are_shared_by_both_kinds_while_runtimes_end() {
    let begun = Instant::now();
    let threads: Vec<_> = (0..4)
        .map(|_| thread::spawn(|| (0..10).try_for_each(|_| plain(20))))
        .collect();
    for round in 0..3 {
        let runtime = if round == 1 { single() } else { several() };
        runtime.block_on(async {
            for _ in 0..3 {
                awaited(20).await.expect("a permit");
            }
            let blocking = task::spawn_blocking(|| plain(20)).await;
            blocking.expect("no panic").expect("a permit");
        });
        // Its last requests go with it.
        runtime.spawn(awaited(20));
        runtime.spawn_blocking(|| plain(20));
        runtime.shutdown_background();
    }
    for thread in threads {
        thread.join().expect("no panic").expect("permits");
    }
    // 52 calls at least, of 20 tokens each.
    assert!(begun.elapsed() >= ms(930), "{:?}", begun.elapsed());
    let limiter = paced::limiter("blocking_mixed");
    let mut left = 0;
    for _ in 0..200 {
        left = limiter.snapshot().in_flight;
        if left == 0 {
            break;
        }
        thread::sleep(ms(10));
    }
    assert_eq!(left, 0);
    assert!(MOST.load(Ordering::SeqCst) <= 2);
}

#[rate_limited(rate = "1/h", mode = "observe", max_concurrency = 1)]
fn observed() -> Result<(), Failed> {
    Ok(())
}

#[test]
fn observed_calls_do_not_wait() {
    for _ in 0..5 {
        observed().expect("a permit");
    }
    let limiter = paced::limiter(concat!(module_path!(), "::observed"));
    assert_eq!(limiter.mode(), Mode::Observe);
    assert_eq!(limiter.snapshot().would_have_waited.count, 4);
    assert_eq!(limiter.snapshot().in_flight, 0);
}

#[rate_limited(key = id, rate = "20/s", burst = 1, max_concurrency = 1)]
fn keyed(id: u32) -> Result<(), Failed> {
    thread::sleep(ms(1));
    Ok(())
}

#[test]
fn keys_of_plain_functions_wait_apart() {
    let begun = Instant::now();
    thread::scope(|scope| {
        for id in 0..4 {
            scope.spawn(move || (0..3).for_each(|_| keyed(id).expect("a permit")));
        }
    });
    assert!(begun.elapsed() >= ms(98));
}

struct Api;

trait Remote {
    async fn call(&self) -> Result<(), Failed>;
    fn other(&self) -> Result<(), Failed>;
}

#[rate_limited(rate = "1/h")]
#[expect(
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "a function that the attribute leaves alone"
)]
impl Api {
    fn untouched(&self) -> Result<(), Failed> {
        Ok(())
    }

    async fn user(&self) -> Result<(), Failed> {
        Ok(())
    }
}

#[rate_limited(rate = "1/h")]
impl Api {
    async fn second(&self) -> Result<(), Failed> {
        Ok(())
    }
}

#[rate_limited(rate = "1/h")]
impl Remote for Api {
    async fn call(&self) -> Result<(), Failed> {
        Ok(())
    }

    fn other(&self) -> Result<(), Failed> {
        Ok(())
    }
}

struct Plain;

#[rate_limited(rate = "1000/h", burst = 3)]
impl Plain {
    #[rate_limited(inherit)]
    fn one() -> Result<(), Failed> {
        Ok(())
    }

    #[rate_limited(inherit, max_retries = 0)]
    fn other() -> Result<(), Failed> {
        Ok(())
    }
}

#[test]
fn plain_functions_of_a_block_share_its_limiter() {
    Plain::one().expect("a permit");
    Plain::other().expect("a permit");
    let limiter = paced::limiter(concat!(module_path!(), "::Plain"));
    assert_eq!(limiter.snapshot().available, 1);
}

#[test]
fn configurations_reach_the_limiters_of_blocks() {
    let here = module_path!();
    let text = format!(
        "[limiter.\"{here}::Api\"]\nrate = \"11/s\"\n[limiter.\"{here}::Api#2\"]\nrate = \"22/s\"\n\
         [limiter.\"{here}::<Api as Remote>\"]\nrate = \"33/s\"\n"
    );
    let config = Config::from_toml(&text).expect("right");
    config.apply().expect("it fits");
    for _ in 0..5 {
        Api.untouched().expect("no limiter");
        Api.other().expect("no limiter");
    }
    let runtime = single();
    runtime.block_on(async {
        Api.user().await.expect("a permit");
        Api.second().await.expect("a permit");
        Api.call().await.expect("a permit");
    });
    let quota = |name: &str| paced::limiter(&format!("{here}::{name}")).snapshot().quota;
    let rate = |text| Quota::new(Rate::parse(text).expect("a rate"));
    assert_eq!(config.unused(), [""; 0]);
    assert_eq!(quota("Api"), rate("11/s"));
    assert_eq!(quota("Api#2"), rate("22/s"));
    assert_eq!(quota("<Api as Remote>"), rate("33/s"));
    paced::limiter(&format!("{here}::Api")).set_quota(rate("55/s"));
    config.apply().expect("it fits");
    assert_eq!(quota("Api"), rate("55/s"));
    Config::new().apply().expect("nothing");
    assert_eq!(quota("Api"), rate("55/s"));
    assert_eq!(quota("Api#2"), rate("1/h"));
}

#[test]
fn threads_that_wait_follow_a_change_of_the_mode_and_of_the_bound() {
    #[rate_limited(limiter = limiter)]
    fn slow(limiter: &Limiter) -> Result<(), Failed> {
        thread::sleep(ms(200));
        Ok(())
    }
    let quota = Quota::new(Rate::parse("1000/s").expect("a rate"));
    let limiter = Limiter::builder(quota)
        .store(Arc::clone(&MEMORY))
        .name("blocking_bound");
    let limiter = limiter
        .row("tokens", quota)
        .max_concurrency(NonZeroU32::MIN);
    let limiter = limiter.unregistered().build().expect("a limiter");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| slow(&limiter).expect("a permit"));
        }
        thread::sleep(ms(60));
        limiter.set_mode(Mode::Observe);
        thread::sleep(ms(60));
        assert_eq!(limiter.snapshot().in_flight, 4);
        limiter.set_mode(Mode::Enforce);
    });
    assert_eq!(limiter.snapshot().in_flight, 0);
    limiter.set_max_concurrency(NonZeroU32::new(2));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| slow(&limiter).expect("a permit"));
        }
        thread::sleep(ms(150));
        assert!(limiter.snapshot().in_flight <= 2);
    });
    assert_eq!(limiter.snapshot().in_flight, 0);
}
