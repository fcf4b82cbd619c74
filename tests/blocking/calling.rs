//! Waits, retries, hints, hooks and refusals.

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use paced::{Limiter, Quota, Report, rate_limited};

use crate::support::{Failed, ms, refusal};

const TEN_A_SECOND: Quota =
    Quota::per_second(NonZeroU32::new(10).expect("not zero")).with_burst(NonZeroU32::MIN);

#[rate_limited(rate = 50, burst = 1)]
fn paced_call() -> Result<(), Failed> {
    Ok(())
}

#[test]
fn calls_wait_on_their_thread_without_a_runtime() {
    let begun = Instant::now();
    for _ in 0..4 {
        paced_call().expect("a permit");
    }
    // Of the 60 ms, 2 ms are for late timers.
    assert!(begun.elapsed() >= ms(58));
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn attempts(seen: &RefCell<Vec<(u32, String)>>) -> Result<u32, Failed> {
    let attempt = paced::attempt();
    let key = attempt.idempotency_key().to_string();
    seen.borrow_mut().push((attempt.number(), key));
    match attempt.number() {
        ..=2 => Err(Failed::Api(503, None)),
        n => Ok(n),
    }
}

#[test]
fn attempts_of_a_call_have_numbers_and_one_key() {
    let seen = RefCell::default();
    assert_eq!(attempts(&seen).ok(), Some(3));
    let seen = seen.into_inner();
    let numbers: Vec<_> = seen.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(seen.iter().all(|(_, key)| *key == seen[0].1));
    assert_eq!(paced::attempt().number(), 1);
}

#[rate_limited(rate = 1000)]
fn told_to_wait() -> Result<u32, Failed> {
    match paced::attempt().number() {
        1 => Err(Failed::Api(429, Some(ms(60)))),
        n => Ok(n),
    }
}

#[test]
fn hints_are_waited_for() {
    let begun = Instant::now();
    assert_eq!(told_to_wait().ok(), Some(2));
    assert!(begun.elapsed() >= ms(60));
}

static RETRIES: AtomicU32 = AtomicU32::new(0);
static GIVEN_UP: AtomicU32 = AtomicU32::new(0);

fn on_retry(_: &Report<'_>) {
    RETRIES.fetch_add(1, Ordering::Relaxed);
}

fn on_give_up(report: &Report<'_>) {
    GIVEN_UP.fetch_add(report.attempts(), Ordering::Relaxed);
}

#[rate_limited(
    rate = 1000, max_retries = 2, backoff(base = "1ms", max = "1ms"),
    on_retry = on_retry, on_give_up = on_give_up
)]
fn failing() -> Result<(), Failed> {
    let number = paced::attempt().number();
    Err(Failed::Api(503, Some(ms(u64::from(number)))))
}

#[test]
fn the_last_outcome_is_returned_and_hooks_are_called() {
    let out = failing();
    assert!(
        matches!(out, Err(Failed::Api(503, Some(wait))) if wait == ms(3)),
        "{out:?}"
    );
    assert_eq!(RETRIES.load(Ordering::Relaxed), 2);
    assert_eq!(GIVEN_UP.load(Ordering::Relaxed), 3);
}

#[rate_limited(rate = 1, burst = 1, max_wait = "10ms")]
fn impatient() -> Result<(), Failed> {
    Ok(())
}

#[rate_limited(rate = 1, burst = 1, deadline = left)]
fn bounded(left: Duration) -> Result<(), Failed> {
    Ok(())
}

#[test]
fn calls_are_refused_that_would_wait_too_long() {
    impatient().expect("the burst");
    assert!(refusal(impatient()).is_max_wait());
    bounded(ms(20)).expect("the burst");
    assert!(refusal(bounded(ms(20))).is_deadline());
}

static CLOSED: Limiter = Limiter::new(TEN_A_SECOND);

fn close(_: &Report<'_>) {
    CLOSED.close();
}

#[rate_limited(limiter = CLOSED, on_retry = close)]
fn closed_before_the_retry() -> Result<(), Failed> {
    Err(Failed::Api(503, None))
}

#[test]
fn the_outcome_before_a_refused_retry_is_returned() {
    let out = closed_before_the_retry();
    assert!(matches!(out, Err(Failed::Api(503, None))), "{out:?}");
    assert!(refusal(closed_before_the_retry()).is_closed());
}

static PANICKING: Limiter =
    Limiter::new(Quota::per_second(NonZeroU32::new(1000).expect("not zero")));

#[rate_limited(limiter = PANICKING)]
fn panicking(fails: bool) -> Result<u32, Failed> {
    assert!(!fails, "as the test wants it");
    Ok(paced::attempt().number())
}

#[test]
fn a_panic_of_the_body_ends_its_attempt() {
    assert!(catch_unwind(AssertUnwindSafe(|| panicking(true))).is_err());
    assert_eq!(PANICKING.snapshot().in_flight, 0);
    assert_eq!(paced::attempt().number(), 1);
    assert_eq!(panicking(false).ok(), Some(1));
    assert_eq!(PANICKING.snapshot().counts.attempts, 2);
}

#[rate_limited(rate = 1000)]
fn inner() -> Result<u32, Failed> {
    Ok(paced::attempt().number())
}

#[rate_limited(rate = 1000, backoff(base = "1ms", max = "1ms"))]
fn outer() -> Result<(u32, u32), Failed> {
    let inner = inner()?;
    match paced::attempt().number() {
        1 => Err(Failed::Api(503, None)),
        number => Ok((number, inner)),
    }
}

#[test]
fn calls_inside_of_a_body_have_attempts_of_their_own() {
    assert_eq!(outer().ok(), Some((2, 1)));
}

static TOKENS: LazyLock<Limiter> = LazyLock::new(|| {
    let per_minute = |count| Quota::per_minute(NonZeroU32::new(count).expect("not zero"));
    let tokens = per_minute(600).with_burst(NonZeroU32::new(100).expect("not zero"));
    let builder = Limiter::builder(per_minute(600)).row("tokens", tokens);
    builder.build().expect("a limiter")
});

#[rate_limited(limiter = TOKENS, cost(tokens = 60))]
fn spending(used: Option<u64>) -> Result<(), Failed> {
    match used {
        Some(used) => paced::spent("tokens", used),
        None => paced::refund(),
    }
    Ok(())
}

#[test]
fn the_body_says_what_was_spent() {
    let left = || TOKENS.snapshot().row("tokens").expect("a limit").available;
    spending(Some(10)).expect("a permit");
    assert!(left() >= 90);
    spending(None).expect("a permit");
    assert!(left() >= 90);
}
