//! Field names: which window a field speaks of, and what it says about it.
//!
//! Most names are `<vendor>ratelimit<rest>`, where the rest is a word for what the field says,
//! before or after a label that tells several windows apart: `x-ratelimit-remaining-tokens`,
//! `anthropic-ratelimit-tokens-remaining`. Read by its parts, a name of a vendor we have never
//! heard of is understood too. [`ODD`] has the names that are built in another way.

use core::time::Duration;

use super::number;

/// Names alike enough to be told apart from others in the same response, best source first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// `RateLimit` and `RateLimit-Policy`.
    Structured,
    /// `RateLimit-*`.
    RateLimit,
    /// A vendor's own names.
    Vendor,
    /// `X-RateLimit-*`.
    XRateLimit,
    /// `X-Rate-Limit-*`.
    XRateDashLimit,
}

/// The window that a field speaks of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    pub(super) family: Family,
    /// What tells it from other windows of the family. May be empty.
    pub(super) label: &'a str,
    pub(super) unit: &'static str,
    pub(super) length: Option<Duration>,
}

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Limit,
    Remaining,
    Used,
    /// The smaller the rank, the better the source.
    Reset { rank: u8, scale: Scale },
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

/// The window and the meaning of a field that speaks of one.
pub(super) fn window_field(name: &str) -> Option<(Slot<'_>, Field)> {
    // None of the odd names starts as the usual ones do.
    let usual = name.starts_with("x-ratelimit") || name.starts_with("ratelimit");
    if usual { regular(name) } else { odd(name).or_else(|| regular(name)) }
}

/// The names that the grammar does not cover; a `*` stands for the label.
const ODD: &[(&str, &str, Field)] = &[
    ("auth0-client-quota-limit", "client", Field::Odd(Odd::Pairs)),
    ("auth0-organization-quota-limit", "organization", Field::Odd(Odd::Pairs)),
    ("sforce-limit-info", "", Field::Odd(Odd::NamedSlashes)),
    ("x-amzn-ratelimit-limit", "", Field::Odd(Odd::Rate)),
    ("x-appminlimit-remaining", "app-minute", Field::Remaining),
    ("x-concurrency-limit", "concurrency", Field::Limit),
    ("x-daylimit-remaining", "day", Field::Remaining),
    ("x-hubspot-ratelimit-interval-milliseconds", "interval", Field::Length(Scale::Millis)),
    ("x-hubspot-ratelimit-max", "interval", Field::Limit),
    ("x-hubspot-ratelimit-remaining", "interval", Field::Remaining),
    ("x-mbx-*", "", Field::Used),
    ("x-minlimit-remaining", "minute", Field::Remaining),
    ("x-ms-ratelimit-remaining-resource", "", Field::Odd(Odd::NamedCounts)),
    ("x-sentry-rate-limits", "", Field::Odd(Odd::Categories)),
    ("x-shopify-shop-api-call-limit", "", Field::Odd(Odd::Slash)),
    ("zendesk-ratelimit-*", "", Field::Odd(Odd::Pairs)),
];

/// What the words for a field mean. Where one is part of another, the longer comes first.
const FIELDS: &[(&str, Field)] = &[
    ("reset-after-ms", Field::Reset { rank: 0, scale: Scale::Millis }),
    ("reset-after", Field::Reset { rank: 0, scale: Scale::Seconds }),
    ("reset-in", Field::Reset { rank: 0, scale: Scale::Seconds }),
    ("reset-ms", Field::Reset { rank: 1, scale: Scale::Millis }),
    ("reset-at", Field::Reset { rank: 2, scale: Scale::Guess }),
    ("reset-time", Field::Reset { rank: 2, scale: Scale::Guess }),
    ("burst-capacity", Field::Limit),
    ("limit", Field::Limit),
    ("remaining", Field::Remaining),
    ("reset", Field::Reset { rank: 1, scale: Scale::Guess }),
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
    ("resettime", Field::Reset { rank: 2, scale: Scale::Guess }),
    ("resetson", Field::Reset { rank: 2, scale: Scale::Guess }),
    ("next", Field::Reset { rank: 3, scale: Scale::Guess }),
    ("interval-milliseconds", Field::Length(Scale::Millis)),
    ("interval-ms", Field::Length(Scale::Millis)),
    ("interval", Field::Length(Scale::Seconds)),
    ("period", Field::Length(Scale::Seconds)),
    ("window", Field::Length(Scale::Seconds)),
];

