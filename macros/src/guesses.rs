//! Tables: the options there are, and the names and words that people try instead.

/// Names, and an example of each.
pub(crate) type OptionTable = &'static [(&'static str, &'static str)];
/// Names that do not exist, and a sentence for them.
pub(crate) type Guesses = &'static [(&'static [&'static str], &'static str)];

/// Words that do not exist, and the right word for them.
type WordGuesses = &'static [(&'static [&'static str], &'static str)];

/// Option whose value is one of several words.
pub(crate) struct Words {
    pub(crate) option: &'static str,
    /// Advice that says what each word does.
    pub(crate) advice: &'static str,
    pub(crate) guesses: WordGuesses,
}

/// Every option of the attribute, with an example.
pub(crate) const OPTIONS: OptionTable = &[
    ("rate", "rate = 5"),
    ("burst", "burst = 10"),
    ("window", "window = \"strict\""),
    ("limits", "limits = [\"10/s\", \"1000/h\"]"),
    ("max_concurrency", "max_concurrency = 8"),
    ("cost", "cost = 5"),
    ("settle", "settle(tokens = |reply| reply.tokens)"),
    ("key", "key = tenant"),
    ("max_keys", "max_keys = 100_000"),
    ("max_retries", "max_retries = 5"),
    ("max_throttles", "max_throttles = 20"),
    (
        "backoff",
        "backoff(base = \"1s\", factor = 2, max = \"60s\")",
    ),
    ("deadline", "deadline = \"300s\""),
    ("attempt_timeout", "attempt_timeout = \"10s\""),
    ("max_wait", "max_wait = \"30s\""),
    ("respect_headers", "respect_headers = false"),
    ("headers", "headers(reset = \"millis\")"),
    ("hint_spread", "hint_spread = 0.05"),
    ("throttle_below", "throttle_below = 0.1"),
    ("max_cooldown", "max_cooldown = \"1h\""),
    ("retry_on", "retry_on = [429, 503, connect]"),
    ("idempotent", "idempotent"),
    ("classify", "classify = my_verdict"),
    ("limiter", "limiter = \"github\""),
    ("store", "store = \"sqlite:quota.db\""),
    ("on_store_error", "on_store_error = \"local\""),
    ("slow", "slow = \"5s\""),
    ("start", "start = \"empty\""),
    ("mode", "mode = \"off\""),
    ("on_retry", "on_retry = note"),
    ("on_give_up", "on_give_up = alert"),
    ("crate", "crate = ::my_paced"),
];

