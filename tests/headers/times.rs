//! Every way of writing a time.

use http::header::RETRY_AFTER;
use paced::headers::{self, Parser, ResetKind};

use crate::{NOW, at, map, millis, read, reset_after, retry_after, seconds, status_code};

#[test]
fn delays_are_decimals_without_sign_or_exponent() {
    assert_eq!(retry_after("0.0001"), millis(1));
    assert_eq!(retry_after("1.0000000001"), millis(1001));
    assert_eq!(retry_after("1.9999999999"), seconds(2));
    assert_eq!(retry_after("64.57"), millis(64_570));
    for bad in [
        "+120", "-0", ".5", "5.", "1.2.3", "1e3", "120junk", "1,000", "1 000", "", ".",
    ] {
        assert_eq!(retry_after(bad), None, "{bad:?}");
    }
}

#[test]
fn a_value_joined_with_itself_is_one_value() {
    assert_eq!(retry_after("120, 120"), seconds(120));
    assert_eq!(retry_after("120,121"), None);
    assert_eq!(reset_after("30,30 , 30"), seconds(30));
}

#[test]
fn http_dates_keep_to_their_grammar() {
    assert_eq!(retry_after("Mon, 23 Nov 2026 12:00:30 GMT"), seconds(30));
    assert_eq!(retry_after("Monday, 23-Nov-26 12:00:30 GMT"), seconds(30));
    assert_eq!(retry_after("Mon Nov 23 12:00:30 2026"), seconds(30));
    // The date counts, not the day of the week.
    assert_eq!(retry_after("Tue, 23 Nov 2026 12:00:30 GMT"), seconds(30));
    assert_eq!(retry_after("Mon, 23 Nov 2026 12:00:60 GMT"), seconds(60));
    for bad in [
        "Mon, 23 Nov 2026 12:00:30 CET",
        "Mon, 23 Nov 2026 12:00:30 +0100",
        "mon, 23 nov 2026 12:00:30 gmt",
        "Mon, 3 Nov 2026 12:00:30 GMT",
        "Mon, 31 Nov 2026 12:00:30 GMT",
        "Mon, 29 Feb 2027 12:00:30 GMT",
        "Mon, 23 Nov 2026 12:60:30 GMT",
        "Mon, 23 Nov 2026 12:00:61 GMT",
        "Mon, 23 Nov 2026 12:00:30 GMT ()",
        "Monda, 23-Nov-26 12:00:30 GMT",
        "Mon Nov 3 12:00:30 2026",
        "Mon Nov  23 12:00:30 2026",
        "Mon Nov    12:00:30 2026",
        ", 23 Nov 2026 12:00:30 GMT",
    ] {
        assert_eq!(retry_after(bad), None, "{bad:?}");
    }
}

#[test]
fn two_digits_of_a_year_are_at_most_fifty_years_ahead() {
    const FIFTY_YEARS: u64 = 18_263 * 86_400;
    // To the second: 2026-11-23T12:00:00 and fifty years.
    assert_eq!(
        retry_after("Monday, 23-Nov-76 12:00:00 GMT"),
        seconds(FIFTY_YEARS)
    );
    assert_eq!(retry_after("Tuesday, 23-Nov-76 12:00:01 GMT"), seconds(0));
    assert_eq!(retry_after("Friday, 31-Dec-99 23:59:59 GMT"), seconds(0));

    // Before the turn of a century, the next one is near.
    let new_year = 946_684_800;
    let fields = map(&[("retry-after", "Saturday, 01-Jan-00 00:00:10 GMT")]);
    let hint = headers::parse(status_code(429), &fields, at(new_year - 5));
    assert_eq!(hint.retry_after(), seconds(15));
}

