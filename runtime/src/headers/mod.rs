//! Parser of rate-limit headers: from the status and the headers of a response to a [`Hint`].
//!
//! [`parse`] is a pure function. It never fails and never panics. A value that it cannot parse is ignored, field by
//! field, so a wrong limit does not affect a valid reset.
//!
//! # Examples
//!
//! ```
//! use http::{HeaderMap, StatusCode};
//! use std::time::{Duration, SystemTime};
//!
//! let mut headers = HeaderMap::new();
//! headers.insert("x-ratelimit-limit", "60".parse()?);
//! headers.insert("x-ratelimit-remaining", "0".parse()?);
//! headers.insert("x-ratelimit-reset", "30".parse()?);
//!
//! let hint = paced::headers::parse(StatusCode::FORBIDDEN, &headers, SystemTime::now());
//! assert!(hint.limited());
//! assert_eq!(hint.remaining(), Some(0.0));
//! assert_eq!(hint.reset_after(), Some(Duration::from_secs(30)));
//! # Ok::<(), http::header::InvalidHeaderValue>(())
//! ```
//!
//! # Supported fields
//!
//! Names match in any case. `*` is any vendor's word, `<window>` any word for a window, such as
//! `requests`, `tokens` or `day`. Names are read by their parts, so a vendor that follows one of
//! these families is supported without being listed.
//!
//! | family | fields |
//! | --- | --- |
//! | delay | `Retry-After`, `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` (ms), `*-retry-after`, also ending in `-ms`, `-milliseconds` or `-seconds`; `X-Retry-In` (Traefik), `x-ratelimit-after` |
//! | IETF drafts 07 to 10 | `RateLimit`, `RateLimit-Policy`, `*-ratelimit`, `*-ratelimit-policy` |
//! | IETF drafts 00 to 06 | `RateLimit-Limit` (also followed by policies), `-Remaining`, `-Reset` |
//! | usual names | `X-RateLimit-*` and `X-Rate-Limit-*`: `Limit`, `Remaining`, `Reset`, `Reset-After`, `Used`, `Policy`, `Period`, words that mean the same (`Max`, `Quota`, `Remain`, `Left`, `Resets-In`, `ResetTime`, `Window`, ..), and a window's name from `Name`, `Bucket`, `Resource` or `Group` |
//! | several windows | `x-ratelimit-limit-<window>`, `*-ratelimit-<window>-limit`, `X-RateLimit-<Window>Limit`; the same for the other words |
//! | a vendor's prefix | `*-ratelimit-*`, `*-rate-limit-*`, `*-quota-*`: Anthropic, Brevo, Contentful, Fastly, Fitbit, `HubSpot`, `KuCoin`, Toggl, Trello, .. |
//! | names of their own | X (24 hours), Bybit, Gate, Etsy, `DocuSign`, Cohere, Together, Dataverse, EVE Online, Path of Exile |
//! | several things in one field | Shopify, Gorgias, Recharge (`32/40`), EVE Online (`150/15m`), Salesforce, Riot (`100:120,20:1`), Strava and Polar (`600,30000` with a usage), Zendesk, Auth0, Sentry, Azure Resource Manager, IBM API Connect (`name=default,100;`), Trakt (an object of JSON), Pingdom, Docker Hub (`100;w=21600`) |
//! | counters of use alone | Binance (`X-MBX-*`), Xero (what is left per minute and day), Amazon SP-API (a rate) |
//! | names of errors | `x-amzn-errortype`, `x-amzn-query-error`, `x-amz-error-code`: the codes with which AWS refuses calls that come too soon |
//! | advice | `x-should-retry`, `stripe-should-retry`: exactly `true` or `false` |
//!
//! # Forms of times
//!
//! A delay and a reset may each be:
//!
//! * a number of seconds or milliseconds, with or without a fraction;
//! * an epoch, in seconds, milliseconds, microseconds or nanoseconds;
//! * a duration of Go (`6m0s`, `20ms`) or of ISO 8601 (`PT1M`), or a number with a word as unit (`30 seconds`);
//! * one of the three forms of HTTP-date;
//! * a date of ISO 8601, in UTC if it has no offset, also in the variants that Ruby and Go print.
//!
//! A reset may also be a date as JavaScript prints it, or as mails have it (RFC 2822).
//!
//! Fractions of a millisecond are rounded up. Dates and epochs are compared with the `Date` of the response, so the two
//! clocks need not agree. Without a `Date` they are compared with `received_at`.
//!
//! # Precedence of fields
//!
//! * **Delay**: the first of `retry-after-ms`, `x-ms-retry-after-ms`, `Retry-After`, `x-amz-retry-after` and vendors'
//!   names whose value can be parsed. Of a field that is sent twice the longest delay counts.
//! * **Window**: of the exhausted windows, the one with the latest reset. If none is exhausted, a window of the first
//!   family that tells a rest: structured, `RateLimit-*`, vendors' names, `X-RateLimit-*`, `X-Rate-Limit-*`. Windows
//!   that count requests come before others. Of several, the one with the smallest part left counts; if a limit is not
//!   known, the one with the smallest rest.
//! * **Delay and reset**: [`retry_after`](Hint::retry_after) is the wait that the server asks for, and
//!   [`reset_after`](Hint::reset_after) the time until the window ends. A delay takes precedence over a reset.
//! * A reset that a family sends once, for several windows, applies to each of them.
//! * The windows of a response from a cache (`Age` above 0) are ignored, because they may be those of another client.
//!
//! # Which responses are refusals
//!
//! * 429, 420 and 529, always.
//! * 400, 403, 500 and 503 with a delay or an exhausted window: GitHub and Salesforce refuse with 403, Linear with
//!   400, Auth0 with 500.
//! * 402, 409, 413, 418 and 430 with a delay (`OpenRouter`, Wildberries, RFC 9110, Binance, Shopify).
//! * Any 4xx and 5xx with the name of such an error (AWS's 400 with `ThrottlingException`).
//!
//! No other response is a refusal, and a 2xx never is. A refusal in the body of a 200 has to be found by the function,
//! which then builds the [`Hint`]. A call is not retried on a 500, whatever its headers, unless it is `idempotent`.
//!
//! # Ambiguous values
//!
//! * A bare number in a reset field is a delay in seconds below 1e9. From 1e9 on it is an epoch in seconds,
//!   milliseconds, microseconds or nanoseconds, by size. Delays in milliseconds (Prisjakt) cannot be told from seconds:
//!   set [`Parser::reset_kind`], or `headers(reset = "millis")` in the attribute.
//! * A number in `Retry-After` is always a delay in seconds, as RFC 9110 defines it. In other `*-retry-after` fields it
//!   may be an epoch, as Symfony sends it.
//! * An HTTP-date has to follow the grammar of RFC 9110, in the same case and with a two-digit day. The zone has to be
//!   `GMT`, `UTC` or `+0000`. A wrong day of the week is accepted. A leap second counts as the second after it. A
//!   two-digit year is the latest such year that is at most 50 years in the future.
//! * A rest of -1 means "not known", and any other negative rest counts as 0.
//! * `100, 100` is `100`, repeated by a proxy. `10, 20` in `Retry-After` is ignored.
//! * A value with a sign, an exponent or a unit that is not listed above is ignored.
//! * A structured field with a syntax error is ignored as a whole (RFC 9651). An item with a value of the wrong type,
//!   and a policy with a window of 0 s, are ignored. `r` may be missing, as in Atlassian's fields, and a name may be a
//!   token.
//! * `32/40` is the used part and the limit. In a field for the rest, it is the rest and the limit.
//! * `X-RateLimit-Interval-Seconds` is the length of the window. Jira Data Center uses it for the time between two
//!   fillings of a bucket, which is read as the length too.
//! * A missing limit is computed as `used + remaining` (Reddit), and a missing rest as `limit - used` (Shopify, Riot).
//!
//! # Bounds
//!
//! At most 64 lines with matching names are read, of at most 2048 bytes each. At most 32 windows are kept. Numbers have
//! at most 40 digits. A wait of more than 31,700 years is ignored. Any shorter wait is returned as it is: the limiter
//! bounds it by `max_cooldown`.
//!
//! # Not supported
//!
//! * Bodies (Telegram, Shopify's GraphQL; Google's `RetryInfo`, except in a `tonic::Status` with feature `tonic`): a
//!   function passes on what it reads there with [`paced::hint`](crate::hint()).
//! * Usage in percent (Meta's `X-App-Usage`, Anthropic's `utilization`).
//! * Limits on calls in flight: they are listed in [`Hint::windows`], and do not affect the other values. That one of them
//!   was the reason of a refusal is in [`Hint::too_many_in_flight`], if `Stripe-Rate-Limited-Reason` says so.
//! * Names with underscores in place of hyphens (`x_ratelimit_limit`); those in the name of a window are read.
//! * Windows whose ends are only in a vendor's documentation, such as Strava's quarter hours.
//!
//! # Sources
//!
//! [RFC 9110, 5.6.7 and 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3) (dates,
//! `Retry-After`), [RFC 6585, 4](https://www.rfc-editor.org/rfc/rfc6585#section-4) (429),
//! [RFC 9651](https://www.rfc-editor.org/rfc/rfc9651) (structured fields),
//! [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339),
//! [draft-ietf-httpapi-ratelimit-headers](https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/),
//! [GitHub](https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api),
//! [`OpenAI`](https://platform.openai.com/docs/guides/rate-limits),
//! [Discord](https://discord.com/developers/docs/topics/rate-limits),
//! [Docker Hub](https://docs.docker.com/docker-hub/usage/pulls/),
//! [Cloudflare](https://developers.cloudflare.com/fundamentals/api/reference/limits/),
//! [Shopify](https://shopify.dev/docs/api/usage/limits),
//! [Okta](https://developer.okta.com/docs/reference/rate-limits/),
//! [Binance](https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits).

