use super::*;
use crate::backoff::Jitter;

const POLICY: RetryPolicy = RetryPolicy {
    max_retries: 2,
    max_throttles: 0,
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

/// Returns the numbers of retries after this attempt, if all retries count against `max_retries`.
const fn after(attempt: u32) -> Tries {
    Tries {
        retries: attempt - 1,
        throttles: 0,
    }
}

fn retried(policy: &RetryPolicy, failure: Failure) -> bool {
    let judgement = policy.judge(Some(failure), QUIET);
    policy
        .decide(judgement, after(1), SECOND, 0.0)
        .retry_in
        .is_some()
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
        let expected = [408, 425, 429].contains(&status)
            || (500..505).contains(&status) && status != 501
            || (520..525).contains(&status);
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
fn a_fault_of_the_server_is_no_refusal_whatever_its_headers_say() {
    let advice = Advice {
        limited: true,
        retry_after: Some(SECOND),
        ..QUIET
    };
    let idempotent = RetryPolicy {
        retry_on: RetryOn::standard().ambiguous(),
        ..POLICY
    };
    for status in [500, 502, 504, 520] {
        let failure = Some(Failure::Status(status));
        assert_eq!(POLICY.judge(failure, advice).verdict, Verdict::Stop);
        let step = idempotent.decide(idempotent.judge(failure, advice), after(1), SECOND, 0.0);
        assert_eq!(step.cooldown, CooldownPlan::None, "{status}");
        assert_eq!(step.retry_in, Some(SECOND), "{status}");
    }
    let overloaded = POLICY.judge(Some(Failure::Status(529)), advice);
    assert_eq!(overloaded.verdict, throttled(Some(SECOND)).verdict);
    let told_to = Advice {
        server_says_retry: Some(true),
        ..advice
    };
    assert!(
        POLICY
            .judge(Some(Failure::Status(500)), told_to)
            .is_retryable()
    );
}

#[test]
fn a_throttle_that_is_not_to_be_retried_still_holds_all_calls_back() {
    let never = RetryPolicy {
        retry_on: RetryOn::none(),
        ..POLICY
    };
    let advice = Advice {
        retry_after: Some(SECOND),
        ..QUIET
    };
    let judgement = never.judge(Some(TOO_MANY), advice);
    let step = never.decide(judgement, after(1), SECOND, 0.0);
    assert_eq!(
        step,
        Step {
            retry_in: None,
            cooldown: CooldownPlan::Told(SECOND),
            throttle: false,
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
        RETRY
    );
    for refused in [401, 403, 404] {
        let judgement = POLICY.judge(Some(Failure::Status(refused)), says(true));
        assert_eq!(judgement.verdict, Verdict::Stop, "{refused}");
    }
}

#[test]
fn a_hint_is_taken_as_it_is_for_the_call_and_for_all_others() {
    let step = POLICY.decide(throttled(Some(7 * SECOND)), after(1), SECOND, 0.9);
    assert_eq!(
        step,
        Step {
            retry_in: Some(7 * SECOND),
            cooldown: CooldownPlan::Told(7 * SECOND),
            throttle: false,
        }
    );
}

#[test]
fn a_hint_of_nothing_still_backs_off() {
    let step = POLICY.decide(throttled(Some(Duration::ZERO)), after(2), SECOND, 0.0);
    assert_eq!(
        step,
        Step {
            retry_in: Some(2 * SECOND),
            cooldown: CooldownPlan::Untold,
            throttle: false,
        }
    );
}

#[test]
fn retries_are_counted_strictly_and_the_last_refusal_still_holds_all_back() {
    let refused = throttled(Some(SECOND));
    assert!(
        POLICY
            .decide(refused, after(2), SECOND, 0.0)
            .retry_in
            .is_some()
    );
    let last = POLICY.decide(refused, after(3), SECOND, 0.0);
    assert_eq!(
        last,
        Step {
            retry_in: None,
            cooldown: CooldownPlan::Told(SECOND),
            throttle: false,
        }
    );
}

#[test]
fn a_delay_that_the_user_wants_is_never_sooner_than_the_server_asked() {
    let wait = |retry_after, advice| {
        let judgement = Judgement::by_user(Verdict::Retry { retry_after }, advice);
        let step = POLICY.decide(judgement, after(2), SECOND, 0.0);
        assert_eq!(step.cooldown, CooldownPlan::None);
        step.retry_in
    };
    let asked = Advice {
        retry_after: Some(7 * SECOND),
        ..QUIET
    };
    assert_eq!(wait(None, QUIET), Some(2 * SECOND));
    assert_eq!(wait(Some(Duration::ZERO), QUIET), Some(Duration::ZERO));
    assert_eq!(wait(Some(5 * SECOND), QUIET), Some(5 * SECOND));
    assert_eq!(wait(None, asked), Some(7 * SECOND));
    assert_eq!(wait(Some(5 * SECOND), asked), Some(7 * SECOND));
    assert_eq!(wait(Some(9 * SECOND), asked), Some(9 * SECOND));
}

#[test]
fn throttles_with_a_told_wait_are_counted_apart_if_that_is_wanted() {
    let policy = RetryPolicy {
        max_throttles: 3,
        ..POLICY
    };
    let step = |judgement, retries, throttles| {
        let tries = Tries { retries, throttles };
        policy.decide(judgement, tries, SECOND, 0.0)
    };
    let told = throttled(Some(7 * SECOND));
    for (retries, throttles, retried, counted) in [
        (0, 0, true, true),
        (2, 2, true, true),
        (1, 3, true, false),
        (2, 3, false, false),
    ] {
        let step = step(told, retries, throttles);
        assert_eq!(step.retry_in.is_some(), retried, "{retries} {throttles}");
        assert_eq!(step.throttle, counted, "{retries} {throttles}");
    }
    // A refusal without a hint is a retry, and its backoff begins with the first of these.
    let untold = step(throttled(None), 0, 2);
    assert_eq!((untold.retry_in, untold.throttle), (Some(SECOND), false));
    assert_eq!(step(throttled(None), 2, 0).retry_in, None);
}

#[test]
fn an_outcome_that_the_user_wants_returned_is_returned() {
    for verdict in [Verdict::Done, Verdict::Stop] {
        assert_eq!(
            POLICY.decide(
                Judgement::of(verdict, Duration::ZERO),
                after(1),
                SECOND,
                0.0
            ),
            Step::RETURN
        );
    }
}
