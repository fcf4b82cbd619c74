//! Reading a failure out of an error and the errors that it came from.

use std::error::Error as StdError;
use std::io;
use std::io::ErrorKind;

use crate::context::ResetUnit;
use crate::error::Error;
use crate::failure::Failure;

use super::Reading;
use super::find::Links;
use super::link::failure;

/// Reads the first known error of the chain, of a server whose resets are in `unit`.
pub(crate) fn read_chain(error: &(dyn StdError + 'static), unit: ResetUnit) -> Reading {
    read_links(Some(error), error, unit)
}

/// Reads the first known error among those that `error` came from.
///
/// `error` itself may live too short for its type to be asked for.
pub(crate) fn read_sources(error: &dyn StdError, unit: ResetUnit) -> Reading {
    read_links(error.source(), error, unit)
}

fn read_links(
    first: Option<&(dyn StdError + 'static)>,
    error: &dyn StdError,
    unit: ResetUnit,
) -> Reading {
    // A refusal of ours is one wherever it stands: the errors that carry it may look like the network's.
    let refusal = Links::from(first).find_map(|link| link.downcast_ref::<Error>());
    if let Some(refusal) = refusal {
        return Reading::refused(refusal);
    }
    if let Some(reading) = Links::from(first).find_map(|link| known(link, unit)) {
        return reading;
    }
    #[cfg(any(feature = "reqwest", feature = "tonic", feature = "ureq"))]
    if let Some(failure) = super::forwarded::failure(error) {
        return Reading::failed(failure);
    }
    #[cfg(not(any(feature = "reqwest", feature = "tonic", feature = "ureq")))]
    let _ = error;
    if Links::from(first).any(is_known) {
        Reading::failed(Failure::Other)
    } else {
        Reading::unread()
    }
}

/// Returns whether the error is of a type that is understood, though it says nothing of a retry.
fn is_known(error: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "reqwest")]
    if error.is::<::reqwest::Error>() {
        return true;
    }
    #[cfg(feature = "ureq")]
    if error.is::<::ureq::Error>() {
        return true;
    }
    // The kind `Other` wraps an error that is none of the system's.
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() != ErrorKind::Other)
}

fn known(error: &(dyn StdError + 'static), unit: ResetUnit) -> Option<Reading> {
    #[cfg(feature = "tonic")]
    if let Some(status) = error.downcast_ref::<::tonic::Status>() {
        return Some(super::tonic::reading(status, unit));
    }
    #[cfg(not(feature = "tonic"))]
    let _ = unit;
    failure(error).map(Reading::failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(error: &(dyn StdError + 'static)) -> Option<Failure> {
        read_chain(error, ResetUnit::Guess).failure
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
    fn an_error_that_says_nothing_is_told_from_one_that_is_not_understood() {
        let unread = |error: &(dyn StdError + 'static)| read_chain(error, ResetUnit::Guess).unread;
        assert!(unread(&std::fmt::Error));
        assert!(unread(&io::Error::other("something")));
        assert!(unread(&io::Error::other(std::fmt::Error)));
        assert!(!unread(&io::Error::from(ErrorKind::PermissionDenied)));
        assert!(!unread(&io::Error::other(io::Error::from(
            ErrorKind::NotFound
        ))));
        assert!(!unread(&io::Error::from(ErrorKind::TimedOut)));
        assert!(!unread(&Error::invalid("no")));
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
