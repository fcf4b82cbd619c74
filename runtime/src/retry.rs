//! The retry decision. Pure: from the failure, the server's advice and the number of retries follows the next step of
//! the call and the cooldown of the limiter.

use core::time::Duration;

use crate::backoff::Backoff;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::retry_on::RetryOn;
use crate::verdict::Verdict;

/// Statement of the server beside the status, as far as the decision needs it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Advice {
    /// Wait that the server asked for, or the time to the reset of an exhausted window.
    pub(crate) retry_after: Option<Duration>,
    /// Whether that wait is the time to a reset.
    pub(crate) by_reset: bool,
    /// Whether the response is a refusal by a rate limit, whatever its status.
    pub(crate) limited: bool,
    /// Explicit advice of the server to retry or not.
    pub(crate) server_says_retry: Option<bool>,
}

impl Advice {
    /// Returns the advice in a hint. `refused`: the response is a refusal, whatever its status.
    pub(crate) fn of(hint: &Hint, refused: bool) -> Self {
        // The reset of an exhausted window takes precedence over a wait of zero.
        let asked = hint.retry_after().filter(|wait| !wait.is_zero());
        let reset = reset(hint, refused).filter(|_| asked.is_none());
        Self {
            retry_after: asked.or(reset).or_else(|| hint.retry_after()),
            by_reset: reset.is_some(),
            limited: hint.limited(),
            server_says_retry: hint
                .says_never()
                .then_some(false)
                .or(hint.server_says_retry()),
        }
    }

    /// Returns whether an attempt with this failure was refused by a rate limit, and so not carried out.
    pub(crate) fn refuses(&self, failure: Option<Failure>) -> bool {
        let is = |test: fn(Failure) -> bool| failure.is_some_and(test);
        is(Failure::is_throttle) || (self.limited && !is(Failure::is_fault))
    }
}

/// Returns the time to the reset, if the response is a refusal because nothing is left.
fn reset(hint: &Hint, refused: bool) -> Option<Duration> {
    let exhausted = hint.remaining().is_some_and(|left| left < 1.0);
    hint.reset_after()
        .filter(|_| exhausted && (refused || hint.limited()))
}

/// Options of a call about retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    /// Maximum number of retries.
    pub(crate) max_retries: u32,
    /// Maximum number of retries after refusals with a wait, which do not count as retries.
    pub(crate) max_throttles: u32,
    pub(crate) backoff: Backoff,
    pub(crate) retry_on: RetryOn,
}

/// Numbers of a call's retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    /// Retries that count against `max_retries`.
    pub(crate) retries: u32,
    /// Retries that count against `max_throttles`: those after a refusal with a wait.
    pub(crate) throttles: u32,
}

/// Decision after an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// Delay before the next attempt. `None`: return the outcome.
    pub(crate) retry_in: Option<Duration>,
    /// Cooldown of the limiter.
    pub(crate) cooldown: CooldownPlan,
    /// Whether the retry counts against `max_throttles`, and not against `max_retries`.
    pub(crate) throttle: bool,
}

/// Cooldown of a limiter, for all its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CooldownPlan {
    /// No cooldown.
    None,
    /// Cooldown for which the server asked.
    Told(Duration),
    /// Cooldown whose length the limiter chooses, because the server did not tell one.
    Untold,
}

impl Step {
    /// Return the outcome, without a cooldown.
    pub(crate) const RETURN: Self = Self {
        retry_in: None,
        cooldown: CooldownPlan::None,
        throttle: false,
    };
}

impl RetryPolicy {
    /// Returns the verdict on a failure, and whether it may be retried. `None` as failure is a success.
    pub(crate) fn judge(&self, failure: Option<Failure>, advice: Advice) -> Judgement {
        let Some(failure) = failure else {
            return Judgement::of(Verdict::Done, Duration::ZERO);
        };
        let throttled = advice.refuses(Some(failure));
        let as_429 = throttled && advice.limited && self.retry_on.has(TOO_MANY);
        let listed = self.retry_on.has(failure) || as_429;
        let throttle = Verdict::Throttled {
            retry_after: advice.retry_after,
        };
        let (verdict, retry) = match advice.server_says_retry {
            // The server advises against a retry, and names no wait: for example, a quota that is used up for good.
            Some(false) if !(throttled && advice.retry_after.is_some()) => (Verdict::Stop, false),
            // It names a wait: other calls wait, and this one is not retried.
            Some(false) => (throttle, false),
            // The advice to retry takes precedence over `retry_on`.
            Some(true) if !failure.is_final() && !throttled => (RETRY, true),
            _ if throttled => (throttle, listed),
            _ if listed => (RETRY, true),
            _ => (Verdict::Stop, false),
        };
        Judgement {
            verdict,
            retry,
            floor: advice.retry_after.unwrap_or_default(),
        }
    }

    /// Returns the step after an attempt. `tries` are the retries so far, `previous` is the delay before this attempt,
    /// `draw` a random number from 0 (included) to 1 (excluded).
    pub(crate) fn decide(
        &self,
        judgement: Judgement,
        tries: Tries,
        previous: Duration,
        draw: f64,
    ) -> Step {
        let retry = tries.retries.saturating_add(1);
        let delay = self.backoff.delay(retry, previous, draw);
        let (wait, cooldown) = match judgement.verdict {
            Verdict::Auto | Verdict::Done | Verdict::Stop => return Step::RETURN,
            Verdict::Retry { retry_after } => {
                let wait = retry_after.unwrap_or(delay);
                (wait.max(judgement.floor), CooldownPlan::None)
            }
            // A wait of zero counts as no wait: without a backoff, all refused calls would retry at once.
            Verdict::Throttled {
                retry_after: Some(wait),
            } if !wait.is_zero() => (wait, CooldownPlan::Told(wait)),
            Verdict::Throttled { .. } => (delay, CooldownPlan::Untold),
        };
        let told = matches!(cooldown, CooldownPlan::Told(_));
        let throttle = told && tries.throttles < self.max_throttles;
        let again = judgement.retry && (throttle || tries.retries < self.max_retries);
        Step {
            retry_in: again.then_some(wait),
            cooldown,
            throttle,
        }
    }
}

/// Verdict on an attempt, and whether the call may be retried on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) retry: bool,
    /// Minimum delay before a retry: the wait that the server asked for.
    pub(crate) floor: Duration,
}

impl Judgement {
    /// Returns the judgement of a `classify` function. Where its verdict has no wait, the server's wait applies.
    pub(crate) fn by_user(verdict: Verdict, advice: Advice) -> Self {
        let verdict = match verdict {
            Verdict::Throttled { retry_after: None } => Verdict::Throttled {
                retry_after: advice.retry_after,
            },
            verdict => verdict,
        };
        Self::of(verdict, advice.retry_after.unwrap_or_default())
    }

    /// Returns a verdict to which `retry_on` does not apply.
    const fn of(verdict: Verdict, floor: Duration) -> Self {
        Self {
            verdict,
            retry: true,
            floor,
        }
    }

    /// Returns whether a retry may mend the failure.
    pub(crate) const fn is_retryable(&self) -> bool {
        self.retry
            && matches!(
                self.verdict,
                Verdict::Retry { .. } | Verdict::Throttled { .. }
            )
    }
}

/// Retry after the wait that the server asked for, else after the backoff.
const RETRY: Verdict = Verdict::Retry { retry_after: None };

const TOO_MANY: Failure = Failure::Status(429);

#[cfg(test)]
mod tests;
