//! The sentences about wrong `limits`, `cost` and `settle`.

use crate::plan::Plan;

/// Returns the sentences about an attribute.
fn sentences(attr: &str) -> Vec<String> {
    let item = "async fn f(&self, n: u64, prompt: &str) -> Result<(), E> { self.g() }";
    let (attr, item) = (attr.parse().expect(attr), item.parse().expect("tokens"));
    let errors = Plan::read(attr, None, item).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

/// Attributes with one mistake, and a part of the sentence about it.
type Cases = &'static [(&'static str, &'static str)];

fn check(cases: Cases) {
    for (attr, part) in cases {
        let found = sentences(attr);
        assert!(
            found.len() == 1 && found[0].contains(part),
            "{attr}: {found:#?}"
        );
    }
}

const RIGHT_LIMITS: &[&str] = &[
    "limits = [\"10/s\", \"1000/h\"]",
    "limits = [\"10/s\"]",
    "limits = [10, HOURLY, config::rate()]",
    "limits(\"10/s\", requests = \"1000/h\")",
    "limits(\"10/s\", HOURLY, config::DAILY)",
    "limits([\"10/s\", \"1000/h\"], tokens = [\"30000/min\", \"1000000/d\"]), cost(tokens = n)",
    "limits(requests = \"500/min\", tokens(rate = \"30000/min\", burst = 3_000, window = \"strict\")), cost(tokens = n)",
    "limits(type = \"5/s\"), cost(type = n)",
    "limits(tokens = \"30000/min\"), settle(tokens = |reply| reply.tokens)",
    "limits(search = \"30/min\"), cost(search = 0), limiter = \"github\"",
    "limits(requests(rate = \"60/min\", burst = 5, window = \"strict\"), requests_of_a_day = \"1000/d\"), cost(requests_of_a_day = 1)",
    "limits(\"10/s\", requests(rate = \"1000/h\", window = \"strict\"))",
    "limits(requests(rate = \"10/min\", burst = 2), requests(rate = \"240/d\", window = \"strict\"))",
    "limits(tokens = \"900/min\", tokens(rate = \"9000/h\", burst = 5000)), cost(tokens = n)",
    "limits = [\"10/s\", \"1000/h\"], limiter = \"github\", start = \"empty\"",
    "limits = [\"10/s\", \"1000/h\"], cost = n, mode = \"off\"",
    "rate = 5, burst = 100, cost = n",
    "rate = 5, burst = 100, cost(requests = 100), settle(requests = |reply| reply.calls)",
    "rate = 5, burst = BURST, cost = 100",
    "rate = 5, window = \"strict\", cost = 5",
    "limiter = self.limiter, cost(tokens = prompt.len()), settle(points = points)",
    "limiter = \"openai\", cost = 5, settle(points = points)",
];

#[test]
fn right_limits() {
    for attr in RIGHT_LIMITS {
        let found = sentences(attr);
        assert!(found.is_empty(), "{attr}: {found:#?}");
    }
}

const WRONG_LIMITS: Cases = &[
    (
        "limits",
        "`limits` needs a value: write `limits = [\"10/s\", \"1000/h\"]`",
    ),
    ("limits = []", "there is no limit in it"),
    (
        "limits(\"10/s\", input-tokens = \"5/s\"), cost(input_tokens = 5)",
        "a unit has no `-`: write `input_tokens`",
    ),
    (
        "limits(input-tokens(rate = \"5/s\", burst = 5)), cost(input_tokens = 5)",
        "a unit has no `-`: write `input_tokens`",
    ),
    ("limits()", "there is no limit in it"),
    ("limits(requests = [])", "there is no limit in it"),
    ("limits = \"10/s\"", "`limits` is a list: write"),
    ("limits = [\"0/s\"]", "the rate must be more than zero"),
    ("limits = [-5]", "the rate must be more than zero"),
    ("limits = [\"10/month\"]", "`month` is not a unit of time"),
    (
        "limits = [true]",
        "a limit is a rate: write one like \"300/min\"",
    ),
    ("limits(requests = [[5]])", "a limit is a rate"),
    (
        "limits(requests)",
        "`requests` needs a value: write `requests = \"30000/min\"`",
    ),
    (
        "limits(requests())",
        "`requests` needs a rate: write `requests(rate = \"30000/min\")`",
    ),
    ("limits(requests(burst = 5))", "`requests` needs a rate"),
    (
        "limits(requests(rate = \"5/s\", burst = 0))",
        "the burst must be at least 1",
    ),
    (
        "limits(requests(rte = \"5/s\", rate = 5))",
        "did you mean `rate`?",
    ),
    (
        "limits(requests(rate = 5, capacity = 5))",
        "write `burst = 1000`",
    ),
    (
        "limits(requests(rate = 5, rate = 6))",
        "`rate` is written twice",
    ),
    (
        "limits(rate = \"5/s\")",
        "write it inside of the limit that it is about",
    ),
    ("limits(rpm = 5)", "write `requests = \"500/min\"`"),
    (
        "limits(requests = 5, requests = \"1000/h\")",
        "write both of its limits as one list",
    ),
    (
        "limits(requests(rate = \"1.5/s\", window = \"strict\"))",
        "a whole number of calls",
    ),
    (
        "limits(requests(rate = \"60/min\", burst = 60, window = \"strict\"))",
        "less than the window's count",
    ),
    (
        "limits = [AA, BB, CC, DD, EE, FF, GG, HH, II]",
        "at most 8 limits",
    ),
    ("limits = [n, 5]", "`limits` belongs to the limiter"),
    (
        "limits(requests(rate = 5, burst = n as u32))",
        "cannot use `n`",
    ),
    (
        "limits = [5], limiter = self.limiter",
        "the limiter has its own limits",
    ),
    (
        "limits(requests(rate = \"60/min\", window = \"strict\")), limiter = \"a\", store = \"sqlite:a.db\"",
        "a strict window in a store needs a burst that is less",
    ),
    (
        "limits = [5], limiter = self.limiter, cost = n",
        "the limiter has its own limits",
    ),
    ("limts = [5]", "did you mean `limits`?"),
    ("quotas = [5]", "write `limits = [\"10/s\", \"1000/h\"]`"),
    (
        "limits(points = 5, Points = 6), cost(points = n, Points = n)",
        "differ only in case",
    ),
];

#[test]
fn wrong_limits() {
    check(WRONG_LIMITS);
}

#[test]
fn limits_stand_alone() {
    let found = sentences("rate = 5, burst = 6, window = \"strict\", limits = [\"10/s\"]");
    let parts = [
        "`limits` and `rate` both declare limits",
        "`limits = [\"10/s\", \"1000/h\"]`",
        "`limits(requests(rate = \"500/min\", burst = 10))`",
        "window = \"strict\"))`",
    ];
    assert_eq!(found.len(), parts.len() + 1, "{found:#?}");
    for (part, sentence) in parts.iter().zip(&found) {
        assert!(sentence.contains(part), "{sentence}");
    }
}

const LIMITS_THAT_NEVER_MATTER: Cases = &[
    (
        "limits = [\"10/h\", \"1000/h\"]",
        "`1000/h` never matters beside `10/h`",
    ),
    (
        "limits = [\"1000/h\", \"10/h\"]",
        "`1000/h` never matters beside `10/h`",
    ),
    (
        "limits(\"10/h\", requests = \"1000/h\")",
        "`1000/h` never matters beside `10/h`",
    ),
    ("limits = [\"10/s\", \"10/s\"]", "`10/s` is written twice"),
    (
        "limits = [10, \"36000/h\"]",
        "`36000/h` never matters beside `10`",
    ),
    (
        "limits(\"10/s\", requests(rate = \"1000/h\", burst = 5))",
        "`10/s` never matters beside `1000/h`",
    ),
    (
        "limits(\"10/s\", requests(rate = \"1000/min\", window = \"strict\"))",
        "`1000/min` never matters beside `10/s`",
    ),
    (
        "limits(requests(rate = \"10/min\", window = \"strict\"), \"11/min\")",
        "`11/min` never matters beside `10/min`",
    ),
];

#[test]
fn limits_that_never_matter() {
    check(LIMITS_THAT_NEVER_MATTER);
}

const COSTS_OF_UNITS_THAT_ARE_THERE: Cases = &[
    (
        "limits(tokens = 5)",
        "no call takes `tokens`: write `cost(tokens = ..)`",
    ),
    ("limits(request = 5)", "or `requests` if each call counts 1"),
    (
        "limits(search = 5), limiter = \"github\"",
        "or `= 0` if only other functions take it",
    ),
    (
        "limits = [5], cost(tokens = n)",
        "there is no unit `tokens`: the units are `requests`",
    ),
    (
        "limits(requests = 5, tokens = 6), cost(tokens = 1), settle(token = f)",
        "did you mean `tokens`?",
    ),
    (
        "limits(tokens = 5), cost = n, settle(tokens = f)",
        "no limit here counts requests: name the unit, like `cost(tokens = 5)`",
    ),
    (
        "rate = 5, cost(tokens = n)",
        "`rate` counts requests: write `limits(",
    ),
    ("rate = 5, settle(reqests = f)", "did you mean `requests`?"),
    (
        "rate = 5, cost(tokens = n), settle(tokens = f)",
        "`rate` counts requests",
    ),
    (
        "rate = 5, cost(requests = n, requests = n)",
        "`requests` is written twice",
    ),
    ("rate = 5, cost = n, cost = n", "`cost` is written twice"),
];

#[test]
fn costs_of_units_that_are_there() {
    check(COSTS_OF_UNITS_THAT_ARE_THERE);
}

const COSTS_THAT_FIT: Cases = &[
    (
        "rate = 5, cost = 6",
        "a limit of `requests` holds 5 at most",
    ),
    (
        "rate = 5, burst = 6, cost = 7",
        "a call that takes 7 could never go",
    ),
    (
        "limits = [\"10/s\", \"1000/h\"], cost = 11",
        "holds 10 at most",
    ),
    (
        "limits(tokens(rate = 5, burst = 6)), cost(tokens = 7)",
        "a limit of `tokens` holds 6 at most",
    ),
    (
        "rate = 5, cost",
        "`cost` needs a value: write `cost = 5`, or `cost(tokens = prompt.len())`",
    ),
    ("rate = 5, cost()", "`cost` needs a value"),
    (
        "rate = 5, cost(requests)",
        "`requests` needs a value: write `requests = prompt.len()`",
    ),
    ("rate = 5, cost = -1", "a cost is never negative"),
    ("rate = 5, cost = 1.5", "a cost is a whole number"),
    ("rate = 5, cost = \"5\"", "write `5`, without quotes"),
    ("rate = 5, cost = \"five\"", "a cost is a whole number"),
    (
        "rate = 5, cost = 5i32",
        "a cost is an unsigned integer: write `5`",
    ),
    (
        "rate = 5, cost = 99999999999",
        "no limit ever holds more than 4294967295",
    ),
    (
        "rate = 5, cost = |prompt| prompt.len()",
        "with the arguments in scope",
    ),
    (
        "rate = 5, weight = 3",
        "write `cost = 5` for what a call takes",
    ),
    (
        "rate = 5, tokens = 3",
        "tokens are a limit beside that of requests",
    ),
    (
        "rate = 5, settle",
        "write `settle(tokens = |reply| reply.tokens)`",
    ),
    (
        "rate = 5, settle = |reply| 5",
        "name the unit that it is about",
    ),
    ("rate = 5, settle()", "write `settle(tokens"),
    (
        "rate = 5, settle(requests = 5)",
        "expected a function from a reference",
    ),
    (
        "rate = 5, usage = f",
        "write `settle(tokens = |reply| reply.tokens)`",
    ),
];

#[test]
fn costs_that_fit() {
    check(COSTS_THAT_FIT);
}

#[test]
fn all_mistakes_in_one_build() {
    let found = sentences(
        "limits(requests = \"0/s\", tokens(burst = 0), points = 5), cost(tokns = -1), settle(requests)",
    );
    assert_eq!(found.len(), 7, "{found:#?}");
}