/// Names that people try in the attribute.
pub(crate) const GUESSES: Guesses = &[
    (
        &[
            "limit",
            "rps",
            "qps",
            "tps",
            "per_second",
            "requests_per_second",
            "requests",
            "calls",
        ],
        "write `rate = 5` for 5 calls per second, or `rate = \"300/min\"`",
    ),
    (
        &[
            "rpm",
            "per_minute",
            "requests_per_minute",
            "per_hour",
            "per",
            "period",
            "interval",
            "every",
        ],
        "the period is part of the rate: write `rate = \"300/min\"` or `rate = \"1/250ms\"`",
    ),
    (
        &[
            "capacity",
            "bucket",
            "bucket_size",
            "burst_size",
            "max_burst",
        ],
        "the bucket's size is the burst: write `burst = 10`",
    ),
    (
        &["max_attempts", "attempts", "max_tries", "tries"],
        "the first call is no retry: for 6 attempts write `max_retries = 5`",
    ),
    (
        &["retries", "retry", "max_retry", "retry_count"],
        "write `max_retries = 5` for up to 5 calls after the first",
    ),
    (
        &[
            "throttles",
            "max_throttle",
            "max_429",
            "max_refusals",
            "throttle_retries",
        ],
        "write `max_throttles = 20` for refusals whose wait was kept and that do not count in `max_retries`",
    ),
    (
        &["timeout", "call_timeout", "request_timeout"],
        "write `deadline = \"300s\"` for the whole call or `attempt_timeout = \"10s\"` for one attempt",
    ),
    (
        &[
            "total_timeout",
            "max_duration",
            "max_elapsed",
            "max_elapsed_time",
            "max_total_delay",
        ],
        "the bound on the whole call is its deadline: write `deadline = \"300s\"`",
    ),
    (
        &[
            "base",
            "base_delay",
            "initial_delay",
            "initial_interval",
            "min_delay",
            "delay",
            "wait",
            "sleep",
        ],
        "write `backoff(base = \"1s\")` for the delay before the first retry",
    ),
    (
        &["factor", "multiplier", "exponent", "exponential"],
        "write `backoff(factor = 2)`: each delay is that many times the one before",
    ),
    (
        &["max_delay", "max_backoff", "max_interval", "cap"],
        "write `backoff(max = \"60s\")` for the longest delay",
    ),
    (
        &["jitter"],
        "write `backoff(jitter = \"full\")`: jitter is a part of the backoff",
    ),
    (
        &["cooldown", "retry_after", "respect_retry_after"],
        "leave it out: a wait that the server asks for is always kept",
    ),
    (
        &[
            "retry_if",
            "retry_when",
            "when",
            "condition",
            "predicate",
            "on_error",
        ],
        "write `retry_on = [429, 503, connect]`, or `classify = my_verdict` for a verdict of your own",
    ),
    (
        &[
            "status",
            "statuses",
            "status_codes",
            "codes",
            "retry_statuses",
            "retry_codes",
        ],
        "write `retry_on = [429, 503]`",
    ),
    (
        &["name", "shared", "group", "scope", "quota"],
        "functions with the same `limiter = \"github\"` share one limiter",
    ),
    (
        &["by", "per_key", "tenant", "keys"],
        "write `key = tenant`: each key has a limiter of its own",
    ),
    (
        &[
            "backend",
            "storage",
            "database",
            "db",
            "url",
            "redis",
            "redis_url",
            "sqlite",
            "file",
            "distributed",
            "global",
        ],
        "several processes share a limiter through a store: write `store = \"sqlite:quota.db\"` or \
         `store = \"redis://localhost\"`",
    ),
    (
        &[
            "fallback",
            "fail_open",
            "fail_closed",
            "on_error_store",
            "on_store_failure",
            "on_unavailable",
            "store_timeout",
        ],
        "write `on_store_error = \"local\"`, `\"open\"` or `\"closed\"` for calls while the store is away",
    ),
    (
        &[
            "rates",
            "quotas",
            "rows",
            "windows",
            "buckets",
            "all_limits",
        ],
        "write `limits = [\"10/s\", \"1000/h\"]` for several limits at once, or with units \
         `limits(requests = \"500/min\", tokens = \"30000/min\")`",
    ),
    (
        &["strict", "sliding", "sliding_window", "fixed_window"],
        "write `window = \"strict\"` where no interval of the rate's period may hold more than its count",
    ),
    (
        &["weight", "permits", "points", "units", "price", "hits"],
        "write `cost = 5` for what a call takes, or `cost(tokens = prompt.len())` of the limit with that name",
    ),
    (
        &["tokens", "tpm", "tokens_per_minute", "token_limit"],
        "tokens are a limit beside that of requests: write `limits(requests = \"500/min\", tokens = \"30000/min\")` and \
         `cost(tokens = prompt.len())`",
    ),
    (
        &[
            "spent",
            "usage",
            "actual",
            "refund",
            "reconcile",
            "used",
            "settle_with",
        ],
        "write `settle(tokens = |reply| reply.tokens)` for what a call really took",
    ),
    (
        &[
            "concurrency",
            "concurrent",
            "max_concurrent",
            "max_in_flight",
            "in_flight",
            "semaphore",
        ],
        "write `max_concurrency = 8` for at most 8 calls in flight at once",
    ),
    (
        &["max_queue", "queue", "queue_size"],
        "a bound on the queue's length is not in this version: write `max_wait = \"30s\"` for a bound on its time",
    ),
    (
        &["reset", "reset_kind", "header_format", "parser"],
        "write `headers(reset = \"millis\")` where the server's resets are milliseconds from now",
    ),
    (
        &["spread", "retry_after_jitter", "hint_jitter", "herd"],
        "write `hint_spread = 0.05` to come back up to a twentieth later than the server asked",
    ),
    (
        &["off", "on", "enabled", "disabled", "enable", "disable"],
        "write `mode = \"off\"` for a function that runs as if it had no attribute",
    ),
    (
        &[
            "observe",
            "observe_only",
            "shadow",
            "shadow_mode",
            "dry_run",
        ],
        "write `mode = \"observe\"` for a limiter that holds nothing back and says what it would have done",
    ),
    (
        &["start_empty", "empty", "initial_tokens", "initial"],
        "write `start = \"empty\"` for a bucket that begins without tokens",
    ),
    (
        &["slow_after", "warn_after", "warn", "slow_wait"],
        "write `slow = \"5s\"` for the wait from which on an event warns",
    ),
    (
        &["retry_budget", "budget"],
        "it is not in this version: leave it out",
    ),
    (
        &["path", "krate", "package"],
        "write `crate = ::my_paced` where the dependency has another name",
    ),
];

/// Options whose words are guessed, or need an explanation.
pub(crate) const WORDS: &[Words] = &[
    Words {
        option: "window",
        advice: "write \"strict\" where no interval of the rate's period may hold more than its count, or leave it out for \
             a token bucket",
        guesses: &[(&["sliding", "rolling", "moving", "fixed", "log"], "strict")],
    },
    Words {
        option: "mode",
        advice: "write \"enforce\" to hold calls back, \"observe\" to hold nothing back and say what would have waited, or \
             \"off\" to run as if there were no attribute",
        guesses: &[
            (
                &[
                    "shadow",
                    "dry_run",
                    "dryrun",
                    "log",
                    "report",
                    "report_only",
                    "monitor",
                ],
                "observe",
            ),
            (&["disabled", "none", "false", "unlimited"], "off"),
            (&["enabled", "true", "normal", "strict"], "enforce"),
        ],
    },
    Words {
        option: "on_store_error",
        advice: "write \"local\" to go on in process with a share of the rate, \"open\" to let every call through, or \
             \"closed\" to refuse every call",
        guesses: &[
            (&["fallback", "degrade", "in_process"], "local"),
            (&["allow", "ignore", "fail_open", "pass"], "open"),
            (
                &["deny", "refuse", "reject", "error", "fail", "fail_closed"],
                "closed",
            ),
        ],
    },
];
