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
const RESET: Field = Field::Reset(1, Scale::Guess);

/// The window's label and the meaning of a name that has no regular parts.
pub(super) fn odd(name: &str) -> Option<(&str, Field)> {
    let (label, field) = match name {
        "auth0-client-quota-limit" => ("client", Field::Odd(Odd::Pairs)),
        "auth0-organization-quota-limit" => ("organization", Field::Odd(Odd::Pairs)),
        "sforce-limit-info" => ("", Field::Odd(Odd::NamedSlashes)),
        "x-amzn-ratelimit-limit" => ("", Field::Odd(Odd::Rate)),
        "x-appminlimit-remaining" => ("app-minute", Field::Remaining),
        "x-daylimit-remaining" => ("day", Field::Remaining),
        "x-hubspot-ratelimit-interval-milliseconds" => ("interval", Field::Length(Scale::Millis)),
        "x-hubspot-ratelimit-max" => ("interval", Field::Limit),
        "x-hubspot-ratelimit-remaining" => ("interval", Field::Remaining),
        "x-minlimit-remaining" => ("minute", Field::Remaining),
        "x-ms-ratelimit-remaining-resource" => ("", Field::Odd(Odd::NamedCounts)),
        "x-sentry-rate-limits" => ("", Field::Odd(Odd::Categories)),
        "x-shopify-shop-api-call-limit" => ("", Field::Odd(Odd::Slash)),
        _ => {
            let binance = name
                .strip_prefix("x-mbx-")
                .map(|label| (label, Field::Used));
            let zendesk = || {
                Some((
                    name.strip_prefix("zendesk-ratelimit-")?,
                    Field::Odd(Odd::Pairs),
                ))
            };
            return binance.or_else(zendesk);
        }
    };
    Some((label, field))
}

/// What the word for a field means.
pub(super) fn field(word: &str) -> Option<Field> {
    Some(match word {
        "limit" | "max" | "total" | "burst-capacity" => Field::Limit,
        "remaining" | "available" => Field::Remaining,
        "used" | "usage" | "observed" | "count" => Field::Used,
        // Always a delay, so no clock is needed.
        "reset-after" | "reset-in" => Field::Reset(0, Scale::Seconds),
        "reset-after-ms" => Field::Reset(0, Scale::Millis),
        "reset" => RESET,
        "reset-ms" => Field::Reset(1, Scale::Millis),
        "reset-at" | "reset-time" | "resettime" | "resetson" => Field::Reset(2, Scale::Guess),
        "next" => Field::Reset(3, Scale::Guess),
        "period" | "interval" | "window" => Field::Length(Scale::Seconds),
        "interval-ms" | "interval-milliseconds" => Field::Length(Scale::Millis),
        "name" | "bucket" | "resource" => Field::Title,
        "policy" => Field::Policy,
        _ => return None,
    })
}

/// Words for fields that some vendors write without a hyphen, as in `userlimit`.
pub(super) const GLUED: [(&str, Field); 3] = [
    ("limit", Field::Limit),
    ("remaining", Field::Remaining),
    ("reset", RESET),
];

/// What is counted if a label has this word.
pub(super) fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "tokens" => "tokens",
        "complexity" => "complexity",
        "weight" => "weight",
        "points" => "points",
        "credits" => "credits",
        "order" => "orders",
        "bytes" => "content-bytes",
        _ => return None,
    })
}

/// How long the window is if a label ends with this word, in seconds.
pub(super) fn seconds(word: &str) -> Option<u64> {
    Some(match word {
        "second" | "secondly" => 1,
        "minute" | "minutely" => 60,
        "hour" | "hourly" => 3600,
        "day" | "daily" => 86_400,
        _ => return None,
    })
}
