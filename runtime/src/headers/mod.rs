//! Reads what servers say about their limits.

mod counts;
mod date;
mod delay;
mod lists;
mod names;
mod number;
mod policies;
mod reading;
mod scan;
mod structured;
mod vocabulary;
mod window;

use std::time::SystemTime;

use http::{HeaderMap, StatusCode};

use self::reading::Reading;
use crate::hint::Hint;

/// Reads a response.
pub fn parse(status: StatusCode, headers: &HeaderMap, received_at: SystemTime) -> Hint {
    Parser::new().parse(status, headers, received_at)
}

/// Reads responses of servers whose values cannot be told from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parser {
    reset_kind: ResetKind,
}

/// What a bare number in a reset field counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetKind {
    /// Guess
    #[default]
    Guess,
    /// s
    Seconds,
    /// ms
    Millis,
    /// epoch
    EpochSeconds,
    /// epoch
    EpochMillis,
}

impl Parser {
    /// new
    pub const fn new() -> Self {
        Self {
            reset_kind: ResetKind::Guess,
        }
    }

    /// kind
    #[must_use]
    pub const fn reset_kind(mut self, kind: ResetKind) -> Self {
        self.reset_kind = kind;
        self
    }

    /// As [`parse`].
    pub fn parse(&self, status: StatusCode, headers: &HeaderMap, received_at: SystemTime) -> Hint {
        let mut reading = Reading::new(headers, received_at, self.reset_kind);
        for (name, value) in headers {
            if scan::may_matter(name.as_str().as_bytes()) {
                reading.line(name, value);
            }
        }
        let (hint, exhausted) = reading.finish();
        let limited = is_refusal(status, hint.retry_after().is_some(), exhausted);
        hint.with_limited(limited)
    }
}

/// Whether this status, with or without evidence, refuses a call for coming too soon.
fn is_refusal(status: StatusCode, told_to_wait: bool, exhausted: bool) -> bool {
    match status.as_u16() {
        429 | 420 | 529 => true,
        400 | 403 | 500 | 503 => told_to_wait || exhausted,
        409 | 413 | 418 => told_to_wait,
        _ => false,
    }
}
