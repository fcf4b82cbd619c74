//! Changes under 10,000 callers that wait: the order stays, each is woken once, and no more are admitted than the old and
//! the new burst hold together.

use core::future::Future as _;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::Wake;
use std::task::Waker;

use paced::Acquire;
use paced::Limiter;
use proptest::prelude::*;
use test_support::life::run;
use tokio::task::yield_now;
use tokio::time::advance;

use crate::apply;
use crate::named;
use crate::quota;
use crate::turn;

/// Notes which waiter is woken.
struct Bell {
    waiter: usize,
    woken: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let mut woken = self.woken.lock().expect("no test panics while it notes");
        woken.push(self.waiter);
    }
}

/// Callers that wait, in the order in which they came.
struct Crowd<'l> {
    waiters: Vec<Option<Pin<Box<Acquire<'l>>>>>,
    woken: Arc<Mutex<Vec<usize>>>,
    /// Waiters that were served, in this order.
    served: Vec<usize>,
    wakes: usize,
}

impl<'l> Crowd<'l> {
    fn of(limiter: &'l Limiter, waiters: usize) -> Self {
        let mut crowd = Self {
            waiters: Vec::new(),
            woken: Arc::default(),
            served: Vec::new(),
            wakes: 0,
        };
        for waiter in 0..waiters {
            crowd.waiters.push(Some(Box::pin(limiter.acquire())));
            crowd.poll(waiter);
        }
        crowd
    }

    fn poll(&mut self, waiter: usize) {
        let bell = Bell {
            waiter,
            woken: Arc::clone(&self.woken),
        };
        let waker = Waker::from(Arc::new(bell));
        let Some(future) = &mut self.waiters[waiter] else {
            panic!("{waiter} was woken after it was served");
        };
        if let Poll::Ready(permit) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            permit.expect("a permit");
            self.served.push(waiter);
            self.waiters[waiter] = None;
        }
    }

    /// Serves the waiters that are woken within some milliseconds. Returns how many.
    async fn run(&mut self, millis: u64) -> usize {
        let before = self.served.len();
        self.serve();
        for _ in 0..millis {
            advance(Duration::from_millis(1)).await;
            yield_now().await;
            self.serve();
        }
        self.served.len() - before
    }

    fn serve(&mut self) {
        loop {
            let woken = core::mem::take(&mut *self.woken.lock().expect("no test panics"));
            if woken.is_empty() {
                return;
            }
            self.wakes += woken.len();
            for waiter in woken {
                self.poll(waiter);
            }
        }
    }

    fn check(&self) {
        assert!(self.served.is_sorted(), "the order has changed");
        // Calls that were admitted at once were not woken at all.
        assert!(self.wakes <= self.served.len(), "a waiter was woken twice");
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_waiters_keep_their_order_and_are_woken_once() {
    let _turn = turn().await;
    let limiter = named("waiting_exact", quota("1000/s", 100));
    let mut crowd = Crowd::of(&limiter, 10_000);
    assert_eq!(crowd.served.len(), 100);
    assert_eq!(crowd.run(1000).await, 1000);

    apply("[limiter.waiting_exact]\nrate = 2000\nburst = 50");
    assert_eq!(crowd.run(0).await, 0);
    assert_eq!(crowd.run(1000).await, 2000);

    // 100 tokens are used up of a bucket that now holds 300: 200 more than before.
    apply("[limiter.waiting_exact]\nrate = 500\nburst = 300");
    assert_eq!(crowd.run(0).await, 200);
    assert_eq!(crowd.run(1000).await, 500);

    // The same again changes nothing.
    for _ in 0..10 {
        apply("[limiter.waiting_exact]\nrate = 500\nburst = 300");
        apply("[limiter.waiting_exact]\nrate = 500\nburst = 1");
    }
    apply("[limiter.waiting_exact]\nrate = 500\nburst = 300");
    assert_eq!(crowd.run(0).await, 0);
    assert_eq!(crowd.run(1000).await, 500);

    apply("");
    assert_eq!(crowd.run(0).await, 0);
    assert_eq!(crowd.run(6000).await, 10_000 - 4300);
    crowd.check();
    assert_eq!(crowd.served.len(), 10_000);
    assert_eq!(crowd.wakes, 9900);
    assert_eq!(limiter.snapshot().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_waiters_of_several_limits_do_so_too() {
    let _turn = turn().await;
    let limiter = Limiter::builder(quota("1000/s", 100))
        .row("requests", quota("2000/s", 2000))
        .name("waiting_rows")
        .build()
        .expect("the name is free");
    let mut crowd = Crowd::of(&limiter, 10_000);
    assert_eq!(crowd.served.len(), 100);
    assert_eq!(crowd.run(1000).await, 1000);
    apply(
        "[limiter.waiting_rows]\nlimits = { requests = [{ rate = 4000, burst = 100 }, { rate = 2000, burst = 10 }] }",
    );
    let served = crowd.run(1000).await;
    assert!((2000..=2010).contains(&served), "{served}");
    apply("[limiter.waiting_rows]\nlimits = { requests = [1000, { rate = 500, burst = 10 }] }");
    assert_eq!(crowd.run(1000).await, 500);
    apply("");
    crowd.run(10_000).await;
    crowd.check();
    assert_eq!(crowd.served.len(), 10_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_change_admits_more_than_both_bursts(
        changes in prop::collection::vec((1..2000_u32, 1..400_u32, 0..300_u64), 1..8),
    ) {
        run(async {
            let limiter = Limiter::new(quota("100/s", 50));
            let mut crowd = Crowd::of(&limiter, 2000);
            let mut before = (100, 50);
            for (rate, burst, millis) in changes {
                let since = crowd.run(20).await;
                limiter.set_quota(quota(&format!("{rate}/s"), burst));
                let granted = since + crowd.run(0).await;
                let most = u64::from(before.1 + burst) + u64::from(before.0) * 20 / 1000 + 2;
                assert!(granted as u64 <= most, "{granted} are more than {most}");
                let granted = crowd.run(millis).await as u64;
                let most = u64::from(rate) * millis / 1000 + 2;
                assert!(granted <= most, "{granted} are more than {most}");
                before = (rate, burst);
            }
            crowd.check();
        });
    }
}
