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
}

impl End {
    /// The server answered, and not that it was too much.
    pub(super) const fn was_let_through(&self) -> bool {
        matches!(self.failure, Failure::Status(_)) && !self.failure.is_throttle() && !self.limited
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
            for_its_rate: self.limited || self.failure != Failure::Status(503),
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
