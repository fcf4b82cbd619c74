//! Runs what is measured.

use core::future::Future;
use core::hint::black_box;
use core::pin::pin;
use core::task::Context;
use core::task::Poll;
use core::task::Waker;
use std::sync::LazyLock;

use tokio::runtime::Builder;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let builder = Builder::new_current_thread().enable_time().build();
    builder.expect("a runtime without threads can be built")
});

/// Does something `n` times. The optimizer cannot remove it.
pub fn repeat<T>(n: u64, act: impl Fn() -> T) {
    for _ in 0..n {
        black_box(act());
    }
}

/// The same inside of a tokio runtime: a rate-limited function is refused outside of one.
pub fn repeat_inside<T>(n: u64, act: impl Fn() -> T) {
    let _inside = RUNTIME.enter();
    repeat(n, act);
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

/// Does it `n` times on a thread of `spawn_blocking`, where a plain function first finds out that it may block.
///
/// # Panics
///
/// If it does.
pub fn repeat_in_spawn_blocking<T>(n: u64, act: impl Fn() -> T + Send + 'static) {
    let repeated = async { tokio::task::spawn_blocking(move || repeat(n, act)).await };
    RUNTIME
        .block_on(repeated)
        .expect("nothing that is measured here panics");
}
