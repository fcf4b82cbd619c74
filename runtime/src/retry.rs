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
    pub(crate) fn of(hint: Option<&Hint>) -> Self {
        hint.map_or_else(Self::default, |hint| {
            // Nothing, or an instant that has passed, is no answer where the window has one.
            let asked = hint.retry_after().filter(|wait| !wait.is_zero());
            let reset = reset(hint).filter(|_| asked.is_none());
            Self {
                retry_after: asked.or(reset).or_else(|| hint.retry_after()),
                by_reset: reset.is_some(),
                limited: hint.limited(),
                server_says_retry: hint.server_says_retry(),
            }
        })
    }
}

/// A refusal because nothing is left says when there is something again.
fn reset(hint: &Hint) -> Option<Duration> {
    let exhausted = hint.limited() && hint.remaining().is_some_and(|left| left < 1.0);
    hint.reset_after().filter(|_| exhausted)
}

/// How a call retries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    pub(crate) max_retries: u32,
    pub(crate) backoff: Backoff,
    pub(crate) retry_on: RetryOn,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// Wait this long, then make another attempt. `None`: return the outcome.
    pub(crate) retry_in: Option<Duration>,
    /// How everybody on the limiter is held back.
    pub(crate) cooldown: Cooldown,
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
    };
}

impl RetryPolicy {
    /// The verdict by kind of failure, and whether it is one of those to retry.
    pub(crate) fn judge(&self, failure: Option<Failure>, advice: Advice) -> Judgement {
        let Some(failure) = failure else {
            return Judgement::of(Verdict::Done, Duration::ZERO);
        };
        let throttled = failure.is_throttle() || advice.limited;
        let listed = self.retry_on.has(failure) || (advice.limited && self.retry_on.has(TOO_MANY));
        let throttle = Verdict::Throttled {
            retry_after: advice.retry_after,
        };
        let (verdict, retry) = match advice.server_says_retry {
            // A refusal that will not pass, such as a quota that is used up for good.
            Some(false) if !(throttled && advice.retry_after.is_some()) => (Verdict::Stop, false),
            Some(false) => (throttle, false),
            Some(true) if !failure.is_final() && !throttled => (Verdict::Retry, true),
            _ if throttled => (throttle, listed),
            _ if listed => (Verdict::Retry, true),
            _ => (Verdict::Stop, false),
        };
        Judgement {
            verdict,
            retry,
            floor: advice.retry_after.unwrap_or_default(),
        }
    }

