//! Many callers at once: order, envelope and what they leave behind.

use core::future::Future;
use core::future::poll_fn;
use core::pin::Pin;
use core::pin::pin;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering;
use core::task::Context;
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::advance;
use tokio::time::sleep;

use crate::learning::call;
use crate::learning::left;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;
use crate::support::since;

/// Microseconds at which callers that come back at once were served, with a standstill of 50 ms.
async fn served(limiter: &Limiter, callers: usize) -> Vec<u64> {
    let (log, start) = (Log::new(), Instant::now());
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (limiter, log) = (limiter.clone(), log.clone());
            tokio::spawn(async move {
                loop {
                    limiter.acquire().await.unwrap();
                    log.add(u64::try_from(start.elapsed().as_micros()).unwrap());
                }
            })
        })
        .collect();
    for step in 0..1500 {
        advance(if step == 700 { ms(50) } else { ms(1) }).await;
        // A waiter that is woken is served, and comes back, before the clock goes on.
        for _ in 0..5 {
            yield_now().await;
        }
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    log.entries()
}

/// The most permits in any interval of this length.
fn most_within(times: &[u64], window: Duration) -> usize {
    let window = u64::try_from(window.as_micros()).unwrap();
    let mut from = 0;
    let counts = times.iter().enumerate().map(|(at, time)| {
        while time - times[from] > window {
            from += 1;
        }
        at - from + 1
    });
    counts.max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_stands_still_does_not_break_the_envelope() {
    for (rate, burst) in [(50_u32, 1_u32), (1_000, 1), (1_000, 10), (10_000, 1)] {
        let times = served(&limiter(f64::from(rate), burst), 200).await;
        for window in [ms(10), ms(100), secs(1)] {
            let rated = rate as usize * usize::try_from((window + ms(2)).as_micros()).unwrap();
            let most = burst as usize + rated / 1_000_000;
            let seen = most_within(&times, window);
            assert!(seen <= most, "{rate}/s, burst {burst}, {window:?}: {seen}");
        }
    }
}

/// How many go on at the end of a standstill, after which `leave` of the two that were granted their
/// permits just before it are dropped and the others polled.
async fn after_a_standstill(leave: usize) -> usize {
    let (limiter, begun) = (limiter(1_000.0, 1), Arc::new(Mutex::new(0)));
    limiter.acquire().await.unwrap();
    let mut granted: Vec<_> = (0..2).map(|_| Box::pin(limiter.acquire())).collect();
    for waiter in &mut granted {
        assert!(poll_once(waiter).is_pending());
    }
    for _ in 0..10 {
        let (limiter, begun) = (limiter.clone(), Arc::clone(&begun));
        tokio::spawn(async move {
            limiter.acquire().await.unwrap();
            *begun.lock().unwrap() += 1;
        });
    }
    yield_now().await;
    advance(ms(1)).await;
    advance(ms(1)).await;
    assert_eq!(*begun.lock().unwrap(), 0);
    // Only now the two could go on.
    advance(ms(50)).await;
    for waiter in &mut granted[leave..] {
        *begun.lock().unwrap() += usize::from(poll_once(waiter).is_ready());
    }
    drop(granted);
    for _ in 0..20 {
        yield_now().await;
    }
    *begun.lock().unwrap()
}

#[tokio::test(start_paused = true)]
async fn permits_granted_before_a_standstill_count_after_it() {
    // The burst, and 2 ms of slack.
    for leave in 0..=2 {
        assert_eq!(after_a_standstill(leave).await, 3, "{leave} dropped");
    }
}

/// A future each of whose polls keeps the thread busy for a while.
struct Busy<F>(Pin<Box<F>>, Duration);

impl<F: Future> Future for Busy<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _ = poll_once(&mut pin!(advance(self.1)));
        self.0.as_mut().poll(cx)
    }
}

