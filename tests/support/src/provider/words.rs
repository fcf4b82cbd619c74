//! Statuses, headers and bodies, as each provider words them.

use core::fmt::Display;
use core::time::Duration;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header::DATE;
use http::header::RETRY_AFTER;

use super::counter::Counter;
use super::dates;
use super::request::Request;
use super::row::Row;

/// Manner in which a provider tells of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `x-ratelimit-remaining-tokens`, resets as Go durations.
    OpenAi,
    /// The same names, resets in whole seconds. What is not known is -1.
    Azure,
    /// `anthropic-ratelimit-input-tokens-remaining`, resets as dates of RFC 3339.
    Anthropic,
    /// `x-ratelimit-resource`, resets as seconds since 1970. A secondary limit asks for a minute.
    GitHub,
    /// `x-shopify-shop-api-call-limit: 39/40`.
    Shopify,
    /// The state of the bucket is in the body, and refusals have the status 200.
    ShopifyGraphQl,
    /// `x-ratelimit-remaining-tokens-minute`, without resets.
    Mistral,
}

/// Everything that an answer tells of.
pub(super) struct Said<'a> {
    pub(super) request: &'a Request,
    /// The row that the request does not fit in, and the time until it does.
    pub(super) refusal: Option<(Row, Duration)>,
    /// Rows to tell of.
    pub(super) rows: &'a [(Row, &'a Counter)],
    /// Time since 1970.
    pub(super) now: Duration,
    /// Date of the response, as a time since 1970.
    pub(super) date: Option<Duration>,
    /// Length of a second.
    pub(super) exact: Duration,
}

/// Returns status, headers and body of an answer.
pub(super) fn say(dialect: Dialect, said: &Said<'_>) -> (u16, HeaderMap, String) {
    let mut headers = Headers(HeaderMap::new());
    if let Some(date) = said.date {
        headers.insert(DATE, dates::http(date));
    }
    for (row, counter) in said.rows {
        row_in_headers(dialect, said, row, counter, &mut headers);
    }
    let status = match (said.refusal, dialect) {
        (None, _) | (Some(_), Dialect::ShopifyGraphQl) => 200,
        (Some(_), Dialect::GitHub) => 403,
        (Some(_), _) => 429,
    };
    if let Some((row, wait)) = said.refusal {
        refusal_in_headers(dialect, said, &row, wait, &mut headers);
    }
    let body = match dialect {
        Dialect::ShopifyGraphQl => points(said),
        _ => usage(said),
    };
    (status, headers.0, body)
}

fn row_in_headers(
    dialect: Dialect,
    said: &Said<'_>,
    row: &Row,
    counter: &Counter,
    headers: &mut Headers,
) {
    let (limit, left, name) = (counter.pace().limit(), counter.left(), row.name);
    let reset = counter.reset();
    match dialect {
        Dialect::OpenAi => headers.three(name, limit, left, go(reset)),
        Dialect::Azure if name == "requests" => headers.three(name, -1, -1, 0),
        Dialect::Azure => headers.three(name, limit, left, seconds(reset, said.exact)),
        Dialect::Anthropic => {
            let reset = dates::rfc_3339(whole(said.now + reset, said.exact));
            headers.add(format!("anthropic-ratelimit-{name}-limit"), limit);
            headers.add(format!("anthropic-ratelimit-{name}-remaining"), left);
            headers.add(format!("anthropic-ratelimit-{name}-reset"), reset);
        }
        Dialect::GitHub => {
            let reset = seconds(said.now + reset, said.exact);
            headers.add("x-ratelimit-limit".into(), limit);
            headers.add("x-ratelimit-remaining".into(), left);
            headers.add("x-ratelimit-used".into(), limit - left);
            headers.add("x-ratelimit-resource".into(), name);
            headers.add("x-ratelimit-reset".into(), reset);
        }
        Dialect::Shopify => {
            let capacity = counter.pace().capacity();
            let used = format!("{}/{capacity}", capacity - left);
            headers.add("x-shopify-shop-api-call-limit".into(), used);
        }
        Dialect::Mistral => {
            let limit = per_minute(counter, limit, said.exact);
            headers.add(format!("x-ratelimit-limit-{name}"), limit);
            headers.add(format!("x-ratelimit-remaining-{name}"), left);
        }
        Dialect::ShopifyGraphQl => {}
    }
}

fn refusal_in_headers(
    dialect: Dialect,
    said: &Said<'_>,
    row: &Row,
    wait: Duration,
    headers: &mut Headers,
) {
    match dialect {
        Dialect::OpenAi | Dialect::Azure => {
            let millis = wait.as_nanos().div_ceil(1_000_000);
            headers.add("retry-after-ms".into(), millis);
            headers.add("retry-after".into(), seconds(wait, said.exact));
        }
        Dialect::Anthropic | Dialect::Shopify => {
            headers.add(RETRY_AFTER.as_str().into(), seconds(wait, said.exact));
        }
        // The primary limits have their reset alone.
        Dialect::GitHub if row.is_spoken => {}
        Dialect::GitHub => {
            let minute = seconds(said.exact * 60, said.exact);
            headers.add(RETRY_AFTER.as_str().into(), minute);
        }
        Dialect::Mistral | Dialect::ShopifyGraphQl => {}
    }
}

