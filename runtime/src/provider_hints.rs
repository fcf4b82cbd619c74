//! Headers of providers, byte by byte, and what each row of a limiter gets out of them.
#![cfg(feature = "http")]

use std::time::SystemTime;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;

use crate::bucket::Shape;
use crate::headers;
use crate::hint::Hint;
use crate::hint::Window;
use crate::learning::Learnt;
use crate::learning::Observation;
use crate::learning::Oddities;
use crate::learning::Routes;
use crate::learning::RowAssessment;
use crate::learning::RowLearning;
use crate::learning::RowUse;
use crate::learning::row_of_resource;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::row::Row;
use crate::time::Instant;
use crate::time::Span;

/// 2026-11-23T12:00:00Z.
const NOW: u64 = 1_795_435_200;

fn row(unit: &'static str, rate: &str) -> Row {
    Row::new(unit, Quota::new(Rate::parse(rate).expect("a rate"))).whole_period()
}

fn parse(status: u16, fields: &[(&str, &str)]) -> Hint {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name: HeaderName = name.parse().expect("a name");
        map.append(name, HeaderValue::from_str(value).expect("a value"));
    }
    let now = SystemTime::UNIX_EPOCH + core::time::Duration::from_secs(NOW);
    headers::parse(StatusCode::from_u16(status).expect("a status"), &map, now)
}

const fn at(millis: u64) -> Instant {
    Instant::EPOCH.after(Span::from_millis(millis))
}

const fn observed(hint: &Hint) -> Observation<'_> {
    Observation {
        hint,
        sent: at(0),
        received: at(0),
        below: 0.1,
        longest: Span::from_secs(3600),
    }
}

/// Returns what each row has left, and the assessment of each, after one response to a call without a way.
fn learn(hint: &Hint, rows: &[Row]) -> Vec<(Option<u64>, RowAssessment)> {
    learn_all(&[hint], rows)
}

fn learn_all(hints: &[&Hint], rows: &[Row]) -> Vec<(Option<u64>, RowAssessment)> {
    let mut learnt = vec![(RowLearning::NOTHING, RowAssessment::default()); rows.len()];
    for hint in hints {
        let heard = observed(hint);
        let routes = Routes::of(hint, rows);
        for (at, (learning, last)) in learnt.iter_mut().enumerate() {
            let used = RowUse {
                declared: Shape::of(rows[at].quota),
                left: None,
                cost: 1,
                taken_since: 0,
            };
            *last = learning.hear(&routes, at, &heard, &used);
        }
    }
    let left = |(learning, last): (RowLearning, _)| (learning.available(at(0)), last);
    learnt.into_iter().map(left).collect()
}

fn left(hint: &Hint, rows: &[Row]) -> Vec<Option<u64>> {
    learn(hint, rows)
        .into_iter()
        .map(|(left, _)| left)
        .collect()
}

#[test]
fn openai() {
    let rows = [row("requests", "60/min"), row("tokens", "150000/min")];
    let hint = parse(
        200,
        &[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ],
    );
    assert_eq!(left(&hint, &rows), [Some(59), Some(149_984)]);
}

#[test]
fn openai_tokens_of_a_project_and_by_usage_are_tokens_too() {
    let rows = [row("requests", "5000/min"), row("tokens", "160000/min")];
    let project = parse(
        200,
        &[
            ("x-ratelimit-limit-tokens", "160000"),
            ("x-ratelimit-remaining-tokens", "159976"),
            ("x-ratelimit-reset-tokens", "9ms"),
            ("x-ratelimit-limit-project-tokens", "60000"),
            ("x-ratelimit-remaining-project-tokens", "57000"),
            ("x-ratelimit-reset-project-tokens", "3s"),
        ],
    );
    assert_eq!(left(&project, &rows), [None, Some(57_000)]);
    let by_usage = parse(
        200,
        &[
            ("x-ratelimit-limit-tokens_usage_based", "160000"),
            ("x-ratelimit-remaining-tokens_usage_based", "1000"),
            ("x-ratelimit-reset-tokens_usage_based", "59.6s"),
        ],
    );
    assert_eq!(left(&by_usage, &rows), [None, Some(1000)]);
}

