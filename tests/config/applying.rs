//! Precedence, first use, what vanishes, and all or nothing.

use core::num::NonZeroU32;

use paced::Config;
use paced::Error;
use paced::Limiter;
use paced::LimiterConfig;
use paced::Mode;
use paced::Quota;
use paced::rate_limited;

use crate::applied;
use crate::apply;
use crate::count;
use crate::named;
use crate::quota;
use crate::turn;

#[tokio::test(start_paused = true)]
async fn rates_and_bursts_of_a_limiter_change_and_return() {
    let _turn = turn().await;
    let limiter = named("applying_plain", quota("5/s", 5));
    apply("[limiter.applying_plain]\nrate = \"300/min\"\nburst = 7");
    assert_eq!(limiter.snapshot().quota, quota("300/min", 7));
    apply("[limiter.applying_plain]\nrate = 20");
    assert_eq!(limiter.snapshot().quota, quota("20/s", 20));
    apply("[limiter.applying_plain]\nburst = 2");
    assert_eq!(limiter.snapshot().quota, quota("5/s", 2));
    apply("");
    assert_eq!(limiter.snapshot().quota, quota("5/s", 5));
}

#[tokio::test(start_paused = true)]
async fn each_limit_changes_by_its_unit() {
    let _turn = turn().await;
    let limiter = Limiter::builder(quota("10/s", 10))
        .row("requests", quota("1000/h", 1000))
        .row("tokens", quota("6000/min", 6000))
        .name("applying_rows")
        .build()
        .expect("the name is free");
    let rows = |limiter: &Limiter| -> Vec<Quota> {
        limiter.snapshot().rows().map(|row| row.quota).collect()
    };
    let declared = rows(&limiter);
    apply(
        "[limiter.applying_rows.limits]\nrequests = [\"20/s\", \"5000/h\"]\ntokens = { rate = \"9000/min\" }",
    );
    let changed = [
        quota("20/s", 20),
        quota("5000/h", 5000),
        quota("9000/min", 9000),
    ];
    assert_eq!(rows(&limiter), changed);
    // A limit that is not named any more returns, also of a limiter that still is.
    apply("[limiter.applying_rows.limits]\ntokens = { burst = 100 }");
    let changed = [declared[0], declared[1], quota("6000/min", 100)];
    assert_eq!(rows(&limiter), changed);
    apply("");
    assert_eq!(rows(&limiter), declared);
}

#[rate_limited(rate = 5)]
async fn later() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_function_takes_its_changes_at_its_first_call() {
    let _turn = turn().await;
    let path = concat!(module_path!(), "::later");
    let config = Config::new().limiter(path, LimiterConfig::new().rate("1/s").expect("a rate"));
    config.apply().expect("it fits");
    assert_eq!(config.unused(), [path]);
    later().await.expect("a success");
    assert_eq!(config.unused(), [""; 0]);
    assert_eq!(paced::limiter(path).snapshot().quota, quota("1/s", 1));
    Config::new().apply().expect("it names nothing");
    assert_eq!(paced::limiter(path).snapshot().quota, quota("5/s", 5));
}

#[tokio::test(start_paused = true)]
async fn a_limiter_that_starts_empty_does_so_with_its_changes() {
    let _turn = turn().await;
    apply("[limiter.applying_empty]\nrate = 50");
    let limiter = named("applying_empty", quota("5/s", 5).starting_empty());
    assert_eq!(limiter.snapshot().quota, quota("50/s", 50).starting_empty());
    assert_eq!(limiter.snapshot().available, 0);
}

#[tokio::test(start_paused = true)]
async fn a_limiter_that_is_full_is_full_with_its_changes() {
    let _turn = turn().await;
    apply("[limiter.applying_full]\nrate = 50");
    let limiter = named("applying_full", quota("5/s", 5));
    assert_eq!(limiter.snapshot().available, 50);
    limiter.acquire_many(50).await.expect("it is full");
    drop(limiter);
    // The same declaration finds it again, also while a configuration changes it.
    let limiter = named("applying_full", quota("5/s", 5));
    assert_eq!(limiter.snapshot().available, 0);
}

#[tokio::test(start_paused = true)]
async fn a_free_name_that_is_declared_anew_takes_its_changes() {
    let _turn = turn().await;
    apply("[limiter.applying_again]\nburst = 3");
    let limiter = named("applying_again", quota("5/s", 5));
    limiter.acquire().await.expect("it is full");
    drop(limiter);
    let limiter = named("applying_again", quota("10/s", 10));
    assert_eq!(limiter.snapshot().quota, quota("10/s", 3));
    apply("");
    assert_eq!(limiter.snapshot().quota, quota("10/s", 10));
}

#[tokio::test(start_paused = true)]
async fn a_quota_set_by_hand_goes_first_until_an_overriding_configuration() {
    let _turn = turn().await;
    let limiter = Limiter::builder(quota("5/s", 5))
        .row("tokens", quota("100/s", 100))
        .name("applying_hand")
        .build()
        .expect("the name is free");
    limiter.set_quota(quota("1/s", 1));
    let text = "[limiter.applying_hand]\nlimits = { requests = 20, tokens = 200 }";
    apply(text);
    assert_eq!(limiter.snapshot().quota, quota("1/s", 1), "by hand");
    let tokens = |limiter: &Limiter| limiter.snapshot().row("tokens").map(|row| row.quota);
    assert_eq!(
        tokens(&limiter),
        Some(quota("200/s", 200)),
        "not set by hand"
    );
    apply(&format!("override = true\n{text}"));
    assert_eq!(limiter.snapshot().quota, quota("20/s", 20));
    // It is the configuration's again.
    apply("");
    assert_eq!(limiter.snapshot().quota, quota("5/s", 5));
}

