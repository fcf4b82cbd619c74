//! Runs what is measured.

use core::future::Future;
use core::hint::black_box;
use core::pin::pin;
use core::task::Context;
use core::task::Poll;
use core::task::Waker;

/// Does something `n` times. The optimizer cannot remove it.
pub fn repeat<T>(n: u64, act: impl Fn() -> T) {
    for _ in 0..n {
        black_box(act());
    }
}

/// The output of a future that does not have to wait.
///
/// # Panics
///
/// If it has to.
pub fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing that is measured here waits"),
    }
}