#[test]
fn openai_resets_are_times_to_full() {
    let rows = [row("requests", "60000/min"), row("tokens", "30000/min")];
    let told = |left: &str, reset: &str| {
        parse(
            200,
            &[
                ("x-ratelimit-limit-tokens", "30000"),
                ("x-ratelimit-remaining-tokens", left),
                ("x-ratelimit-reset-tokens", reset),
            ],
        )
    };
    let hints = [
        told("29000", "2s"),
        told("28000", "4s"),
        told("1000", "58s"),
    ];
    let learnt = learn_all(&hints.each_ref(), &rows);
    // The server refills at the declared rate, so there is nothing to spread.
    assert_eq!(learnt[1], (Some(1000), RowAssessment::default()));
}

#[test]
fn azure() {
    let rows = [row("requests", "300/min"), row("tokens", "30000/min")];
    let unknown = [
        ("x-ratelimit-limit-tokens", "-1"),
        ("x-ratelimit-remaining-tokens", "-1"),
        ("x-ratelimit-reset-tokens", "0"),
    ];
    let hint = parse(200, &unknown);
    assert_eq!(left(&hint, &rows), [None, None]);
    assert_eq!(Routes::of(&hint, &rows).oddities(), Oddities::NONE);

    let refused = [
        ("x-ratelimit-limit-tokens", "30000"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "37"),
        ("retry-after", "37"),
    ];
    let learnt = learn(&parse(429, &refused), &rows);
    assert_eq!((learnt[0].0, learnt[1].0), (None, Some(0)));
    assert_eq!(learnt[1].1.closed_until, Some(at(37_000)));

    let overdrawn = [
        ("retry-after", "4"),
        ("x-ratelimit-remaining-tokens", "-27689"),
        ("x-ratelimit-reset-tokens", "64"),
    ];
    let learnt = learn(&parse(200, &overdrawn), &rows);
    assert_eq!(learnt[1].1.closed_until, Some(at(64_000)));
}

#[test]
fn anthropic() {
    let fields = [
        ("anthropic-ratelimit-requests-limit", "50"),
        ("anthropic-ratelimit-requests-remaining", "49"),
        ("anthropic-ratelimit-requests-reset", "2026-11-23T12:00:02Z"),
        ("anthropic-ratelimit-tokens-limit", "48000"),
        ("anthropic-ratelimit-tokens-remaining", "47000"),
        ("anthropic-ratelimit-tokens-reset", "2026-11-23T12:00:05Z"),
        ("anthropic-ratelimit-input-tokens-limit", "40000"),
        ("anthropic-ratelimit-input-tokens-remaining", "39500"),
        (
            "anthropic-ratelimit-input-tokens-reset",
            "2026-11-23T12:00:01Z",
        ),
        ("anthropic-ratelimit-output-tokens-limit", "8000"),
        ("anthropic-ratelimit-output-tokens-remaining", "0"),
        (
            "anthropic-ratelimit-output-tokens-reset",
            "2026-11-23T12:00:30.5Z",
        ),
    ];
    let hint = parse(200, &fields);
    let three = [
        row("requests", "50/min"),
        row("input_tokens", "40000/min"),
        row("output_tokens", "8000/min"),
    ];
    let learnt = learn(&hint, &three);
    assert_eq!((learnt[0].0, learnt[1].0), (Some(49), Some(39_500)));
    assert_eq!(learnt[2].1.closed_until, Some(at(30_500)));

    // Output tokens without a row: exactly nothing is left of them, which closes the limiter.
    let two = [row("", "50/min"), row("tokens", "48000/min")];
    assert_eq!(left(&hint, &two), [Some(49), Some(47_000)]);
    let heard = observed(&hint);
    let closed = |rows: &[Row]| Routes::of(&hint, rows).closed_until(&heard);
    assert_eq!((closed(&two), closed(&three)), (Some(at(30_500)), None));
}

#[test]
fn github() {
    let rows = [
        row("core", "5000/h"),
        row("search", "30/min"),
        row("points", "900/min"),
    ];
    let told = |status, resource, limit, left, reset| {
        let fields = [
            ("x-ratelimit-limit", limit),
            ("x-ratelimit-remaining", left),
            ("x-ratelimit-reset", reset),
            ("x-ratelimit-used", "12"),
            ("x-ratelimit-resource", resource),
        ];
        parse(status, &fields)
    };
    let search = told(200, "search", "30", "18", "1795435260");
    assert_eq!(left(&search, &rows), [None, Some(18), None]);
    let core = told(403, "core", "5000", "0", "1795437000");
    assert_eq!(left(&core, &rows), [Some(0), None, None]);
    // In any order, neither lifts nor closes the other.
    for hints in [[&search, &core], [&core, &search]] {
        let learnt: Vec<_> = learn_all(&hints, &rows).iter().map(|it| it.0).collect();
        assert_eq!(learnt, [Some(0), Some(18), None]);
    }
    let graphql = told(403, "graphql", "5000", "0", "1795437000");
    assert_eq!(left(&graphql, &rows), [None, None, None]);
}

