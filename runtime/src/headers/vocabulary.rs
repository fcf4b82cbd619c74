//! Tables of the words in field names, and of the irregular names.

/// Meaning of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Limit,
    Remaining,
    Used,
    /// Time until the reset. The smaller the rank, the better the source.
    Reset(u8, Scale),
    /// Length of the window.
    Length(Scale),
    /// Name of the resource to which the window applies.
    Title,
    /// Structured list of policies.
    Policy,
    /// Name of the family alone: the form of the value decides its meaning.
    Bare,
    /// Unrelated to a window, in spite of the name.
    Nothing,
    /// Value with a format of its own.
    Odd(Odd),
}

/// Unit of a number that is a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Inferred from the size of the number.
    Guess,
    Seconds,
    Millis,
}

/// Format of a value, particular to a vendor.
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
    /// `Remaining: 394 Time until reset: 3589`
    Prose,
}

/// Usual meaning of `reset`.
const RESET: Field = Field::Reset(1, Scale::Guess);

/// Irregular names, sorted: name, label of the window, meaning.
static ODD: [(&str, &str, Field); 50] = [
    ("auth0-client-quota-limit", "client", Field::Odd(Odd::Pairs)),
    (
        "auth0-organization-quota-limit",
        "organization",
        Field::Odd(Odd::Pairs),
    ),
    // KuCoin sends the time to the reset in milliseconds.
    ("gw-ratelimit-reset", "gw", Field::Reset(1, Scale::Millis)),
    ("req-limit-long", "long", Field::Odd(Odd::Prose)),
    ("req-limit-short", "short", Field::Odd(Odd::Prose)),
    ("sforce-limit-info", "", Field::Odd(Odd::NamedSlashes)),
    ("x-amzn-ratelimit-limit", "", Field::Odd(Odd::Rate)),
    ("x-app-limit-24hour-limit", "app-24hour", Field::Limit),
    (
        "x-app-limit-24hour-remaining",
        "app-24hour",
        Field::Remaining,
    ),
    ("x-app-limit-24hour-reset", "app-24hour", RESET),
    ("x-appminlimit-remaining", "app-minute", Field::Remaining),
    ("x-bapi-limit", "", Field::Limit),
    ("x-bapi-limit-reset-timestamp", "", RESET),
    ("x-bapi-limit-status", "", Field::Remaining),
    ("x-burstlimit-limit", "burst", Field::Limit),
    ("x-burstlimit-remaining", "burst", Field::Remaining),
    ("x-daylimit-remaining", "day", Field::Remaining),
    ("x-endpoint-monthly-call-limit", "monthly", Field::Limit),
    ("x-esi-error-limit-remain", "errors", Field::Remaining),
    ("x-esi-error-limit-reset", "errors", RESET),
    ("x-gate-ratelimit-requests-remain", "gate", Field::Remaining),
    (
        "x-gorgias-account-api-call-limit",
        "",
        Field::Odd(Odd::Slash),
    ),
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
    ("x-limit-per-day", "per-day", Field::Limit),
    ("x-limit-per-second", "per-second", Field::Limit),
    ("x-minlimit-remaining", "minute", Field::Remaining),
    (
        "x-ms-ratelimit-burst-remaining-xrm-requests",
        "burst",
        Field::Remaining,
    ),
    (
        "x-ms-ratelimit-remaining-resource",
        "",
        Field::Odd(Odd::NamedCounts),
    ),
    // Seconds of processing time, not requests.
    (
        "x-ms-ratelimit-time-remaining-xrm-requests",
        "",
        Field::Nothing,
    ),
    ("x-rate-limit-account", "account", Field::Limit),
    ("x-rate-limit-account-state", "account", Field::Used),
    ("x-rate-limit-client", "client", Field::Limit),
    ("x-rate-limit-client-state", "client", Field::Used),
    ("x-rate-limit-ip", "ip", Field::Limit),
    ("x-rate-limit-ip-state", "ip", Field::Used),
    ("x-recharge-limit", "", Field::Odd(Odd::Slash)),
    ("x-remaining-this-second", "per-second", Field::Remaining),
    ("x-remaining-today", "per-day", Field::Remaining),
    ("x-requests-remaining", "", Field::Remaining),
    ("x-sentry-rate-limits", "", Field::Odd(Odd::Categories)),
    ("x-shopify-shop-api-call-limit", "", Field::Odd(Odd::Slash)),
    ("x-tokenlimit-limit", "tokens", Field::Limit),
    ("x-tokenlimit-remaining", "tokens", Field::Remaining),
    ("x-trial-endpoint-call-limit", "trial", Field::Limit),
    ("x-trial-endpoint-call-remaining", "trial", Field::Remaining),
    ("x-user-limit-24hour-limit", "user-24hour", Field::Limit),
    (
        "x-user-limit-24hour-remaining",
        "user-24hour",
        Field::Remaining,
    ),
    ("x-user-limit-24hour-reset", "user-24hour", RESET),
];

