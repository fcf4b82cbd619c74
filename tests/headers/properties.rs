//! Properties of any response.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use paced::headers::{self, Parser, ResetKind};
use proptest::prelude::*;

use crate::{NOW, at, map, read, reset_after, retry_after};

/// Parts of which names of limits are made, and some that are none.
const PARTS: &[&str] = &[
    "x-",
    "ratelimit",
    "rate-limit",
    "quota",
    "retry-after",
    "-",
    "limit",
    "remaining",
    "reset",
    "used",
    "policy",
    "after",
    "ms",
    "tokens",
    "day",
    "1m",
    "name",
    "acme",
    "interval",
    "x-mbx-",
    "sforce-limit-info",
    "x-shopify-shop-api-call-limit",
    "x-sentry-rate-limits",
    "x-ms-ratelimit-remaining-resource",
    "should-retry",
    "zendesk-ratelimit-",
    "date",
    "age",
    "x-app-rate-limit",
    "count",
    "auth0-client-quota-limit",
    "x-bapi-limit",
    "x-esi-error-limit-remain",
    "anthropic-priority-",
    "req-limit-short",
    "x-rate-limit-ip",
    "-state",
    "x-tokenlimit-",
    "24hour",
    "minute",
    "ttl",
];

/// Parts of which values are made.
const BITS: &[&str] = &[
    "0",
    "1",
    "60",
    "-1",
    "-",
    ".",
    ",",
    ", ",
    ";",
    "=",
    ":",
    "/",
    "\"",
    "\"a\"",
    "r=",
    "t=",
    "q=",
    "w=",
    "pk=:YQ==:",
    "limit",
    "remaining",
    "reset",
    "e9",
    "NaN",
    "inf",
    "1795435260",
    "18446744073709551616",
    "999999999999999",
    "Mon, 23 Nov 2026 12:00:30 GMT",
    "Monday, 23-Nov-26 ",
    "2026-11-23T12:00:30",
    "Z",
    "+02:00",
    "h",
    "ms",
    "\u{b5}s",
    " ",
    "\t",
    "\u{ff}",
    "(",
    ")",
    "b",
    "total=",
    "Sun Nov  6 08:49:37 1994",
    "GMT+0100",
    "?1",
    "@1",
    "%\"",
    "{\"limit\":",
    "\"until\":",
    "{",
    "}",
    "name=",
    " per ",
    "PT",
    "P",
    "minute",
    " seconds",
    "Remaining:",
    "Time until reset:",
    " +0100",
    " UTC",
    "2026-11-23 12:00:30",
    "Mon, 23 Nov 2026 12:00:30 ",
];

fn name() -> impl Strategy<Value = HeaderName> {
    let known =
        prop::collection::vec(prop::sample::select(PARTS), 1..5).prop_map(|parts| parts.concat());
    let any = "[a-z-]{1,12}(limit|retry|quota)?[a-z-]{0,12}";
    prop_oneof![4 => known, 1 => any].prop_map(|name| name.parse().expect("a name"))
}

fn value() -> impl Strategy<Value = HeaderValue> {
    let known = prop::collection::vec(prop::sample::select(BITS), 0..8)
        .prop_map(|bits| bits.concat().into_bytes());
    let any = prop::collection::vec(prop_oneof![Just(b'\t'), 32..127_u8, 128..=255_u8], 0..40);
    prop_oneof![4 => known, 1 => any]
        .prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("a value"))
}

fn kind() -> impl Strategy<Value = ResetKind> {
    use ResetKind::{EpochMillis, EpochSeconds, Guess, Millis, Seconds};
    prop::sample::select(&[Guess, Seconds, Millis, EpochSeconds, EpochMillis][..])
}

