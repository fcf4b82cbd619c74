//! Which responses refuse a call for coming too soon, and what servers advise.

use crate::{read, seconds};

const WAIT: (&str, &str) = ("retry-after", "1");
const SPENT: (&str, &str) = ("x-ratelimit-remaining", "0");
const LEFT: (&str, &str) = ("x-ratelimit-remaining", "1");

#[test]
fn some_statuses_need_no_evidence() {
    for status in [429, 420, 529] {
        assert!(read(status, &[]).limited(), "{status}");
        assert!(read(status, &[LEFT]).limited(), "{status}");
    }
}

#[test]
fn some_statuses_need_evidence() {
    for status in [400, 403, 500, 503] {
        assert!(!read(status, &[]).limited(), "{status}");
        assert!(!read(status, &[LEFT]).limited(), "{status}");
        assert!(read(status, &[SPENT]).limited(), "{status}");
        assert!(read(status, &[WAIT, LEFT]).limited(), "{status}");
        assert!(
            !read(status, &[("retry-after", "soon")]).limited(),
            "{status}"
        );
    }
    for status in [409, 413, 418] {
        assert!(!read(status, &[SPENT]).limited(), "{status}");
        assert!(read(status, &[WAIT]).limited(), "{status}");
    }
}

#[test]
fn the_name_of_an_error_is_evidence() {
    for code in [
        "ThrottlingException",
        "ThrottlingException:",
        "ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.availability/",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException#x",
        "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling;Sender",
    ] {
        for name in ["x-amzn-errortype", "X-Amzn-Query-Error", "x-amz-error-code"] {
            for status in [400, 403, 503] {
                let hint = read(status, &[(name, code)]);
                assert!(hint.limited(), "{status} {name}: {code}");
                assert_eq!(hint.retry_after(), None);
            }
            assert!(!read(200, &[(name, code)]).limited(), "{name}: {code}");
        }
    }
    for code in [
        "ValidationException",
        "ResourceNotFoundException:http://internal.amazon.com/#SlowDown",
        "LimitExceededException",
        "NotThrottlingException",
        "throttlingexception",
        "",
    ] {
        let hint = read(400, &[("x-amzn-errortype", code)]);
        assert!(!hint.limited(), "{code}");
        assert!(hint.is_empty(), "{code}");
    }
    let told = read(
        400,
        &[
            ("x-amzn-errortype", "ThrottlingException:"),
            ("retry-after", "1"),
        ],
    );
    assert_eq!(told.retry_after(), seconds(1));
    // Other fields of AWS are none of ours.
    assert!(read(400, &[("x-amzn-requestid", "SlowDown")]).is_empty());
}

#[test]
fn no_evidence_makes_other_statuses_refusals() {
    for status in [200, 202, 204, 301, 304, 401, 404, 422, 502, 504] {
        assert!(!read(status, &[WAIT, SPENT]).limited(), "{status}");
    }
}

#[test]
fn one_spent_category_is_no_evidence() {
    let hint = read(403, &[("x-sentry-rate-limits", "60:error:organization")]);
    assert!(!hint.limited());
}

#[test]
fn headers_that_a_cache_repeats_are_no_evidence() {
    let hint = read(403, &[SPENT, ("x-ratelimit-reset", "30"), ("age", "1")]);
    assert!(!hint.limited());
    assert_eq!((hint.remaining(), hint.reset_after()), (None, None));
    // The wait is for the receiver of the response.
    assert_eq!(read(503, &[WAIT, ("age", "1")]).retry_after(), seconds(1));

    for fresh in ["0", "", "-1", "soon"] {
        assert!(read(403, &[SPENT, ("age", fresh)]).limited(), "{fresh:?}");
    }
}

#[test]
fn advice_is_true_or_false() {
    for (name, value, advice) in [
        ("x-should-retry", "true", Some(true)),
        ("x-should-retry", "false", Some(false)),
        ("stripe-should-retry", "true", Some(true)),
        ("acme-should-retry", "false", Some(false)),
        ("x-should-retry", "True", None),
        ("x-should-retry", "1", None),
    ] {
        assert_eq!(
            read(429, &[(name, value)]).server_says_retry(),
            advice,
            "{name}: {value}"
        );
    }
    let both = read(
        429,
        &[("x-should-retry", "false"), ("stripe-should-retry", "true")],
    );
    assert_eq!(both.server_says_retry(), Some(false));
}
