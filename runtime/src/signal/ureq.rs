//! Reading `ureq`'s errors. Its responses are `http::Response`s.

use std::error::Error as StdError;

use ::ureq::Error;
use ::ureq::Timeout;

use crate::failure::Failure;

/// Returns the meaning of an error of ureq's. `None`: what it came from may tell.
///
/// A handshake that fails is not told from what fails for good, such as a certificate that is not trusted: its error
/// depends on ureq's features. It is not tried again.
pub(super) fn failure(error: &Error) -> Option<Failure> {
    match error {
        Error::StatusCode(status) => Some(Failure::Status(*status)),
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::Timeout(Timeout::Resolve | Timeout::Connect) => Some(Failure::Connect),
        Error::Timeout(_) => Some(Failure::Timeout),
        _ => None,
    }
}

/// Returns the error inside, which ureq does not name as the source.
pub(super) fn inner(error: &Error) -> Option<&(dyn StdError + 'static)> {
    match error {
        Error::Io(error) => Some(error),
        Error::Other(error) => Some(error.as_ref()),
        _ => None,
    }
}
