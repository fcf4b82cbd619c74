//! Visits to the limiter's lock: one for each attempt that has told something.

use core::num::NonZeroU32;
use core::task::Context;
use core::task::Poll;
use core::task::Waker;
use core::time::Duration;
use std::sync::Arc;

use crate::error::Error;
use crate::failure::Failure;
use crate::hint::Hint;
use crate::limiter::Function;
use crate::limiter::KnownUnits;
use crate::limiter::Limiter;
use crate::limiter::Shared;
use crate::quota::Quota;
use crate::signal::Reading;
use crate::verdict::Verdict;

use super::Config;
use super::Hooks;
use super::Origin;
use super::OwnCosts;
use super::Setup;
use super::Unread;
use super::payment::CallTerms;
use super::payment::Paid;
use super::untyped::Core;

const AUTO: Verdict = Verdict::Auto;
const USUAL: Paid<'_> = Paid::as_estimated(None);
const TERMS: CallTerms<'_> = CallTerms {
    own: None,
    key: None,
    can_refuse: true,
};

/// Outcome of an attempt, and the number of visits that its settlement makes.
struct Row {
    name: &'static str,
    reading: Reading,
    verdict: Verdict,
    is_retried: bool,
    visits: u64,
}

fn row(name: &'static str, reading: Reading, is_retried: bool, visits: u64) -> Row {
    Row {
        name,
        reading,
        verdict: AUTO,
        is_retried,
        visits,
    }
}

fn failed(status: u16, hint: Option<Hint>) -> Reading {
    Reading {
        hint,
        ..Reading::failed(Failure::Status(status))
    }
}

fn told(hint: Hint) -> Reading {
    Reading {
        hint: Some(hint),
        ..Reading::value()
    }
}

/// Wait of a second.
fn wait() -> Hint {
    Hint::new().with_retry_after(Duration::from_secs(1))
}

/// Much is left.
fn plenty() -> Hint {
    Hint::new()
        .with_limit(100.0)
        .with_remaining(90.0)
        .with_reset_after(Duration::from_secs(60))
}

/// Little is left, so that the limiter slows down.
fn scarce() -> Hint {
    plenty().with_remaining(2.0)
}

fn setup(limiter: Arc<Shared>) -> Setup {
    static UNREAD: Unread = Unread::of("f");
    Setup {
        config: Config::DEFAULT,
        limiter: Some(limiter),
        keys: None,
        function: Function::of(&UNREAD),
        origin: Origin::Function(&UNREAD),
        hooks: Hooks::NONE,
        units: &[],
        known: KnownUnits::NONE,
    }
}

/// Returns a limiter that has been used for some time, and so learns nothing from calls that pass.
fn limiter() -> Arc<Shared> {
    let often = NonZeroU32::new(1_000_000).expect("above 0");
    let limiter = Arc::clone(Limiter::new(Quota::per_second(often).with_burst(often)).shared());
    let setup = Ok(setup(Arc::clone(&limiter)));
    for _ in 0..1100 {
        let mut core = begun(&setup);
        assert!(!core.settle(USUAL, &Reading::value(), AUTO));
    }
    limiter
}

/// Call whose attempt is under way.
fn begun(setup: &Result<Setup, Error>) -> Core<'_> {
    let mut core = Core::new(setup, None);
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(matches!(core.admit(TERMS, cx), Poll::Ready(Ok(()))));
    core
}