#[test]
fn iso_dates_may_leave_things_out() {
    for good in [
        "2026-11-23T12:00:30Z",
        "2026-11-23t12:00:30z",
        "2026-11-23T12:00:30+00:00",
        "2026-11-23T13:30:30+0130",
        "2026-11-23 12:00:30",
        "2026-11-23T12:00:29.000000001Z",
        "2026-11-23T07:00:30-05:00",
    ] {
        let wait = if good.contains('.') {
            millis(29_001)
        } else {
            seconds(30)
        };
        assert_eq!(retry_after(good), wait, "{good:?}");
        assert_eq!(reset_after(good), wait, "{good:?}");
    }
    assert_eq!(reset_after("2026-11-23T12:05Z"), seconds(300));
    assert_eq!(reset_after("2026-11-24"), seconds(43_200));
    // A leap second is the second after it, never the one before.
    assert_eq!(reset_after("2026-11-23T12:00:60Z"), seconds(60));
    for bad in [
        "2026-11-23T12:00:30Z[Europe/Berlin]",
        "2026-11-23T12:00:30[UTC]",
        "2026-W48-1",
        "2026-02-30T00:00:00Z",
        "-002026-11-23T12:00:30Z",
        "2026-11-23T12:00:30Z and more",
    ] {
        assert_eq!(reset_after(bad), None, "{bad:?}");
    }
}

#[test]
fn dates_as_javascript_prints_them() {
    assert_eq!(
        reset_after("Mon Nov 23 2026 12:00:30 GMT+0000"),
        seconds(30)
    );
    assert_eq!(
        reset_after("Mon Nov 23 2026 07:00:30 GMT-0500 (EST)"),
        seconds(30)
    );
    for bad in [
        "Mon Nov 23 2026 12:00:30 GMT",
        "Mon Nov 23 2026 12:00:30 GMT+0000 EST",
        "Mon Nov 23 2026 12:00:30 GMT*0000",
    ] {
        assert_eq!(reset_after(bad), None, "{bad:?}");
    }
}

#[test]
fn durations_have_units() {
    assert_eq!(reset_after("1h23m31.5s"), millis(5_011_500));
    assert_eq!(reset_after("0.5ms"), millis(1));
    assert_eq!(reset_after("1ns"), millis(1));
    assert_eq!(reset_after("7\u{b5}s"), millis(1));
    assert_eq!(reset_after("7\u{3bc}s"), millis(1));
    for bad in [
        "1w",
        "s",
        "1s2",
        "1 s",
        "-5s",
        "+5s",
        "1S",
        "1.s",
        "1h.5m",
        "9999999999999999999d",
    ] {
        assert_eq!(reset_after(bad), None, "{bad:?}");
    }
}

#[test]
fn a_delay_is_read_as_a_reset_is() {
    for (value, wait) in [
        ("30s", seconds(30)),
        ("1m0s", seconds(60)),
        ("6m0s", seconds(360)),
        ("500ms", millis(500)),
        ("30 seconds", seconds(30)),
        ("PT1M", seconds(60)),
        ("Mon, 23 Nov 2026 12:00:30 UTC", seconds(30)),
        ("Mon, 23 Nov 2026 12:00:30 +0000", seconds(30)),
        ("Monday, 23-Nov-26 12:00:30 UTC", seconds(30)),
        ("2026-11-23 12:00:30 UTC", seconds(30)),
        ("2026-11-23 12:00:30 +0000", seconds(30)),
    ] {
        assert_eq!(retry_after(value), wait, "{value:?}");
        assert_eq!(reset_after(value), wait, "{value:?}");
    }
    for bad in ["120junk", "30s ago", "s", "1m0", "-30s", "PT", "30 apples"] {
        assert_eq!(retry_after(bad), None, "{bad:?}");
    }
}

#[test]
fn a_reset_is_a_delay_or_an_epoch_by_its_size() {
    assert_eq!(reset_after("999999999"), seconds(999_999_999));
    assert_eq!(reset_after("1000000000"), seconds(0));
    for now_and_a_minute in [
        "1795435260",
        "1795435260000",
        "1795435260000000",
        "1795435260000000000",
    ] {
        assert_eq!(
            reset_after(now_and_a_minute),
            seconds(60),
            "{now_and_a_minute}"
        );
    }
    assert_eq!(reset_after("1795435260000.5"), millis(60_001));
    assert_eq!(reset_after("18446744073709551616"), None);
}

