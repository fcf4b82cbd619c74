//! Threads, wakers and runtimes at their most inconvenient, in real time: what is tested here is
//! exactly what a paused clock on one thread rules out. No call hangs, nothing panics, and the
//! envelope holds; no test depends on how fast the machine is.

use core::future::Future;
use core::future::poll_fn;
use core::num::NonZeroU32;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::time::Duration;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::task::Wake;
use std::task::Waker;
use std::thread;
use std::thread::JoinHandle;
use std::time::Instant;

use paced::Acquire;
use paced::Limiter;
use paced::Permit;
use paced::Quota;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

/// Time whose tokens a limiter may add to its envelope: a late timer kept them from waiters.
const SLACK: Duration = Duration::from_millis(2);

/// Long enough for whatever a test does, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);

fn quota(per_second: u32, burst: u32) -> Quota {
    let count = |n| NonZeroU32::new(n).expect("a count above 0");
    Quota::per_second(count(per_second)).with_burst(count(burst))
}

fn limiter(per_second: u32, burst: u32) -> Limiter {
    Limiter::new(quota(per_second, burst))
}

fn current_thread() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
}

fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_time()
        .build()
        .expect("a runtime")
}

/// Runs `test`, and fails if it hangs.
fn watched(test: impl FnOnce() + Send + 'static) {
    let (done, watch) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        done.send(()).expect("the test watches");
    });
    let ended = watch.recv_timeout(2 * LONG);
    assert_ne!(ended, Err(RecvTimeoutError::Timeout), "it hangs");
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

/// Threads that do something over and over.
struct Restless {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Restless {
    fn new(threads: usize, act: impl Fn() + Clone + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..threads)
            .map(|_| {
                let (stop, act) = (Arc::clone(&stop), act.clone());
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        act();
                    }
                })
            })
            .collect();
        Self { stop, threads }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("no panic");
        }
    }
}

/// The most that may be granted within `elapsed`.
fn envelope(per_second: u32, burst: u32, elapsed: Duration) -> u64 {
    let nanos = u64::try_from((elapsed + SLACK).as_nanos()).expect("a short test");
    u64::from(burst) + nanos * u64::from(per_second) / 1_000_000_000
}