    /// What to do after attempt `attempt` (the first is 1). `previous` is the delay before this
    /// attempt, `draw` a random number from 0 (included) to 1 (excluded).
    pub(crate) fn decide(
        &self,
        judgement: Judgement,
        attempt: u32,
        previous: Duration,
        draw: f64,
    ) -> Step {
        let delay = self.backoff.delay(attempt, previous, draw);
        let (wait, cooldown) = match judgement.verdict {
            Verdict::Auto | Verdict::Done | Verdict::Stop => return Step::RETURN,
            Verdict::Retry => (delay.max(judgement.floor), Cooldown::None),
            // A hint of nothing is no hint: without a backoff all retries would go at once.
            Verdict::Throttled {
                retry_after: Some(wait),
            } if !wait.is_zero() => (wait, Cooldown::Told(wait)),
            Verdict::Throttled { .. } => (delay, Cooldown::Untold),
        };
        let retry = judgement.retry && attempt <= self.max_retries;
        Step {
            retry_in: retry.then_some(wait),
            cooldown,
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
    /// A verdict that nobody's list of retryable failures restricts.
    pub(crate) const fn of(verdict: Verdict, floor: Duration) -> Self {
        Self {
            verdict,
            retry: true,
            floor,
        }
    }

    /// Whether the failure is of a kind that another attempt may mend.
    pub(crate) const fn is_retryable(&self) -> bool {
        self.retry && matches!(self.verdict, Verdict::Retry | Verdict::Throttled { .. })
    }
}

const TOO_MANY: Failure = Failure::Status(429);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff::Jitter;

    const POLICY: RetryPolicy = RetryPolicy {
        max_retries: 2,
        backoff: Backoff::new().jitter(Jitter::None),
        retry_on: RetryOn::standard(),
    };
    const SECOND: Duration = Duration::from_secs(1);
    const QUIET: Advice = Advice {
        retry_after: None,
        by_reset: false,
        limited: false,
        server_says_retry: None,
    };

    fn retried(policy: &RetryPolicy, failure: Failure) -> bool {
        let judgement = policy.judge(Some(failure), QUIET);
        policy.decide(judgement, 1, SECOND, 0.0).retry_in.is_some()
    }

    fn throttled(retry_after: Option<Duration>) -> Judgement {
        Judgement::of(Verdict::Throttled { retry_after }, Duration::ZERO)
    }

    #[test]
    fn throttles_and_failed_connections_are_retried_and_nothing_else() {
        for status in 400..600 {
            let expected = [429, 503].contains(&status);
            assert_eq!(
                retried(&POLICY, Failure::Status(status)),
                expected,
                "{status}"
            );
        }
        assert!(retried(&POLICY, Failure::Connect));
        for failure in [Failure::Timeout, Failure::Reset, Failure::Other] {
            assert!(!retried(&POLICY, failure), "{failure}");
        }
        assert_eq!(POLICY.judge(None, QUIET).verdict, Verdict::Done);
    }

    #[test]
    fn idempotent_calls_also_retry_what_may_have_been_carried_out() {
        let policy = RetryPolicy {
            retry_on: RetryOn::standard().ambiguous(),
            ..POLICY
        };
        for status in 400..600 {
            let expected = [429, 500, 502, 503, 504].contains(&status);
            assert_eq!(
                retried(&policy, Failure::Status(status)),
                expected,
                "{status}"
            );
        }
        for failure in [Failure::Timeout, Failure::Reset, Failure::Connect] {
            assert!(retried(&policy, failure), "{failure}");
        }
    }

    #[test]
    fn a_class_covers_its_hundred_and_no_other() {
        let policy = RetryPolicy {
            retry_on: RetryOn::none().class(5),
            ..POLICY
        };
        for status in 400..600 {
            assert_eq!(
                retried(&policy, Failure::Status(status)),
                status >= 500,
                "{status}"
            );
        }
    }

    #[test]
    fn a_refusal_outside_429_counts_with_evidence_only() {
        let limited = Advice {
            limited: true,
            ..QUIET
        };
        let forbidden = Some(Failure::Status(403));
        assert_eq!(POLICY.judge(forbidden, QUIET).verdict, Verdict::Stop);
        assert_eq!(POLICY.judge(forbidden, limited), throttled(None));
    }

    #[test]
    fn a_throttle_that_is_not_to_be_retried_still_holds_everybody_back() {
        let never = RetryPolicy {
            retry_on: RetryOn::none(),
            ..POLICY
        };
        let advice = Advice {
            retry_after: Some(SECOND),
            ..QUIET
        };
        let judgement = never.judge(Some(TOO_MANY), advice);
        let step = never.decide(judgement, 1, SECOND, 0.0);
        assert_eq!(
            step,
            Step {
                retry_in: None,
                cooldown: Cooldown::Told(SECOND)
            }
        );
    }

    #[test]
    fn a_server_that_says_whether_to_retry_is_believed() {
        let says = |retry| Advice {
            server_says_retry: Some(retry),
            ..QUIET
        };
        assert_eq!(
            POLICY.judge(Some(TOO_MANY), says(false)).verdict,
            Verdict::Stop
        );
        assert_eq!(
            POLICY.judge(Some(Failure::Status(409)), says(true)).verdict,
            Verdict::Retry
        );
        for refused in [401, 403, 404] {
            let judgement = POLICY.judge(Some(Failure::Status(refused)), says(true));
            assert_eq!(judgement.verdict, Verdict::Stop, "{refused}");
        }
    }

    #[test]
    fn a_hint_is_taken_as_it_is_for_the_call_and_for_everybody() {
        let step = POLICY.decide(throttled(Some(7 * SECOND)), 1, SECOND, 0.9);
        assert_eq!(
            step,
            Step {
                retry_in: Some(7 * SECOND),
                cooldown: Cooldown::Told(7 * SECOND)
            }
        );
    }

    #[test]
    fn a_hint_of_nothing_still_backs_off() {
        let step = POLICY.decide(throttled(Some(Duration::ZERO)), 2, SECOND, 0.0);
        assert_eq!(
            step,
            Step {
                retry_in: Some(2 * SECOND),
                cooldown: Cooldown::Untold
            }
        );
    }

    #[test]
    fn retries_are_counted_strictly_and_the_last_refusal_still_holds_everybody_back() {
        let refused = throttled(Some(SECOND));
        assert!(POLICY.decide(refused, 2, SECOND, 0.0).retry_in.is_some());
        let last = POLICY.decide(refused, 3, SECOND, 0.0);
        assert_eq!(
            last,
            Step {
                retry_in: None,
                cooldown: Cooldown::Told(SECOND)
            }
        );
    }

    #[test]
    fn what_the_user_wants_returned_is_returned() {
        for verdict in [Verdict::Done, Verdict::Stop] {
            assert_eq!(
                POLICY.decide(Judgement::of(verdict, Duration::ZERO), 1, SECOND, 0.0),
                Step::RETURN
            );
        }
    }
}
