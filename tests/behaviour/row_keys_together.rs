//! Limits that all keys share, by hand: drops, cooldowns and changes at random.

use core::num::NonZeroU32;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Config;
use paced::Keyed;
use paced::LimiterConfig;
use paced::Mode;
use paced::Quota;
use paced::rate_limited;
use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::Log;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

fn per_second(count: u32, burst: u32) -> Quota {
    let of = |count| NonZeroU32::new(count).unwrap();
    Quota::per_second(of(count)).with_burst(of(burst))
}

fn tenants(own: Quota, shared: Quota) -> Keyed<u64> {
    let builder = Keyed::builder(own).shared_row("requests", shared);
    builder.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn permits_are_of_the_key_and_of_all_keys() {
    let tenants = tenants(per_second(1, 1), per_second(4, 2));
    let start = Instant::now();
    let at = async |tenant: u64| {
        tenants.acquire(&tenant).await.unwrap();
        since(start)
    };
    let ended = tokio::join!(at(1), at(1), at(2), at(3), at(2));
    assert_eq!(ended, (0, 1000, 0, 250, 1000));
    let shared = tenants.shared_limiter().unwrap();
    shared.cooldown_for(secs(5));
    assert_eq!(at(9).await, 6000);
    assert_eq!(shared.snapshot().counts.granted, 6);
}

#[rate_limited(limits(requests = "50/s", posts(rate = "50/s", key = channel)), cost(posts = 1))]
async fn post(channel: u64) -> Result<u64, paced::Error> {
    Ok(channel)
}

#[tokio::test(start_paused = true)]
async fn limits_of_all_keys_have_no_bound_of_calls_in_flight() {
    post(1).await.unwrap();
    let path = concat!(module_path!(), "::post.shared");
    let bounded = LimiterConfig::new().max_concurrency(1);
    let refused = Config::new().limiter(path, bounded).apply().unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("have no bound of calls in flight"), "{text}");
    paced::limiter(path).set_max_concurrency(NonZeroU32::new(1));
    let start = Instant::now();
    for channel in 0..3 {
        post(channel).await.unwrap();
    }
    assert_eq!(since(start), 0);
    assert_eq!(paced::limiter(path).snapshot().max_concurrency, None);
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_that_comes_while_a_call_waits_for_all_keys_gives_the_shared_token_to_the_next()
{
    let tenants = tenants(per_second(10, 10), per_second(1, 1));
    let (start, log) = (Instant::now(), Log::new());
    tenants.acquire(&1).await.unwrap();
    for tenant in [1, 2, 1] {
        let (tenants, log) = (tenants.clone(), log.clone());
        tokio::spawn(async move {
            tenants.acquire(&tenant).await.unwrap();
            log.add((tenant, since(start)));
        });
    }
    tokio::time::sleep(ms(500)).await;
    tenants.cooldown_for(&1, secs(3)).unwrap();
    assert_eq!(tenants.snapshot(&1).waiting, 2);
    tokio::time::sleep(secs(9)).await;
    assert_eq!(log.entries(), [(2, 1000), (1, 3500), (1, 4500)]);
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_not_polled_blocks_neither_its_key_nor_the_others() {
    let tenants = tenants(per_second(10, 10), per_second(1, 1));
    let start = Instant::now();
    tenants.acquire(&1).await.unwrap();
    let mut idle = Box::pin(tenants.acquire(&1));
    assert!(poll_once(&mut idle).is_pending());
    tenants.acquire(&1).await.unwrap();
    // The idle one had its turn for two milliseconds.
    assert!((1000..=1002).contains(&since(start)), "{}", since(start));
    tenants.acquire(&2).await.unwrap();
    assert!((2000..=2002).contains(&since(start)), "{}", since(start));
    idle.await.unwrap();
    assert!((3000..=3004).contains(&since(start)), "{}", since(start));
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_set_meanwhile_holds_for_calls_that_wait() {
    let tenants = tenants(per_second(1, 1), per_second(100, 100));
    let start = Instant::now();
    tenants.acquire(&1).await.unwrap();
    let waits = async {
        tenants.acquire(&1).await.unwrap();
        since(start)
    };
    let sets = async {
        tokio::time::sleep(ms(100)).await;
        tenants.limiter(&1).unwrap().set_quota(per_second(5, 1));
    };
    // Nine tenths of a token were missing.
    assert_eq!(tokio::join!(waits, sets).0, 280);
}

#[tokio::test(start_paused = true)]
async fn no_call_that_waits_for_all_keys_hangs_when_a_mode_is_set() {
    for (mode, of_all) in [
        (Mode::Observe, false),
        (Mode::Off, false),
        (Mode::Observe, true),
        (Mode::Off, true),
    ] {
        let tenants = tenants(per_second(2, 1), per_second(1, 1));
        let (start, log) = (Instant::now(), Log::new());
        tenants.acquire(&1).await.unwrap();
        for tenant in [1, 2, 2, 3] {
            let (tenants, log) = (tenants.clone(), log.clone());
            tokio::spawn(async move {
                tenants.acquire(&tenant).await.unwrap();
                log.add(since(start));
            });
        }
        tokio::time::sleep(ms(700)).await;
        let expected = if of_all {
            tenants.shared_limiter().unwrap().set_mode(mode);
            // Of the second key there is one token in half a second.
            [700, 700, 700, 1198]
        } else {
            tenants.set_mode(mode);
            assert_eq!(tenants.shared_limiter().unwrap().mode(), mode);
            [700; 4]
        };
        tokio::time::sleep(secs(60)).await;
        assert_eq!(log.entries(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_polled_long_after_a_mode_was_set_do_not_hang() {
    for mode in [Mode::Observe, Mode::Off] {
        for then in [mode, Mode::Enforce] {
            let tenants = tenants(per_second(1, 1), per_second(1, 1));
            let start = Instant::now();
            tenants.acquire(&1).await.unwrap();
            let mut calls = [1, 1, 2].map(|tenant| {
                let tenants = tenants.clone();
                Box::pin(async move { tenants.acquire(&tenant).await.map(drop) })
            });
            for call in &mut calls {
                assert!(poll_once(call).is_pending());
            }
            tenants.set_mode(mode);
            tokio::time::advance(ms(10)).await;
            tenants.set_mode(then);
            for call in calls {
                let ended = tokio::time::timeout(secs(60), call).await;
                ended.unwrap().unwrap();
            }
            if then == mode {
                assert_eq!(since(start), 10, "{mode}");
            }
        }
    }
}

static SHARED: Mutex<Option<Keyed<u64>>> = Mutex::new(None);

fn shared() -> Keyed<u64> {
    let mut shared = SHARED.lock().unwrap();
    let make = || {
        let shared = Keyed::builder(per_second(10, 10)).shared_row("tokens", per_second(100, 100));
        shared.build().unwrap()
    };
    shared.get_or_insert_with(make).clone()
}

#[rate_limited(limiter = shared(), key = tenant, cost(tokens = tokens), settle(tokens = |took: &u64| *took))]
async fn of_a_shared_limiter(tenant: u64, tokens: u64, took: u64) -> Result<u64, paced::Error> {
    let _ = (tenant, tokens);
    Ok(took)
}

#[tokio::test(start_paused = true)]
async fn functions_take_from_the_shared_limit_of_keys_that_they_bring() {
    let start = Instant::now();
    let left = || {
        shared()
            .shared_limiter()
            .unwrap()
            .snapshot()
            .row("tokens")
            .unwrap()
            .available
    };
    of_a_shared_limiter(1, 80, 30).await.unwrap();
    assert_eq!(left(), 70);
    of_a_shared_limiter(2, 100, 100).await.unwrap();
    assert_eq!(since(start), 300);
    assert_eq!(shared().snapshot(&1).available, 10);
}

/// Step of a random history.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A call that is dropped after so many milliseconds, unless it has its permit by then.
    Call {
        tenant: u64,
        patience: Option<u64>,
    },
    Sleep(u64),
    Cooldown {
        tenant: u64,
        millis: u64,
    },
    CooldownOfAll(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let patience = prop_oneof![3 => Just(None), 1 => (0..3000_u64).prop_map(Some)];
    prop_oneof![
        8 => (0..4_u64, patience).prop_map(|(tenant, patience)| Step::Call { tenant, patience }),
        4 => (0..700_u64).prop_map(Step::Sleep),
        1 => (0..4_u64, 0..2000_u64)
            .prop_map(|(tenant, millis)| Step::Cooldown { tenant, millis }),
        1 => (0..500_u64).prop_map(Step::CooldownOfAll),
    ]
}

type Permits = Arc<Mutex<Vec<(u64, u32, Instant)>>>;

async fn run(steps: Vec<Step>) -> Vec<(u64, u32, Instant)> {
    let tenants = tenants(per_second(2, 2), per_second(5, 3));
    let permits: Permits = Arc::default();
    let mut calls = JoinSet::new();
    let mut numbers = BTreeMap::<u64, u32>::new();
    for step in steps {
        match step {
            Step::Sleep(millis) => tokio::time::sleep(ms(millis)).await,
            Step::Cooldown { tenant, millis } => {
                tenants.cooldown_for(&tenant, ms(millis)).unwrap();
            }
            Step::CooldownOfAll(millis) => {
                tenants.shared_limiter().unwrap().cooldown_for(ms(millis));
            }
            Step::Call { tenant, patience } => {
                let number = numbers.entry(tenant).or_default();
                *number += 1;
                let (number, tenants, permits) = (*number, tenants.clone(), permits.clone());
                calls.spawn(async move {
                    let permit = tenants.acquire(&tenant);
                    let patience = patience.map_or(Duration::MAX, Duration::from_millis);
                    if let Ok(permit) = tokio::time::timeout(patience, permit).await {
                        permit.unwrap();
                        let now = Instant::now();
                        permits.lock().unwrap().push((tenant, number, now));
                    }
                });
                // Calls join the queue in the order in which they are made.
                tokio::task::yield_now().await;
            }
        }
    }
    let all = async { while calls.join_next().await.is_some() {} };
    let ended = tokio::time::timeout(secs(3600), all).await;
    ended.expect("no call hangs");
    for tenant in 0..4 {
        assert_eq!(tenants.snapshot(&tenant).waiting, 0);
    }
    assert_eq!(tenants.shared_limiter().unwrap().snapshot().waiting, 0);
    let permits = permits.lock().unwrap();
    permits.clone()
}

/// Checks that no interval holds more permits than the bucket allows, but for the slack of timers.
fn check_envelope(at: &[Instant], rate: f64, burst: f64) {
    for (first, from) in at.iter().enumerate() {
        for (last, to) in at.iter().enumerate().skip(first) {
            let most = burst + rate * ((*to - *from).as_secs_f64() + 0.002) + 1e-6;
            let count = u32::try_from(last - first + 1).unwrap();
            assert!(
                f64::from(count) <= most,
                "{count} permits from {from:?} to {to:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn envelopes_hold_and_no_call_hangs(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let permits = runtime.block_on(run(steps));
        let all: Vec<Instant> = permits.iter().map(|it| it.2).collect();
        check_envelope(&all, 5.0, 3.0);
        for tenant in 0..4 {
            let own: Vec<_> = permits.iter().filter(|it| it.0 == tenant).collect();
            assert!(own.is_sorted_by_key(|it| it.1), "first come, first served: {own:?}");
            let at: Vec<Instant> = own.iter().map(|it| it.2).collect();
            check_envelope(&at, 2.0, 2.0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tries_pass_limits_that_do_not_hold_calls_back() {
    let tenants = tenants(per_second(1, 1), per_second(1, 1));
    tenants.try_acquire(&1).unwrap();
    for mode in [Mode::Observe, Mode::Off] {
        tenants.set_mode(mode);
        for tenant in [1, 1, 2] {
            tenants.try_acquire(&tenant).unwrap();
        }
    }
    tenants.set_mode(Mode::Enforce);
    assert!(tenants.try_acquire(&1).unwrap_err().is_not_yet());
    // Only the shared limit holds calls back.
    let shared = tenants.shared_limiter().unwrap();
    tenants.set_mode(Mode::Off);
    shared.set_mode(Mode::Enforce);
    assert!(tenants.try_acquire(&1).unwrap_err().is_not_yet());
    tokio::time::sleep(secs(5)).await;
    tenants.try_acquire(&1).unwrap();
    assert!(tenants.try_acquire(&2).unwrap_err().is_not_yet());
}
