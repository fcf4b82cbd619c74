//! Texts of strangers: no panic, and no hang.

use paced::Config;
use paced::LimiterConfig;
use proptest::prelude::*;

use crate::turn;

fn refused(text: &str) {
    let error = Config::from_toml(text).expect_err("a mistake");
    // Also with keys of any length.
    assert!(error.to_string().len() < 1000, "{error}");
}

#[test]
fn deep_nesting_is_refused() {
    for depth in [100, 100_000] {
        refused(&format!("a = {}", "[".repeat(depth)));
        refused(&format!("a = {}{}", "[".repeat(depth), "]".repeat(depth)));
        refused(&format!("a = {}", "{a = ".repeat(depth)));
        refused(&format!("{} = 1", vec!["a"; depth].join(".")));
        refused(&format!("[{}]", vec!["a"; depth].join(".")));
        refused(&format!("[[{}]]", vec!["a"; depth].join(".")));
    }
}

#[test]
fn long_keys_and_values_are_refused_in_few_words() {
    let long = "é".repeat(1_000_000);
    refused(&format!("[\"{long}\"]"));
    refused(&format!("[limiter.\"{long}\"]\n\"{long}\" = 1"));
    refused(&format!("[limiter.a]\nmode = \"{long}\""));
    refused(&format!("[limiter.a]\nburst = {}", "9".repeat(1_000_000)));
    refused(&format!("[limiter.a]\nrate = {}.5", "9".repeat(400)));
}

#[test]
fn odd_characters_are_read_or_refused() {
    for text in [
        "\u{feff}",
        "\0",
        "\u{202e}[limiter.a]",
        "[limiter.\"\\u0000\"]\nrate = 0",
        "a",
        "=",
        "\"",
        "'''",
        "\r",
        "#\u{7f}",
    ] {
        drop(Config::from_toml(text));
    }
}

/// Applies this many limiters, none of which is declared.
async fn apply_many(limiters: usize) {
    let _turn = turn().await;
    let tables = (0..limiters).map(|number| format!("[limiter.n{number}]\nrate=5\n"));
    let text = tables.collect::<Vec<_>>().concat();
    let config = Config::from_toml(&text).expect("a configuration");
    config.apply().expect("it fits");
    assert_eq!(config.unused().len(), limiters);
    let five = LimiterConfig::new().rate("5/s").expect("a rate");
    let built = (0..limiters / 10).fold(Config::new(), |config, number| {
        config.limiter(&number.to_string(), five.clone())
    });
    built.apply().expect("it fits");
}

#[tokio::test]
async fn many_limiters_are_applied() {
    apply_many(50_000).await;
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        drop(Config::from_toml(&text));
    }

    #[test]
    fn no_table_panics(text in "(\\[limiter\\.[a\"é]{1,3}\\]\n?|rate ?= ?|burst = |limits = |[-0-9.e_]{1,9}|\"[0-9/a-zé]{0,6}\"|nan|inf|\\{|\\}|\\[|\\]|,|\n|=|tokens ?= ?){0,20}") {
        drop(Config::from_toml(&text));
    }
}