/// Also before 1970 and in the far future.
fn clock() -> impl Strategy<Value = SystemTime> {
    let around = (0..=4_000_000_000_u64, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| at(0) + Duration::new(seconds, nanos));
    let before = (0..=1_u64 << 60).prop_map(|seconds| at(0) - Duration::from_secs(seconds));
    let after = (0..=1_u64 << 60).prop_map(|seconds| at(0) + Duration::from_secs(seconds));
    prop_oneof![4 => around, 1 => before, 1 => after]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn any_response_is_read(
        status in 100..1000_u16,
        fields in prop::collection::vec((name(), value()), 0..12),
        now in clock(),
        kind in kind(),
    ) {
        let fields: HeaderMap = fields.into_iter().collect();
        let status = StatusCode::from_u16(status).expect("a status");
        let hint = Parser::new().reset_kind(kind).parse(status, &fields, now);

        let is_count = |count: Option<f64>| count.is_none_or(|count| count.is_finite() && count >= 0.0);
        let is_wait = |wait: Option<Duration>| {
            wait.is_none_or(|wait| wait <= Duration::from_secs(1_000_000_000_000) && wait.subsec_nanos() % 1_000_000 == 0)
        };
        prop_assert!(is_count(hint.limit()) && is_count(hint.remaining()));
        prop_assert!(is_wait(hint.retry_after()) && is_wait(hint.reset_after()));
        prop_assert!(!(hint.limited() && status.is_success()));
        prop_assert!(hint.windows().len() <= 32);
        for policy in hint.windows() {
            prop_assert!(is_count(policy.limit()) && is_count(policy.remaining()) && is_count(policy.used()));
            prop_assert!(is_wait(policy.reset_after()) && is_wait(policy.length()));
            prop_assert!(policy.name().is_some() || policy.length().is_some() || policy.limit().is_some());
        }
        prop_assert_eq!(Parser::new().reset_kind(kind).parse(status, &fields, now), hint);
    }

    #[test]
    fn a_fraction_of_a_unit_rounds_up(whole in 0..1_000_000_000_u64, digits in "[0-9]{1,20}") {
        let wait = retry_after(&format!("{whole}.{digits}")).expect("a wait").as_millis();
        let padded: u128 = format!("{digits:0<20}").parse().expect("digits");
        let exact = u128::from(whole) * 1000 + padded.div_ceil(10_u128.pow(17));
        prop_assert_eq!(wait, exact);
        prop_assert_eq!(reset_after(&format!("{whole}.{digits}")).expect("a wait").as_millis(), exact);
    }

    #[test]
    fn every_form_of_a_date_means_the_same(ahead in 0..1_500_000_000_u64) {
        let date = jiff::Timestamp::from_second(i64::try_from(NOW + ahead).expect("in range")).expect("in range");
        let wait = Some(Duration::from_secs(ahead));
        for form in ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y", "%Y-%m-%dT%H:%M:%SZ"] {
            let text = date.strftime(form).to_string();
            prop_assert_eq!(retry_after(&text), wait, "{}", text);
            prop_assert_eq!(reset_after(&text), wait, "{}", text);
        }
    }

    #[test]
    fn a_duration_is_the_sum_of_its_parts(hours in 0..1000_u64, minutes in 0..60_u64, seconds in 0..60_u64, ms in 0..1000_u64) {
        let wait = Duration::from_millis(((hours * 60 + minutes) * 60 + seconds) * 1000 + ms);
        prop_assert_eq!(reset_after(&format!("{hours}h{minutes}m{seconds}.{ms:03}s")), Some(wait));
        prop_assert_eq!(reset_after(&format!("{hours}h{minutes}m{seconds}s{ms}ms")), Some(wait));
    }

    /// Whatever stands before the word that gives a name away, wherever it falls.
    #[test]
    fn a_name_is_noticed_wherever_its_word_stands(before in "[a-z]{0,40}", after in "(-[b-df-hj-np-tv-z]{4,10}){0,3}") {
        // No word that means something itself, such as `max` or `ttl`: longer ones have vowels.
        let name = format!("{before}-ratelimit-remaining{after}");
        prop_assert_eq!(read(200, &[(&name, "7")]).remaining(), Some(7.0), "{}", name);
    }

    #[test]
    fn the_order_of_fields_does_not_matter(
        fields in Just(vec![
            ("date", "Mon, 23 Nov 2026 11:00:00 GMT"),
            ("retry-after", "Mon, 23 Nov 2026 11:02:00 GMT"),
            ("x-ratelimit-limit", "60"),
            ("x-ratelimit-remaining", "7"),
            ("x-ratelimit-reset", "1795431645"),
            ("x-ratelimit-reset-after", "30"),
            ("ratelimit-policy", "\"a\";q=9;w=60"),
            ("ratelimit", "\"a\";r=3;t=20"),
            ("retry-after-ms", "2"),
        ]).prop_shuffle()
    ) {
        let hint = headers::parse(StatusCode::TOO_MANY_REQUESTS, &map(&fields), at(NOW));
        prop_assert_eq!(hint.retry_after(), Some(Duration::from_millis(2)));
        prop_assert_eq!((hint.limit(), hint.remaining()), (Some(9.0), Some(3.0)));
        prop_assert_eq!(hint.reset_after(), Some(Duration::from_secs(20)));
        prop_assert_eq!(hint.windows().len(), 1);
    }
}
