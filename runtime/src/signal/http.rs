//! Reading HTTP responses, returned or observed.

use ::http::HeaderMap;
use ::http::Response;
use ::http::StatusCode;

use crate::clock;
use crate::context;
use crate::context::ResetUnit;
use crate::failure::Failure;
use crate::hint::Hint;

use super::Reading;

/// A response with status and headers.
pub trait HttpAnswer {
    /// Returns the status and the headers.
    fn answer(&self) -> (StatusCode, &HeaderMap);
}

impl<B> HttpAnswer for Response<B> {
    fn answer(&self) -> (StatusCode, &HeaderMap) {
        (self.status(), self.headers())
    }
}

impl Reading {
    /// Reads a response that a function returned as its `Ok`.
    pub(crate) fn answered(answer: &impl HttpAnswer, unit: ResetUnit) -> Self {
        let (status, headers) = answer.answer();
        let hint = hint(status, headers, unit);
        let failed = status.as_u16() >= 400;
        Self {
            failure: failed.then_some(Failure::Status(status.as_u16())),
            hint,
            conclusive: true,
            unread: false,
        }
    }
}

/// Shows a response to the limiter of the call that the body belongs to.
///
/// Implemented for `http::Response` and, with feature `reqwest`, for `reqwest::Response`.
pub trait ResponseExt: HttpAnswer + Sized {
    /// Shows status and rate-limit headers to the limiter, and hands the response back.
    ///
    /// A 429 then is one whatever the body makes of it, and the server's `Retry-After` holds back
    /// all other calls at once. Outside of a rate-limited function, and in tasks that the body spawns, it
    /// does nothing.
    #[must_use = "the response is handed back"]
    fn observe(self) -> Self {
        let (status, headers) = self.answer();
        observe(status, headers);
        self
    }
}

impl<T: HttpAnswer> ResponseExt for T {}

/// Shows the status and the headers of a response to the limiter of the call that the body belongs
/// to: [`ResponseExt::observe`] for clients with types of their own.
pub fn observe(status: StatusCode, headers: &HeaderMap) {
    if let Some(unit) = context::reset_unit() {
        context::observe(status.as_u16(), hint(status, headers, unit));
    }
}

fn hint(status: StatusCode, headers: &HeaderMap, unit: ResetUnit) -> Option<Hint> {
    unit.parser().read(status, headers, clock::wall)
}
