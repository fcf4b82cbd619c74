//! Reading `tonic::Status`.
//!
//! Codes are those of HTTP that [`google/rpc/code.proto`][proto] names for them, as far as a retry is concerned; what
//! they mean is in [gRPC's own list][codes].
//!
//! [proto]: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
//! [codes]: https://grpc.github.io/grpc/core/md_doc_statuscodes.html

use core::time::Duration;
use std::error::Error as StdError;
use std::sync::Arc;

use ::http::StatusCode;
use ::tonic::Code;
use ::tonic::ConnectError;
use ::tonic::Status;
use ::tonic::TimeoutExpired;
use prost::Message as _;
use tonic_types::pb;

use crate::clock;
use crate::context::ResetUnit;
use crate::error::Error;
use crate::failure::Failure;
use crate::hint::Hint;

use super::Reading;
use super::find::Links;
use super::lasting::will_fail_again;
use super::link;

/// Reads a status: its meaning, and the wait that it asks for.
pub(super) fn reading(status: &Status, unit: ResetUnit) -> Reading {
    let failure = failure(status);
    let mut reading = Reading::failed(failure);
    reading.hint = hint(status, failure, unit);
    reading
}

fn failure(status: &Status) -> Failure {
    let Some(source) = status.source() else {
        return failure_of(status.code());
    };
    // Made by the client, not by a server.
    let has = |test: fn(&(dyn StdError + 'static)) -> bool| Links::from(Some(source)).any(test);
    if has(<dyn StdError>::is::<ConnectError>) {
        return if has(will_fail_again) {
            Failure::Other
        } else {
            Failure::Connect
        };
    }
    // tonic calls it cancelled.
    if has(<dyn StdError>::is::<TimeoutExpired>) {
        return Failure::Timeout;
    }
    match status.code() {
        // A connection that broke, unless it came from something that is understood.
        Code::Unknown | Code::Cancelled => Links::from(Some(source))
            .find_map(of_link)
            .unwrap_or(Failure::Reset),
        code => failure_of(code),
    }
}

fn of_link(link: &(dyn StdError + 'static)) -> Option<Failure> {
    match link.downcast_ref::<Status>().map(Status::code) {
        // Its own source comes next.
        Some(Code::Unknown | Code::Cancelled) => None,
        Some(code) => Some(failure_of(code)),
        None => link::failure(link),
    }
}

const fn failure_of(code: Code) -> Failure {
    match code {
        Code::ResourceExhausted => Failure::Status(429),
        Code::Unavailable => Failure::Status(503),
        Code::DeadlineExceeded => Failure::Timeout,
        Code::Internal | Code::Unknown => Failure::Status(500),
        Code::Unauthenticated => Failure::Status(401),
        Code::PermissionDenied => Failure::Status(403),
        Code::NotFound => Failure::Status(404),
        // To be repeated from further up, where what it depends on is read anew.
        Code::Aborted | Code::AlreadyExists => Failure::Status(409),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => Failure::Status(400),
        Code::Cancelled => Failure::Status(499),
        Code::Unimplemented => Failure::Status(501),
        // Not the 500 of the list: what is lost is lost.
        Code::DataLoss | Code::Ok => Failure::Other,
    }
}

/// Returns the failure of a status of which this text is left: `code: 'The service is currently unavailable',
/// message: ..`
pub(super) fn failure_told(text: &str) -> Option<Failure> {
    let text = text.strip_prefix("code: '")?;
    let is_of = |code: &Code| {
        let rest = text.strip_prefix(code.description());
        rest.is_some_and(|rest| rest.starts_with('\''))
    };
    (0..=16).map(Code::from).find(is_of).map(failure_of)
}

/// Reads the metadata and the details of a status.
fn hint(status: &Status, failure: Failure, unit: ResetUnit) -> Option<Hint> {
    let headers = status.metadata().as_ref();
    // Only these codes refuse a call: a delay does not make a refusal of any other.
    let as_http = match failure {
        Failure::Status(429) => StatusCode::TOO_MANY_REQUESTS,
        Failure::Status(503) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let hint = unit.parser().read(as_http, headers, clock::wall);
    let pushback = Pushback::of(status);
    let pushed = match pushback {
        Some(Pushback::After(delay)) => Some(delay),
        Some(Pushback::Never) | None => None,
    };
    let told = hint.as_ref().and_then(Hint::retry_after);
    let delay = retry_info(status).max(pushed).max(told);
    if pushback.is_none() && delay.is_none() {
        return hint;
    }
    let mut hint = hint.unwrap_or_default();
    if let Some(delay) = delay {
        let limited = hint.limited() || (failure.is_throttle() && !delay.is_zero());
        hint = hint.with_retry_after(delay).with_limited(limited);
    }
    if matches!(pushback, Some(Pushback::Never)) {
        hint = hint.with_server_says_retry(false);
    }
    Some(hint)
}

/// Type of a `RetryInfo` among the details.
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// Returns the longest delay of the details of type `google.rpc.RetryInfo`. Details that cannot be decoded say nothing,
/// and neither do negative delays.
fn retry_info(status: &Status) -> Option<Duration> {
    if status.details().is_empty() {
        return None;
    }
    let details = pb::Status::decode(status.details()).ok()?.details;
    let infos = details.iter().filter(|it| it.type_url == RETRY_INFO);
    let delays = infos.filter_map(|it| pb::RetryInfo::decode(&*it.value).ok()?.retry_delay);
    // Not by the conversion of `prost-types`, which panics on some numbers that a server may send.
    let waits = delays.filter_map(|delay| {
        let seconds = u64::try_from(delay.seconds).ok()?;
        let nanos = u32::try_from(delay.nanos).ok()?.min(999_999_999);
        Some(Duration::new(seconds, nanos))
    });
    waits.max()
}

/// Value of `grpc-retry-pushback-ms` ([gRFC
/// A6](https://github.com/grpc/proposal/blob/master/A6-client-retries.md)).
#[derive(Clone, Copy, Debug)]
enum Pushback {
    After(Duration),
    /// A negative number, or no number.
    Never,
}

impl Pushback {
    fn of(status: &Status) -> Option<Self> {
        let value = status.metadata().as_ref().get("grpc-retry-pushback-ms")?;
        let text = value.to_str().unwrap_or_default();
        let millis = text.trim().parse::<u64>();
        Some(millis.map_or(Self::Never, |millis| {
            Self::After(Duration::from_millis(millis))
        }))
    }
}

/// Returns the status of a call that was refused, with the refusal as its source.
pub(super) fn refused(refusal: Error) -> Status {
    let code = if refusal.is_attempt_timeout() || refusal.is_deadline() {
        Code::DeadlineExceeded
    } else if refusal.is_max_wait() {
        Code::ResourceExhausted
    } else {
        Code::Unavailable
    };
    let mut status = Status::new(code, refusal.to_string());
    status.set_source(Arc::new(refusal));
    status
}

#[cfg(test)]
mod tests;