#[test]
fn a_caller_can_say_what_a_reset_is() {
    let reset = |kind, value| {
        let parser = Parser::new().reset_kind(kind);
        parser
            .parse(
                status_code(200),
                &map(&[("x-ratelimit-reset", value)]),
                at(NOW),
            )
            .reset_after()
    };
    assert_eq!(reset(ResetKind::Millis, "600000"), seconds(600));
    assert_eq!(
        reset(ResetKind::Seconds, "1795435260"),
        seconds(1_795_435_260)
    );
    assert_eq!(reset(ResetKind::EpochSeconds, "123"), seconds(0));
    assert_eq!(reset(ResetKind::EpochSeconds, "1795435260"), seconds(60));
    assert_eq!(reset(ResetKind::EpochMillis, "1795435260000"), seconds(60));
    // It is about bare numbers alone.
    assert_eq!(reset(ResetKind::Millis, "2m"), seconds(120));
    let after = map(&[("x-ratelimit-reset-after", "2")]);
    let hint = Parser::new()
        .reset_kind(ResetKind::Millis)
        .parse(status_code(200), &after, at(NOW));
    assert_eq!(hint.reset_after(), seconds(2));
}

#[test]
fn instants_are_read_against_the_servers_clock() {
    let date = ("date", "Mon, 23 Nov 2026 11:00:00 GMT");
    for (name, value) in [
        ("retry-after", "Mon, 23 Nov 2026 11:02:00 GMT"),
        ("retry-after", "2026-11-23T11:02:00Z"),
        ("x-ratelimit-retry-after", "1795431720"),
    ] {
        assert_eq!(
            read(429, &[date, (name, value)]).retry_after(),
            seconds(120),
            "{name}: {value}"
        );
    }
    for value in [
        "1795431720",
        "Mon, 23 Nov 2026 11:02:00 GMT",
        "2026-11-23T11:02Z",
    ] {
        let hint = read(200, &[("x-ratelimit-reset", value), date]);
        assert_eq!(hint.reset_after(), seconds(120), "{value}");
    }
    // A date that cannot be read does not count.
    let hint = read(
        200,
        &[("x-ratelimit-reset", "1795435320"), ("date", "yesterday")],
    );
    assert_eq!(hint.reset_after(), seconds(120));
}

#[test]
fn our_clock_may_be_anywhere() {
    let fields = map(&[("retry-after", "Thu, 01 Jan 1970 00:00:10 GMT")]);
    let before = std::time::SystemTime::UNIX_EPOCH - std::time::Duration::from_millis(2_500);
    assert_eq!(
        headers::parse(status_code(429), &fields, before).retry_after(),
        millis(12_500)
    );
}

#[test]
fn the_best_field_that_can_be_read_sets_the_delay() {
    let ranked = [
        ("retry-after-ms", "1", 1),
        ("x-ms-retry-after-ms", "2", 2),
        ("retry-after", "3", 3_000),
        ("x-amz-retry-after", "4", 4),
        ("x-ratelimit-retry-after", "5", 5_000),
    ];
    for skip in 0..ranked.len() {
        let spoilt = |(rank, (name, value, _)): (usize, &(&'static str, &'static str, u64))| {
            (*name, if rank < skip { "soon" } else { value })
        };
        let mut fields: Vec<_> = ranked.iter().enumerate().map(spoilt).collect();
        let wanted = millis(ranked[skip].2);
        assert_eq!(read(429, &fields).retry_after(), wanted, "{fields:?}");
        fields.reverse();
        assert_eq!(read(429, &fields).retry_after(), wanted, "{fields:?}");
    }
}

#[test]
fn other_names_for_a_delay() {
    for (name, value, wait) in [
        ("x-retry-after", "7", seconds(7)),
        ("x-rate-limit-retry-after-seconds", "7", seconds(7)),
        (
            "x-rate-limit-retry-after-milliseconds",
            "1500.5",
            millis(1501),
        ),
        ("acme-retry-after-ms", "7", millis(7)),
        ("x-ratelimit-retry-after", "1795435260", seconds(60)),
        ("retry-after-hint", "7", None),
        ("xretry-after", "7", None),
    ] {
        assert_eq!(read(429, &[(name, value)]).retry_after(), wait, "{name}");
    }
}

#[test]
fn the_longest_of_several_lines_counts() {
    let mut fields = map(&[("retry-after", "5"), ("retry-after", "soon")]);
    fields.append(RETRY_AFTER, "9".parse().expect("a value"));
    fields.append(RETRY_AFTER, "7".parse().expect("a value"));
    assert_eq!(
        headers::parse(status_code(429), &fields, at(NOW)).retry_after(),
        seconds(9)
    );
}
