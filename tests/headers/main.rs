//! Hints that `paced::headers` reads from responses.
//!
//! * `cases`: recorded and specified responses with the right answers
//! * `times`: every way of writing a time
//! * `names`: field names, read by their parts
//! * `windows`: which window matters, and what is said of it
//! * `structured`: the structured fields of the IETF's drafts
//! * `lists`: counts, and several of them in one field
//! * `refusals`: which responses refuse a call
//! * `hostile`: values meant to do harm
//! * `properties`: what holds for any response

mod cases;
mod hostile;
mod lists;
mod names;
mod properties;
mod refusals;
mod structured;
mod times;
mod windows;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use paced::Hint;
use paced::headers;
use paced::hint::Window;

/// 2026-11-23T12:00:00Z, our clock in these tests unless one says otherwise.
const NOW: u64 = 1_795_435_200;

/// Parses a response with these fields.
fn read(status: u16, fields: &[(&str, &str)]) -> Hint {
    headers::parse(status_code(status), &map(fields), at(NOW))
}

/// The wait that a `Retry-After` with this value asks for.
fn retry_after(value: &str) -> Option<Duration> {
    read(429, &[("retry-after", value)]).retry_after()
}

/// The end of the window by an `X-RateLimit-Reset` with this value.
fn reset_after(value: &str) -> Option<Duration> {
    read(200, &[("x-ratelimit-reset", value)]).reset_after()
}

fn map(fields: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name: HeaderName = name.parse().expect("a name");
        map.append(
            name,
            HeaderValue::from_bytes(value.as_bytes()).expect("a value"),
        );
    }
    map
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "compared with what may be missing"
)]
fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "compared with what may be missing"
)]
fn millis(millis: u64) -> Option<Duration> {
    Some(Duration::from_millis(millis))
}

/// Name, limit and what is left of it.
type Counts<'a> = (Option<&'a str>, Option<f64>, Option<f64>);

fn counts(hint: &Hint) -> Vec<Counts<'_>> {
    let of = |policy| -> Counts<'_> { (Window::name(policy), policy.limit(), policy.remaining()) };
    hint.windows().iter().map(of).collect()
}

fn governing(hint: &Hint) -> (Option<f64>, Option<f64>, Option<Duration>) {
    (hint.limit(), hint.remaining(), hint.reset_after())
}
