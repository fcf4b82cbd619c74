//! Reads what servers say about their limits: response headers in, a [`Hint`] out.
//!
//! [`parse`] is a pure function. It never fails and never panics: what it cannot understand counts
//! as not said, field by field, so a bad limit does not spoil a good reset.
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
//! # What is understood
//!
//! Names match in any case. `*` is any vendor's word, `<window>` any word for a window, such as
//! `requests`, `tokens` or `day`. Names are read by their parts, so a vendor that follows one of
//! these families is understood without being listed.
//!
//! | family | fields |
//! | --- | --- |
//! | delay | `Retry-After`, `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` (ms), `*-retry-after`, also ending in `-ms`, `-milliseconds` or `-seconds`; `X-Retry-In` (Traefik), `x-ratelimit-after` |
//! | IETF drafts 07 to 10 | `RateLimit`, `RateLimit-Policy`, `*-ratelimit`, `*-ratelimit-policy` |
//! | IETF drafts 00 to 06 | `RateLimit-Limit` (with policies behind it), `-Remaining`, `-Reset` |
//! | usual names | `X-RateLimit-*` and `X-Rate-Limit-*`: `Limit`, `Remaining`, `Reset`, `Reset-After`, `Used`, `Policy`, `Period`, words that mean the same (`Max`, `Quota`, `Remain`, `Left`, `Resets-In`, `ResetTime`, `Window`, ..), and a window's name from `Name`, `Bucket`, `Resource` or `Group` |
//! | several windows | `x-ratelimit-limit-<window>`, `*-ratelimit-<window>-limit`, `X-RateLimit-<Window>Limit`; the same for the other words |
//! | a vendor's word in front | `*-ratelimit-*`, `*-rate-limit-*`, `*-quota-*`: Anthropic, Brevo, Contentful, Fastly, Fitbit, `HubSpot`, `KuCoin`, Toggl, Trello, .. |
//! | names of their own | X (24 hours), Bybit, Gate, Etsy, `DocuSign`, Cohere, Together, Dataverse, EVE Online, Path of Exile |
//! | several things in one field | Shopify, Gorgias, Recharge (`32/40`), EVE Online (`150/15m`), Salesforce, Riot (`100:120,20:1`), Strava and Polar (`600,30000` with a usage), Zendesk, Auth0, Sentry, Azure Resource Manager, IBM API Connect (`name=default,100;`), Trakt (an object of JSON), Pingdom, Docker Hub (`100;w=21600`) |
//! | counters of use alone | Binance (`X-MBX-*`), Xero (what is left per minute and day), Amazon SP-API (a rate) |
//! | names of errors | `x-amzn-errortype`, `x-amzn-query-error`, `x-amz-error-code`: the codes with which AWS refuses calls that come too soon |
//! | advice | `x-should-retry`, `stripe-should-retry`: exactly `true` or `false` |
//!
//! A time is written in seconds or milliseconds, with or without a fraction, as an epoch, as a Go
//! duration (`6m0s`, `20ms`), as one of the three HTTP-dates, or as ISO 8601 (UTC where it names no
//! offset), also the way Ruby and Go print it; the end of a window also as JavaScript and mails
//! have a date. Both may be a duration of ISO 8601 (`PT1M`), or have their unit in a word (`30 seconds`).
//! Fractions of a millisecond round up. Dates and epochs are read against the response's own `Date`, so the
//! two clocks need not agree; without one, against `received_at`.
//!
//! # What counts when several fields speak
//!
//! * **Delay**: `retry-after-ms`, `x-ms-retry-after-ms`, `Retry-After`, `x-amz-retry-after`, then
//!   names of vendors; the first that can be understood. A field sent twice counts as its longest.
//! * **Window**: one that is used up, the one with the latest reset. Else, of the first family that
//!   says what is left (structured, `RateLimit-*`, vendors' names, `X-RateLimit-*`,
//!   `X-Rate-Limit-*`), the window with the smallest share left, or the smallest count where not
//!   every limit is known; windows that count requests before those that count something else.
//! * [`retry_after`](Hint::retry_after) is what the server ordered, and stands beside
//!   [`reset_after`](Hint::reset_after), which is when the window ends. The first should win.
//! * A reset that a family tells once, for windows that are told apart, is that of each of them.
//! * Windows on a response from a cache (`Age` above 0) are ignored: they were another caller's.
//!
//! # Which responses are refusals
//!
//! 429, 420 and 529 always. 400, 403, 500 and 503 with a delay or a window used up: GitHub and
//! Salesforce refuse with 403, Linear with 400, Auth0 with 500. 402, 409, 413, 418 and 430 with a
//! delay (`OpenRouter`, Wildberries, RFC 9110, Binance, Shopify). Any 4xx and 5xx that names such an error
//! (AWS's 400 with `ThrottlingException`). Nothing else, and never a 2xx: what hides in a body of a 200 is
//! for the caller to find, who then builds the [`Hint`]. A call is not repeated for a 500, whatever it says,
//! unless it is `idempotent`.
//!
//! # Where people differ
//!
//! * A bare number in a reset field is a delay below 1e9, and epoch seconds, milliseconds,
//!   microseconds or nanoseconds from there on, by size. Delays in milliseconds (Prisjakt) look
//!   like seconds: say so with [`Parser::reset_kind`], or `headers(reset = "millis")` in the attribute.
//! * A number in `Retry-After` is always a delay, even if it looks like an epoch: RFC 9110 says so.
//!   In other `*-retry-after` fields it may be an epoch, as Symfony sends it.
//! * HTTP-dates keep to the grammar of RFC 9110: no zone but GMT, which may be written `UTC` or
//!   `+0000`, no other case, no one-digit day. A wrong day of the week is forgiven, a leap second is the
//!   second after it, and two digits of a year are the last such year that is at most 50 years ahead.
//! * -1 left is "not known"; other negative numbers left are 0. `100, 100` is `100`, which a proxy
//!   has joined; `10, 20` in `Retry-After` is nothing. Signs, exponents and units that are not
//!   listed above make a value unreadable.
//! * A structured field with a mistake in it says nothing (RFC 9651), an item with a value of the
//!   wrong type is left out, and a policy with a window of 0 s is none. `r` may be missing, as in
//!   Atlassian's fields, and a name may be a token.
//! * `32/40` is what was used of what there is, but in a field for what remains it is that.
//!   `X-RateLimit-Interval-Seconds` is the length of the window, also where a server that fills a
//!   bucket means the time between two of its fillings (Jira Data Center).
//! * A limit may be `used + remaining` (Reddit), and what remains `limit - used` (Shopify, Riot).
//!
//! # Bounds
//!
//! At most 64 lines whose names look right are read, of at most 2048 bytes each; at most 32 windows
//! are kept; numbers have at most 40 digits; a wait of more than 31,700 years is not understood.
//! Anything shorter is passed on: how much of it to obey is for the caller to decide.
//!
//! # What is not supported
//!
//! Bodies (Telegram, Shopify's GraphQL; Google's `RetryInfo`, but for a `tonic::Status` with feature `tonic`); usage in percent (Meta's `X-App-Usage`,
//! Anthropic's `utilization`); limits on concurrency, which are listed and do not count; names with
//! underscores; Strava's quarter hours and other windows
//! whose ends are only in a vendor's documentation.
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

