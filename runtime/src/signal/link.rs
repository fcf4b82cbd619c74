//! Reads one error, without its sources.

use core::error::Error as StdError;
use std::io;
use std::io::ErrorKind;

use crate::failure::Failure;

/// Returns the failure that an error of a known type stands for.
pub(super) fn failure(error: &(dyn StdError + 'static)) -> Option<Failure> {
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<::reqwest::Error>() {
        return super::reqwest::failure(error);
    }
    #[cfg(feature = "ureq")]
    if let Some(error) = error.downcast_ref::<::ureq::Error>() {
        return super::ureq::failure(error);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return io_failure(error.kind());
    }
    error
        .is::<tokio::time::error::Elapsed>()
        .then_some(Failure::Timeout)
}

const fn io_failure(kind: ErrorKind) -> Option<Failure> {
    match kind {
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::AddrNotAvailable
        | ErrorKind::NetworkDown => Some(Failure::Connect),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Some(Failure::Reset),
        ErrorKind::TimedOut => Some(Failure::Timeout),
        _ => None,
    }
}
