//! One limiter on several runtimes, on none, and on one that is gone.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::task::Waker;
use std::thread;

use paced::Keyed;
use paced::Limiter;
use paced::Quota;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use crate::support::Counter;
use crate::support::limiter;
use crate::support::poll_once;

use core::future::Future as _;
use core::pin::Pin;
use core::task::Context;

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
}

#[test]
fn a_permit_that_is_free_needs_no_runtime_and_waiting_for_one_is_an_error() {
    let limiter = limiter(1.0, 1);
    assert!(matches!(
        poll_once(&mut limiter.acquire()),
        core::task::Poll::Ready(Ok(_))
    ));
    match poll_once(&mut limiter.acquire()) {
        core::task::Poll::Ready(Err(error)) => assert!(error.is_no_runtime()),
        other => panic!("{other:?}"),
    }
}

/// In real time: two runtimes have no common paused clock.
#[test]
fn a_runtime_that_is_not_driven_holds_up_only_its_own_waiters() {
    let limiter = limiter(200.0, 1);
    let (idle, busy) = (runtime(), runtime());
    let mut stuck = limiter.acquire();
    idle.block_on(async {
        limiter.acquire().await.unwrap();
        assert!(poll_once(&mut stuck).is_pending());
    });
    busy.block_on(async {
        for _ in 0..3 {
            limiter.acquire().await.unwrap();
        }
    });
    idle.block_on(stuck).unwrap();
}

/// In real time: two runtimes have no common paused clock.
#[test]
fn a_limiter_outlives_a_runtime_that_had_waiters() {
    let limiter = limiter(100.0, 1);
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut stranded = limiter.acquire();
    {
        let gone = runtime();
        gone.block_on(async {
            limiter.acquire().await.unwrap();
            let polled = Pin::new(&mut stranded).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        });
    }
    // The end of its runtime wakes it, so that a task that polls it elsewhere gets on.
    assert_eq!(counter.count(), 1);
    runtime().block_on(async {
        stranded.await.unwrap();
        limiter.acquire().await.unwrap();
    });
}

/// In real time: several runtimes have no common paused clock.
#[test]
fn several_runtimes_share_one_limiter() {
    let limiter = limiter(2000.0, 1);
    let granted = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (limiter, granted) = (limiter.clone(), Arc::clone(&granted));
            thread::spawn(move || {
                runtime().block_on(async {
                    for _ in 0..50 {
                        limiter.acquire().await.unwrap();
                        granted.fetch_add(1, Ordering::SeqCst);
                    }
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(granted.load(Ordering::SeqCst), 200);
    assert_eq!(limiter.snapshot().waiting, 0);
}

/// In real time: a multi-threaded runtime cannot be paused.
#[test]
fn many_tasks_on_many_threads_are_all_served_and_none_too_early() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let limiter = limiter(5000.0, 10);
    let elapsed = runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let tasks: Vec<_> = (0..500)
            .map(|n| {
                let limiter = limiter.clone();
                tokio::spawn(async move {
                    // Some give up while they wait; what they were granted must not be lost.
                    if n % 7 == 0 {
                        let _ =
                            tokio::time::timeout(Duration::from_millis(1), limiter.acquire()).await;
                    } else {
                        limiter.acquire().await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        start.elapsed()
    });
    // 428 permits at least, 10 of them at once, the others 0.2 ms apart less the 2 ms of slack.
    assert!(
        elapsed >= Duration::from_micros((428 - 10) * 200 - 2000),
        "{elapsed:?}"
    );
    assert_eq!(limiter.snapshot().waiting, 0);
}

/// Each runtime has a paused clock of its own: that of one may be far ahead of that of the other.
#[test]
fn a_waiter_whose_clock_is_ahead_of_the_one_that_ends_a_pause_is_served() {
    let paused = || {
        let mut builder = Builder::new_current_thread();
        builder.enable_time().start_paused(true).build().unwrap()
    };
    let limiter = limiter(5.0, 1);
    let (ahead, behind) = (paused(), paused());
    let mut waits = limiter.acquire();
    ahead.block_on(async {
        tokio::time::advance(Duration::from_secs(3600)).await;
        limiter.cooldown_for(Duration::from_secs(60));
        assert!(poll_once(&mut waits).is_pending());
    });
    // The next permit is due by this clock, at an instant that is long past by the other one.
    behind.block_on(async { limiter.resume() });
    ahead.block_on(async {
        let waited = tokio::time::timeout(Duration::from_secs(3600), waits).await;
        waited.expect("it is woken").unwrap();
    });
}

/// In real time: two runtimes have no common paused clock.
#[test]
fn a_caller_of_a_key_moves_to_another_runtime_when_its_own_one_ends() {
    let per_second = |count| Quota::per_second(NonZeroU32::new(count).unwrap());
    let one = per_second(100).with_burst(NonZeroU32::MIN);
    let keyed = Keyed::<str>::builder(one).shared_row("requests", per_second(1_000));
    let keyed = keyed.build().unwrap();
    let mut caller = Box::pin(keyed.acquire("acme"));
    {
        let gone = runtime();
        gone.block_on(async {
            keyed.acquire("acme").await.unwrap();
            assert!(poll_once(&mut caller).is_pending());
        });
    }
    runtime().block_on(caller).unwrap();
}

/// Another thread uses the only slot, and the runtime has nothing to do meanwhile.
#[test]
fn a_paused_clock_stands_while_a_caller_waits_for_a_slot_alone() {
    let mut paused = Builder::new_current_thread();
    let paused = paused.enable_time().start_paused(true).build().unwrap();
    let per_second = Quota::per_second(NonZeroU32::new(5).unwrap());
    let limiter = Limiter::builder(per_second).max_concurrency(NonZeroU32::MIN);
    let limiter = limiter.build().unwrap();
    let (other, (used, is_used)) = (limiter.clone(), mpsc::channel());
    let thread = thread::spawn(move || {
        let permit = other.try_acquire().unwrap();
        used.send(()).unwrap();
        // In real time: for a clock that does not stand, it is long.
        thread::sleep(Duration::from_millis(50));
        drop(permit);
    });
    is_used.recv().unwrap();
    let waited = paused.block_on(async {
        let start = tokio::time::Instant::now();
        limiter.acquire().await.unwrap();
        start.elapsed()
    });
    thread.join().unwrap();
    assert!(
        waited <= Duration::from_secs(5),
        "until it is announced: {waited:?}"
    );
}
