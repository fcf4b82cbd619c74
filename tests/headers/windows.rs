//! Which window matters, and what is said of it.

use std::time::Duration;

use crate::{counts, governing, read, seconds};

#[test]
fn a_plain_window_needs_no_policy() {
    let plain = read(
        200,
        &[("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "59")],
    );
    assert!(plain.windows().is_empty());
    assert_eq!(governing(&plain), (Some(60.0), Some(59.0), None));

    for field in ["resource", "bucket", "name"] {
        let name = format!("x-ratelimit-{field}");
        let named = read(200, &[(&name, "core"), ("x-ratelimit-limit", "60")]);
        assert_eq!(
            counts(&named),
            [(Some("core"), Some(60.0), None)],
            "{field}"
        );
        assert!(read(200, &[(&name, "core")]).is_empty());
    }
}

#[test]
fn a_delay_until_the_reset_is_better_than_an_instant() {
    let after = ("x-ratelimit-reset-after", "64.57");
    let epoch = ("x-ratelimit-reset", "1795435999");
    let wait = Some(Duration::from_millis(64_570));
    assert_eq!(read(200, &[after, epoch]).reset_after(), wait);
    assert_eq!(read(200, &[epoch, after]).reset_after(), wait);
    assert_eq!(
        read(200, &[epoch, ("x-ratelimit-reset-after", "soon")]).reset_after(),
        seconds(799)
    );
    let gitlab = ("ratelimit-resettime", "Mon, 23 Nov 2026 12:00:20 GMT");
    assert_eq!(read(200, &[gitlab]).reset_after(), seconds(20));
    assert_eq!(
        read(200, &[gitlab, ("ratelimit-reset", "30")]).reset_after(),
        seconds(30)
    );
}

#[test]
fn the_same_field_twice_leaves_the_smaller_room() {
    let hint = read(
        200,
        &[
            ("x-ratelimit-limit", "60"),
            ("x-ratelimit-limit", "50"),
            ("x-ratelimit-remaining", "3"),
            ("x-ratelimit-remaining", "4"),
            ("x-ratelimit-reset", "8"),
            ("x-ratelimit-reset", "9"),
            ("x-ratelimit-reset", "7"),
        ],
    );
    assert_eq!(governing(&hint), (Some(50.0), Some(3.0), seconds(9)));
}

#[test]
fn the_first_family_that_says_what_is_left_governs() {
    let families = [
        ("ratelimit", "\"a\";r=1"),
        ("ratelimit-remaining", "2"),
        ("acme-ratelimit-remaining", "3"),
        ("x-ratelimit-remaining", "4"),
        ("x-rate-limit-remaining", "5"),
    ];
    for (first, left) in (0..families.len()).zip([1.0, 2.0, 3.0, 4.0, 5.0]) {
        let mut fields = families[first..].to_vec();
        assert_eq!(read(200, &fields).remaining(), Some(left));
        fields.reverse();
        assert_eq!(read(200, &fields).remaining(), Some(left));
    }
    // A policy alone does not say what is left.
    let hint = read(
        200,
        &[
            ("ratelimit-policy", "\"a\";q=9;w=60"),
            ("x-ratelimit-remaining", "4"),
        ],
    );
    assert_eq!((hint.limit(), hint.remaining()), (None, Some(4.0)));
}

#[test]
fn a_spent_window_governs_whatever_its_family() {
    let hint = read(
        200,
        &[
            ("ratelimit", "\"a\";r=5;t=1"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "30"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "20s"),
        ],
    );
    assert_eq!(governing(&hint), (None, Some(0.0), seconds(30)));
}

#[test]
fn the_smallest_share_governs_where_all_limits_are_known() {
    let day = [
        ("x-ratelimit-limit-day", "5000"),
        ("x-ratelimit-remaining-day", "100"),
    ];
    let second = [
        ("x-ratelimit-limit-second", "10"),
        ("x-ratelimit-remaining-second", "9"),
    ];
    let hint = read(200, &[day[0], day[1], second[0], second[1]]);
    assert_eq!(
        (hint.limit(), hint.remaining()),
        (Some(5000.0), Some(100.0))
    );
    let hint = read(200, &[day[0], day[1], second[1]]);
    assert_eq!((hint.limit(), hint.remaining()), (None, Some(9.0)));
}

#[test]
fn requests_govern_before_other_units() {
    let hint = read(
        200,
        &[
            ("x-ratelimit-requests-limit", "1500"),
            ("x-ratelimit-requests-remaining", "1499"),
            ("x-ratelimit-requests-reset", "1795435260000"),
            ("x-ratelimit-complexity-limit", "250000"),
            ("x-ratelimit-complexity-remaining", "9"),
        ],
    );
    assert_eq!(governing(&hint), (Some(1500.0), Some(1499.0), seconds(60)));
    assert!(hint.counts_requests());
    assert_eq!(hint.windows()[1].unit(), "complexity");
}
