//! The retry decision as a function of values: what failed, what the server said, how often it was
//! tried. What comes out says what the call does next and for how long the limiter closes.

use core::time::Duration;

use crate::backoff::Backoff;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::retry_on::RetryOn;
use crate::verdict::Verdict;

/// What the server said beside the status, as far as the decision needs it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Advice {
    /// How long it asked callers to stay away.
    pub(crate) retry_after: Option<Duration>,
    /// It asked for nothing, and that is when a window is reset.
    pub(crate) by_reset: bool,
    /// The answer is a rate limit's refusal, whatever its status says.
    pub(crate) limited: bool,
    /// The server said itself whether a retry makes sense.
    pub(crate) server_says_retry: Option<bool>,
}

impl Advice {
    /// What a response said. `refused`: it is a refusal, whatever its status says.
    pub(crate) fn of(hint: &Hint, refused: bool) -> Self {
        // Nothing, or an instant that has passed, is no answer where the window has one.
        let asked = hint.retry_after().filter(|wait| !wait.is_zero());
        let reset = reset(hint, refused).filter(|_| asked.is_none());
        Self {
            retry_after: asked.or(reset).or_else(|| hint.retry_after()),
            by_reset: reset.is_some(),
            limited: hint.limited(),
            server_says_retry: hint.server_says_retry(),
        }
    }

    /// Whether an attempt that ended like this was refused for coming too soon, and so not carried out.
    pub(crate) fn refuses(&self, failure: Option<Failure>) -> bool {
        let is = |test: fn(Failure) -> bool| failure.is_some_and(test);
        is(Failure::is_throttle) || (self.limited && !is(Failure::is_fault))
    }
}

/// A refusal because nothing is left says when there is something again.
fn reset(hint: &Hint, refused: bool) -> Option<Duration> {
    let exhausted = hint.remaining().is_some_and(|left| left < 1.0);
    hint.reset_after()
        .filter(|_| exhausted && (refused || hint.limited()))
}

/// How a call retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    pub(crate) max_retries: u32,
    /// So many refusals with a told wait do not count as retries.
    pub(crate) max_throttles: u32,
    pub(crate) backoff: Backoff,
    pub(crate) retry_on: RetryOn,
}

/// Counts of a call's retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    /// Retries that count as such.
    pub(crate) retries: u32,
    /// Retries after refusals whose told wait was kept, as far as they do not.
    pub(crate) throttles: u32,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// Wait this long, then make another attempt. `None`: return the outcome.
    pub(crate) retry_in: Option<Duration>,
    /// How everybody on the limiter is held back.
    pub(crate) cooldown: Cooldown,
    /// The attempt counts as one of the throttles, and not as a retry.
    pub(crate) throttle: bool,
}

/// How everybody on a limiter is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cooldown {
    /// Not at all.
    None,
    /// For as long as the server asked.
    Told(Duration),
    /// For a backoff of the limiter's own: the server asked for nothing.
    Untold,
}

impl Step {
    pub(crate) const RETURN: Self = Self {
        retry_in: None,
        cooldown: Cooldown::None,
        throttle: false,
    };
}

impl RetryPolicy {
    /// The verdict by kind of failure, and whether it is one of those to retry.
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
            // A refusal that will not pass, such as a quota that is used up for good.
            Some(false) if !(throttled && advice.retry_after.is_some()) => (Verdict::Stop, false),
            Some(false) => (throttle, false),
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

    /// What to do after an attempt that ended after so many `tries`. `previous` is the delay before this
    /// attempt, `draw` a random number from 0 (included) to 1 (excluded).
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
                (wait.max(judgement.floor), Cooldown::None)
            }
            // A hint of nothing is no hint: without a backoff all retries would go at once.
            Verdict::Throttled {
                retry_after: Some(wait),
            } if !wait.is_zero() => (wait, Cooldown::Told(wait)),
            Verdict::Throttled { .. } => (delay, Cooldown::Untold),
        };
        let told = matches!(cooldown, Cooldown::Told(_));
        let throttle = told && tries.throttles < self.max_throttles;
        let again = judgement.retry && (throttle || tries.retries < self.max_retries);
        Step {
            retry_in: again.then_some(wait),
            cooldown,
            throttle,
        }
    }
}

/// A verdict, and whether the call may be retried on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) retry: bool,
    /// No retry is made sooner, whatever the failure.
    pub(crate) floor: Duration,
}

impl Judgement {
    /// The user's verdict, which says nothing of the wait where it leaves that to the server.
    pub(crate) fn by_user(verdict: Verdict, advice: Advice) -> Self {
        let verdict = match verdict {
            Verdict::Throttled { retry_after: None } => Verdict::Throttled {
                retry_after: advice.retry_after,
            },
            verdict => verdict,
        };
        Self::of(verdict, advice.retry_after.unwrap_or_default())
    }

    /// A verdict that nobody's list of retryable failures restricts.
    const fn of(verdict: Verdict, floor: Duration) -> Self {
        Self {
            verdict,
            retry: true,
            floor,
        }
    }

    /// Whether the failure is of a kind that another attempt may mend.
    pub(crate) const fn is_retryable(&self) -> bool {
        self.retry
            && matches!(
                self.verdict,
                Verdict::Retry { .. } | Verdict::Throttled { .. }
            )
    }
}

/// Another attempt after what the server asked for, or a backoff.
const RETRY: Verdict = Verdict::Retry { retry_after: None };

const TOO_MANY: Failure = Failure::Status(429);

#[cfg(test)]
mod tests;
