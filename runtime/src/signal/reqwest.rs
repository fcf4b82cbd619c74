//! Reading `reqwest`'s responses and errors.

use core::fmt;
use core::fmt::Write as _;
use std::error::Error as StdError;

use ::http::HeaderMap;
use ::http::StatusCode;
use ::reqwest::Error;
use ::reqwest::Response;

use crate::failure::Failure;

use super::Answer;

impl Answer for Response {
    fn answer(&self) -> (StatusCode, &HeaderMap) {
        (self.status(), self.headers())
    }
}

/// What an error of reqwest's means. `None`: what it came from may tell.
pub(super) fn failure(error: &Error) -> Option<Failure> {
    if let Some(status) = error.status() {
        return Some(Failure::Status(status.as_u16()));
    }
    // Before the timeouts: one while connecting means that nothing was sent.
    if error.is_connect() {
        return Some(Failure::Connect);
    }
    if error.is_timeout() {
        return Some(Failure::Timeout);
    }
    (error.is_request() || error.is_body()).then_some(Failure::Reset)
}

/// The status of a `reqwest::Error` that an error speaks for without naming it as its source, as
/// `#[error(transparent)]` of thiserror does. Only its text is left of it.
pub(super) fn forwarded(error: &(dyn StdError + 'static)) -> Option<Failure> {
    let mut text = Start {
        bytes: [0; 40],
        len: 0,
    };
    // A full buffer is an error of `write!` and all that is wanted.
    let _ = write!(text, "{error}");
    let text = core::str::from_utf8(&text.bytes[..text.len]).ok()?;
    let rest = text.strip_prefix("HTTP status ")?;
    let rest = rest
        .strip_prefix("client")
        .or_else(|| rest.strip_prefix("server"))?;
    let status = rest.strip_prefix(" error (")?.get(..3)?;
    status.parse().ok().map(Failure::Status)
}

/// The start of a text.
struct Start {
    bytes: [u8; 40],
    len: usize,
}

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.len() - self.len;
        let taken = text.len().min(room);
        self.bytes[self.len..self.len + taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        if taken < text.len() {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}
