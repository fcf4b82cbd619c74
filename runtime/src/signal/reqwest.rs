//! Reading `reqwest`'s responses and errors.

use core::pin::Pin;
use core::pin::pin;
use core::task::Context;
use core::task::Poll;
use core::task::Waker;
use std::error::Error as StdError;

use ::http::HeaderMap;
use ::http::StatusCode;
use ::reqwest::Body;
use ::reqwest::Error;
use ::reqwest::Response;
use http_body::Frame;

use crate::error;
use crate::failure::Failure;

use super::HttpAnswer;
use super::find::Links;
use super::lasting::will_fail_again;

impl HttpAnswer for Response {
    fn answer(&self) -> (StatusCode, &HeaderMap) {
        (self.status(), self.headers())
    }
}

#[cfg(feature = "blocking")]
impl HttpAnswer for ::reqwest::blocking::Response {
    fn answer(&self) -> (StatusCode, &HeaderMap) {
        (self.status(), self.headers())
    }
}

/// Returns the meaning of an error of reqwest's. `None`: what it came from may tell.
pub(super) fn failure(error: &Error) -> Option<Failure> {
    if let Some(status) = error.status() {
        return Some(Failure::Status(status.as_u16()));
    }
    // Before the timeouts: one while connecting means that nothing was sent.
    if error.is_connect() {
        let lasts = Links::from(error.source()).any(will_fail_again);
        return Some(if lasts {
            Failure::Other
        } else {
            Failure::Connect
        });
    }
    if error.is_timeout() {
        return Some(Failure::Timeout);
    }
    (error.is_request() || error.is_body()).then_some(Failure::Reset)
}

/// Returns the error of a call that was refused, with the refusal as its source.
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
