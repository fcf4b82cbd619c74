//! Waiters that did not pick up their permit in time, and what happens to them meanwhile.

use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::Failed;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::quota;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

#[rate_limited(limiter = limiter, deadline = "5s")]
async fn in_five_seconds(limiter: &Limiter) -> Result<(), Failed> {
    Ok(())
}

#[rate_limited(limiter = limiter)]
async fn call(limiter: &Limiter) -> Result<(), Failed> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn absent_waiter_above_the_new_burst_is_refused_and_stops_no_call() {
    let limiter = limiter(10.0, 5);
    limiter.acquire_many(5).await.unwrap();
    let (mut five, mut next) = (limiter.acquire_many(5), limiter.acquire());
    assert!(poll_once(&mut five).is_pending() && poll_once(&mut next).is_pending());
    sleep(ms(600)).await;
    limiter.set_quota(quota(10.0, 2));
    assert!(five.await.unwrap_err().is_insufficient_capacity());
    next.await.unwrap();
    limiter.acquire().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn absent_waiter_past_its_bound_is_refused_when_it_is_polled() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let mut late = Box::pin(in_five_seconds(&limiter));
    let mut next = limiter.acquire();
    assert!(poll_once(&mut late).is_pending() && poll_once(&mut next).is_pending());
    sleep(ms(105)).await;
    limiter.cooldown_for(secs(3600));
    let error = refusal(late.await);
    assert!(error.is_deadline());
    assert_eq!(error.retry_after(), Some(secs(3600)));
    assert_eq!(since(start), 105);
}

#[tokio::test(start_paused = true)]
async fn a_probe_whose_permit_is_called_back_holds_up_no_call() {
    let (limiter, start) = (limiter(10.0, 5), Instant::now());
    limiter.cooldown_for(secs(1));
    // A cooldown by hand arms no probe, one that a server asks for does.
    let mut refused = Box::pin(told(&limiter));
    assert!(poll_once(&mut refused).is_pending());
    sleep(ms(2001)).await;
    let mut probe = Box::pin(call(&limiter));
    let _ = poll_once(&mut probe);
    limiter.cooldown_for(ms(20));
    call(&limiter).await.unwrap();
    assert!(since(start) < 2200, "{}", since(start));
}

#[rate_limited(limiter = limiter)]
async fn told(limiter: &Limiter) -> Result<(), crate::support::ApiError> {
    match paced::attempt().number() {
        1 => Err(crate::support::ApiError::after(429, secs(1))),
        _ => Ok(()),
    }
}

#[tokio::test(start_paused = true)]
async fn absent_waiter_that_returns_goes_before_waiters_that_become_late() {
    let (limiter, start) = (limiter(1.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let mut absent: Vec<_> = (0..50).map(|_| limiter.acquire()).collect();
    for waiter in &mut absent {
        assert!(poll_once(waiter).is_pending());
    }
    sleep(secs(120)).await;
    limiter.acquire().await.unwrap();
    let begun = since(start);
    let mut call = Box::pin(in_five_seconds(&limiter));
    assert!(poll_once(&mut call).is_pending());
    for waiter in &mut absent {
        assert!(poll_once(waiter).is_pending());
    }
    assert!(refusal(call.await).is_deadline());
    assert_eq!(since(start), begun);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_takes_long_does_not_make_others_wait_beyond_their_deadline() {
    #[rate_limited(limiter = limiter)]
    async fn probe(limiter: &Limiter) -> Result<(), Failed> {
        sleep(secs(5)).await;
        Ok(())
    }
    #[rate_limited(limiter = limiter, deadline = "300ms")]
    async fn quick(limiter: &Limiter) -> Result<(), Failed> {
        Ok(())
    }
    let limiter = limiter(10.0, 5);
    crate::learning::call(&limiter, &crate::learning::left(0, 100, 1))
        .await
        .unwrap();
    sleep(secs(1)).await;
    let mut first = Box::pin(probe(&limiter));
    assert!(poll_once(&mut first).is_pending());
    let start = Instant::now();
    assert!(refusal(quick(&limiter).await).is_deadline());
    assert!(since(start) <= 303, "{}", since(start));
}