/// Returns the visits that `act` makes to the lock of the limiter.
fn visits<T>(limiter: &Shared, act: impl FnOnce() -> T) -> (T, u64) {
    let before = limiter.visits();
    let result = act();
    (result, limiter.visits() - before)
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_settled_in_one_visit() {
    let retry = Verdict::Retry { retry_after: None };
    let throttled = Verdict::Throttled { retry_after: None };
    let rows = [
        row("a quiet success", Reading::value(), false, 0),
        row("a success that tells of plenty", told(plenty()), false, 1),
        row("a success that tells of little", told(scarce()), false, 1),
        row("a refusal", failed(429, None), true, 1),
        row("a refusal with a wait", failed(429, Some(wait())), true, 1),
        row(
            "a refusal with limits",
            failed(429, Some(plenty())),
            true,
            1,
        ),
        row("an outage", failed(503, None), true, 1),
        row("no connection", Reading::failed(Failure::Connect), true, 1),
        row("a fault with a wait", failed(500, Some(wait())), false, 1),
        row("a fault", failed(500, None), false, 1),
        row("not found", failed(404, None), false, 1),
        row(
            "not found, with limits",
            failed(404, Some(plenty())),
            false,
            1,
        ),
        row("a timeout", Reading::TIMEOUT, false, 1),
        Row {
            verdict: retry,
            ..row("a verdict: again", Reading::value(), true, 1)
        },
        Row {
            verdict: throttled,
            ..row("a verdict: refused", told(wait()), true, 1)
        },
    ];
    for row in rows {
        let limiter = limiter();
        let setup = Ok(setup(Arc::clone(&limiter)));
        let mut core = begun(&setup);
        let (again, visits) = visits(&limiter, || core.settle(USUAL, &row.reading, row.verdict));
        assert_eq!(
            (again, visits),
            (row.is_retried, row.visits),
            "{}",
            row.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_makes_no_other_visit() {
    let limiter = limiter();
    let mut setup = setup(Arc::clone(&limiter));
    setup.config.retry.max_retries = 0;
    let setup = Ok(setup);
    let mut core = begun(&setup);
    let (again, visits) = visits(&limiter, || core.settle(USUAL, &failed(429, None), AUTO));
    assert_eq!((again, visits), (false, 1));
}

#[tokio::test(start_paused = true)]
async fn costs_are_corrected_in_one_visit() {
    let rows = [
        ("the cost stands", None, Reading::value(), 0),
        ("as much as estimated", Some(3), Reading::value(), 0),
        ("less than estimated", Some(2), Reading::value(), 1),
        ("more than estimated", Some(4), Reading::value(), 1),
        ("with limits", Some(2), told(plenty()), 1),
        ("a refusal", Some(2), failed(429, None), 1),
        ("not sent", None, Reading::failed(Failure::Connect), 1),
    ];
    for (name, spent, reading, expected) in rows {
        let limiter = limiter();
        let mut setup = setup(Arc::clone(&limiter));
        setup.units = &["requests"];
        let setup = Ok(setup);
        let mut slot = OwnCosts::new();
        let (setup, own) = slot.fill(&setup, |costs| {
            *costs = limiter.costs_of([("requests", 3)])?;
            Ok(())
        });
        let mut core = Core::new(setup, None);
        let terms = CallTerms {
            own: Some(own),
            ..TERMS
        };
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(matches!(core.admit(terms, cx), Poll::Ready(Ok(()))));
        let paid = Paid {
            own: Some(own),
            spent: &[spent],
            key: None,
        };
        let (_, visits) = visits(&limiter, || core.settle(paid, &reading, AUTO));
        assert_eq!(visits, expected, "{name}");
    }
}

/// Observations that the body makes before it runs on, and in its last poll.
#[cfg(feature = "http")]
mod observed {
    use super::*;
    use crate::context;

    fn observe(core: &mut Core<'_>, status: u16, hint: Hint) {
        let loan = context::lend(&mut core.scope, || 0);
        context::observe(status, Some(hint));
        drop(loan);
    }

    /// An error that says nothing, of a response that was observed.
    fn silent() -> Reading {
        Reading::failed(Failure::Other)
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_body_runs_on_is_reported_once() {
        let rows = [
            ("a refusal", 429, wait(), silent(), (1, 1)),
            (
                "a refusal, then a success",
                429,
                wait(),
                Reading::value(),
                (1, 1),
            ),
            ("a success", 200, plenty(), Reading::value(), (1, 0)),
            ("a fault", 500, wait(), silent(), (1, 1)),
        ];
        for (name, status, hint, reading, expected) in rows {
            let limiter = limiter();
            let setup = Ok(setup(Arc::clone(&limiter)));
            let mut core = begun(&setup);
            observe(&mut core, status, hint);
            let ((), first) = visits(&limiter, || core.heed(None, None));
            let (_, second) = visits(&limiter, || core.settle(USUAL, &reading, AUTO));
            assert_eq!((first, second), expected, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn last_travels_with_the_outcome() {
        let rows = [
            ("a refusal", 429, wait(), silent(), 1),
            ("a success", 200, plenty(), Reading::value(), 1),
            ("little is left", 200, scarce(), Reading::value(), 1),
            ("a fault", 500, wait(), silent(), 1),
            (
                "a refusal that the body handles",
                429,
                wait(),
                Reading::value(),
                1,
            ),
        ];
        for (name, status, hint, reading, expected) in rows {
            let limiter = limiter();
            let setup = Ok(setup(Arc::clone(&limiter)));
            let mut core = begun(&setup);
            observe(&mut core, status, hint);
            let (_, visits) = visits(&limiter, || core.settle(USUAL, &reading, AUTO));
            assert_eq!(visits, expected, "{name}");
        }
    }
}
