//! `max_concurrency = "auto"`: the bound of calls in flight is found by refusals.

use core::num::NonZeroU32;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use paced::Hint;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::ms;
use crate::support::secs;

fn auto(rate: u32, start: u32, most: u32) -> Arc<Limiter> {
    let quota = Quota::per_second(NonZeroU32::new(rate).unwrap());
    let of = NonZeroU32::new;
    let builder = Limiter::builder(quota).auto_concurrency(of(start), of(most));
    Arc::new(builder.build().unwrap())
}

fn bound(limiter: &Limiter) -> Option<u32> {
    limiter.snapshot().max_concurrency.map(NonZeroU32::get)
}

/// A server that refuses calls while it has as many as it carries out at once.
#[derive(Default)]
struct Server {
    most: u32,
    in_flight: AtomicU32,
    served: AtomicU32,
    refused: AtomicU32,
}

impl Server {
    async fn call(&self, takes: Duration) -> Result<(), ApiError> {
        if self.in_flight.load(Relaxed) >= self.most {
            self.refused.fetch_add(1, Relaxed);
            return Err(ApiError::status(429));
        }
        self.in_flight.fetch_add(1, Relaxed);
        sleep(takes).await;
        self.in_flight.fetch_sub(1, Relaxed);
        self.served.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// Lets 50 callers call the server for a minute. Returns the bounds that were in force, one for each tenth of a second.
async fn crowd(limiter: &Arc<Limiter>, server: &Arc<Server>) -> Vec<u32> {
    let end = Instant::now() + secs(60);
    for caller in 0..50_u64 {
        let (limiter, server) = (Arc::clone(limiter), Arc::clone(server));
        tokio::spawn(async move {
            let mut random = caller;
            while Instant::now() < end {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(caller);
                let takes = ms(100 + (random >> 40) % 200);
                // Gives up after its retries, as callers do.
                drop(limiter.call(|| server.call(takes)).await);
            }
        });
    }
    let mut bounds = Vec::new();
    while Instant::now() < end {
        sleep(ms(100)).await;
        bounds.extend(bound(limiter));
    }
    bounds
}

#[tokio::test(start_paused = true)]
async fn it_settles_at_what_the_server_carries_out() {
    for most in [1, 4, 10, 25] {
        let limiter = auto(1000, 0, 0);
        let server = Arc::new(Server {
            most,
            ..Server::default()
        });
        let bounds = crowd(&limiter, &server).await;
        let later = &bounds[bounds.len() / 2..];
        let (least, highest) = (later.iter().min().unwrap(), later.iter().max().unwrap());
        let (done, refused) = (server.served.load(Relaxed), server.refused.load(Relaxed));
        assert!(*highest <= most + 1, "{most}: {highest}");
        assert!(*least >= (most + 1) * 3 / 4 - 1, "{most}: {least}");
        // A call takes 200 ms.
        let could = most * 5 * 60;
        assert!(done * 100 >= could * 75, "{most}: {done} of {could}");
        assert!(
            refused * 100 <= done * 12,
            "{most}: {refused} refused, {done} done"
        );
        let rate = limiter.snapshot().rate;
        assert_eq!(rate.to_string(), "1000/s", "the rate is not cut as well");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_calls_in_flight_does_not_slow_the_limiter() {
    let limiter = auto(1000, 0, 0);
    let mut permits = Vec::new();
    for _ in 0..8 {
        permits.push(limiter.acquire().await.unwrap());
        sleep(ms(1)).await;
    }
    assert_eq!(bound(&limiter), None);
    let call = limiter.call(|| async {
        if paced::attempt().number() == 1 {
            let hint = Hint::new().with_limited(true).with_too_many_in_flight(true);
            paced::hint(hint.with_retry_after(secs(5)));
        }
        io::Result::Ok(())
    });
    let start = Instant::now();
    let call = tokio::spawn(call);
    sleep(ms(10)).await;
    assert_eq!(bound(&limiter), Some(6), "three quarters of 9");
    assert_eq!(limiter.snapshot().cooldown, None);
    assert_eq!(limiter.snapshot().rate.to_string(), "1000/s");
    drop(permits);
    call.await.unwrap().unwrap();
    assert_eq!(
        start.elapsed(),
        secs(5),
        "the call itself waits as long as it was told"
    );
}

#[tokio::test(start_paused = true)]
async fn a_used_up_window_is_no_reason_for_fewer_calls_in_flight() {
    let limiter = auto(1000, 0, 0);
    let permits = [
        limiter.acquire().await.unwrap(),
        limiter.acquire().await.unwrap(),
    ];
    let call = limiter.call(|| async {
        if paced::attempt().number() == 1 {
            let hint = Hint::new()
                .with_limited(true)
                .with_limit(60.0)
                .with_remaining(0.0);
            paced::hint(hint.with_reset_after(secs(5)));
        }
        io::Result::Ok(())
    });
    let call = tokio::spawn(call);
    sleep(ms(10)).await;
    assert_eq!(bound(&limiter), None);
    assert!(limiter.snapshot().cooldown.is_some());
    drop(permits);
    call.await.unwrap().unwrap();
}

#[rate_limited(
    rate = 100,
    max_concurrency(auto, start = 3, max = 20),
    limiter = "auto_declared"
)]
async fn declared() -> io::Result<()> {
    Ok(())
}

#[rate_limited(rate = 100, max_concurrency = "auto", limiter = "auto_in_short")]
async fn in_short() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_attribute_declares_it() {
    declared().await.unwrap();
    in_short().await.unwrap();
    assert_eq!(bound(&paced::limiter("auto_declared")), Some(3));
    assert_eq!(bound(&paced::limiter("auto_in_short")), None);
}
