//! Reading a failure out of an error and the errors that it came from.

use std::error::Error as StdError;
use std::io;
use std::io::ErrorKind;

use crate::error::Error;
use crate::failure::Failure;

use super::Reading;

/// Errors name their sources at will, themselves included; nobody nests this deep.
const DEEPEST: usize = 64;

/// What the first error of the chain that is known says.
pub(crate) fn read_chain(error: &(dyn StdError + 'static)) -> Reading {
    let mut next = Some(error);
    for _ in 0..DEEPEST {
        let Some(error) = next else { break };
        if let Some(failure) = known(error) {
            return Reading::failed(failure);
        }
        next = inner(error).or_else(|| error.source());
    }
    #[cfg(feature = "reqwest")]
    if let Some(failure) = super::reqwest::forwarded(error) {
        return Reading::failed(failure);
    }
    Reading::failed(Failure::Other)
}

fn known(error: &(dyn StdError + 'static)) -> Option<Failure> {
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<::reqwest::Error>() {
        return super::reqwest::failure(error);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return io_failure(error.kind());
    }
    if let Some(error) = error.downcast_ref::<Error>() {
        return Some(if error.is_attempt_timeout() {
            Failure::Timeout
        } else {
            Failure::Other
        });
    }
    error
        .is::<tokio::time::error::Elapsed>()
        .then_some(Failure::Timeout)
}

/// The error inside an I/O error, which is not its source.
fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(inner)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(error: &(dyn StdError + 'static)) -> Option<Failure> {
        read_chain(error).failure
    }

    #[test]
    fn io_errors_are_told_apart_by_whether_the_request_was_sent() {
        let of = |kind| failure(&io::Error::from(kind));
        assert_eq!(of(ErrorKind::ConnectionRefused), Some(Failure::Connect));
        assert_eq!(of(ErrorKind::ConnectionReset), Some(Failure::Reset));
        assert_eq!(of(ErrorKind::TimedOut), Some(Failure::Timeout));
        assert_eq!(of(ErrorKind::PermissionDenied), Some(Failure::Other));
    }

    #[test]
    fn an_error_inside_an_io_error_is_found() {
        let refused = io::Error::from(ErrorKind::ConnectionRefused);
        let outer = io::Error::other(io::Error::other(refused));
        assert_eq!(failure(&outer), Some(Failure::Connect));
    }

    #[test]
    fn an_error_that_is_its_own_source_ends() {
        #[derive(Debug)]
        struct Loop;
        impl std::fmt::Display for Loop {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("loop")
            }
        }
        impl StdError for Loop {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(&Self)
            }
        }
        assert_eq!(failure(&Loop), Some(Failure::Other));
    }

    #[test]
    fn a_refusal_of_our_own_is_not_worth_another_attempt() {
        assert_eq!(failure(&Error::invalid("no")), Some(Failure::Other));
    }
}