#[tokio::test(start_paused = true)]
async fn a_quota_set_before_the_declaration_is_set_by_hand() {
    let _turn = turn().await;
    for (name, first) in [("", "1/s"), ("override = true\n", "20/s")] {
        let text = format!("{name}[limiter.\"applying before {first}\"]\nrate = 20");
        let name = format!("applying before {first}");
        let handle = paced::limiter(&name);
        handle.set_quota(quota("1/s", 1));
        apply(&text);
        let limiter = named(&name, quota("5/s", 5));
        assert_eq!(limiter.snapshot().rate.to_string(), first);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_changes_if_one_entry_is_wrong() {
    let _turn = turn().await;
    let one = named("applying_a", quota("5/s", 5));
    let two = named("applying_z", quota("5/s", 5));
    apply("[limiter.applying_a]\nrate = 7");
    let text = "[limiter.applying_a]\nrate = 50\n[limiter.applying_later]\nrate = 1\n\n\
                [limiter.applying_z]\nlimits = { request = 50 }";
    let config = Config::from_toml(text).expect("TOML");
    let error = config.apply().expect_err("a unit that is not there");
    assert_eq!((error.line(), error.column()), (Some(7), Some(12)));
    assert_eq!(
        error.to_string(),
        "line 7, column 12: `limiter.applying_z.limits.request`: the limiter has no limit of `request`, \
         did you mean `requests`?"
    );
    assert_eq!(one.snapshot().quota, quota("7/s", 7));
    assert_eq!(two.snapshot().quota, quota("5/s", 5));
    let later = named("applying_later", quota("5/s", 5));
    assert_eq!(later.snapshot().quota, quota("5/s", 5));
}

#[tokio::test(start_paused = true)]
async fn a_mistake_that_shows_at_the_first_use_leaves_the_declaration() {
    let _turn = turn().await;
    let text = "[limiter.applying_unfit]\nlimits = { tokens = 50 }\nmode = \"observe\"";
    let config = applied(text);
    let limiter = named("applying_unfit", quota("5/s", 5));
    assert_eq!(limiter.snapshot().quota, quota("5/s", 5));
    assert_eq!(limiter.mode(), Mode::Enforce);
    assert_eq!(config.unused(), ["applying_unfit"]);
    // Applied again, it is an error.
    let error = config.apply().expect_err("no limit of tokens");
    assert_eq!(error.key(), Some("tokens"));
}

#[tokio::test(start_paused = true)]
async fn a_strict_window_stays_one() {
    let _turn = turn().await;
    let strict = |rate: &str| Quota::strict(rate.parse().expect("a rate"));
    let whole = named("applying_strict", strict("10/s"));
    let spread = named("applying_spread", strict("10/s").with_burst(count(3)));
    apply("[limiter.applying_strict]\nrate = \"30/min\"\n[limiter.applying_spread]\nrate = 20");
    assert_eq!(whole.snapshot().quota, strict("30/min"));
    assert_eq!(spread.snapshot().quota, strict("20/s").with_burst(count(3)));
    let config = Config::from_toml("[limiter.applying_spread]\nrate = 2").expect("TOML");
    let error = config.apply().expect_err("a burst of 3 in a window of 2");
    assert_eq!(error.key(), Some("rate"));
}

#[tokio::test(start_paused = true)]
async fn a_mode_holds_until_it_is_no_longer_named() {
    let _turn = turn().await;
    let limiter = Limiter::builder(quota("1/s", 1)).name("applying_mode");
    let limiter = limiter.mode(Mode::Off).build().expect("the name is free");
    apply("[limiter.applying_mode]\nmode = \"observe\"");
    assert_eq!(limiter.mode(), Mode::Observe);
    apply("[limiter.applying_mode]\nrate = 5");
    assert_eq!(limiter.mode(), Mode::Off);
    apply("[limiter.applying_mode]\nmode = \"enforce\"");
    assert_eq!(limiter.mode(), Mode::Enforce);
    apply("");
    assert_eq!(limiter.mode(), Mode::Off);
}

#[tokio::test(start_paused = true)]
async fn a_mode_goes_before_a_declaration_that_comes_later() {
    let _turn = turn().await;
    apply("[limiter.applying_mode_later]\nmode = \"observe\"");
    let limiter = Limiter::builder(quota("1/s", 1)).name("applying_mode_later");
    let limiter = limiter.mode(Mode::Off).build().expect("the name is free");
    assert_eq!(limiter.mode(), Mode::Observe);
    apply("");
    assert_eq!(limiter.mode(), Mode::Off);
}

#[tokio::test(start_paused = true)]
async fn a_bound_of_calls_in_flight_changes_and_returns() {
    let _turn = turn().await;
    let limiter = Limiter::builder(quota("5/s", 5)).name("applying_slots");
    let limiter = limiter
        .max_concurrency(count(2))
        .build()
        .expect("the name is free");
    let max = |limiter: &Limiter| {
        limiter
            .snapshot()
            .max_concurrency
            .map_or(0, NonZeroU32::get)
    };
    apply("[limiter.applying_slots]\nmax_concurrency = 50");
    assert_eq!(max(&limiter), 50);
    apply("[limiter.applying_slots]\nrate = 7");
    assert_eq!(max(&limiter), 2);
}

#[tokio::test(start_paused = true)]
async fn a_bound_of_calls_in_flight_holds_from_the_first_use_on() {
    let _turn = turn().await;
    apply("[limiter.applying_slots_later]\nmax_concurrency = 1");
    let limiter = named("applying_slots_later", quota("5/s", 5));
    let permit = limiter.try_acquire().expect("a slot");
    assert!(limiter.try_acquire().is_err());
    apply("");
    assert!(limiter.try_acquire().is_ok());
    drop(permit);
}