mod codes;
mod counts;
mod date;
mod delay;
mod lists;
mod names;
mod number;
mod policies;
mod reading;
mod scan;
mod structured;
mod vocabulary;
mod window;

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, StatusCode};

use self::reading::ResponseParser;
use crate::hint::Hint;

/// Parses the rate-limit headers of a response.
///
/// `received_at` is the local time at which the response was received. It is used for dates and epochs in a response
/// without a `Date`. A response without rate-limit headers costs no allocation, and gives an
/// [empty](Hint::is_empty) hint unless its status is a refusal.
///
/// # Examples
///
/// ```
/// use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
/// use std::time::{Duration, SystemTime};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(RETRY_AFTER, "120".parse()?);
/// let hint = paced::headers::parse(StatusCode::TOO_MANY_REQUESTS, &headers, SystemTime::now());
/// assert_eq!(hint.retry_after(), Some(Duration::from_secs(120)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
pub fn parse(status: StatusCode, headers: &HeaderMap, received_at: SystemTime) -> Hint {
    Parser::new().parse(status, headers, received_at)
}

/// Parser with settings, for a server whose values have a meaning that cannot be inferred.
///
/// # Examples
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use paced::headers::{Parser, ResetKind};
/// use std::time::{Duration, SystemTime};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-rate-limit-reset", "600000".parse()?);
/// let parser = Parser::new().reset_kind(ResetKind::Millis);
/// let hint = parser.parse(StatusCode::OK, &headers, SystemTime::now());
/// assert_eq!(hint.reset_after(), Some(Duration::from_secs(600)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parser {
    reset_kind: ResetKind,
}

