//! Stores that answer late: calls that wait for the answer, and calls that go on without it.

use std::sync::Arc;

use paced::Limiter;
use paced::rate_limited;
use paced::store::OnStoreError;
use paced::store::Policy;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::sharing::shared;
use crate::sharing::with_policy;
use crate::stores::Fate;
use crate::stores::Scripted;
use crate::support::Failed;
use crate::support::ms;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

/// A token in twenty seconds.
pub(crate) const SLOW: f64 = 0.05;

#[rate_limited(limiter = limiter, max_wait = "10s")]
pub(crate) async fn patient(limiter: &Limiter) -> Result<(), Failed> {
    Ok(())
}

#[rate_limited(limiter = limiter, max_wait = "1s")]
pub(crate) async fn impatient(limiter: &Limiter) -> Result<(), Failed> {
    Ok(())
}

#[rate_limited(limiter = limiter, max_wait = "50ms")]
pub(crate) async fn hurried(limiter: &Limiter) -> Result<(), Failed> {
    Ok(())
}

#[rate_limited(limiter = limiter, deadline = "10s")]
async fn in_ten_seconds(limiter: &Limiter) -> Result<(), Failed> {
    Ok(())
}

#[rate_limited(limiter = limiter, deadline = "1s")]
async fn in_one_second(limiter: &Limiter) -> Result<(), Failed> {
    Ok(())
}

pub(crate) fn store() -> Arc<Scripted> {
    Arc::new(Scripted::new())
}

const fn on_error(on_error: OnStoreError) -> Policy {
    Policy::new().on_error(on_error)
}

pub(crate) const CLOSED: Policy = on_error(OnStoreError::Closed);
pub(crate) const OPEN: Policy = on_error(OnStoreError::Open);

/// A limiter of two tokens, one of which is used: the next that the process may use alone comes after
/// twenty seconds.
pub(crate) async fn one_left(store: &Arc<Scripted>, policy: Policy) -> Limiter {
    left(store, 1, policy).await
}

pub(crate) async fn left(store: &Arc<Scripted>, tokens: u32, policy: Policy) -> Limiter {
    let limiter = with_policy(store, SLOW, tokens + 1, policy);
    limiter.acquire().await.expect("the first");
    limiter
}

/// Returns the outcome of a call, and the milliseconds that it took.
pub(crate) async fn timed<T>(call: impl Future<Output = T>) -> (T, u64) {
    let start = Instant::now();
    let out = call.await;
    (out, since(start))
}

/// Ways of different lengths: there, back, and both.
pub(crate) fn late_by(millis: u64) -> [Fate; 3] {
    let half = millis / 2;
    [
        Fate::Late(millis, 0),
        Fate::Late(0, millis),
        Fate::Late(half, millis - half),
    ]
}

