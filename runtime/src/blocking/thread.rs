//! Threads that may be blocked.
//!
//! tokio has no public test for it. Two facts tell: a waker that is handed to `yield_now` is woken at once unless a
//! scheduler runs on the thread, and only asynchronous code has a budget of cooperative scheduling. A current runtime
//! and a task's id are none: both are there in `spawn_blocking`, too.

use core::cell::Cell;
use core::future::Future as _;
use core::pin::pin;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering;
use core::task::Context;
use core::task::Poll;
use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

use tokio::runtime::Handle;
use tokio::task;
use tokio::task::Id;
use tokio::task::coop;

/// Returns whether this thread may be blocked: no task of tokio's and no `block_on` is suspended meanwhile.
///
/// Asynchronous code is not recognised in one case: a future of `block_on` that is `unconstrained`, or that runs inside
/// of `spawn_blocking`. There is no scheduler on such a thread, so no task waits for it.
#[inline]
pub(crate) fn may_block() -> bool {
    // On a thread without a runtime this is one access to a thread-local variable.
    Handle::try_current().is_err() || is_outside_of_tasks()
}

/// Returns whether the thread, which has a current runtime, runs no asynchronous code.
fn is_outside_of_tasks() -> bool {
    PROBE
        .try_with(|probe| {
            let mut cx = Context::from_waker(&probe.waker);
            if probe.is_deferred(&mut cx) {
                return false;
            }
            // A closure of `spawn_blocking`, or `block_in_place` in a task. A task of a `LocalSet` has an id, too, and a
            // future of `block_on` has none.
            let id = task::try_id();
            if id.is_some() && id == probe.checked.get() {
                return true;
            }
            let may_block = !has_budget(&mut cx);
            if may_block {
                probe.checked.set(id);
            }
            may_block
        })
        .unwrap_or(true)
}

/// Returns whether there is a budget of cooperative scheduling, and leaves it as it is.
#[cold]
fn has_budget(cx: &mut Context<'_>) -> bool {
    // Restores the budget when it is dropped, after all that follows.
    let Poll::Ready(_budget) = coop::poll_proceed(cx) else {
        return true;
    };
    // A budget is a `u8`.
    (0..=u8::MAX).any(|_| match coop::poll_proceed(cx) {
        Poll::Ready(unit) => {
            unit.made_progress();
            false
        }
        Poll::Pending => true,
    })
}

thread_local! {
    static PROBE: YieldProbe = YieldProbe::new();
}

/// Waker that tells whether it is woken at once.
struct YieldProbe {
    flag: Arc<WokenFlag>,
    waker: Waker,
    /// The closure of `spawn_blocking` that was found to have no budget, to ask once for many calls.
    checked: Cell<Option<Id>>,
}

impl YieldProbe {
    fn new() -> Self {
        let flag = Arc::new(WokenFlag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        Self {
            flag,
            waker,
            checked: Cell::new(None),
        }
    }

    /// Returns whether a scheduler of this thread keeps the waker for later.
    fn is_deferred(&self, cx: &mut Context<'_>) -> bool {
        self.flag.0.store(false, Ordering::Relaxed);
        let polled = pin!(task::yield_now()).poll(cx);
        polled.is_pending() && !self.flag.0.load(Ordering::Relaxed)
    }
}

struct WokenFlag(AtomicBool);

impl Wake for WokenFlag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tokio::runtime::Builder;
    use tokio::runtime::Runtime;
    use tokio::task::LocalSet;

    use super::*;

    fn both() -> [Runtime; 2] {
        let single = Builder::new_current_thread().build().expect("a runtime");
        let several = Builder::new_multi_thread().worker_threads(2).build();
        [single, several.expect("a runtime")]
    }

    #[test]
    fn plain_threads_may_block() {
        assert!(may_block());
        for runtime in both() {
            let _inside = runtime.enter();
            assert!(may_block());
        }
    }

    #[test]
    fn code_of_spawn_blocking_may_block() {
        for runtime in both() {
            for _ in 0..2 {
                let twice = || may_block() && may_block();
                let may = runtime.block_on(async { task::spawn_blocking(twice).await });
                assert!(may.expect("a bool"));
            }
        }
    }

    #[test]
    fn asynchronous_code_may_not_block() {
        for runtime in both() {
            assert!(!runtime.block_on(async { may_block() }));
            let spawned = runtime.block_on(async { task::spawn(async { may_block() }).await });
            assert!(!spawned.expect("a bool"));
            let unconstrained = async { coop::unconstrained(async { may_block() }).await };
            let spawned = runtime.block_on(async { task::spawn(unconstrained).await });
            assert!(!spawned.expect("a bool"));
        }
    }

    #[test]
    fn local_tasks_may_not_block() {
        for runtime in both() {
            let local = LocalSet::new();
            let tasks = async {
                let spawned = task::spawn_local(async { may_block() }).await;
                (may_block(), spawned.expect("a bool"))
            };
            assert_eq!(local.block_on(&runtime, tasks), (false, false));
        }
    }

    #[test]
    fn code_of_block_in_place_may_block() {
        let [_, runtime] = both();
        assert!(runtime.block_on(async { task::block_in_place(may_block) }));
        let in_task = async { (task::block_in_place(may_block), may_block()) };
        let in_task = runtime.block_on(async { task::spawn(in_task).await });
        assert_eq!(in_task.expect("two bools"), (true, false));
    }

    #[test]
    fn the_thread_of_a_second_block_on_may_not_block() {
        let [single, _] = both();
        let handle = single.handle();
        single.block_on(async {
            thread::scope(|scope| {
                let other = scope.spawn(|| handle.block_on(async { may_block() }));
                assert!(!other.join().expect("a bool"));
            });
        });
    }

    #[test]
    fn the_budget_stays_what_it_is() {
        let [_, runtime] = both();
        runtime.block_on(async {
            let left = || {
                let mut cx = Context::from_waker(Waker::noop());
                let mut count = 0;
                while let Poll::Ready(unit) = coop::poll_proceed(&mut cx) {
                    unit.made_progress();
                    count += 1;
                }
                count
            };
            assert!(!may_block());
            assert!(left() > 100);
            // Nothing is left, and this is no reason to block.
            assert!(!may_block());
        });
    }
}
