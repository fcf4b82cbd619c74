//! End of an attempt, as a call reports it to its limiter.

use core::time::Duration;

use crate::failure::Failure;
use crate::hint::Hint;
use crate::learning::Observation;
use crate::limiter::FailedResponse;
use crate::limiter::Fault;
use crate::limiter::Rejection;
use crate::retry::Advice;
use crate::time::Instant;

use super::Config;

/// End of an attempt that failed.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are independent of each other"
)]
pub(super) struct End<'a> {
    pub(super) sent: Instant,
    pub(super) failure: Failure,
    pub(super) advice: Advice,
    /// Instant at which its response was observed.
    pub(super) received: Option<Instant>,
    /// Instant at which the head of its response was received, as far as it is known. `None`: there is no response.
    pub(super) arrived: Option<Instant>,
    /// Hint of the response.
    pub(super) hint: Option<&'a Hint>,
    /// It was not the call's first.
    pub(super) retry: bool,
    /// The limiter has been told of a refusal of this attempt.
    pub(super) reported: bool,
    /// The limiter has not been told of the response that was observed last.
    pub(super) is_news: bool,
    /// The user has judged it by `classify`.
    pub(super) by_user: bool,
}

impl<'a> End<'a> {
    /// Returns whether the server let the call through: it neither refused it nor failed.
    pub(super) const fn was_let_through(&self) -> bool {
        matches!(self.failure, Failure::Status(..500))
            && !self.failure.is_throttle()
            && !self.advice.limited
    }

    /// Returns the failure of the server, if its response said when to come back. `again`: the call's
    /// previous attempt failed so.
    pub(super) fn fault(&self, config: &Config, received: Instant, again: bool) -> Option<Fault> {
        let fault = self.response(config, received).fault();
        let fault = fault.filter(|_| !self.by_user);
        fault.map(|fault| Fault { again, ..fault })
    }

    pub(super) fn refused(
        &self,
        config: &Config,
        received: Instant,
        wait: Option<Duration>,
    ) -> Rejection<'a> {
        Rejection {
            retry: self.retry,
            counted: self.reported,
            ..self.response(config, received).refusal(wait)
        }
    }

    fn response(&self, config: &Config, received: Instant) -> FailedResponse<'a> {
        FailedResponse {
            sent: self.sent,
            received,
            failure: self.failure,
            advice: self.advice,
            heard: self
                .hint
                .map(|hint| heard(config, hint, self.sent, received)),
            backoff: config.retry.backoff,
            spread: config.spread(),
            longest: config.max_cooldown,
        }
    }
}

pub(super) fn heard<'a>(
    config: &Config,
    hint: &'a Hint,
    sent: Instant,
    received: Instant,
) -> Observation<'a> {
    Observation {
        hint,
        sent,
        received,
        below: config.throttle_below,
        longest: config.max_cooldown,
    }
}
