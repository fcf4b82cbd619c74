//! Calls in the body of a call that holds a slot of the same limiter, and streams that keep one.

use core::pin::Pin;
use std::io;
use std::sync::Arc;

use paced::Limiter;
use paced::Meter;
use paced::rate_limited;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::in_flight::bounded;
use crate::support::Kept;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

#[rate_limited(limiter = limiter)]
async fn walk(limiter: &Limiter, depth: u32) -> io::Result<u32> {
    sleep(ms(10)).await;
    if depth == 0 {
        return Ok(0);
    }
    Ok(1 + deeper(limiter, depth - 1).await?)
}

type Walk<'a> = Pin<Box<dyn Future<Output = io::Result<u32>> + Send + 'a>>;

fn deeper(limiter: &Limiter, depth: u32) -> Walk<'_> {
    Box::pin(walk(limiter, depth))
}

#[tokio::test(start_paused = true)]
async fn recursion_uses_one_slot() {
    let limiter = bounded(1000.0, 1000, 1);
    let start = Instant::now();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { walk(&limiter, 4).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 4);
    }
    assert_eq!(since(start), 150, "one after the other");
    assert_eq!(limiter.snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_through_another_limiter_in_between_is_nested_too() {
    let (one, other) = (bounded(1000.0, 1000, 1), bounded(1000.0, 1000, 1));
    let call = one.call(|| async {
        let inner = other.call(|| async {
            one.call(|| async { io::Result::Ok(7) })
                .await
                .map_err(io::Error::other)
        });
        inner.await.map_err(io::Error::other)
    });
    assert_eq!(call.await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_goes_ahead_of_calls_that_wait_for_its_slot() {
    let limiter = bounded(1.0, 1, 1);
    let (log, start) = (Log::new(), Instant::now());
    let outer = {
        let (limiter, log) = (Arc::clone(&limiter), log.clone());
        tokio::spawn(async move {
            let call = limiter.call(|| async {
                sleep(ms(100)).await;
                drop(limiter.acquire().await.unwrap());
                log.add(("by hand", since(start)));
                let inner = limiter.call(|| async { io::Result::Ok(()) });
                inner.await.map_err(io::Error::other)?;
                log.add(("nested", since(start)));
                sleep(ms(500)).await;
                io::Result::Ok(())
            });
            call.await.unwrap();
        })
    };
    yield_now().await;
    let other = {
        let (limiter, log) = (Arc::clone(&limiter), log.clone());
        tokio::spawn(async move {
            drop(limiter.acquire().await.unwrap());
            log.add(("other", since(start)));
        })
    };
    outer.await.unwrap();
    other.await.unwrap();
    assert_eq!(
        log.entries(),
        [("by hand", 1000), ("nested", 2000), ("other", 3000)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_goes_first_after_a_cooldown() {
    let limiter = bounded(1000.0, 1000, 1);
    let (log, start) = (Log::new(), Instant::now());
    let call = limiter.call(|| async {
        limiter.cooldown_for(secs(10));
        drop(limiter.acquire().await.unwrap());
        log.add(since(start));
        io::Result::Ok(())
    });
    let mut call = Box::pin(call);
    assert!(poll_once(&mut call).is_pending());
    let waiting = {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move { limiter.call(|| async { io::Result::Ok(()) }).await })
    };
    yield_now().await;
    call.await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(log.entries(), [10_000]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_body_spawns_needs_a_slot_of_its_own() {
    let limiter = bounded(1000.0, 1000, 2);
    let start = Instant::now();
    let call = limiter.call(|| {
        let inner = Arc::clone(&limiter);
        async move {
            let task = tokio::spawn(async move {
                let permit = inner.acquire().await.unwrap();
                sleep(secs(1)).await;
                drop(permit);
            });
            sleep(ms(10)).await;
            assert_eq!(since(start), 10);
            task.await.map_err(io::Error::other)
        }
    });
    let mut call = Box::pin(call);
    assert!(poll_once(&mut call).is_pending());
    yield_now().await;
    assert_eq!(limiter.snapshot().in_flight, 2);
    call.await.unwrap();
    assert_eq!(limiter.snapshot().in_flight, 0);
}

async fn stream(limiter: &Limiter) -> Meter {
    let call = limiter.call(|| async { io::Result::Ok(paced::meter()) });
    call.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_stream_holds_its_slot_until_its_meter_is_dropped() {
    let limiter = bounded(1000.0, 1000, 1);
    let meter = stream(&limiter).await;
    assert_eq!(limiter.snapshot().in_flight, 1);
    let mut next = Box::pin(limiter.acquire());
    assert!(poll_once(&mut next).is_pending());
    sleep(secs(60)).await;
    assert!(poll_once(&mut next).is_pending());
    drop(meter);
    assert!(poll_once(&mut next).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_its_slot_to_its_meter() {
    let limiter = bounded(1000.0, 1000, 1);
    let meters = Kept::default();
    let call = limiter.call(|| async {
        meters.keep(paced::meter());
        sleep(secs(60)).await;
        io::Result::Ok(())
    });
    let mut call = Box::pin(call);
    assert!(poll_once(&mut call).is_pending());
    drop(call);
    assert_eq!(limiter.snapshot().in_flight, 1);
    drop(meters.take());
    assert_eq!(limiter.snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_nested_stream_keeps_a_slot_after_the_outer_call() {
    let limiter = bounded(1000.0, 1000, 1);
    let call = limiter.call(|| async { io::Result::Ok(stream(&limiter).await) });
    let meter = call.await.unwrap();
    assert_eq!(limiter.snapshot().in_flight, 1);
    assert!(limiter.try_acquire().is_err());
    drop(meter);
    assert_eq!(limiter.snapshot().in_flight, 0);
    limiter.try_acquire().unwrap();
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_streams_and_permits() {
    let limiter = bounded(1000.0, 1000, 4);
    let meter = stream(&limiter).await;
    tokio::spawn(async move {
        sleep(secs(3)).await;
        drop(meter);
    });
    let start = Instant::now();
    assert_eq!(paced::drain(&[&limiter], secs(60)).await, 0);
    assert!((3000..=3010).contains(&since(start)), "{}", since(start));
    limiter.reset();
    let permit = limiter.acquire().await.unwrap();
    assert_eq!(paced::drain(&[&limiter], secs(1)).await, 1);
    drop(permit);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_a_limiter_without_slots_holds_none() {
    let limiter = limiter(1000.0, 1000);
    let meter = stream(&limiter).await;
    assert_eq!(limiter.snapshot().in_flight, 0);
    drop(meter);
}