/// Returns a body such as language models have.
fn usage(said: &Said<'_>) -> String {
    let Request { input, output, .. } = said.request;
    match said.refusal {
        None => format!(
            r#"{{"usage":{{"input_tokens":{input},"output_tokens":{output},"total_tokens":{}}}}}"#,
            input + output
        ),
        Some((row, _)) => format!(
            r#"{{"error":{{"type":"{}","code":"rate_limit_exceeded","message":"rate limit"}}}}"#,
            row.name
        ),
    }
}

/// Returns a body with the state of the bucket in it.
fn points(said: &Said<'_>) -> String {
    let Request {
        max_output, output, ..
    } = said.request;
    let states = said.rows.iter().map(|(_, counter)| {
        let pace = counter.pace();
        format!(
            r#""throttleStatus":{{"maximumAvailable":{},"currentlyAvailable":{},"restoreRate":{}}}"#,
            pace.capacity(),
            counter.left(),
            pace.limit()
        )
    });
    let state = states.collect::<Vec<_>>().join(",");
    match said.refusal {
        None => format!(
            r#"{{"data":{{}},"extensions":{{"cost":{{"requestedQueryCost":{max_output},"actualQueryCost":{output},{state}}}}}}}"#
        ),
        Some(_) => format!(
            r#"{{"errors":[{{"message":"Throttled","extensions":{{"code":"THROTTLED"}}}}],"extensions":{{"cost":{{"requestedQueryCost":{max_output},"actualQueryCost":null,{state}}}}}}}"#
        ),
    }
}

struct Headers(HeaderMap);

impl Headers {
    /// Adds what is told of a row.
    fn three<N: Display>(&mut self, name: &str, limit: N, left: N, reset: impl Display) {
        self.add(format!("x-ratelimit-limit-{name}"), limit);
        self.add(format!("x-ratelimit-remaining-{name}"), left);
        self.add(format!("x-ratelimit-reset-{name}"), reset);
    }

    fn add(&mut self, name: String, value: impl Display) {
        let name = HeaderName::try_from(name).expect("names of rows are tokens");
        self.insert(name, value.to_string());
    }

    fn insert(&mut self, name: HeaderName, value: String) {
        let value = HeaderValue::try_from(value).expect("numbers and dates are text");
        self.0.insert(name, value);
    }
}

/// Returns the limit for a minute, where the row's period is shorter.
fn per_minute(counter: &Counter, limit: u64, second: Duration) -> u64 {
    let minute = (second * 60).as_nanos();
    let periods = minute / counter.pace().period().as_nanos().max(1);
    limit * u64::try_from(periods).unwrap_or(1).max(1)
}

/// Rounds up to a multiple of `second`.
fn whole(time: Duration, second: Duration) -> Duration {
    let (nanos, second) = (time.as_nanos(), second.as_nanos());
    Duration::from_nanos(u64::try_from(nanos.div_ceil(second) * second).unwrap_or(u64::MAX))
}

/// Returns a time in seconds, rounded up to a multiple of `second`, as a decimal.
fn seconds(time: Duration, second: Duration) -> String {
    let time = whole(time, second);
    let millis = time.as_nanos().div_ceil(1_000_000);
    match millis % 1000 {
        0 => (millis / 1000).to_string(),
        rest => format!("{}.{rest:03}", millis / 1000),
    }
}

/// Returns a time as Go prints it, rounded up to milliseconds.
fn go(time: Duration) -> String {
    let millis = time.as_nanos().div_ceil(1_000_000);
    let (minutes, rest) = (millis / 60_000, millis % 60_000);
    let decimal = format!("{}.{:03}", rest / 1000, rest % 1000);
    let decimal = decimal.trim_end_matches('0').trim_end_matches('.');
    match (minutes / 60, minutes % 60) {
        (0, 0) if millis < 1000 => format!("{millis}ms"),
        (0, 0) => format!("{decimal}s"),
        (0, minutes) => format!("{minutes}m{decimal}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{decimal}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_worded_as_go_does() {
        for (millis, text) in [
            (0, "0ms"),
            (12, "12ms"),
            (1_000, "1s"),
            (360_000, "6m0s"),
            (172_800, "2m52.8s"),
            (5_011_000, "1h23m31s"),
        ] {
            assert_eq!(go(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn seconds_are_whole_unless_they_are_shorter() {
        let (time, second) = (Duration::from_millis(1_200), Duration::from_secs(1));
        assert_eq!(seconds(time, second), "2");
        assert_eq!(seconds(time, second / 50), "1.200");
        assert_eq!(
            seconds(time + Duration::from_millis(1), second / 50),
            "1.220"
        );
    }
}
