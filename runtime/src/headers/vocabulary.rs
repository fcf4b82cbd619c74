//! The tables of words: what the parts of a field's name mean, and the names that have no such parts.

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Limit,
    Remaining,
    Used,
    /// The end of the window; the smaller the rank, the better the source.
    Reset(u8, Scale),
    Length(Scale),
    Title,
    Policy,
    /// The family's bare name, whose value decides what it is.
    Bare,
    Odd(Odd),
}

/// How a number that stands for a time is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// As the number's size suggests.
    Guess,
    Seconds,
    Millis,
}

/// Values with a grammar of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// `32/40`: used, limit.
    Slash,
    /// `api-usage=25/5000; per-app-api-usage=17/250(appName=x)`
    NamedSlashes,
    /// `total=100; remaining=99; resets=41`, and `b=per_hour;q=100;r=99;t=12,b=per_day;..`
    Pairs,
    /// `Microsoft.Compute/PutVM3Min;239,Microsoft.Compute/PutVM30Min;1198`: remaining.
    NamedCounts,
    /// `60:error;session:organization,120::project`
    Categories,
    /// `0.5`: requests per second.
    Rate,
}

/// `reset` as most servers mean it.
pub(super) const RESET: Field = Field::Reset(1, Scale::Guess);
/// `reset-after`: always a delay, so no clock is needed.
const RESET_AFTER: Field = Field::Reset(0, Scale::Seconds);
const RESET_AT: Field = Field::Reset(2, Scale::Guess);

/// The names that the grammar does not cover, with the window's label. A `*` stands for the label.
pub(super) const ODD: &[(&str, &str, Field)] = &[
    ("auth0-client-quota-limit", "client", Field::Odd(Odd::Pairs)),
    (
        "auth0-organization-quota-limit",
        "organization",
        Field::Odd(Odd::Pairs),
    ),
    ("sforce-limit-info", "", Field::Odd(Odd::NamedSlashes)),
    ("x-amzn-ratelimit-limit", "", Field::Odd(Odd::Rate)),
    ("x-appminlimit-remaining", "app-minute", Field::Remaining),
    ("x-daylimit-remaining", "day", Field::Remaining),
    (
        "x-hubspot-ratelimit-interval-milliseconds",
        "interval",
        Field::Length(Scale::Millis),
    ),
    ("x-hubspot-ratelimit-max", "interval", Field::Limit),
    (
        "x-hubspot-ratelimit-remaining",
        "interval",
        Field::Remaining,
    ),
    ("x-mbx-*", "", Field::Used),
    ("x-minlimit-remaining", "minute", Field::Remaining),
    (
        "x-ms-ratelimit-remaining-resource",
        "",
        Field::Odd(Odd::NamedCounts),
    ),
    ("x-sentry-rate-limits", "", Field::Odd(Odd::Categories)),
    ("x-shopify-shop-api-call-limit", "", Field::Odd(Odd::Slash)),
    ("zendesk-ratelimit-*", "", Field::Odd(Odd::Pairs)),
];

/// What the words for a field mean. Where one is part of another, the longer comes first.
pub(super) const FIELDS: &[(&str, Field)] = &[
    ("reset-after-ms", Field::Reset(0, Scale::Millis)),
    ("reset-after", RESET_AFTER),
    ("reset-in", RESET_AFTER),
    ("reset-ms", Field::Reset(1, Scale::Millis)),
    ("reset-at", RESET_AT),
    ("reset-time", RESET_AT),
    ("burst-capacity", Field::Limit),
    ("limit", Field::Limit),
    ("remaining", Field::Remaining),
    ("reset", RESET),
    ("used", Field::Used),
    ("policy", Field::Policy),
    ("resource", Field::Title),
    ("bucket", Field::Title),
    ("name", Field::Title),
    ("usage", Field::Used),
    ("observed", Field::Used),
    ("count", Field::Used),
    ("max", Field::Limit),
    ("total", Field::Limit),
    ("available", Field::Remaining),
    ("resettime", RESET_AT),
    ("resetson", RESET_AT),
    ("next", Field::Reset(3, Scale::Guess)),
    ("interval-milliseconds", Field::Length(Scale::Millis)),
    ("interval-ms", Field::Length(Scale::Millis)),
    ("interval", Field::Length(Scale::Seconds)),
    ("period", Field::Length(Scale::Seconds)),
    ("window", Field::Length(Scale::Seconds)),
];

/// Words of a label that say what is counted, if not requests.
pub(super) const UNITS: &[(&str, &str)] = &[
    ("tokens", "tokens"),
    ("complexity", "complexity"),
    ("weight", "weight"),
    ("points", "points"),
    ("credits", "credits"),
    ("order", "orders"),
    ("bytes", "content-bytes"),
];

/// Words of a label that say how long the window is, in seconds.
pub(super) const LENGTHS: &[(&[&str], u64)] = &[
    (&["second", "secondly"], 1),
    (&["minute", "minutely"], 60),
    (&["hour", "hourly"], 3600),
    (&["day", "daily"], 86_400),
];