#[test]
fn threads_that_race_for_permits_get_no_more_than_there_are() {
    for (per_second, burst) in [(1000, 1), (50_000, 1), (50_000, 1000)] {
        let start = Instant::now();
        let limiter = limiter(per_second, burst);
        let granted = Arc::new(AtomicU64::new(0));
        let racers = {
            let granted = Arc::clone(&granted);
            Restless::new(4, move || {
                if limiter.try_acquire().is_ok() {
                    granted.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        thread::sleep(Duration::from_millis(300));
        racers.stop();
        let (granted, most) = (
            granted.load(Ordering::SeqCst),
            envelope(per_second, burst, start.elapsed()),
        );
        assert!(granted > u64::from(burst), "{granted}");
        assert!(granted <= most, "{granted} of {most}");
    }
}

#[test]
fn callers_that_wait_get_no_more_than_there_are_while_others_look_on() {
    watched(|| {
        let start = Instant::now();
        let (limiter, runtime) = (limiter(50_000, 1), multi_thread(2));
        let visitors = {
            let limiter = limiter.clone();
            Restless::new(2, move || {
                let _ = limiter.snapshot();
            })
        };
        let granted = Arc::new(AtomicU64::new(0));
        for _ in 0..8 {
            let (limiter, granted) = (limiter.clone(), Arc::clone(&granted));
            runtime.spawn(async move {
                loop {
                    limiter.acquire().await.unwrap();
                    granted.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        let granted = granted.load(Ordering::SeqCst);
        let most = envelope(50_000, 1, start.elapsed());
        visitors.stop();
        runtime.shutdown_background();
        assert!(granted > 1, "{granted}");
        assert!(granted <= most, "{granted} of {most}");
    });
}

/// A timer that rings while another thread sets it anew must not count as the new one's ring.
#[test]
fn timers_that_are_set_anew_while_they_ring_strand_no_waiter() {
    watched(|| {
        for _ in 0..3 {
            let (limiter, runtime) = (limiter(2000, 1), multi_thread(3));
            let visitors = {
                let limiter = limiter.clone();
                Restless::new(2, move || {
                    let _ = limiter.snapshot();
                })
            };
            let callers: Vec<_> = (0..500)
                .map(|_| {
                    let limiter = limiter.clone();
                    runtime.spawn(async move {
                        limiter.acquire().await.unwrap();
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(150));
            // From here on no call comes that would make up for a timer that is lost.
            visitors.stop();
            runtime.block_on(async {
                for caller in callers {
                    caller.await.unwrap();
                }
            });
            assert_eq!(limiter.snapshot().waiting, 0);
        }
    });
}

#[test]
fn callers_that_come_and_go_on_many_threads_are_all_served() {
    watched(|| {
        for _ in 0..3 {
            let (limiter, runtime) = (limiter(3000, 1), multi_thread(4));
            let callers: Vec<_> = (0..64)
                .map(|caller| {
                    let limiter = limiter.clone();
                    runtime.spawn(async move {
                        for call in 0..10 {
                            limiter.acquire().await.unwrap();
                            if (caller + call) % 3 == 0 {
                                tokio::time::sleep(Duration::from_micros(700)).await;
                            }
                        }
                    })
                })
                .collect();
            runtime.block_on(async {
                for caller in callers {
                    caller.await.unwrap();
                }
            });
            assert_eq!(limiter.snapshot().waiting, 0);
        }
    });
}

#[test]
fn a_runtime_may_shut_down_while_another_thread_sets_its_timer() {
    watched(|| {
        for _ in 0..300 {
            let (limiter, runtime) = (limiter(1000, 1), current_thread());
            limiter.cooldown_for(LONG);
            let mut stranded = limiter.acquire();
            runtime.block_on(async {
                assert!(poll_with(&mut stranded, Waker::noop()).is_pending());
            });
            let setter = {
                let (limiter, longer) = (limiter.clone(), Arc::new(AtomicU64::new(1)));
                Restless::new(1, move || {
                    let more = longer.fetch_add(1, Ordering::Relaxed);
                    limiter.cooldown_for(LONG + Duration::from_millis(more));
                })
            };
            thread::yield_now();
            drop(runtime);
            setter.stop();
        }
    });
}

fn poll_with<'a>(
    waiter: &mut Acquire<'a>,
    waker: &Waker,
) -> Poll<Result<Permit<'a>, paced::Error>> {
    Pin::new(waiter).poll(&mut Context::from_waker(waker))
}

#[test]
fn a_waker_may_use_the_limiter_when_it_is_dropped() {
    struct Curious(Limiter, Arc<AtomicBool>);
    impl Wake for Curious {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Curious {
        fn drop(&mut self) {
            assert_eq!(self.0.snapshot().waiting, 1);
            self.1.store(true, Ordering::SeqCst);
        }
    }
    watched(|| {
        let (limiter, runtime) = (limiter(1, 1), current_thread());
        let _entered = runtime.enter();
        limiter.cooldown_for(LONG);
        let mut waiter = limiter.acquire();
        let dropped = Arc::new(AtomicBool::new(false));
        let curious = Curious(limiter.clone(), Arc::clone(&dropped));
        let waker = Waker::from(Arc::new(curious));
        assert!(poll_with(&mut waiter, &waker).is_pending());
        drop(waker);
        assert!(!dropped.load(Ordering::SeqCst));
        // The limiter lets go of the last one while it takes the new one.
        assert!(poll_with(&mut waiter, Waker::noop()).is_pending());
        assert!(dropped.load(Ordering::SeqCst));
    });
}

/// A task of an executor that is gone: only wakers keep it alive.
struct Task(Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>);

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_task_whose_last_waker_waits_in_the_queue_may_hold_a_place_of_its_own() {
    watched(|| {
        let runtime = current_thread();
        let _entered = runtime.enter();
        let hourly = Limiter::new(Quota::per_hour(NonZeroU32::MIN));
        let limiter: &'static Limiter = Box::leak(Box::new(hourly));
        limiter.try_acquire().unwrap();
        let shared = Arc::new(Mutex::new(limiter.acquire()));
        let task = Arc::new(Task(Mutex::new(None)));
        let body = {
            let (shared, mut own) = (Arc::clone(&shared), limiter.acquire());
            poll_fn(move |cx| {
                let _ = Pin::new(&mut own).poll(cx);
                let _ = Pin::new(&mut *shared.lock().unwrap()).poll(cx);
                Poll::Pending
            })
        };
        let mut body: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(body);
        let waker = Waker::from(Arc::clone(&task));
        assert!(
            body.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        *task.0.lock().unwrap() = Some(body);
        drop((task, waker));
        assert_eq!(limiter.snapshot().waiting, 2);
        // The place that the task holds has its turn first, and lets go of its waker.
        limiter.set_quota(quota(100, 1));
        while limiter.snapshot().waiting == 2 {
            thread::sleep(Duration::from_millis(1));
        }
        // The task dies with its last waker, and gives back what it was granted.
        let _ = poll_with(&mut shared.lock().unwrap(), Waker::noop());
        assert_eq!(Arc::strong_count(&shared), 1);
    });
}