/// All tasks together take far longer for one poll each than a permit waits to be picked up.
#[tokio::test(start_paused = true)]
async fn a_busy_runtime_with_many_callers_uses_the_whole_rate() {
    let (limiter, served) = (limiter(5000.0, 1), Arc::new(AtomicU64::new(0)));
    for _ in 0..2000 {
        let (limiter, served) = (limiter.clone(), Arc::clone(&served));
        let calls = async move {
            loop {
                limiter.acquire().await.unwrap();
                served.fetch_add(1, Ordering::Relaxed);
            }
        };
        tokio::spawn(Busy(Box::pin(calls), Duration::from_micros(20)));
    }
    sleep(secs(1)).await;
    let before = served.load(Ordering::Relaxed);
    sleep(secs(2)).await;
    let served = served.load(Ordering::Relaxed) - before;
    assert!((9_800..=10_020).contains(&served), "{served} of 10,000");
}

#[tokio::test(start_paused = true)]
async fn callers_that_come_back_at_once_starve_no_waiter() {
    let (limiter, log) = (limiter(1_000.0, 5), Log::new());
    for caller in 0..100 {
        let (limiter, log) = (limiter.clone(), log.clone());
        tokio::spawn(async move {
            loop {
                limiter.acquire().await.unwrap();
                log.add(caller);
            }
        });
    }
    sleep(secs(2)).await;
    // Callers that find the burst come round once more before the queue is as long as it stays.
    let rounds = log.entries().split_off(10);
    for (number, round) in rounds.chunks_exact(100).enumerate() {
        let mut callers = round.to_vec();
        callers.sort_unstable();
        assert!(callers.into_iter().eq(0..100), "round {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_limiter_sets_no_timer() {
    let (limiter, runtime) = (limiter(1_000.0, 1), Handle::current().metrics());
    for _ in 0..20 {
        limiter.acquire().await.unwrap();
    }
    // The queue's own timer, and that of a caller that gave up.
    limiter.cooldown_for(secs(10));
    let given_up = tokio::time::timeout(ms(5), limiter.acquire()).await;
    assert!(given_up.is_err());
    assert_eq!(runtime.num_alive_tasks(), 0);
    let before = runtime.worker_park_count(0);
    sleep(secs(3600)).await;
    let parked = runtime.worker_park_count(0) - before;
    // The sleep itself wakes a few times; a ticker would do so thousands of times.
    assert!(parked < 10, "it woke up {parked} times");
}

/// In real time: with a clock that is paused there is one thread only. What is counted are places,
/// and at this rate it takes 100 ms for 50 of them.
#[test]
fn callers_on_two_threads_are_served_nearly_in_order() {
    const CALLS: usize = 200;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let (limiter, log) = (limiter(500.0, 1), Log::new());
    let arrivals = Arc::new(Mutex::new(0_usize));
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let (limiter, log, arrivals) = (limiter.clone(), log.clone(), Arc::clone(&arrivals));
            runtime.spawn(async move {
                let mut permit = pin!(limiter.acquire());
                let mut place = None;
                let granted = poll_fn(|cx| {
                    if place.is_some() {
                        return permit.as_mut().poll(cx);
                    }
                    // Numbered as they come: a caller that is interrupted in between keeps the others waiting.
                    let mut arrivals = arrivals.lock().unwrap();
                    place = Some(*arrivals);
                    *arrivals += 1;
                    permit.as_mut().poll(cx)
                });
                granted.await.unwrap();
                log.add(place.unwrap());
            })
        })
        .collect();
    runtime.block_on(async {
        for call in calls {
            call.await.unwrap();
        }
    });
    let served = log.entries();
    assert_eq!(served.len(), CALLS);
    for (turn, place) in served.into_iter().enumerate() {
        assert!(turn.abs_diff(place) <= 50, "{place} was served as {turn}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cost_above_what_a_slow_pace_saves_up_is_served_and_stops_no_call() {
    let (limiter, start) = (limiter(10.0, 10), Instant::now());
    call(&limiter, &left(50, 1000, 600)).await.unwrap();
    limiter.acquire_many(2).await.unwrap();
    assert_eq!(since(start), 12_000);
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 36_000);
}
