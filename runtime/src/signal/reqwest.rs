//! Reading `reqwest`'s responses and errors.

use core::fmt;
use core::fmt::Write as _;
use core::pin::Pin;
use core::pin::pin;
use core::task::Context;
use core::task::Poll;
use core::task::Waker;

use ::http::HeaderMap;
use ::http::StatusCode;
use ::reqwest::Body;
use ::reqwest::Error;
use ::reqwest::Response;
use http_body::Frame;

use crate::error;
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
pub(super) fn forwarded(error: &dyn fmt::Display) -> Option<Failure> {
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

/// The error of a call that was refused, with the refusal as its source.
///
/// Only reqwest makes its errors, one of them where a body cannot be read. It has no status and no URL.
pub(super) fn refused(refusal: error::Error) -> Error {
    let body = pin!(Body::wrap(Unreadable(Some(refusal))));
    let mut cx = Context::from_waker(Waker::noop());
    match http_body::Body::poll_frame(body, &mut cx) {
        Poll::Ready(Some(Err(error))) => error,
        _ => unreachable!("the body fails at once"),
    }
}

/// A body whose reading fails.
struct Unreadable(Option<error::Error>);

impl http_body::Body for Unreadable {
    type Data = &'static [u8];
    type Error = error::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}
