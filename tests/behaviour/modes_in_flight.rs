//! Calls in flight while a limiter's mode changes: no slot is lost, and none is released twice.

use std::io;

use paced::CallOptions;
use paced::Limiter;
use paced::Mode;
use paced::Permit;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::in_flight::bounded;
use crate::in_flight::in_flight;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::secs;
use crate::support::since;

const LENIENT: [Mode; 2] = [Mode::Observe, Mode::Off];

/// Takes the only slot, and lets three callers wait for it. `act` has the limiter, its permit and the waiters.
async fn with_waiters(act: impl FnOnce(&Limiter, Permit<'_>, Vec<Waiter<'_>>)) {
    let limiter = bounded(1000.0, 1000, 1);
    let permit = limiter.acquire().await.unwrap();
    let mut waiters: Vec<_> = (0..3).map(|_| Box::pin(limiter.acquire())).collect();
    for waiter in &mut waiters {
        assert!(poll_once(waiter).is_pending());
    }
    act(&limiter, permit, waiters);
    assert_eq!(in_flight(&limiter), 0);
    limiter.set_mode(Mode::Enforce);
    let only = limiter.try_acquire().unwrap();
    assert!(limiter.try_acquire().unwrap_err().is_not_yet());
    drop(only);
}

type Waiter<'a> = core::pin::Pin<Box<paced::Acquire<'a>>>;

#[tokio::test(start_paused = true)]
async fn calls_that_go_on_in_another_mode_hold_slots() {
    for mode in LENIENT {
        with_waiters(|limiter, permit, waiters| {
            limiter.set_mode(mode);
            let held: Vec<_> = waiters
                .into_iter()
                .map(|mut waiter| poll_once(&mut waiter))
                .collect();
            assert!(held.iter().all(core::task::Poll::is_ready));
            assert_eq!(in_flight(limiter), 4, "{mode:?}");
            drop(held);
            assert_eq!(in_flight(limiter), 1, "{mode:?}");
            drop(permit);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_may_go_on_and_are_dropped_hold_none() {
    for mode in LENIENT {
        for last in [mode, Mode::Enforce] {
            with_waiters(|limiter, permit, waiters| {
                limiter.set_mode(mode);
                limiter.set_mode(last);
                drop(waiters);
                assert_eq!(in_flight(limiter), 1, "{mode:?}, {last:?}");
                drop(permit);
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_not_used_when_a_limiter_is_switched_off_gives_its_slot_back() {
    with_waiters(|limiter, permit, waiters| {
        // The first waiter is granted one.
        drop(permit);
        limiter.set_mode(Mode::Off);
        drop(waiters);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_limiter_that_is_off_release_their_slots() {
    let limiter = bounded(1000.0, 1000, 1);
    limiter.set_mode(Mode::Off);
    let call = limiter.call_with(CallOptions::new().max_retries(0), || async {
        Err::<(), _>(io::Error::other("broken"))
    });
    call.await.unwrap_err();
    assert_eq!(in_flight(&limiter), 0);
    let call = limiter.call(|| async {
        paced::spent("requests", 3);
        io::Result::Ok(())
    });
    call.await.unwrap();
    assert_eq!(in_flight(&limiter), 0);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_while_a_limiter_is_off_holds_nobody_back() {
    let limiter = bounded(1000.0, 1000, 2);
    limiter.cooldown_for(secs(1));
    let mut probe = Box::pin(limiter.call(|| async { io::Result::Ok(()) }));
    assert!(poll_once(&mut probe).is_pending());
    sleep(secs(1)).await;
    limiter.set_mode(Mode::Off);
    drop(probe);
    limiter.set_mode(Mode::Enforce);
    let start = Instant::now();
    let call = limiter.call(|| async { io::Result::Ok(()) });
    call.await.unwrap();
    assert!(since(start) < 100, "{}", since(start));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_took_no_tokens_gives_none_back() {
    let limiter = Limiter::builder(quota(100.0, 100)).row("tokens", quota(1000.0, 1000));
    let limiter = limiter.build().unwrap();
    let costs = [("requests", 100), ("tokens", 1000)];
    limiter.acquire_costs(&costs).await.unwrap();
    limiter.set_mode(Mode::Off);
    let call = limiter.call_with(CallOptions::new().costs(&costs), || async {
        io::Result::Ok(paced::meter())
    });
    let meter = call.await.unwrap();
    limiter.set_mode(Mode::Enforce);
    meter.spent("requests", 0);
    meter.spent("tokens", 0);
    drop(meter);
    let left: Vec<_> = limiter.snapshot().rows().map(|row| row.available).collect();
    assert_eq!(left, [0, 0]);
    sleep(ms(10)).await;
    assert_eq!(limiter.snapshot().available, 1);
}