/// Meaning of a bare number in a reset field, such as `X-RateLimit-Reset: 30`.
///
/// It does not apply to dates, to durations with units, and to fields whose names contain the unit.
///
/// # Examples
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use paced::headers::{Parser, ResetKind};
/// use std::time::{Duration, SystemTime};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-ratelimit-reset", "30".parse()?);
/// let reset = |kind| {
///     let hint = Parser::new().reset_kind(kind).parse(StatusCode::OK, &headers, SystemTime::UNIX_EPOCH);
///     hint.reset_after()
/// };
/// assert_eq!(reset(ResetKind::Guess), Some(Duration::from_secs(30)));
/// assert_eq!(reset(ResetKind::Millis), Some(Duration::from_millis(30)));
/// assert_eq!(reset(ResetKind::EpochSeconds), Some(Duration::from_secs(30)), "30 s after 1970");
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetKind {
    /// A delay in seconds below 1e9, and an epoch above: in seconds, milliseconds, microseconds or nanoseconds, by
    /// size.
    #[default]
    Guess,
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Millis,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
}

impl Parser {
    /// Returns a parser with the default settings, those of the function [`parse`].
    ///
    /// # Examples
    ///
    /// ```
    /// use http::{HeaderMap, StatusCode};
    /// use paced::headers::Parser;
    /// use std::time::SystemTime;
    ///
    /// let hint = Parser::new().parse(StatusCode::OK, &HeaderMap::new(), SystemTime::now());
    /// assert!(hint.is_empty());
    /// ```
    pub const fn new() -> Self {
        Self {
            reset_kind: ResetKind::Guess,
        }
    }

