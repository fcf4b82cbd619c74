//! Reading `reqwest`'s responses and errors.

use core::fmt;
use core::fmt::Write as _;
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

use super::Answer;
use super::find::Links;

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

/// Whether the next connection fails in the same way: its certificate is not trusted, nobody speaks TLS
/// there, or this client does not.
///
/// By the text of the error: the user chooses the TLS backend, and this crate knows none of their types.
fn will_fail_again(error: &(dyn StdError + 'static)) -> bool {
    let text = error.to_string();
    LASTING.iter().any(|part| text.contains(part))
}

/// Parts of such texts.
const LASTING: [&str; 6] = [
    // rustls, OpenSSL, Windows and macOS; "Certificate" in the names of alerts.
    "certificate",
    "Certificate",
    // An answer without TLS, in the words of rustls and of OpenSSL.
    "InvalidContentType",
    "wrong version number",
    "packet length too long",
    // hyper's connector: no TLS backend, or no host.
    "invalid URL",
];

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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn errors_that_last_are_known_in_the_words_of_every_backend() {
        for (text, lasts) in [
            ("invalid peer certificate: UnknownIssuer", true),
            ("received corrupt message of type InvalidContentType", true),
            ("received fatal alert: CertificateRequired", true),
            (
                "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed",
                true,
            ),
            (
                "error:0A00010B:SSL routines:ssl3_get_record:wrong version number",
                true,
            ),
            ("The certificate was not trusted.", true),
            ("invalid URL, scheme is not http", true),
            ("received fatal alert: HandshakeFailure", false),
            ("tls handshake eof", false),
            ("dns error", false),
            ("tcp connect error", false),
        ] {
            assert_eq!(will_fail_again(&io::Error::other(text)), lasts, "{text}");
        }
    }
}
