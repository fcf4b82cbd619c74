//! The structured fields of the IETF's drafts.

use paced::hint::Window;

use crate::{counts, governing, read, seconds};

#[test]
fn the_first_drafts_put_policies_behind_the_limit() {
    let limit = "100, 100;w=60;burst=1000;comment=\"sliding; window, really\", 5000;w=3600";
    let hint = read(
        200,
        &[
            ("ratelimit-limit", limit),
            ("ratelimit-remaining", "5;x=1"),
            ("ratelimit-reset", "7;x=1"),
        ],
    );
    assert_eq!(governing(&hint), (Some(100.0), Some(5.0), seconds(7)));
    let lengths: Vec<_> = hint.windows().iter().map(Window::length).collect();
    assert_eq!(lengths, [seconds(60), seconds(3600)]);
    // The same policies in a field of their own are no others.
    let again = read(
        200,
        &[
            ("ratelimit-limit", limit),
            ("ratelimit-policy", "100;w=60, 5000;w=3600"),
        ],
    );
    assert_eq!(again.windows().len(), 2);
}

#[test]
fn structured_fields_are_all_or_nothing() {
    let good = "\"a\";r=1;t=2, \"b\";r=3;t=4";
    assert_eq!(read(200, &[("ratelimit", good)]).windows().len(), 2);
    for bad in [
        "\"a\";r=1;t=2, \"b\";r=3;t=4,",
        "\"a\";r=1;t=2, b\u{e4}",
        "\"a\";r=1;T=2",
        "\"a\";r=1;t=1234567890123456",
        "\"fixed window\";\"api\";r=500",
        "limit=10, remaining=1, reset=7,",
        "Limit=10",
    ] {
        assert!(read(200, &[("ratelimit", bad)]).is_empty(), "{bad}");
    }
    // One bad line spoils the others.
    assert!(read(200, &[("ratelimit", good), ("ratelimit", "\"c")]).is_empty());
}

#[test]
fn an_item_with_a_value_of_the_wrong_type_is_left_out() {
    for bad in [
        "r=1.5",
        "r=-1",
        "r=\"1\"",
        "r",
        "r=1;t=1.5",
        "r=1;t=-1",
        "r=1;pk=x",
        "x=1",
    ] {
        let hint = read(200, &[("ratelimit", &format!("\"a\";{bad}, \"b\";r=3"))]);
        assert_eq!(counts(&hint), [(Some("b"), None, Some(3.0))], "{bad}");
    }
    for bad in [
        "w=60",
        "q=1.5;w=60",
        "q=1;w=0",
        "q=1;w=60;qu=1",
        "q=1;w=60;pk=\"x\"",
    ] {
        let hint = read(
            200,
            &[("ratelimit-policy", &format!("\"a\";{bad}, \"b\";q=3"))],
        );
        assert_eq!(counts(&hint), [(Some("b"), Some(3.0), None)], "{bad}");
    }
    // The last of a parameter's values is the one that counts.
    let hint = read(
        200,
        &[(
            "ratelimit",
            "\"a\";r=-1;r=3, (\"b\";r=1 \"c\");r=2, token;r=4",
        )],
    );
    assert_eq!(
        counts(&hint),
        [
            (Some("a"), None, Some(3.0)),
            (Some("token"), None, Some(4.0))
        ]
    );
}

#[test]
fn partitions_of_one_policy_are_windows_of_their_own() {
    let hint = read(
        200,
        &[("ratelimit", "\"a\";r=5;pk=:YQ==:, \"a\";r=3;pk=:Yg==:")],
    );
    assert_eq!(hint.windows().len(), 2);
    assert_eq!(hint.windows()[1].partition(), Some(&b"b"[..]));
    assert_eq!(hint.remaining(), Some(3.0));
}