/// Words of a label that say what is counted.
const UNITS: &[(&str, &str)] = &[
    ("tokens", "tokens"),
    ("complexity", "complexity"),
    ("weight", "weight"),
    ("points", "points"),
    ("credits", "credits"),
    ("order", "orders"),
    ("bytes", "content-bytes"),
    ("concurrency", "concurrent-requests"),
];

/// Words of a label that say how long the window is, in seconds.
const LENGTHS: &[(&[&str], u64)] = &[
    (&["second", "secondly"], 1),
    (&["minute", "minutely"], 60),
    (&["hour", "hourly"], 3600),
    (&["day", "daily"], 86_400),
];

fn odd(name: &str) -> Option<(Slot<'_>, Field)> {
    let row = ODD.iter().find_map(|&(pattern, label, field)| match pattern.strip_suffix('*') {
        Some(start) => Some((name.strip_prefix(start)?, field)),
        None => (name == pattern).then_some((label, field)),
    });
    row.map(|(label, field)| (Slot::new(Family::Vendor, label), field))
}

fn regular(name: &str) -> Option<(Slot<'_>, Field)> {
    let (vendor, stem, rest) = stem(name)?;
    let family = match (vendor, stem) {
        ("", "ratelimit") => Family::RateLimit,
        ("x-", "ratelimit") => Family::XRateLimit,
        ("" | "x-", "rate-limit") => Family::XRateDashLimit,
        _ => Family::Vendor,
    };
    let (label, field) = match rest.strip_prefix('-') {
        Some(rest) => split(rest)?,
        None if rest.is_empty() => ("", Field::Bare),
        None => return None,
    };
    let slot = Slot::new(family, label);
    let vendor = vendor.strip_prefix("x-").unwrap_or(vendor).trim_end_matches('-');
    let name = if vendor.is_empty() { stem } else { vendor };
    let named = family == Family::Vendor && label.is_empty();
    Some((if named { Slot { label: name, ..slot } } else { slot }, field))
}

/// The name cut round the word for the whole family.
fn stem(name: &str) -> Option<(&str, &str, &str)> {
    // The first two are the usual names, for which there is no need to search.
    for (vendor, stem) in [("x-", "ratelimit"), ("", "ratelimit")] {
        if let Some(rest) = name.strip_prefix(vendor).and_then(|name| name.strip_prefix(stem)) {
            return Some((vendor, stem, rest));
        }
    }
    ["ratelimit", "rate-limit", "quota"].into_iter().find_map(|stem| {
        let (vendor, rest) = name.split_once(stem)?;
        Some((vendor, stem, rest))
    })
}

/// Label and field of `limit`, `limit-tokens`, `tokens-limit`, `userlimit` or `daily`.
fn split(rest: &str) -> Option<(&str, Field)> {
    if let Some((_, field)) = FIELDS.iter().find(|(word, _)| *word == rest) {
        return Some(("", *field));
    }
    let labelled = FIELDS.iter().find_map(|&(word, field)| {
        let before = rest.strip_suffix(word).and_then(|label| label.strip_suffix('-'));
        let after = || rest.strip_prefix(word).and_then(|label| label.strip_prefix('-'));
        Some((before.or_else(after)?, field))
    });
    let glued = || {
        let words = [("limit", Field::Limit), ("remaining", Field::Remaining)];
        let reset = ("reset", Field::Reset { rank: 1, scale: Scale::Guess });
        let mut words = words.into_iter().chain([reset]);
        words.find_map(|(word, field)| Some((rest.strip_suffix(word)?, field)))
    };
    let period = || length(rest).is_some().then_some((rest, Field::Limit));
    labelled.or_else(glued).or_else(period)
}

impl<'a> Slot<'a> {
    pub(super) fn new(family: Family, label: &'a str) -> Self {
        let unit = UNITS.iter().find(|(word, _)| label.split('-').any(|part| part == *word));
        Self {
            family,
            label,
            unit: unit.map_or("requests", |(_, unit)| unit),
            length: label.rsplit('-').next().and_then(length),
        }
    }
}

/// The length of a window by the word for it: `minute`, `daily`, `1m`, `10s`.
fn length(word: &str) -> Option<Duration> {
    if word.as_bytes().first()?.is_ascii_digit() {
        return number::go_duration(word.as_bytes()).filter(|length| !length.is_zero());
    }
    let row = LENGTHS.iter().find(|(words, _)| words.contains(&word))?;
    Some(Duration::from_secs(row.1))
}
