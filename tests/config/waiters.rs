//! Callers that wait, and note when they are woken and served.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::Wake;
use std::task::Waker;

use paced::Error;
use tokio::task::yield_now;
use tokio::time::advance;

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
pub(crate) struct Crowd<F> {
    waiters: Vec<Option<Pin<Box<F>>>>,
    woken: Arc<Mutex<Vec<usize>>>,
    /// Waiters that were served, in this order.
    pub(crate) served: Vec<usize>,
    pub(crate) wakes: usize,
}

impl<F: Future<Output = Result<P, Error>>, P> Crowd<F> {
    pub(crate) fn of(waiters: usize, acquire: impl Fn() -> F) -> Self {
        let mut crowd = Self {
            waiters: Vec::new(),
            woken: Arc::default(),
            served: Vec::new(),
            wakes: 0,
        };
        for waiter in 0..waiters {
            crowd.waiters.push(Some(Box::pin(acquire())));
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
            drop(permit.expect("a permit"));
            self.served.push(waiter);
            self.waiters[waiter] = None;
        }
    }

    /// Serves the waiters that are woken within some milliseconds. Returns how many.
    pub(crate) async fn run(&mut self, millis: u64) -> usize {
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

    pub(crate) fn check(&self) {
        assert!(self.served.is_sorted(), "the order has changed");
        // Calls that were admitted at once were not woken at all.
        assert!(self.wakes <= self.served.len(), "a waiter was woken twice");
    }
}
