//! Values meant to do harm, and the bounds that hold against them.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use paced::headers;

use crate::{NOW, at, map, read, reset_after, retry_after, status_code};

/// As long as a wait may be: 1e12 seconds.
const LONGEST: Duration = Duration::from_secs(1_000_000_000_000);

#[test]
fn waits_have_an_end() {
    assert_eq!(retry_after("1000000000000"), Some(LONGEST));
    assert_eq!(
        read(429, &[("retry-after-ms", "1000000000000000")]).retry_after(),
        Some(LONGEST)
    );
    for endless in [
        "1000000000000.001",
        "1000000000001",
        "18446744073709551615",
        "18446744073709551616",
    ] {
        assert_eq!(retry_after(endless), None, "{endless}");
    }
    assert_eq!(
        read(200, &[("ratelimit", "\"a\";r=1;t=999999999999999")]).remaining(),
        None
    );
    assert_eq!(
        reset_after("277777777h"),
        Some(Duration::from_secs(277_777_777 * 3600))
    );
    assert_eq!(reset_after("277777778h"), None);
}

#[test]
fn numbers_have_at_most_forty_digits() {
    let forty = format!("1.{}", "0".repeat(38));
    assert_eq!(retry_after(&forty), Some(Duration::from_secs(1)));
    assert_eq!(retry_after(&format!("{forty}0")), None);
    let zeros = format!("{}7", "0".repeat(39));
    assert_eq!(retry_after(&zeros), Some(Duration::from_secs(7)));
    assert_eq!(retry_after(&format!("0{zeros}")), None);
}

#[test]
fn bytes_that_are_no_text_spoil_only_their_field() {
    let mut fields = map(&[("x-ratelimit-limit", "60"), ("x-ratelimit-reset", "30")]);
    for name in [
        "x-ratelimit-remaining",
        "x-ratelimit-name",
        "ratelimit",
        "retry-after",
        "sforce-limit-info",
    ] {
        let value = HeaderValue::from_bytes(b"\xff\xfe\xc3\x28").expect("a value");
        fields.append(HeaderName::from_static(name), value);
    }
    let hint = headers::parse(status_code(429), &fields, at(NOW));
    assert_eq!(
        (hint.limit(), hint.remaining(), hint.retry_after()),
        (Some(60.0), None, None)
    );
    assert_eq!(hint.reset_after(), Some(Duration::from_secs(30)));
    assert!(hint.windows().is_empty());
}

#[test]
fn long_lines_are_not_read() {
    let padded = |bytes: usize| format!("7{}", " ".repeat(bytes - 1));
    assert_eq!(retry_after(&padded(2048)), Some(Duration::from_secs(7)));
    assert_eq!(retry_after(&padded(2049)), None);
    assert_eq!(retry_after(&padded(65_536)), None);
    let list = "\"a\";r=1, ".repeat(7000) + "\"a\";r=1";
    assert!(read(200, &[("ratelimit", &list)]).is_empty());
    assert!(read(200, &[("ratelimit", "\"a\";r=1"), ("ratelimit", &list)]).is_empty());
}

#[test]
fn windows_and_lines_are_counted() {
    let many = |label: &str| -> Vec<_> { (0..5000).map(|n| format!("{label}-{n}")).collect() };
    for names in [many("x-ratelimit-remaining"), many("acme-ratelimit-limit")] {
        let fields: Vec<_> = names.iter().map(|name| (name.as_str(), "5")).collect();
        assert_eq!(read(200, &fields).windows().len(), 32);
    }
    let list: Vec<_> = (0..200).map(|n| format!("\"{n}\";r=5")).collect();
    assert_eq!(
        read(200, &[("ratelimit", &list.join(","))]).windows().len(),
        32
    );
    let dictionary: Vec<_> = (0..200).map(|n| format!("k{n}=5")).collect();
    assert!(read(200, &[("ratelimit", &dictionary.join(","))]).is_empty());
    let arm = "a;5,".repeat(200);
    assert_eq!(
        read(200, &[("x-ms-ratelimit-remaining-resource", &arm)])
            .windows()
            .len(),
        32
    );
    let sentry = "60:a;b;c:x,".repeat(100);
    assert_eq!(
        read(200, &[("x-sentry-rate-limits", &sentry)])
            .windows()
            .len(),
        32
    );

    // Of 5,000 lines of one field, 64 are read.
    let lines: Vec<_> = (0..5000).map(|n| n.to_string()).collect();
    let fields: Vec<_> = lines
        .iter()
        .map(|line| ("retry-after", line.as_str()))
        .collect();
    assert_eq!(
        read(429, &fields).retry_after(),
        Some(Duration::from_secs(63))
    );
}

#[test]
fn names_of_windows_are_kept_short() {
    let named = |name: &str| {
        let hint = read(
            200,
            &[("x-ratelimit-name", name), ("x-ratelimit-limit", "5")],
        );
        hint.windows()
            .first()
            .and_then(|policy| policy.name().map(str::to_owned))
    };
    let longest = "n".repeat(128);
    assert_eq!(named(&longest).as_deref(), Some(longest.as_str()));
    for bad in ["n".repeat(129).as_str(), "", "n\u{e4}me"] {
        assert_eq!(named(bad), None, "{bad}");
    }
}

#[test]
fn a_response_that_says_nothing_costs_no_allocation() {
    let plain = [
        ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", "5120"),
        ("cache-control", "private, max-age=60, s-maxage=60"),
        ("age", "3"),
        ("strict-transport-security", "max-age=31536000"),
        (
            "access-control-expose-headers",
            "ETag, Link, X-RateLimit-Limit, X-RateLimit-Reset",
        ),
        ("x-request-id", "7c2d"),
    ];
    let wait = [("retry-after", "Mon, 23 Nov 2026 12:00:30 GMT")];
    for (status, more, waits) in [
        (200, &[][..], false),
        (429, &wait, true),
        (503, &wait, true),
    ] {
        let fields = map(&[&plain, more].concat());
        let (status, now) = (status_code(status), at(NOW));
        let mut hint = paced::Hint::new();
        let allocations =
            allocation_counter::measure(|| hint = headers::parse(status, &fields, now));
        assert_eq!(allocations.count_total, 0, "{status}");
        assert_eq!(hint.retry_after().is_some(), waits, "{status}");
    }
    // The measure itself can fail.
    let busy = map(&[("x-ratelimit-remaining-tokens", "5")]);
    let allocations = allocation_counter::measure(|| {
        headers::parse(status_code(200), &busy, at(NOW));
    });
    assert!(allocations.count_total > 0);
}
