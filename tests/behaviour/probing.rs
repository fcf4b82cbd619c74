//! The call that goes first after a cooldown, or at a new window.

use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::learning::Headers;
use crate::learning::call;
use crate::learning::left;
use crate::support::ApiError;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn one_call_goes_first_after_a_cooldown_and_the_others_wait_for_its_answer() {
    #[rate_limited(limiter = limiter)]
    async fn slow(limiter: &Limiter, log: &Log<u64>, start: Instant) -> Result<(), ApiError> {
        log.add(since(start));
        sleep(ms(300)).await;
        match paced::attempt().number() {
            1 if since(start) < 1000 => Err(ApiError::after(429, secs(2))),
            _ => Ok(()),
        }
    }
    let (limiter, log, start) = (limiter(10.0, 1), Log::new(), Instant::now());
    let (a, b, c) = tokio::join!(
        slow(&limiter, &log, start),
        slow(&limiter, &log, start),
        slow(&limiter, &log, start),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    // Sent at 0, 100 and 200 and refused at 300, 400 and 500: closed until 2500. Then one probe,
    // answered after 300 ms, and the others at the paced rate.
    assert_eq!(log.entries(), [0, 100, 200, 2500, 2800, 2900]);
}

/// When the next call goes, if the probe is dropped `after` so many milliseconds or not at all.
async fn next_after_a_probe_that_nobody_polls(after: u64) -> u64 {
    let (limiter, none) = (limiter(10.0, 1), Headers::new());
    let start = Instant::now();
    call(&limiter, &left(0, 100, 2)).await.unwrap();
    let mut probe = Box::pin(call(&limiter, &none));
    assert!(poll_once(&mut probe).is_pending());
    let next = {
        let limiter = limiter.clone();
        tokio::spawn(async move {
            call(&limiter, &Headers::new()).await.unwrap();
            since(start)
        })
    };
    sleep(ms(after)).await;
    drop(probe);
    next.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_is_followed_by_another() {
    assert_eq!(next_after_a_probe_that_nobody_polls(2001).await, 2001);
    assert_eq!(next_after_a_probe_that_nobody_polls(3000).await, 2002);
}

#[tokio::test(start_paused = true)]
async fn a_permit_without_a_report_is_no_probe() {
    let limiter = limiter(10.0, 1);
    let start = Instant::now();
    call(&limiter, &left(0, 100, 2)).await.unwrap();
    for at in [2000, 2100, 2200] {
        limiter.acquire().await.unwrap();
        assert_eq!(since(start), at);
    }
}