use self::reading::Reading;
use crate::hint::Hint;

/// Reads what a response says about limits, from its status and headers.
///
/// `received_at` is our clock when the response came in; it only matters for dates and epochs on a
/// response without a `Date`. A response that says nothing costs no allocation.
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

/// Reads responses of a server whose values mean something that cannot be told by looking.
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

/// What a bare number in a reset field means, such as `X-RateLimit-Reset: 30`.
///
/// Dates, durations with units, and fields whose names give the unit are not affected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetKind {
    /// By its size: a delay in seconds below 1e9, an epoch from there on.
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
    /// A parser that reads as [`parse`] does.
    pub const fn new() -> Self {
        Self {
            reset_kind: ResetKind::Guess,
        }
    }

    /// Sets what a bare number in a reset field means. [`ResetKind::Guess`] unless set.
    #[must_use]
    pub const fn reset_kind(mut self, kind: ResetKind) -> Self {
        self.reset_kind = kind;
        self
    }

    /// As [`parse`], with these settings.
    pub fn parse(&self, status: StatusCode, headers: &HeaderMap, received_at: SystemTime) -> Hint {
        let hint = self.read(status, headers, || received_at);
        hint.unwrap_or_default()
    }

    /// As [`parse`](Self::parse), but `None` where the response says nothing, and the clock is only
    /// read where a field may need it.
    #[inline]
    pub(crate) fn read(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        clock: impl FnOnce() -> SystemTime,
    ) -> Option<Hint> {
        let first = headers.keys().position(may_matter);
        if first.is_none() && !is_refusal(status, Evidence::default()) {
            return None;
        }
        self.read_lines(status, headers, first, clock())
    }

    /// Reads the lines from the one of the first name that may matter.
    #[inline(never)]
    fn read_lines(
        self,
        status: StatusCode,
        headers: &HeaderMap,
        first: Option<usize>,
        received_at: SystemTime,
    ) -> Option<Hint> {
        let mut reading = Reading::new(headers, received_at, self.reset_kind);
        // Before it there are as many lines as names, or more.
        for (name, value) in headers.iter().skip(first.unwrap_or(headers.len())) {
            if may_matter(name) {
                reading.line(name, value);
            }
        }
        let named = reading.names_a_throttle();
        let (hint, exhausted) = reading.finish();
        let evidence = Evidence {
            told_to_wait: hint.retry_after().is_some(),
            exhausted,
            named,
        };
        let limited = is_refusal(status, evidence);
        Some(hint.with_limited(limited)).filter(|hint| !hint.is_empty())
    }
}

fn may_matter(name: &HeaderName) -> bool {
    scan::may_matter(name.as_str().as_bytes())
}

/// Signs of a refusal beside the status.
#[derive(Clone, Copy, Debug, Default)]
struct Evidence {
    told_to_wait: bool,
    /// Nothing is left of a window.
    exhausted: bool,
    /// The error's name says it.
    named: bool,
}

/// Whether this status, with or without evidence, refuses a call for coming too soon.
fn is_refusal(status: StatusCode, evidence: Evidence) -> bool {
    let Evidence {
        told_to_wait,
        exhausted,
        named,
    } = evidence;
    match status.as_u16() {
        429 | 420 | 529 => true,
        400..600 if named => true,
        400 | 403 | 500 | 503 => told_to_wait || exhausted,
        402 | 409 | 413 | 418 | 430 => told_to_wait,
        _ => false,
    }
}
