//! Errors of configurations: line, column, key, the mistake, and what is nearest.

use paced::Config;
use paced::LimiterConfig;

use crate::named;
use crate::quota;
use crate::turn;

/// Returns the message of the mistake in a text.
fn message(text: &str) -> String {
    let error = Config::from_toml(text).expect_err("a mistake");
    assert!(
        error.line().is_some() && error.column().is_some(),
        "{error}"
    );
    error.to_string()
}

#[test]
fn unknown_keys_name_the_nearest() {
    assert_eq!(
        message("[limiter.github]\nrate = 5\nbrust = 10"),
        "line 3, column 1: `limiter.github.brust`: unknown key `brust`, did you mean `burst`?"
    );
    assert_eq!(
        message("[limitter.github]\nrate = 5"),
        "line 1, column 2: `limitter`: unknown key `limitter`, did you mean `limiter`?"
    );
    assert_eq!(
        message("[limiter.\"a::b\".limits]\ntokens = { rat = 5 }"),
        "line 2, column 12: `limiter.\"a::b\".limits.tokens.rat`: unknown key `rat`, did you mean `rate`?"
    );
    assert_eq!(
        message("[limiter.github]\ncolour = 10"),
        "line 2, column 1: `limiter.github.colour`: unknown key `colour`; known are rate, burst, limits, \
         max_concurrency, mode"
    );
}

/// Lines of a limiter, and what is said of them.
const WRONG: &[(&str, &str)] = &[
    (
        "rate = true",
        "`limiter.a.rate`: true or false stands where a rate",
    ),
    (
        "rate = \"5/fortnight\"",
        "`fortnight` is not a unit of time",
    ),
    ("rate = 0", "the rate must be more than zero"),
    ("rate = -5", "the rate must be more than zero"),
    ("rate = nan", "the rate must be a finite number"),
    ("rate = inf", "the rate must be a finite number"),
    ("rate = \"1/year\"", "`year` is not a unit of time"),
    ("rate = \"1/60d\"", "less than one call in 30 days"),
    (
        "rate = 1_000_000_000_000",
        "more than 1,000,000,000 calls per second",
    ),
    ("burst = 0", "the burst must be at least 1"),
    ("burst = -1", "the burst must be at least 1"),
    (
        "burst = 1.5",
        "a number with a point stands where a whole number belongs",
    ),
    ("burst = 4_294_967_296", "the number is at most 4294967295"),
    (
        "burst = 99999999999999999999999999999999999999999999",
        "the number is at most 4294967295",
    ),
    (
        "max_concurrency = 0",
        "`max_concurrency` must be at least 1",
    ),
    (
        "max_concurrency = \"8\"",
        "a text stands where a whole number belongs",
    ),
    (
        "mode = \"obsrve\"",
        "`obsrve` is not one of `\"enforce\"`, `\"observe\"` and `\"off\"`, did you mean `observe`?",
    ),
    ("mode = 1", "a whole number stands where one of"),
    (
        "limits = \"5/s\"",
        "a text stands where a table of rates by their units",
    ),
    (
        "limits = { tokens = 1979-05-27 }",
        "a date stands where a rate",
    ),
    (
        "limits = { tokens = [[1]] }",
        "an array stands where a rate",
    ),
    (
        "store = \"sqlite:a.db\"",
        "`store` cannot be configured: it stays as the attribute or the builder declares it",
    ),
    ("key = \"tenant\"", "`key` cannot be configured"),
    ("max_retries = 3", "`max_retries` cannot be configured"),
];

#[test]
fn wrong_values_are_named_with_what_belongs_there() {
    for (line, sentence) in WRONG {
        let message = message(&format!("[limiter.a]\n{line}"));
        assert!(message.contains(sentence), "{line}: {message}");
        assert!(message.starts_with("line 2, column "), "{line}: {message}");
    }
}

#[test]
fn the_column_counts_characters() {
    let text = "[limiter.\"größe\"]\nlimits = { \"größe\" = 5, \"π\" = true }";
    let error = Config::from_toml(text).expect_err("true is no rate");
    assert_eq!((error.line(), error.column()), (Some(2), Some(31)));
}

#[test]
fn the_root_and_names() {
    assert!(
        message("override = 1").contains("`override`: a whole number stands where true or false")
    );
    assert!(message("limiter = 1").contains("a whole number stands where tables of limiters"));
    assert!(
        message("[limiter]\ngithub = 5")
            .contains("`limiter.github`: a whole number stands where a table")
    );
    assert!(message("[limiter.\"\"]\nrate = 5").contains("at least one letter"));
    assert!(message("[[limiter]]\nrate = 5").contains("an array stands where tables"));
    // A path that is not quoted is not TOML, and a dotted one is a limiter with an unknown key.
    assert!(
        message("[limiter.a::b]").starts_with("line 1, column 11: no TOML"),
        "{}",
        message("[limiter.a::b]")
    );
}

#[test]
fn a_name_twice_is_refused() {
    let message = message("[limiter.a]\nrate = 5\n[limiter.a]\nrate = 6");
    assert!(
        message.starts_with("line 3, column 10: no TOML: duplicate key"),
        "{message}"
    );
}

#[tokio::test]
async fn mistakes_of_the_builder_are_told_when_it_is_applied() {
    let _turn = turn().await;
    let five = || LimiterConfig::new().rate("5/s").expect("a rate");
    for (config, message) in [
        (
            Config::new().limiter("a", five().burst(0)),
            "`limiter.a.burst`: the burst must be at least 1",
        ),
        (
            Config::new().limiter("a", five()).limiter("a", five()),
            "`limiter.a`: the limiter is configured twice",
        ),
        (Config::new().limiter("", five()), "at least one letter"),
        (
            Config::new().limiter(
                "a",
                LimiterConfig::new()
                    .limit("tokens", None, 0)
                    .expect("no rate"),
            ),
            "`limiter.a.limits.tokens.burst`: the burst must be at least 1",
        ),
    ] {
        let error = config.apply().expect_err("a mistake");
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.line(), None);
    }
    let error = LimiterConfig::new()
        .limits([("tokens", "5/x")])
        .expect_err("no unit");
    assert_eq!(error.key(), Some("tokens"));
}

#[tokio::test(start_paused = true)]
async fn changes_that_do_not_fit_a_limiter_are_refused() {
    let _turn = turn().await;
    let limiter = named("mistakes_fit", quota("10/s", 10));
    for (line, sentence) in [
        (
            "limits = { tokens = 5 }",
            "the limiter has no limit of `tokens`; its limits: requests",
        ),
        (
            "limits = { requests = [5, \"100/h\"] }",
            "has 1 limit of `requests`, and 2 are given",
        ),
        (
            "rate = 5\nlimits = { requests = 5 }",
            "`rate` and `limits.requests` are of the same limit",
        ),
        (
            "rate = \"1/30d\"\nburst = 4_000_000_000",
            "more than 36 years to fill",
        ),
    ] {
        let config = Config::from_toml(&format!("[limiter.mistakes_fit]\n{line}")).expect("TOML");
        let error = config.apply().expect_err("it does not fit");
        assert!(error.to_string().contains(sentence), "{line}: {error}");
        assert!(error.line().is_some(), "{error}");
        assert_eq!(limiter.snapshot().quota, quota("10/s", 10));
    }
}
