//! Reports of attempts to the limiter.

pub(super) mod attempt_report;
pub(super) mod failed_response;
pub(super) mod recording;
pub(super) mod reporting;
