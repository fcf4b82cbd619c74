//! How names are read by their parts.

use crate::{counts, governing, read, seconds};

#[test]
fn a_vendor_that_is_not_listed_is_understood() {
    for stem in ["ratelimit", "rate-limit", "quota"] {
        for vendor in ["acme-", "x-acme-", "a-", "ab-", "abc-", "abcd-"] {
            let name = |field| format!("{vendor}{stem}-{field}");
            let hint = read(
                200,
                &[
                    (&name("limit"), "10"),
                    (&name("remaining"), "4"),
                    (&name("reset"), "9"),
                ],
            );
            assert_eq!(
                governing(&hint),
                (Some(10.0), Some(4.0), seconds(9)),
                "{vendor}{stem}"
            );
            let vendor = vendor.trim_start_matches("x-").trim_end_matches('-');
            assert_eq!(counts(&hint), [(Some(vendor), Some(10.0), Some(4.0))]);
        }
    }
}

#[test]
fn a_label_may_stand_before_or_behind() {
    for field in ["tokens-remaining", "remaining-tokens", "tokensremaining"] {
        let name = format!("x-ratelimit-{field}");
        let hint = read(200, &[(&name, "7")]);
        assert_eq!(
            counts(&hint),
            [(Some("tokens"), None, Some(7.0))],
            "{field}"
        );
        assert_eq!(hint.windows()[0].unit(), "tokens");
        assert!(!hint.counts_requests());
    }
}

#[test]
fn a_label_may_give_the_length_of_the_window() {
    for (label, length) in [
        ("second", 1),
        ("secondly", 1),
        ("req-minute", 60),
        ("hour", 3600),
        ("daily", 86_400),
        ("10s", 10),
        ("weight-1m", 60),
    ] {
        let name = format!("x-ratelimit-limit-{label}");
        let hint = read(200, &[(&name, "7")]);
        assert_eq!(hint.windows()[0].name(), Some(label));
        assert_eq!(hint.windows()[0].length(), seconds(length), "{label}");
    }
    assert_eq!(
        read(200, &[("x-ratelimit-limit-month", "7")]).windows()[0].length(),
        None
    );
}

#[test]
fn the_length_of_a_window_may_have_a_field() {
    for (field, value) in [
        ("period", "60"),
        ("window", "1m"),
        ("interval", "60.0"),
        ("interval-ms", "60000"),
        ("interval-milliseconds", "60000"),
    ] {
        let name = format!("x-rate-limit-api-token-{field}");
        let hint = read(200, &[("x-rate-limit-api-token-max", "7"), (&name, value)]);
        assert_eq!(hint.windows()[0].length(), seconds(60), "{field}");
    }
}

#[test]
fn names_that_only_look_right_say_nothing() {
    for name in [
        "x-ratelimited",
        "x-ratelimit-type",
        "x-ratelimit-scope",
        "x-ratelimit-global",
        "x-ratelimit-clear",
        "x-ratelimit-tokens-query-cost",
        "x-ratelimit-nearlimit-x",
        "x-limit",
        "docker-ratelimit-source",
        "x-app-usage",
        "limits",
    ] {
        assert!(read(200, &[(name, "5")]).is_empty(), "{name}");
    }
}
