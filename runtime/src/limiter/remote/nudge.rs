//! A signal that ends the wait of a task before its time.

use core::future::poll_fn;
use core::mem;
use core::task::Poll;
use core::task::Waker;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// A signal to one task. It lasts until the task waits for it.
#[derive(Debug, Default)]
pub(super) struct Nudge(Mutex<GivenSignal>);

#[derive(Debug, Default)]
struct GivenSignal {
    is_given: bool,
    waker: Option<Waker>,
}

impl Nudge {
    pub(super) fn give(&self) {
        let waker = {
            let mut signal = self.lock();
            signal.is_given = true;
            signal.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Waits for the signal.
    pub(super) async fn wait(&self) {
        poll_fn(|cx| {
            let mut signal = self.lock();
            if mem::take(&mut signal.is_given) {
                return Poll::Ready(());
            }
            signal.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, GivenSignal> {
        // No code under the lock panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