    /// Sets the meaning of a bare number in a reset field. Default: [`ResetKind::Guess`].
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::headers::{Parser, ResetKind};
    ///
    /// const MILLIS: Parser = Parser::new().reset_kind(ResetKind::Millis);
    /// assert_ne!(MILLIS, Parser::new());
    /// ```
    #[must_use]
    pub const fn reset_kind(mut self, kind: ResetKind) -> Self {
        self.reset_kind = kind;
        self
    }

    /// Parses the rate-limit headers of a response, as the function [`parse`] does, with these settings.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::{HeaderMap, StatusCode};
    /// use paced::headers::{Parser, ResetKind};
    /// use std::time::{Duration, SystemTime};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("x-ratelimit-reset", "1500".parse()?);
    /// let parser = Parser::new().reset_kind(ResetKind::Millis);
    /// let hint = parser.parse(StatusCode::OK, &headers, SystemTime::now());
    /// assert_eq!(hint.reset_after(), Some(Duration::from_millis(1500)));
    /// # Ok::<(), http::header::InvalidHeaderValue>(())
    /// ```
    pub fn parse(&self, status: StatusCode, headers: &HeaderMap, received_at: SystemTime) -> Hint {
        let hint = self.read(status, headers, || received_at);
        hint.unwrap_or_default()
    }

    /// Parses as [`parse`](Self::parse) does. Returns `None` for an empty hint, and calls `clock` only if there is a
    /// field to parse.
    #[inline]
    pub(crate) fn read(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        clock: impl FnOnce() -> SystemTime,
    ) -> Option<Hint> {
        let first = headers.keys().position(may_matter);
        if first.is_none() && !is_refusal(status, Signs::default()) {
            return None;
        }
        self.read_lines(status, headers, first, clock())
    }

    /// Parses the lines, where `first` is the index of the first name that may matter.
    #[inline(never)]
    fn read_lines(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        first: Option<usize>,
        received_at: SystemTime,
    ) -> Option<Hint> {
        let mut parser = ResponseParser::new(headers, received_at, self.reset_kind);
        // Each name before it has at least one line, so this skips none of its lines.
        for (name, value) in headers.iter().skip(first.unwrap_or(headers.len())) {
            if may_matter(name) {
                parser.line(name, value);
            }
        }
        let named = parser.names_a_throttle();
        let (hint, exhausted) = parser.finish();
        let signs = Signs {
            told_to_wait: hint.retry_after().is_some(),
            exhausted,
            named,
        };
        let limited = is_refusal(status, signs);
        Some(hint.with_limited(limited)).filter(|hint| !hint.is_empty())
    }
}

fn may_matter(name: &HeaderName) -> bool {
    scan::may_matter(name.as_str().as_bytes())
}

/// Signs of a refusal beside the status.
#[derive(Clone, Copy, Debug, Default)]
struct Signs {
    /// Whether the response asks for a wait.
    told_to_wait: bool,
    /// Whether nothing is left of a window.
    exhausted: bool,
    /// Whether the response has the name of such an error.
    named: bool,
}

/// Returns whether a response with this status and these signs refuses a call that came too soon.
fn is_refusal(status: StatusCode, signs: Signs) -> bool {
    let Signs {
        told_to_wait,
        exhausted,
        named,
    } = signs;
    match status.as_u16() {
        429 | 420 | 529 => true,
        400..600 if named => true,
        400 | 403 | 500 | 503 => told_to_wait || exhausted,
        402 | 409 | 413 | 418 | 430 => told_to_wait,
        _ => false,
    }
}
