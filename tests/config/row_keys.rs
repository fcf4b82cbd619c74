//! A configuration and the limits of further keys, and those that all keys share.

use core::time::Duration;

use paced::Error;
use paced::Keyed;
use paced::Mode;
use paced::rate_limited;
use tokio::time::Instant;

use crate::apply;
use crate::quota;
use crate::turn;

const PATH: &str = concat!(module_path!(), "::post");
const SECOND: Duration = Duration::from_secs(1);

#[rate_limited(
    limits(
        requests = "1/s",
        requests(rate = "2/s", burst = 3, key = ()),
        posts(rate = "1/s", burst = 1, key = channel),
    ),
    key = tenant,
    cost(posts = 1),
    max_wait = "1h",
)]
async fn post(tenant: u64, channel: u64) -> Result<u64, Error> {
    let _ = channel;
    Ok(tenant)
}

/// Time that three calls of one tenant and one channel take, and two of others.
async fn five_calls() -> Duration {
    let start = Instant::now();
    for (tenant, channel) in [(1, 1), (1, 1), (2, 1), (3, 3), (4, 4)] {
        post(tenant, channel).await.expect("a permit");
    }
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn the_mode_of_a_function_is_that_of_all_its_limits() {
    let _turn = turn().await;
    let shared = paced::limiter(&format!("{PATH}.shared"));
    assert_eq!(five_calls().await, 2 * SECOND);
    tokio::time::sleep(10 * SECOND).await;
    for mode in ["observe", "off"] {
        apply(&format!("[limiter.\"{PATH}\"]\nmode = \"{mode}\""));
        assert_eq!(five_calls().await, Duration::ZERO);
        assert_ne!(shared.mode(), Mode::Enforce);
    }
    // The name of the limits themselves goes first.
    let own = |last: &str| {
        format!(
            "[limiter.\"{PATH}\"]\nmode = \"off\"\n[limiter.\"{PATH}.{last}\"]\nmode = \"enforce\""
        )
    };
    tokio::time::sleep(10 * SECOND).await;
    apply(&own("key2"));
    assert_eq!(five_calls().await, 2 * SECOND, "three of one channel");
    tokio::time::sleep(10 * SECOND).await;
    apply(&own("shared"));
    assert_eq!(shared.mode(), Mode::Enforce);
    assert_eq!(five_calls().await, SECOND, "two of all keys are missing");
    tokio::time::sleep(10 * SECOND).await;
    apply("");
    assert_eq!(five_calls().await, 2 * SECOND);
    tokio::time::sleep(10 * SECOND).await;
    shared.set_mode(Mode::Observe);
    apply(&format!("[limiter.\"{PATH}\"]\nmode = \"enforce\""));
    assert_eq!(shared.mode(), Mode::Observe, "the program has set it");
    apply(&format!(
        "override = true\n[limiter.\"{PATH}\"]\nmode = \"enforce\""
    ));
    assert_eq!(shared.mode(), Mode::Enforce);
}

#[rate_limited(
    limits(requests = "10/s", posts(rate = "1/s", burst = 1, key = channel)),
    key = tenant,
    cost(posts = 1),
    max_wait = "1h",
)]
async fn write(tenant: u64, channel: u64) -> Result<u64, Error> {
    let _ = channel;
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn limits_of_a_further_key_are_changed_by_their_name() {
    const PATH: &str = concat!(module_path!(), "::write");
    let _turn = turn().await;
    let three = async || {
        let start = Instant::now();
        for tenant in 0..3 {
            write(tenant, 1).await.expect("a permit");
        }
        start.elapsed()
    };
    // Before the first call.
    apply(&format!(
        "[limiter.\"{PATH}.key2\"]\nlimits.posts = \"4/s\""
    ));
    let config =
        paced::Config::from_toml(&format!("[limiter.\"{PATH}.key2\"]\nburst = 1\nrate = 4"));
    let config = config.expect("right");
    config.apply().expect("right");
    assert_eq!(three().await, SECOND / 2);
    assert!(config.unused().is_empty());
    tokio::time::sleep(10 * SECOND).await;
    apply(&format!(
        "[limiter.\"{PATH}.key2\"]\nlimits.posts = {{ rate = \"1/s\", burst = 2 }}"
    ));
    assert_eq!(three().await, SECOND);
    let wrong = format!("[limiter.\"{PATH}.key2\"]\nlimits.post = \"4/s\"");
    let wrong = paced::Config::from_toml(&wrong).expect("a right file");
    let error = wrong.apply().expect_err("no such limit").to_string();
    assert!(error.contains("did you mean `posts`?"), "{error}");
    let bounded = format!("[limiter.\"{PATH}.key2\"]\nmax_concurrency = 3");
    let bounded = paced::Config::from_toml(&bounded).expect("a right file");
    let error = bounded.apply().expect_err("no slots").to_string();
    assert!(
        error.contains("have no bound of calls in flight"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_mode_of_keys_is_that_of_the_limits_that_they_share() {
    let _turn = turn().await;
    apply("[limiter.keys_sharing]\nmode = \"observe\"");
    let builder = Keyed::<u64>::builder(quota("10/s", 10)).name("keys_sharing");
    let keyed = builder.shared_row("requests", quota("1/s", 1));
    let keyed = keyed.build().expect("valid");
    let shared = keyed.shared_limiter().expect("there are some");
    let three = async || {
        let start = Instant::now();
        for key in 0..3 {
            keyed.acquire(&key).await.expect("a permit");
        }
        start.elapsed()
    };
    assert_eq!(three().await, Duration::ZERO);
    assert_eq!(shared.mode(), Mode::Observe);
    tokio::time::sleep(10 * SECOND).await;
    apply("");
    assert_eq!(shared.mode(), Mode::Enforce);
    assert_eq!(three().await, 2 * SECOND);
    keyed.set_mode(Mode::Off);
    assert_eq!(three().await, Duration::ZERO);
    apply("[limiter.keys_sharing]\nmode = \"enforce\"");
    assert_eq!(shared.mode(), Mode::Off, "the program has set it");
    apply("override = true\n[limiter.keys_sharing]\nmode = \"enforce\"");
    assert_eq!(shared.mode(), Mode::Enforce);
}

/// A name that ends like those of further limits, of a limiter that is none.
#[tokio::test(start_paused = true)]
async fn a_limiter_that_is_named_like_a_shared_one_is_its_own() {
    let _turn = turn().await;
    let builder = paced::Limiter::builder(quota("1/s", 1)).name("alone.shared");
    let limiter = builder.build().expect("valid");
    limiter.set_quota(quota("5/s", 5));
    apply("override = true\n[limiter.alone]\nmode = \"off\"");
    assert_eq!(limiter.mode(), Mode::Enforce);
    assert_eq!(limiter.snapshot().quota, quota("5/s", 5));
}
