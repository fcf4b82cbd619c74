//! A configuration changes all keys of a keyed limiter: those that there are, and those that come later.

use paced::Config;
use paced::Error;
use paced::Keyed;
use paced::KeyedBuilder;
use paced::LimiterConfig;
use paced::Mode;
use paced::Quota;
use paced::rate_limited;
use tokio::time::Instant;

use crate::applied;
use crate::apply;
use crate::count;
use crate::quota;
use crate::turn;
use crate::waiters::Crowd;

fn builder(name: &'static str, quota: Quota) -> KeyedBuilder<u64> {
    Keyed::builder(quota).name(name)
}

fn keyed(name: &'static str, quota: Quota) -> Keyed<u64> {
    builder(name, quota).build().expect("valid")
}

fn available(keyed: &Keyed<u64>, keys: [u64; 3]) -> [u64; 3] {
    keys.map(|key| keyed.snapshot(&key).available)
}

fn take(keyed: &Keyed<u64>, key: u64, tokens: u32) {
    for _ in 0..tokens {
        keyed.try_acquire(&key).expect("a token");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_there_are_and_new_ones_follow() {
    let _turn = turn().await;
    let keyed = keyed("keys_follow", quota("1/s", 5));
    take(&keyed, 1, 4);
    let whole = keyed.limiter(&2).expect("room");
    take(&keyed, 2, 5);
    apply("[limiter.keys_follow]\nrate = \"2/s\"\nburst = 10");
    assert_eq!(available(&keyed, [1, 2, 3]), [6, 5, 10]);
    tokio::time::sleep(core::time::Duration::from_secs(1)).await;
    assert_eq!(available(&keyed, [1, 2, 3]), [8, 7, 10]);
    apply("[limiter.keys_follow]\nburst = 2");
    assert_eq!(available(&keyed, [1, 2, 3]), [0, 0, 2]);
    assert!(keyed.try_acquire(&1).expect_err("it is empty").is_not_yet());
    apply("");
    // Of ten tokens, two and three were used up: as many are missing of five.
    assert_eq!(available(&keyed, [1, 2, 3]), [3, 2, 5]);
    assert_eq!(whole.snapshot().quota, quota("1/s", 5));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_kept_until_keys_are_declared() {
    let _turn = turn().await;
    let config = applied("[limiter.keys_later]\nrate = \"2/s\"\nmode = \"observe\"");
    assert_eq!(config.unused(), ["keys_later"]);
    let keyed = keyed("keys_later", quota("1/s", 1));
    assert_eq!(config.unused(), [""; 0]);
    assert_eq!(keyed.snapshot(&1).quota, quota("2/s", 2));
    take(&keyed, 1, 100);
    let again = applied("[limiter.keys_later]\nrate = \"3/s\"");
    assert_eq!(again.unused(), [""; 0]);
    let limiter = keyed.limiter(&1).expect("room");
    assert_eq!(
        (limiter.mode(), limiter.snapshot().quota),
        (Mode::Enforce, quota("3/s", 3))
    );
    // The two tokens that were there are used up, and the larger bucket has one more.
    assert_eq!(keyed.snapshot(&1).available, 1);
}

#[tokio::test(start_paused = true)]
async fn a_function_with_a_key_is_known_by_its_path() {
    #[rate_limited(rate = 1, key = tenant)]
    async fn read(tenant: u64) -> Result<u64, Error> {
        Ok(tenant)
    }
    let _turn = turn().await;
    let path = concat!(module_path!(), "::read");
    let config = Config::new().limiter(path, LimiterConfig::new().rate("4/s").expect("a rate"));
    config.apply().expect("it fits");
    let start = Instant::now();
    for _ in 0..5 {
        read(7).await.expect("a success");
    }
    assert_eq!(start.elapsed().as_millis(), 250);
    assert_eq!(config.unused(), [""; 0]);
    Config::new().apply().expect("it names nothing");
    read(7).await.expect("a success");
    assert_eq!(start.elapsed().as_millis(), 1250);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_was_set_for_one_key_stays() {
    let _turn = turn().await;
    let keyed = keyed("keys_by_hand", quota("1/s", 1));
    keyed.limiter(&1).expect("room").set_quota(quota("9/s", 9));
    // The quota that all have is no quota of its own.
    keyed.limiter(&2).expect("room").set_quota(quota("1/s", 1));
    apply("[limiter.keys_by_hand]\nrate = \"3/s\"");
    assert_eq!(available(&keyed, [1, 2, 3]), [9, 3, 3]);
    apply("[limiter.keys_by_hand]\nrate = \"9/s\"");
    apply("");
    assert_eq!(
        available(&keyed, [1, 2, 3]),
        [1, 1, 1],
        "it is like the others"
    );
    keyed.limiter(&1).expect("room").set_quota(quota("9/s", 9));
    keyed.limiter(&2).expect("room").set_mode(Mode::Off);
    apply("override = true\n[limiter.keys_by_hand]\nrate = \"3/s\"");
    assert_eq!(keyed.snapshot(&1).quota, quota("3/s", 3));
    assert_eq!(keyed.limiter(&2).expect("room").mode(), Mode::Enforce);
}

#[tokio::test(start_paused = true)]
async fn what_was_set_for_all_keys_goes_before_a_configuration() {
    let _turn = turn().await;
    let keyed = keyed("keys_set", quota("1/s", 1));
    keyed.set_quota(quota("7/s", 7));
    apply("[limiter.keys_set]\nrate = \"3/s\"\nmode = \"off\"");
    assert_eq!(available(&keyed, [1, 2, 3]), [7, 7, 7]);
    assert_eq!(keyed.limiter(&1).expect("room").mode(), Mode::Off);
    keyed.set_mode(Mode::Observe);
    assert_eq!(keyed.limiter(&1).expect("room").mode(), Mode::Observe);
    apply("override = true\n[limiter.keys_set]\nrate = \"3/s\"");
    assert_eq!(available(&keyed, [1, 2, 3]), [3, 3, 3]);
    assert_eq!(keyed.limiter(&1).expect("room").mode(), Mode::Enforce);
}

#[tokio::test(start_paused = true)]
async fn slots_of_each_key_follow() {
    let _turn = turn().await;
    let keyed = keyed("keys_slots", quota("1000/s", 1000));
    take(&keyed, 1, 1);
    keyed
        .limiter(&9)
        .expect("room")
        .set_max_concurrency(Some(count(5)));
    apply("[limiter.keys_slots]\nmax_concurrency = 2");
    let bounds = |keyed: &Keyed<u64>| [1, 2, 9].map(|key| keyed.snapshot(&key).max_concurrency);
    assert_eq!(
        bounds(&keyed),
        [Some(count(2)), Some(count(2)), Some(count(5))]
    );
    let held = [1, 2].map(|key| [keyed.try_acquire(&key), keyed.try_acquire(&key)]);
    assert!(held.iter().flatten().all(Result::is_ok));
    assert!(keyed.try_acquire(&1).is_err() && keyed.try_acquire(&2).is_err());
    apply("[limiter.keys_slots]\nmax_concurrency = 3");
    let more = keyed.try_acquire(&1);
    assert!(more.is_ok() && keyed.try_acquire(&1).is_err());
    apply("");
    take(&keyed, 1, 10);
    assert_eq!(bounds(&keyed), [None, None, Some(count(5))]);
    drop((held, more));
}

#[tokio::test(start_paused = true)]
async fn several_limits_of_each_key_follow_and_mistakes_change_nothing() {
    let _turn = turn().await;
    let keyed = builder("keys_rows", quota("10/s", 10));
    let keyed = keyed
        .row("tokens", quota("100/s", 100))
        .build()
        .expect("valid");
    let limiter = keyed.limiter(&1).expect("room");
    limiter
        .try_acquire_costs(&[("tokens", 60)])
        .expect("tokens");
    apply("[limiter.keys_rows]\nlimits = { tokens = \"200/s\" }");
    let tokens = |key| {
        keyed
            .snapshot(&key)
            .row("tokens")
            .expect("a limit")
            .available
    };
    assert_eq!((tokens(1), tokens(2)), (140, 200));
    let other = crate::named("keys_rows_other", quota("1/s", 1));
    let text = "[limiter.keys_rows_other]\nrate = 5\n[limiter.keys_rows]\nlimits = { token = 5 }";
    let error = Config::from_toml(text).expect("it is well-formed").apply();
    let error = error.expect_err("there is no such unit").to_string();
    assert!(
        error.contains("keys_rows") && error.contains("did you mean `tokens`?"),
        "{error}"
    );
    assert_eq!((tokens(1), tokens(2)), (140, 200));
    assert_eq!(other.snapshot().quota, quota("1/s", 1));
}

#[tokio::test(start_paused = true)]
async fn the_waiters_of_a_key_keep_their_order_and_are_woken_once() {
    let _turn = turn().await;
    let keyed = keyed("keys_waiting", quota("1000/s", 100));
    let mut crowds = [1, 2].map(|key| Crowd::of(5000, || keyed.acquire(&key)));
    for crowd in &mut crowds {
        assert_eq!(crowd.served.len(), 100);
    }
    apply("[limiter.keys_waiting]\nrate = 2000\nburst = 50");
    for crowd in &mut crowds {
        assert_eq!(crowd.run(0).await, 0);
    }
    let mut served = [0; 2];
    for _ in 0..1000 {
        served[0] += crowds[0].run(1).await;
        served[1] += crowds[1].run(0).await;
    }
    assert_eq!(served, [2000; 2]);
    // 100 tokens are used up of a bucket that now holds 300: 200 more than before.
    apply("[limiter.keys_waiting]\nrate = 500\nburst = 300");
    for crowd in &mut crowds {
        assert_eq!(crowd.run(0).await, 200);
    }
    for burst in [1, 300, 1, 300] {
        apply(&format!(
            "[limiter.keys_waiting]\nrate = 500\nburst = {burst}"
        ));
    }
    for crowd in &mut crowds {
        assert_eq!(crowd.run(0).await, 0, "flipping creates no tokens");
    }
    for _ in 0..6000 {
        crowds[0].run(1).await;
        crowds[1].run(0).await;
    }
    for crowd in &mut crowds {
        crowd.check();
        assert_eq!(crowd.served.len(), 5000);
        assert_eq!(crowd.wakes, 4900);
    }
}
