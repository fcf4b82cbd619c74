//! Failure of an attempt, as far as the retry decision needs it.

use core::fmt;

/// Failure of an attempt, as far as the retry decision needs it.
///
/// # Examples
///
/// ```
/// # use paced::Failure;
/// assert!(Failure::Status(429).is_throttle());
/// assert!(!Failure::Status(404).is_throttle());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// HTTP status of the response, 400 or above.
    Status(u16),
    /// No connection was made, so nothing was sent.
    Connect,
    /// No response arrived in time. The server may have carried out the request.
    Timeout,
    /// The connection broke after the request was sent. The server may have carried it out.
    Reset,
    /// Any other failure, for example a body that does not decode or a mistake in the request.
    Other,
}

impl Failure {
    /// Returns whether the server asks its clients to slow down: 429 (RFC 6585, section 4) and 503 (RFC 9110,
    /// section 15.6.4).
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Failure;
    /// assert!(Failure::Status(503).is_throttle());
    /// assert!(!Failure::Timeout.is_throttle());
    /// ```
    pub const fn is_throttle(self) -> bool {
        matches!(self, Self::Status(429 | 503))
    }

    /// Returns whether the server failed, so that it may have carried out the request: any 5xx but 503 and 529,
    /// which refuse the request.
    pub(crate) const fn is_fault(self) -> bool {
        matches!(self, Self::Status(500..=502 | 504..=528 | 530..=599))
    }

    /// Returns whether a retry would get the same response: 401, 403 and 404.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Status(401 | 403 | 404))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Connect => f.write_str("no connection"),
            Self::Timeout => f.write_str("timeout"),
            Self::Reset => f.write_str("connection reset"),
            Self::Other => f.write_str("other failure"),
        }
    }
}
