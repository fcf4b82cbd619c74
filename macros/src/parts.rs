//! Tables: the options in parentheses of another, and the names that people try there.

use crate::guesses::{Guesses, OptionTable};

/// Words for a function of an `impl` block that has the attribute.
pub(crate) const BLOCK_WORDS: [&str; 2] = ["skip", "inherit"];

/// Every option inside `backoff(..)`, with an example.
pub(crate) const BACKOFF_OPTIONS: OptionTable = &[
    ("base", "base = \"1s\""),
    ("factor", "factor = 2"),
    ("max", "max = \"60s\""),
    ("jitter", "jitter = \"full\""),
];

/// Every option inside `headers(..)`, with an example.
pub(crate) const HEADERS_OPTIONS: OptionTable = &[("reset", "reset = \"millis\"")];

/// Every option inside `max_concurrency(..)`, with an example.
pub(crate) const CONCURRENCY_OPTIONS: OptionTable = &[
    ("auto", "auto"),
    ("start", "start = 8"),
    ("max", "max = 200"),
];

/// Names that people try inside `max_concurrency(..)`.
pub(crate) const CONCURRENCY_GUESSES: Guesses = &[
    (
        &["initial", "begin", "min"],
        "write `start = 8` for the bound before the first refusal",
    ),
    (
        &["limit", "most", "cap", "upper"],
        "write `max = 200` for the highest bound",
    ),
    (
        &["key", "per_key"],
        "a bound per key is not in this version: keep one `Limiter` per key and write `limiter = expression`",
    ),
];

/// Names that people try inside `headers(..)`.
pub(crate) const HEADERS_GUESSES: Guesses = &[(
    &["reset_kind", "kind", "unit", "format", "reset_unit"],
    "write `reset = \"millis\"` for resets in milliseconds from now",
)];

/// Names that people try inside `backoff(..)`.
pub(crate) const BACKOFF_GUESSES: Guesses = &[
    (
        &[
            "initial",
            "min",
            "delay",
            "start",
            "base_delay",
            "initial_delay",
            "interval",
        ],
        "write `base = \"1s\"` for the delay before the first retry",
    ),
    (
        &["multiplier", "exponent", "exponential", "growth"],
        "write `factor = 2`: each delay is that many times the one before",
    ),
    (
        &["cap", "limit", "max_delay", "max_interval"],
        "write `max = \"60s\"` for the longest delay",
    ),
    (
        &["random", "randomize", "randomness", "jittered"],
        "write `jitter = \"full\"`",
    ),
    (
        &["max_retries", "retries", "attempts"],
        "write `max_retries = 5` outside of `backoff(..)`",
    ),
    (
        &["max_elapsed", "timeout", "deadline"],
        "write `deadline = \"300s\"` outside of `backoff(..)`",
    ),
];

/// Example of a unit inside `limits(..)`.
pub(crate) const LIMITS_OPTIONS: OptionTable = &[("tokens", "tokens = \"30000/min\"")];

/// Names that people try inside `limits(..)`, and that are no units.
pub(crate) const LIMITS_GUESSES: Guesses = &[
    (
        &["rate", "burst", "window"],
        "write it inside of the limit that it is about, like `requests(rate = \"500/min\", burst = 10)`",
    ),
    (
        &[
            "rps",
            "rpm",
            "per_second",
            "per_minute",
            "requests_per_second",
            "requests_per_minute",
        ],
        "the period is part of the rate: write `requests = \"500/min\"`",
    ),
    (
        &["tpm", "tokens_per_minute"],
        "the period is part of the rate: write `tokens = \"30000/min\"`",
    ),
    (
        &["cost", "settle", "store", "limiter", "start", "mode"],
        "write it outside of `limits(..)`",
    ),
    (
        &["key", "per_key", "max_keys"],
        "write it outside of `limits(..)` if each key has all of the limits, or inside of one: `requests(rate = \"10/s\", key = tenant)`",
    ),
];

/// Every part of a limit inside `limits(..)`, with an example.
pub(crate) const ROW_OPTIONS: OptionTable = &[
    ("rate", "rate = \"30000/min\""),
    ("burst", "burst = 1000"),
    ("window", "window = \"strict\""),
    ("key", "key = tenant"),
];

/// Names that people try inside of a limit.
pub(crate) const ROW_GUESSES: Guesses = &[
    (
        &[
            "limit", "count", "per", "period", "quota", "max", "interval",
        ],
        "the period is part of the rate: write `rate = \"30000/min\"`",
    ),
    (
        &["capacity", "bucket", "size", "max_burst"],
        "the bucket's size is the burst: write `burst = 1000`",
    ),
    (
        &["strict", "sliding"],
        "write `window = \"strict\"` where no interval of the rate's period may hold more than its count",
    ),
    (
        &["cost", "settle", "weight"],
        "write it outside of `limits(..)`, like `cost(tokens = prompt.len())` and `settle(tokens = |reply| reply.tokens)`",
    ),
    (
        &["by", "per_key", "shared", "global"],
        "write `key = tenant` for a limit of each tenant, or `key = ()` for one that all keys share",
    ),
];

/// Example of a unit inside `cost(..)`.
pub(crate) const COST_OPTIONS: OptionTable = &[("tokens", "tokens = prompt.len()")];

/// Example of a unit inside `settle(..)`.
pub(crate) const SETTLE_OPTIONS: OptionTable = &[("tokens", "tokens = |reply| reply.tokens")];