#[tokio::test(start_paused = true)]
async fn calls_that_would_be_refused_wait_for_a_late_answer() {
    for policy in [Policy::new(), CLOSED] {
        for millis in [149, 151, 200, 1000, 5000] {
            for fate in late_by(millis) {
                let store = store();
                let limiter = one_left(&store, policy).await;
                store.set(fate);
                let (out, took) = timed(patient(&limiter)).await;
                out.expect("a token is there");
                assert_eq!(took, millis, "{fate:?}");

                let store = self::store();
                let limiter = one_left(&store, policy).await;
                store.set(fate);
                let (out, took) = timed(in_ten_seconds(&limiter)).await;
                out.expect("a token is there");
                assert_eq!(took, millis, "{fate:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_the_first_answer_of_all() {
    for fate in late_by(1000) {
        let store = store();
        let limiter = with_policy(&store, 5.0, 1, CLOSED);
        store.set(fate);
        let (out, took) = timed(patient(&limiter)).await;
        out.expect("a token is there");
        assert_eq!(took, 1000, "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_waits_longer_for_a_late_answer_than_its_bound() {
    for fate in [Fate::Late(5000, 0), Fate::Late(0, 5000), Fate::Hangs] {
        let store = store();
        let limiter = one_left(&store, Policy::new()).await;
        store.set(fate);
        let (out, took) = timed(impatient(&limiter)).await;
        let error = refusal(out);
        assert!(error.is_max_wait(), "{error}");
        // What the process may do alone decides then.
        assert!(
            error.to_string().contains("a permit comes in another 19s"),
            "{error}"
        );
        assert_eq!(took, 1000, "{fate:?}");

        let (out, took) = timed(in_one_second(&limiter)).await;
        let error = refusal(out);
        assert!(error.is_deadline(), "{error}");
        // A permit in the last two milliseconds is of no use.
        assert_eq!(took, 998, "{fate:?}");

        let store = self::store();
        let limiter = one_left(&store, Policy::new()).await;
        store.set(fate);
        // Before it is late at all.
        let (out, took) = timed(hurried(&limiter)).await;
        assert!(refusal(out).is_max_wait());
        assert_eq!(took, 50, "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_behind_a_late_answer_are_refused_each_at_its_bound() {
    let store = store();
    let limiter = left(&store, 9, Policy::new()).await;
    store.set(Fate::Hangs);
    let first = tokio::spawn({
        let limiter = limiter.clone();
        async move { timed(patient(&limiter)).await }
    });
    sleep(ms(200)).await;
    // Behind it.
    let (one, other, last) = tokio::join!(
        timed(impatient(&limiter)),
        timed(hurried(&limiter)),
        timed(in_one_second(&limiter)),
    );
    assert_eq!((one.1, other.1, last.1), (1000, 50, 998));
    assert!(refusal(one.0).is_max_wait() && refusal(other.0).is_max_wait());
    assert!(refusal(last.0).is_deadline());
    let (out, took) = first.await.expect("no panic");
    assert!(refusal(out).is_max_wait());
    assert_eq!(took, 10_000);
}

#[tokio::test(start_paused = true)]
async fn calls_that_can_use_the_share_of_their_process_do() {
    for fate in [Fate::Late(1000, 0), Fate::Late(0, 1000), Fate::Hangs] {
        let store = store();
        let limiter = shared(&store, 10.0, 10);
        store.set(fate);
        let (one, other, last) = tokio::join!(
            timed(limiter.acquire()),
            timed(patient(&limiter)),
            timed(limiter.acquire()),
        );
        one.0.expect("a permit of its own");
        other.0.expect("a permit of its own");
        last.0.expect("a permit of its own");
        // 0.9 of a quarter of 10 per second, until the answer comes.
        let last_one = if fate == Fate::Hangs { 1037 } else { 1000 };
        assert_eq!((one.1, other.1, last.1), (150, 593, last_one), "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_late_refuses_at_once() {
    // Closed waits for a look at the store that is under way.
    for (policy, is_store, look) in [(Policy::new(), false, 0), (CLOSED, true, 150)] {
        let store = store();
        let limiter = left(&store, 9, policy).await;
        store.set(Fate::FailsLate(1000));
        let (one, other) = tokio::join!(timed(patient(&limiter)), timed(in_ten_seconds(&limiter)));
        assert!((1000..=1000 + look).contains(&one.1), "{}", one.1);
        assert_eq!(one.1, other.1);
        let (one, other) = (refusal(one.0), refusal(other.0));
        assert_eq!((one.is_store(), other.is_store()), (is_store, is_store));
        assert_eq!(
            (one.is_max_wait(), other.is_deadline()),
            (!is_store, !is_store)
        );
        // From now on it is away for all requests.
        let (out, took) = timed(patient(&limiter)).await;
        assert_eq!(refusal(out).is_store(), is_store);
        assert!(took <= look, "{took}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_is_no_reason_not_to_wait_for_an_earlier_one() {
    for policy in [Policy::new(), CLOSED] {
        let store = store();
        let limiter = left(&store, 9, policy).await;
        store.set(Fate::Late(1000, 0));
        let first = tokio::spawn({
            let limiter = limiter.clone();
            async move { timed(patient(&limiter)).await }
        });
        sleep(ms(200)).await;
        store.set(Fate::Fails);
        let back = async {
            sleep(ms(799)).await;
            store.set(Fate::Works);
        };
        let ((out, took), ()) = tokio::join!(timed(patient(&limiter)), back);
        out.expect("it is back by then");
        assert_eq!(took, 800);
        let (out, took) = first.await.expect("no panic");
        out.expect("a late answer");
        assert_eq!(took, 1000);
        // Its own, the first one's, and a look each 80 to 120 ms.
        assert!(store.requests() < 16, "{}", store.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_has_not_answered_for_long_is_away() {
    for (policy, is_store, look) in [(Policy::new(), false, 0), (CLOSED, true, 150)] {
        let store = store();
        let limiter = with_policy(&store, 1.0 / 60.0, 2, policy);
        limiter.acquire().await.expect("one of two");
        store.set(Fate::Hangs);
        for (seconds, waits) in [(0, 10_000), (10, 10_000), (20, 10_000), (31, look)] {
            let (out, took) = timed(patient(&limiter)).await;
            assert_eq!(refusal(out).is_store(), is_store);
            assert_eq!(took, waits, "after {seconds} s");
            sleep(secs(u64::from(seconds == 20))).await;
        }
        let before = store.requests();
        store.set(Fate::Works);
        sleep(ms(130)).await;
        // One look, and what there is.
        let (out, took) = timed(patient(&limiter)).await;
        out.expect("it is back");
        assert_eq!((took, store.requests() - before), (0, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_asked_now_and_then() {
    let store = store();
    let limiter = one_left(&store, Policy::new()).await;
    store.set(Fate::Hangs);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let limiter = limiter.clone();
        callers.spawn(async move { patient(&limiter).await.is_err() });
        sleep(ms(50)).await;
    }
    callers.join_all().await;
    // One look in 230 to 270 ms, and a few draws.
    assert!(store.requests() < 15_000 / 230 + 6, "{}", store.requests());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_holds_up_no_call_once_others_arrive() {
    let store = store();
    let limiter = one_left(&store, Policy::new()).await;
    store.set(Fate::Hangs);
    let back = async {
        sleep(ms(160)).await;
        store.set(Fate::Works);
    };
    let ((out, took), ()) = tokio::join!(timed(patient(&limiter)), back);
    out.expect("the other token");
    // It is looked for 80 to 120 ms after it was missed.
    assert!((230..=270).contains(&took), "{took}");
}