#[test]
fn shopify() {
    let slow = Row::new("", Quota::new(Rate::parse("2/s").expect("a rate"))).burst(40);
    let rows = [slow, row("points", "1000/10s")];
    let rest = parse(200, &[("X-Shopify-Shop-Api-Call-Limit", "39/40")]);
    assert_eq!(left(&rest, &rows), [Some(1), None]);

    // GraphQL: `extensions.cost.throttleStatus` of the body, as a user passes it to `paced::hint`.
    let points = Window::new().with_unit("points").with_name("points");
    let points = points.with_limit(1000.0).with_remaining(348.0);
    let body = Hint::new().with_windows(vec![points]);
    assert_eq!(left(&body, &rows), [None, Some(348)]);
}

#[test]
fn groq() {
    // A bare `requests` is per day there, and `tokens` per minute.
    let rows = [
        row("requests", "30/min"),
        row("requests", "1000/day"),
        row("tokens", "8000/min"),
        row("tokens", "200000/day"),
    ];
    let told = |limit| {
        let fields = [
            ("x-ratelimit-limit-requests", limit),
            ("x-ratelimit-limit-tokens", "8000"),
            ("x-ratelimit-remaining-requests", "998"),
            ("x-ratelimit-remaining-tokens", "7927"),
            ("x-ratelimit-reset-requests", "2m52.8s"),
            ("x-ratelimit-reset-tokens", "547ms"),
        ];
        parse(200, &fields)
    };
    let wanted = [None, Some(998), Some(7927), None];
    assert_eq!(left(&told("1000"), &rows), wanted);
    // Another plan than the declared one: by the period that lasts until the reset.
    assert_eq!(left(&told("2000"), &rows), wanted);
}

#[test]
fn mistral() {
    let rows = [
        row("", "60/min"),
        row("tokens", "50000/min"),
        row("tokens", "4000000/30days"),
    ];
    let hint = parse(
        200,
        &[
            ("x-ratelimit-limit-req-minute", "60"),
            ("x-ratelimit-remaining-req-minute", "59"),
            ("x-ratelimit-limit-tokens-minute", "50000"),
            ("x-ratelimit-remaining-tokens-minute", "47196"),
            ("x-ratelimit-limit-tokens-month", "4000000"),
            ("x-ratelimit-remaining-tokens-month", "3950246"),
            ("x-ratelimit-tokens-query-cost", "2804"),
        ],
    );
    assert_eq!(
        left(&hint, &rows),
        [Some(59), Some(47_196), Some(3_950_246)]
    );
}

#[test]
fn gemini() {
    let rows = [row("requests", "15/min"), row("requests", "1500/day")];
    let bare = parse(429, &[]);
    assert_eq!(left(&bare, &rows), [None, None]);
    // From the body: `RetryInfo`, and a `quotaValue` of 0, which means that the plan has no such calls.
    let wait = core::time::Duration::from_millis(57_239);
    let told = Hint::new().with_limited(true).with_retry_after(wait);
    assert!(!told.says_never());
    assert_eq!(left(&told, &rows), [None, None]);
    let never = told.with_limit(0.0);
    assert!(never.says_never());
}

#[test]
fn a_limiter_of_requests_hears_of_its_own_row_alone() {
    let rows = [row("", "60/min"), row("tokens", "150000/min")];
    let hint = parse(
        200,
        &[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "3"),
            ("x-ratelimit-reset-requests", "30s"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "30s"),
        ],
    );
    let heard = observed(&hint);
    let mut learnt = Learnt::NOTHING;
    let assessment = learnt.hear_routed(&Routes::of(&hint, &rows), 0, &heard, None);
    assert!(assessment.scarce && assessment.closed_until.is_none());
    let pace = learnt.pace().expect("it is spread");
    assert_eq!(pace.interval, Span::from_secs(10));
    assert_eq!(row_of_resource("tokens", &rows), Some(1));
}
