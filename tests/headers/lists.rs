//! Counts, and several of them in one field.

use paced::hint::Window;

use crate::{counts, governing, read, seconds};

#[test]
fn used_and_one_other_count_give_the_third() {
    let reddit = read(
        200,
        &[
            ("x-ratelimit-used", "1"),
            ("x-ratelimit-remaining", "599.5"),
        ],
    );
    assert_eq!(
        (reddit.limit(), reddit.remaining()),
        (Some(600.5), Some(599.5))
    );
    let over = read(
        200,
        &[
            ("x-ratelimit-used", "67"),
            ("x-ratelimit-limit", "60"),
            ("x-ratelimit-name", "api"),
        ],
    );
    assert_eq!(counts(&over), [(Some("api"), Some(60.0), Some(0.0))]);
    assert_eq!(over.windows()[0].used(), Some(67.0));
    // A use alone says nothing about what is left.
    let binance = read(
        200,
        &[
            ("x-mbx-used-weight-1m", "1234"),
            ("x-mbx-order-count-10s", "2"),
        ],
    );
    assert_eq!(governing(&binance), (None, None, None));
    let units: Vec<_> = binance.windows().iter().map(Window::unit).collect();
    assert_eq!(units, ["weight", "orders"]);
}

#[test]
fn lists_without_names_match_limits_with_uses() {
    let strava = read(
        200,
        &[
            ("x-ratelimit-limit", "600,30000"),
            ("x-ratelimit-usage", "314,27536"),
        ],
    );
    assert_eq!(governing(&strava), (Some(30_000.0), Some(2464.0), None));
    assert_eq!(strava.windows().len(), 2);
    // Without the uses it may be a number with a separator in it.
    assert!(
        read(
            200,
            &[
                ("x-ratelimit-limit", "1,000"),
                ("x-ratelimit-remaining", "1,000")
            ]
        )
        .is_empty()
    );
}

#[test]
fn pairs_in_one_field() {
    let zendesk = [(
        "zendesk-ratelimit-tickets-index",
        "total=100; remaining=99; resets=41",
    )];
    let hint = read(200, &zendesk);
    assert_eq!(
        counts(&hint),
        [(Some("tickets-index"), Some(100.0), Some(99.0))]
    );
    assert_eq!(hint.reset_after(), seconds(41));

    let auth0 = "b=per_hour;q=100;r=99;t=1,b=per_day;q=300;r=299;t=9";
    let hint = read(200, &[("auth0-client-quota-limit", auth0)]);
    let wanted = [
        (Some("per_hour"), Some(100.0), Some(99.0)),
        (Some("per_day"), Some(300.0), Some(299.0)),
    ];
    assert_eq!(counts(&hint), wanted);
}

#[test]
fn categories_limit_only_their_kind() {
    let value = "60:default;error:organization, 120::project, soon:x, 30";
    let hint = read(200, &[("x-sentry-rate-limits", value)]);
    assert_eq!(hint.retry_after(), seconds(120));
    assert_eq!(governing(&hint), (None, None, None));
    let names: Vec<_> = hint.windows().iter().filter_map(Window::name).collect();
    assert_eq!(names, ["default", "error"]);
    // A delay of its own comes first.
    let hint = read(
        429,
        &[("x-sentry-rate-limits", value), ("retry-after", "60")],
    );
    assert_eq!(hint.retry_after(), seconds(60));
}

#[test]
fn counts_are_plain_numbers() {
    for (value, left) in [
        ("007", Some(7.0)),
        ("0.5", Some(0.5)),
        ("-1", None),
        ("-1.0", None),
        ("-1.5", Some(0.0)),
        ("-0", Some(0.0)),
        ("+7", None),
        ("7%", None),
        ("7 ", Some(7.0)),
        ("NaN", None),
        ("\u{661}", None),
    ] {
        let hint = read(200, &[("x-ratelimit-remaining", value)]);
        assert_eq!(hint.remaining(), left, "{value:?}");
        let hint = read(200, &[("x-ratelimit-limit", value)]);
        assert_eq!(
            hint.limit(),
            left.filter(|_| !value.starts_with('-')),
            "{value:?}"
        );
    }
}
