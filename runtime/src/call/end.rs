//! What a call tells its limiter about the end of an attempt.

use core::time::Duration;

use crate::clock;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::limiter::Heard;
use crate::limiter::Refused;

use super::Config;

/// How an attempt ended that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) sent: u64,
    pub(super) failure: Failure,
    /// It was a rate limit's refusal, whatever its status says.
    pub(super) limited: bool,
    /// When its response was observed.
    pub(super) received: Option<u64>,
    /// It was not the call's first.
    pub(super) retry: bool,
    /// The limiter has been told of the refusal.
    pub(super) reported: bool,
}

impl End {
    /// The server answered, and neither that it was too much nor that it failed.
    pub(super) const fn was_let_through(&self) -> bool {
        matches!(self.failure, Failure::Status(..500))
            && !self.failure.is_throttle()
            && !self.limited
    }

    pub(super) fn refused(
        &self,
        config: &Config,
        received: u64,
        wait: Option<Duration>,
    ) -> Refused {
        Refused {
            sent: self.sent,
            received,
            wait: wait.map(clock::nanos),
            backoff: config.retry.backoff,
            longest: config.max_cooldown,
            retry: self.retry,
            counted: self.reported,
        }
    }
}

pub(super) fn heard<'a>(config: &Config, hint: &'a Hint, sent: u64, received: u64) -> Heard<'a> {
    Heard {
        hint,
        sent,
        received,
        below: config.throttle_below,
        longest: config.max_cooldown,
    }
}
