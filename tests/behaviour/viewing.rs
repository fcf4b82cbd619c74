//! `Limiter::shared_snapshot`: the state of all processes together.

use std::sync::Arc;

use paced::Limiter;
use paced::store::MemoryStore;
use paced::store::OnStoreError;
use paced::store::Policy;
use tokio::time::advance;

use crate::sharing::with_policy;
use crate::stores::Fate;
use crate::stores::Scripted;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::secs;

/// Two processes' limiters on one store.
fn two() -> (Limiter, Limiter) {
    let store = Arc::new(MemoryStore::new());
    let one = || {
        Limiter::builder(quota(10.0, 10))
            .name("api")
            .store(store.clone())
            .unregistered()
            .build()
            .unwrap()
    };
    (one(), one())
}

#[tokio::test(start_paused = true)]
async fn tokens_that_other_processes_took_are_shown_to_all() {
    let (one, two) = two();
    let unused = two.shared_snapshot().await.unwrap();
    assert_eq!((unused.available, unused.last_seen), (10, None));
    assert_eq!((unused.booked, unused.full_in), (secs(0), secs(0)));
    for _ in 0..4 {
        one.acquire().await.unwrap();
    }
    advance(ms(50)).await;
    let seen = two.shared_snapshot().await.unwrap();
    assert_eq!((seen.available, seen.cooldown), (6, None));
    assert_eq!((seen.full_in, seen.last_seen), (ms(350), Some(ms(50))));
    assert_eq!(
        (seen.rate.to_string().as_str(), seen.learnt),
        ("10/s", None)
    );
    assert_eq!(one.shared_snapshot().await.unwrap(), seen);
    // Nothing is taken by looking.
    assert_eq!(two.shared_snapshot().await.unwrap(), seen);
}

#[tokio::test(start_paused = true)]
async fn pauses_and_bookings_of_other_processes_are_shown() {
    let (one, two) = two();
    one.acquire().await.unwrap();
    one.cooldown_for(secs(30));
    tokio::time::sleep(secs(1)).await;
    let seen = two.shared_snapshot().await.unwrap();
    assert_eq!((seen.available, seen.cooldown), (0, Some(secs(29))));
    // The bucket is empty at the end of the pause.
    assert_eq!(seen.booked, ms(29_100));
}

#[tokio::test(start_paused = true)]
async fn a_limiter_without_a_store_shows_its_own_state() {
    let limiter = limiter(10.0, 10);
    for _ in 0..10 {
        limiter.acquire().await.unwrap();
    }
    let seen = limiter.shared_snapshot().await.unwrap();
    assert_eq!((seen.available, seen.booked), (0, ms(100)));
    assert_eq!((seen.full_in, seen.last_seen), (secs(1), None));
    limiter.cooldown_for(secs(3));
    let seen = limiter.shared_snapshot().await.unwrap();
    assert_eq!(seen.cooldown, Some(secs(3)));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_or_hangs_is_an_error_that_names_the_limiter() {
    let store = Arc::new(Scripted::new());
    let policy = Policy::new().on_error(OnStoreError::Local);
    let limiter = with_policy(&store, 10.0, 10, policy);
    for (fate, why) in [
        (Fate::Fails, "connection refused"),
        (Fate::Rejects, "wrong password"),
        (Fate::Hangs, "does not answer"),
    ] {
        store.set(fate);
        let error = limiter.shared_snapshot().await.unwrap_err();
        assert!(
            error.is_store() && error.limiter() == Some("api"),
            "{error}"
        );
        assert!(error.to_string().contains(why), "{error}");
    }
    store.set(Fate::Works);
    let mut dropped = Box::pin(limiter.shared_snapshot());
    assert!(poll_once(&mut dropped).is_ready());
}

#[test]
fn a_store_cannot_be_asked_outside_of_a_runtime() {
    let (shared, _) = two();
    let mut asked = Box::pin(shared.shared_snapshot());
    let context = &mut core::task::Context::from_waker(core::task::Waker::noop());
    let core::task::Poll::Ready(answer) = asked.as_mut().poll(context) else {
        panic!("it waits");
    };
    assert!(answer.unwrap_err().is_no_runtime());
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_shown_before_the_store_has_heard_of_it() {
    let (one, two) = two();
    one.acquire().await.unwrap();
    one.cooldown_for(secs(30));
    let seen = one.shared_snapshot().await.unwrap();
    assert_eq!((seen.cooldown, seen.available), (Some(secs(30)), 0));
    advance(ms(10)).await;
    tokio::task::yield_now().await;
    assert!(two.shared_snapshot().await.unwrap().cooldown.is_some());
    // A pause that was ended elsewhere since is not shown any more.
    two.resume();
    tokio::time::sleep(ms(10)).await;
    assert_eq!(one.shared_snapshot().await.unwrap().cooldown, None);
}
