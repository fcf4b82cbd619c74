//! Keys beside one plain limiter each, and what remains of them.

mod pauses;

use core::num::NonZeroU32;
use core::time::Duration;

use crate::hint::Hint;
use crate::limiter::Limiter;
use crate::quota::Quota;

use super::Keyed;

const fn per_second(rate: u32, burst: u32) -> Quota {
    let (Some(rate), Some(burst)) = (NonZeroU32::new(rate), NonZeroU32::new(burst)) else {
        panic!("above 0");
    };
    Quota::per_second(rate).with_burst(burst)
}

/// Random numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// Looks at all places of the tables, many times.
fn sweep(keyed: &Keyed<u64>) {
    for _ in 0..200 {
        drop(keyed.acquire_many(&u64::MAX, 0));
        keyed.keys().sweep_all();
    }
}

#[tokio::test(start_paused = true)]
async fn each_key_is_like_a_limiter_of_its_own() {
    for seed in 0..10 {
        let quota = per_second(2, 3);
        let keyed: Keyed<u64> = Keyed::builder(quota).max_keys(6).build().expect("valid");
        let plain: Vec<Limiter> = (0..8).map(|_| Limiter::new(quota)).collect();
        let mut random = Random(seed);
        let (mut granted, mut exhausted) = (0, 0);
        for step in 0..800 {
            let key = random.below(8);
            let limiter = &plain[usize::try_from(key).expect("small")];
            match random.below(20) {
                0 => {
                    let wait = Duration::from_millis(random.below(900));
                    if keyed.cooldown_for(&key, wait).is_ok() {
                        limiter.cooldown_for(wait);
                    }
                }
                1..=4 => tokio::time::advance(Duration::from_millis(random.below(400))).await,
                5 => drop(keyed.limiter(&key)),
                6 => sweep(&keyed),
                _ => match keyed.try_acquire(&key) {
                    Ok(_) => {
                        let same = limiter.try_acquire();
                        assert!(same.is_ok(), "{seed}, {step}: {:?}", keyed.snapshot(&key));
                        granted += 1;
                    }
                    Err(error) if error.is_keys_exhausted() => exhausted += 1,
                    Err(error) => {
                        let same = limiter
                            .try_acquire()
                            .map(|_| ())
                            .expect_err("it is the same");
                        assert_eq!(error.retry_after(), same.retry_after(), "{seed}, {step}");
                    }
                },
            }
            assert!(keyed.len() <= 6);
            if granted > 0 && random.below(10) == 0 {
                let left = (keyed.snapshot(&key), limiter.snapshot());
                assert_eq!(left.0.available, left.1.available, "{seed}, {step}");
            }
        }
        assert!(granted > 100, "{granted}");
        assert!(exhausted > 0, "there was always room");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_keys_go_by_themselves_and_give_their_memory_back() {
    let keyed: Keyed<u64> = Keyed::new(per_second(1, 1));
    for key in 0..50_000 {
        keyed.try_acquire(&key).expect("a new key");
    }
    let full = keyed.keys().allocation();
    assert!(keyed.len() == 50_000, "{}", keyed.len());
    assert!(full / keyed.len() <= 40, "{full}");
    tokio::time::advance(Duration::from_secs(2)).await;
    // One key that is in use is enough: each access looks at two places.
    for _ in 0..100_000 {
        drop(keyed.try_acquire(&7));
    }
    assert!(keyed.len() <= 1, "{}", keyed.len());
    let after = keyed.keys().allocation();
    // At most sixteen places of each shard.
    assert!(after <= 256 * 16 * 19, "{full}, {after}");
}

#[tokio::test(start_paused = true)]
async fn a_limited_key_survives_a_flood() {
    let keyed: Keyed<u64> = Keyed::builder(per_second(1, 1))
        .max_keys(1000)
        .build()
        .expect("valid");
    keyed
        .cooldown_for(&0, Duration::from_secs(60))
        .expect("a new key");
    let mut refused = 0;
    for key in 1..=20_000 {
        match keyed.try_acquire(&key) {
            Ok(_) => {}
            Err(error) => {
                assert!(error.is_keys_exhausted(), "{error}");
                refused += 1;
            }
        }
    }
    assert_eq!((keyed.len(), refused), (1000, 19_001));
    assert!(keyed.try_acquire(&0).is_err());
    for key in 1..1000 {
        assert!(
            keyed
                .try_acquire(&key)
                .expect_err("it is limited")
                .is_not_yet()
        );
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    let mut granted = 0;
    for key in 200_000..201_000 {
        granted += usize::from(keyed.try_acquire(&key).is_ok());
    }
    assert!(granted > 900, "{granted}");
    assert!(keyed.try_acquire(&0).is_err(), "it is closed for a minute");
}

#[tokio::test(start_paused = true)]
async fn a_key_becomes_whole_only_while_there_is_more_to_it_than_a_bucket() {
    let keyed: Keyed<u64> = Keyed::new(per_second(1, 2));
    let whole = || keyed.keys().wholes();
    keyed.try_acquire(&1).expect("a new key");
    keyed
        .acquire(&1)
        .await
        .expect("a token")
        .accepted(&Hint::new());
    assert!(keyed.try_acquire(&1).is_err());
    assert_eq!(whole(), 0);
    let waiting = keyed.acquire(&1);
    tokio::pin!(waiting);
    tokio::select! {
        biased;
        _ = &mut waiting => unreachable!("there is no token"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(whole(), 1);
    waiting.await.expect("a token");
    sweep(&keyed);
    assert_eq!((whole(), keyed.len()), (0, 1), "its bucket is empty");
    assert!(keyed.try_acquire(&1).is_err());
    keyed
        .cooldown_for(&1, Duration::from_secs(10))
        .expect("room");
    sweep(&keyed);
    assert_eq!(whole(), 1, "it is closed");
    let handle = keyed.limiter(&1).expect("room");
    tokio::time::advance(Duration::from_secs(100)).await;
    // The first call after a cooldown goes alone, and is known to have gone after a while.
    handle.acquire().await.expect("a token");
    tokio::time::advance(Duration::from_secs(100)).await;
    sweep(&keyed);
    assert_eq!(whole(), 1, "there is a handle");
    drop(handle);
    sweep(&keyed);
    assert_eq!((whole(), keyed.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_one_key_is_kept() {
    let keyed: Keyed<u64> = Keyed::new(per_second(1, 1));
    keyed.limiter(&1).expect("room").set_quota(per_second(5, 5));
    tokio::time::advance(Duration::from_secs(100)).await;
    sweep(&keyed);
    assert_eq!(keyed.snapshot(&1).available, 5);
    assert_eq!(keyed.snapshot(&2).available, 1);
}

#[tokio::test(start_paused = true)]
async fn keys_that_begin_empty_do_so_once() {
    let keyed: Keyed<u64> = Keyed::new(per_second(1, 2).starting_empty());
    assert!(keyed.is_empty());
    assert!(keyed.try_acquire(&1).is_err());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(
        (keyed.snapshot(&1).available, keyed.snapshot(&2).available),
        (1, 1)
    );
    tokio::time::advance(Duration::from_secs(1)).await;
    for key in 3..6 {
        keyed.try_acquire(&key).expect("its bucket has been full");
    }
}

#[tokio::test(start_paused = true)]
async fn several_limits_of_each_key() {
    let hourly =
        Quota::per_hour(NonZeroU32::MIN).with_burst(NonZeroU32::new(100).expect("above 0"));
    let keyed: Keyed<u64> = Keyed::builder(per_second(10, 10))
        .row("tokens", hourly)
        .build()
        .expect("valid");
    let take = |key: u64| {
        let limiter = keyed.limiter(&key)?;
        limiter.try_acquire_costs(&[("tokens", 60)]).map(|_| ())
    };
    take(1).expect("tokens");
    assert!(take(1).expect_err("40 are left").is_not_yet());
    take(2).expect("tokens");
    sweep(&keyed);
    assert_eq!(keyed.len(), 2, "tokens are owed");
    assert_eq!(
        keyed.snapshot(&1).row("tokens").expect("a limit").available,
        40
    );
    tokio::time::advance(Duration::from_secs(100 * 3600)).await;
    sweep(&keyed);
    assert_eq!(keyed.len(), 0);
}

#[test]
fn texts_and_fragments_are_the_same_key() {
    let keyed: Keyed<String> = Keyed::new(per_second(1, 1));
    keyed.try_acquire(&"acme".to_owned()).expect("a new key");
    assert!(keyed.try_acquire("acme").is_err());
    let text = format!("{keyed:?} {:?}", keyed.acquire("acme"));
    assert!(text.contains("keys: 1") && !text.contains("acme"), "{text}");
}

#[test]
fn threads_take_no_token_twice() {
    let burst = NonZeroU32::new(100).expect("above 0");
    let keyed: Keyed<u64> = Keyed::new(Quota::per_hour(NonZeroU32::MIN).with_burst(burst));
    let run = |thread: u64| {
        let mut granted = [0; 50];
        for round in 0..10_000_u64 {
            let key = (round * 7 + thread * 13) % 50;
            let took = if round % 97 == 0 {
                keyed
                    .limiter(&key)
                    .is_ok_and(|limiter| limiter.try_acquire().is_ok())
            } else {
                keyed.try_acquire(&key).is_ok()
            };
            granted[usize::try_from(key).expect("small")] += u32::from(took);
        }
        granted
    };
    let mut all = [0; 50];
    std::thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..8)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        for thread in threads {
            let granted = thread.join().expect("no thread panics");
            all.iter_mut()
                .zip(granted)
                .for_each(|(all, granted)| *all += granted);
        }
    });
    assert_eq!(all, [100; 50]);
}

#[tokio::test(start_paused = true)]
async fn changes_of_the_quota_give_no_key_more_than_a_limiter_of_its_own() {
    let (mut granted, mut changes) = (0, 0);
    for seed in 0..20 {
        let keyed = Keyed::builder(per_second(2, 5)).max_keys(6);
        let keyed: Keyed<u64> = keyed.build().expect("valid");
        let plain: Vec<Limiter> = (0..5).map(|_| Limiter::new(per_second(2, 5))).collect();
        let mut random = Random(seed);
        for step in 0..600 {
            let key = random.below(5);
            match random.below(20) {
                0 => {
                    let number = |random: &mut Random| u32::try_from(1 + random.below(8));
                    let rate = number(&mut random).expect("small");
                    let quota = per_second(rate, number(&mut random).expect("small"));
                    keyed.set_quota(quota);
                    for limiter in &plain {
                        limiter.set_quota(quota);
                    }
                    changes += 1;
                }
                1..=4 => tokio::time::advance(Duration::from_millis(random.below(400))).await,
                5 => drop(keyed.limiter(&key)),
                6 => sweep(&keyed),
                _ => {
                    let limiter = &plain[usize::try_from(key).expect("small")];
                    if keyed.try_acquire(&key).is_ok() {
                        let same = limiter.try_acquire();
                        assert!(same.is_ok(), "{seed}, {step}: {:?}", keyed.snapshot(&key));
                        granted += 1;
                    }
                }
            }
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        sweep(&keyed);
        assert_eq!(keyed.len(), 0, "{seed}");
    }
    assert!(granted > 2000 && changes > 200, "{granted}, {changes}");
}

#[tokio::test(start_paused = true)]
async fn tokens_beyond_a_smaller_bucket_are_remembered_by_no_more_than_they_take() {
    let keyed: Keyed<u64> = Keyed::new(per_second(1, 5));
    for _ in 0..5 {
        keyed.try_acquire(&1).expect("a token");
    }
    keyed.set_quota(per_second(1, 1));
    tokio::time::advance(Duration::from_secs(1)).await;
    sweep(&keyed);
    assert_eq!((keyed.len(), keyed.snapshot(&1).available), (1, 1));
    keyed.set_quota(per_second(1, 5));
    assert_eq!(keyed.snapshot(&1).available, 1, "four are still used up");
    keyed.set_quota(per_second(1, 1));
    // A handle takes over what is known.
    drop(keyed.limiter(&1).expect("room"));
    keyed.set_quota(per_second(1, 5));
    assert_eq!(keyed.snapshot(&1).available, 1);
    tokio::time::advance(Duration::from_secs(4)).await;
    sweep(&keyed);
    assert_eq!((keyed.len(), keyed.keys().wholes()), (0, 0));
}
