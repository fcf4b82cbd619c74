//! Dropping a call that waits loses nothing.

use std::sync::Arc;
use std::task::Waker;

use core::future::Future as _;
use core::pin::Pin;
use core::task::Context;

use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::advance;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::support::Counter;
use crate::support::Failed;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::refusal;
use crate::support::secs;
use crate::support::since;

#[tokio::test(start_paused = true)]
async fn the_place_of_a_dropped_waiter_goes_to_the_next() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let mut dropped = limiter.acquire();
    assert!(poll_once(&mut dropped).is_pending());
    let next = limiter.acquire();
    tokio::pin!(next);
    assert!(timeout(ms(50), &mut next).await.is_err());
    drop(dropped);
    next.await.unwrap();
    assert_eq!(since(start), 100);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_granted_and_not_picked_up_goes_to_the_next_at_once() {
    let (limiter, start) = (limiter(10.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let mut forgotten = limiter.acquire();
    assert!(poll_once(&mut forgotten).is_pending());
    let next = limiter.acquire();
    tokio::pin!(next);
    assert!(timeout(ms(101), &mut next).await.is_err());
    drop(forgotten);
    next.await.unwrap();
    assert_eq!(since(start), 101);
}

#[tokio::test(start_paused = true)]
async fn half_of_the_waiters_dropped_cost_the_others_nothing() {
    let (limiter, start) = (limiter(100.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move {
                limiter.acquire().await.unwrap();
            })
        })
        .collect();
    sleep(ms(5)).await;
    for task in tasks.iter().step_by(2) {
        task.abort();
    }
    for task in tasks.into_iter().skip(1).step_by(2) {
        task.await.unwrap();
    }
    assert_eq!(since(start), 5000);
}

#[tokio::test(start_paused = true)]
async fn callers_that_all_give_up_leave_a_bucket_that_fills() {
    let limiter = limiter(10.0, 1);
    limiter.acquire().await.unwrap();
    let mut granted = 0;
    for _ in 0..20 {
        granted += usize::from(timeout(ms(15), limiter.acquire()).await.is_ok());
    }
    // Tokens came at 100 and 200 ms, and each found a waiter.
    assert_eq!(granted, 2);
    sleep(ms(100)).await;
    let snapshot = limiter.snapshot();
    assert_eq!((snapshot.available, snapshot.waiting), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_expensive_waiter_that_is_dropped_lets_the_cheap_ones_go_at_once() {
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    limiter.acquire_many(8).await.unwrap();
    let mut expensive = limiter.acquire_many(10);
    assert!(poll_once(&mut expensive).is_pending());
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut cheap = limiter.acquire();
    assert!(
        Pin::new(&mut cheap)
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(expensive);
    assert_eq!(counter.count(), 1);
    assert!(poll_once(&mut cheap).is_ready());
    assert_eq!(since(start), 0);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_is_woken_once() {
    let limiter = limiter(10.0, 1);
    limiter.acquire().await.unwrap();
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut first = limiter.acquire();
    let mut second = limiter.acquire();
    assert!(
        Pin::new(&mut first)
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    assert!(
        Pin::new(&mut second)
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    advance(ms(99)).await;
    sleep(ms(2)).await;
    assert_eq!(counter.count(), 0);
    // The first one does not pick up its permit.
    sleep(ms(1)).await;
    assert_eq!(counter.count(), 1);
    sleep(secs(1)).await;
    assert_eq!(counter.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn permits_that_were_forgotten_for_long_do_not_come_back_beside_a_full_bucket() {
    for burst in [1, 20] {
        let limiter = limiter(10.0, burst);
        limiter.acquire_many(burst).await.unwrap();
        let mut forgotten: Vec<_> = (0..10).map(|_| limiter.acquire()).collect();
        for waiter in &mut forgotten {
            assert!(poll_once(waiter).is_pending());
        }
        // All ten have been granted by now, and the bucket is full again.
        sleep(secs(10)).await;
        limiter.try_acquire_many(burst).unwrap();
        drop(forgotten);
        assert_eq!(limiter.snapshot().available, 0, "{burst}");
        assert!(limiter.try_acquire().is_err(), "{burst}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_waiters_due_at_one_instant_are_woken() {
    for count in [31, 32, 33, 64, 65, 200] {
        let limiter = limiter(10.0, 1000);
        limiter.acquire().await.unwrap();
        let mut expensive = limiter.acquire_many(1000);
        assert!(poll_once(&mut expensive).is_pending());
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut cheap: Vec<_> = (0..count).map(|_| limiter.acquire()).collect();
        for waiter in &mut cheap {
            let polled = Pin::new(waiter).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        drop(expensive);
        assert_eq!(counter.count(), count);
        assert!(cheap.iter_mut().all(|waiter| poll_once(waiter).is_ready()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cooldown_that_refuses_many_at_one_instant_wakes_them_all() {
    #[rate_limited(limiter = limiter, deadline = "100s")]
    async fn call(limiter: &Limiter) -> Result<(), Failed> {
        Ok(())
    }
    for count in [31, 32, 33, 64, 65, 90] {
        let limiter = limiter(1.0, 1);
        limiter.acquire().await.unwrap();
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut waiting: Vec<_> = (0..count).map(|_| Box::pin(call(&limiter))).collect();
        for waiter in &mut waiting {
            let polled = waiter.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        limiter.cooldown_for(secs(200));
        assert_eq!(counter.count(), count);
        for waiter in waiting {
            assert!(refusal(waiter.await).is_deadline());
        }
    }
}
