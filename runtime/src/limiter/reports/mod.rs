//! Reports of attempts to the limiter.

pub(super) mod attempt_report;
pub(super) mod failed_response;
mod recording;
mod reporting;