/// Returns the window's label and the meaning of an irregular name.
pub(super) fn odd(name: &str) -> Option<(&str, Field)> {
    match ODD.binary_search_by(|(odd, _, _)| (*odd).cmp(name)) {
        Ok(row) => Some((ODD[row].1, ODD[row].2)),
        Err(_) => begun(name),
    }
}

/// Returns the same for a name of which only the beginning is fixed.
fn begun(name: &str) -> Option<(&str, Field)> {
    const BEGINNINGS: [(&str, Field); 2] = [
        ("x-mbx-", Field::Used),
        ("zendesk-ratelimit-", Field::Odd(Odd::Pairs)),
    ];
    BEGINNINGS
        .into_iter()
        .find_map(|(beginning, field)| Some((name.strip_prefix(beginning)?, field)))
}

/// Beginnings of regular names without a word such as `ratelimit`, and the part that has to follow.
pub(super) const STEMS: [(&str, &str); 2] = [("anthropic", "-priority-"), ("anthropic", "-fast-")];

/// Returns the meaning of a word.
pub(super) fn field(word: &str) -> Option<Field> {
    Some(match word {
        "limit" | "max" | "maximum" | "total" | "quota" | "allowed" | "allotted" | "capacity"
        | "burst-capacity" | "dailylimit" | "requests-quota" => Field::Limit,
        "remaining" | "remain" | "available" | "left" | "limit-remaining" | "remaining-limit"
        | "requests-left" => Field::Remaining,
        "used" | "usage" | "observed" | "count" | "current" | "consumed" => Field::Used,
        // Cost of this request.
        "used-currentrequest" => Field::Nothing,
        // A delay, for which no clock is needed.
        "reset-after"
        | "resetafter"
        | "reset-after-seconds"
        | "reset-in"
        | "resetin"
        | "resets-in"
        | "reset-in-seconds"
        | "reset-seconds"
        | "remaining-seconds"
        | "remaining-ttl"
        | "ttl"
        | "time-remaining"
        | "timeremaining"
        | "time-left" => Field::Reset(0, Scale::Seconds),
        "reset-after-ms" | "reset-in-ms" => Field::Reset(0, Scale::Millis),
        "reset" | "resets" => RESET,
        "reset-ms" | "reset-milliseconds" | "time-reset-ms" => Field::Reset(1, Scale::Millis),
        "reset-at" | "resetat" | "resets-at" | "reset-time" | "resettime" | "reset-timestamp"
        | "reset-date" | "reset-epoch" | "reset-utc" | "resetson" | "expire" | "expires"
        | "until" => Field::Reset(2, Scale::Guess),
        "next" => Field::Reset(3, Scale::Guess),
        "period" | "period-in-sec" | "interval" | "interval-seconds" | "window"
        | "window-seconds" | "duration" | "renewalperiod" => Field::Length(Scale::Seconds),
        "interval-ms" | "interval-milliseconds" | "window-ms" | "time-window-ms" => {
            Field::Length(Scale::Millis)
        }
        "name" | "bucket" | "resource" | "group" => Field::Title,
        "policy" => Field::Policy,
        _ => return None,
    })
}

/// Words that have their meaning only at the end of a name: `quota-overage` is not a limit.
pub(super) const LAST_ONLY: [&str; 5] = ["quota", "current", "group", "left", "ttl"];

/// Words that some vendors write without a hyphen, as in `userlimit`.
pub(super) const GLUED: [(&str, Field); 3] = [
    ("limit", Field::Limit),
    ("remaining", Field::Remaining),
    ("reset", RESET),
];

/// Returns the unit of the counts if a label contains this word.
pub(super) fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "tokens" | "tpm" | "tpd" => "tokens",
        "complexity" => "complexity",
        "weight" => "weight",
        "points" => "points",
        "credits" => "credits",
        "order" | "orders" => "orders",
        "bytes" => "content-bytes",
        "characters" => "characters",
        "images" => "images",
        "errors" => "errors",
        _ if word.contains("concurren") => CONCURRENT,
        _ => return None,
    })
}

/// Unit of the IETF draft for calls in flight. It is not a rate, and has no reset.
pub(super) const CONCURRENT: &str = "concurrent-requests";

/// Returns the length of the window in seconds if a label ends with this word.
pub(super) fn seconds(word: &str) -> Option<u64> {
    let word = word.strip_prefix("per").unwrap_or(word);
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" | "secondly" | "rps" | "qps" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" | "minutely" | "rpm" | "qpm" | "tpm" => 60,
        "h" | "hr" | "hour" | "hours" | "hourly" => 3600,
        "d" | "day" | "days" | "daily" | "rpd" | "qpd" | "tpd" => 86_400,
        "week" | "weekly" => 604_800,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_in_order_and_found() {
        assert!(ODD.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, label, field) in ODD {
            assert_eq!(odd(name), Some((label, field)), "{name}");
        }
    }
}
