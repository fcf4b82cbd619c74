//! What went wrong with an attempt, as far as a retry is concerned.

use core::fmt;

/// What went wrong with an attempt.
///
/// ```
/// # use paced::Failure;
/// assert!(Failure::Status(429).is_throttle());
/// assert!(!Failure::Status(404).is_throttle());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The server answered with this HTTP status, 400 or above.
    Status(u16),
    /// No connection came about, so nothing was sent.
    Connect,
    /// An answer did not come in time: the request may have been carried out.
    Timeout,
    /// The connection broke after the request was sent: it may have been carried out.
    Reset,
    /// Anything else: a body that does not decode, a mistake in the request.
    Other,
}

impl Failure {
    /// Whether the server asks callers to slow down: 429 and 503 (RFC 6585 section 4, RFC 9110
    /// section 15.6.4).
    pub const fn is_throttle(self) -> bool {
        matches!(self, Self::Status(429 | 503))
    }

    /// Whether the server failed, so that the request may have been carried out: any other 5xx than 503 and
    /// 529, which refuse it.
    pub(crate) const fn is_fault(self) -> bool {
        matches!(self, Self::Status(500..=502 | 504..=528 | 530..=599))
    }

    /// Whether the next answer would be the same: 401, 403 and 404.
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
