//! The sentences about wrong keys of limits.

use crate::plan::Plan;

/// Returns the sentences about an attribute.
fn sentences(attr: &str) -> Vec<String> {
    let item = "async fn f(&self, tenant: u64, n: u64) -> Result<(), E> { self.g() }";
    let (attr, item) = (attr.parse().expect(attr), item.parse().expect("tokens"));
    let errors = Plan::read(attr, None, item).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

const RIGHT: &[&str] = &[
    "limits(requests(rate = \"10/s\", key = tenant), requests = \"100/s\")",
    "limits(requests(rate = \"10/s\", key = tenant), requests(rate = \"100/s\", key = ()))",
    "limits(requests = \"10/s\", requests(rate = \"100/s\", key = ())), key = tenant, max_concurrency = 8",
    "limits(requests(rate = \"10/s\", key = tenant), tokens(rate = \"100/s\", key = n)), cost(tokens = n), max_keys = 10",
    // No limit has a key: all calls share it.
    "limits(requests(rate = \"10/s\", key = ()))",
    "rate = 5, key = ()",
    "limits(requests(rate = \"10/s\", key = tenant)), store = \"sqlite:a.db\", limiter = \"a\"",
    "limits(requests(rate = \"10/s\", key = ())), store = \"sqlite:a.db\", limiter = \"a\"",
    "limits(requests(rate = \"10/s\", key = tenant), requests = \"100/s\"), store = \"sqlite:a.db\", limiter = \"a\"",
    "limits(requests = \"10/s\", requests(rate = \"100/s\", key = ())), key = tenant, store = \"sqlite:a.db\", limiter = \"a\"",
    // The one of all keys binds where many keys are used.
    "limits(requests(rate = \"10/s\", key = tenant), requests(rate = \"20/s\", key = n))",
    "limits(requests(rate = \"10/s\", key = tenant), requests = \"10/s\"), mode = \"off\"",
];

const WRONG: &[(&str, &str)] = &[
    (
        "limits(requests(rate = \"10/s\", key = ())), key = tenant",
        "no limit has this key",
    ),
    (
        "limits(requests(rate = \"10/s\", key = tenant), requests = \"100/s\"), max_concurrency = 8",
        "calls in flight are counted for each key of the attribute",
    ),
    (
        "limits(requests(rate = \"10/s\", key = tenant), requests(rate = \"5/s\", key = ()))",
        "`10/s` never matters beside `5/s`",
    ),
    (
        "limits(requests(rate = \"10/s\", key = tenant, key = n))",
        "`key` is written twice",
    ),
    (
        "limits(requests(rate = \"10/s\", by = tenant))",
        "`key = ()` for one that all keys share",
    ),
    (
        "limits(requests(rate = \"10/s\", key = tenant)), cost(request = 2)",
        "did you mean `requests`?",
    ),
];

#[test]
fn right_keys_of_limits() {
    for attr in RIGHT {
        assert_eq!(sentences(attr), [""; 0], "{attr}");
    }
}

#[test]
fn wrong_keys_of_limits() {
    for (attr, part) in WRONG {
        let found = sentences(attr);
        assert!(
            found.iter().any(|it| it.contains(part)),
            "{attr}: {found:#?}"
        );
    }
}
