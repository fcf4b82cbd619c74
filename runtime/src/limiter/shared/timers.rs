//! Wakes the limiter when the next permit is due, by one timer per runtime that has waiters.
//!
//! The timer's waker calls the limiter. No waiting task has to be polled for the others to make progress,
//! there is no background task, and a runtime that is no longer driven delays only its own waiters: the
//! timers of the other runtimes fire as well.

use core::future::Future as _;
use core::pin::Pin;
use core::pin::pin;
use core::sync::atomic::AtomicU8;
use core::sync::atomic::Ordering;
use core::task::Context;
use core::task::Waker;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::Weak;
use std::task::Wake;

use tokio::runtime::Handle;
use tokio::runtime::Id;
use tokio::time::Sleep;

use crate::clock;
use crate::time::Instant;

use crate::limiter::callback::Callback;

/// The timers of one limiter.
#[derive(Debug)]
pub(super) struct Timers {
    timers: Vec<RuntimeTimer>,
    /// Waker of the timer that was dropped last, for the next single waiter. It keeps no runtime alive.
    spare: Option<Arc<TimerWaker>>,
}

/// Result of setting the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// The timers are set.
    Set,
    /// A timer fired while it was set.
    Fired,
    /// A runtime has shut down: its waiters have no timer.
    Ended(Id),
}

impl Timers {
    pub(super) const fn new() -> Self {
        Self {
            timers: Vec::new(),
            spare: None,
        }
    }

    /// Returns a runtime that has waiters.
    pub(super) fn runtime(&self) -> Option<Handle> {
        let alive = self.timers.iter().find(|timer| !timer.dead);
        alive.map(|timer| timer.runtime.clone())
    }

    /// Adds a waiter of the current runtime.
    pub(super) fn register(&mut self, handle: &Handle, limiter: &Weak<dyn Callback>) {
        let found = self
            .timers
            .iter_mut()
            .find(|timer| timer.runtime.id() == handle.id());
        if let Some(timer) = found {
            timer.waiters += 1;
            return;
        }
        let timer_waker = self
            .spare
            .take()
            .filter(|timer_waker| timer_waker.runtime == handle.id());
        let timer_waker = timer_waker.unwrap_or_else(|| TimerWaker::new(handle.id(), limiter));
        self.timers
            .push(RuntimeTimer::new(handle.clone(), timer_waker));
    }

    /// Removes a waiter, and the timer with its last one.
    pub(super) fn unregister(&mut self, runtime: Id) {
        let Some(at) = self
            .timers
            .iter()
            .position(|timer| timer.runtime.id() == runtime)
        else {
            return;
        };
        self.timers[at].waiters -= 1;
        if self.timers[at].waiters == 0 {
            self.spare = Some(self.timers.swap_remove(at).timer_waker);
        }
    }

    /// Sets all timers to `due`.
    pub(super) fn set(&mut self, due: Instant) -> Setting {
        let set = self.timers.iter_mut().map(|timer| timer.set(due));
        set.fold(Setting::Set, |all, one| match (all, one) {
            (Setting::Ended(..), _) | (_, Setting::Set) => all,
            _ => one,
        })
    }

    /// Records that a runtime has shut down.
    pub(in crate::limiter) fn end(&mut self, runtime: Id) {
        let timer = self.timers.iter_mut().find(|it| it.runtime.id() == runtime);
        if let Some(timer) = timer {
            timer.sleep = None;
            timer.dead = true;
        }
    }

    /// Records that a runtime's timer fired. Returns `false` if it fired before its time, as when a runtime
    /// shuts down; the timer is then given up.
    pub(super) fn fired(&mut self, runtime: Id) -> bool {
        let Some(timer) = self
            .timers
            .iter_mut()
            .find(|timer| timer.runtime.id() == runtime)
        else {
            return true;
        };
        timer.armed = false;
        // The timer may have been set anew since it fired: then it still runs.
        let over = timer.sleep.as_ref().is_some_and(|sleep| sleep.is_elapsed());
        let due = timer.due.take();
        if over && due.is_some_and(|due| timer.is_before(due)) {
            timer.sleep = None;
            timer.dead = true;
        }
        !timer.dead
    }
}

/// The timer on one runtime.
#[derive(Debug)]
struct RuntimeTimer {
    runtime: Handle,
    waiters: usize,
    sleep: Option<Pin<Box<Sleep>>>,
    /// The timer has the waker.
    armed: bool,
    /// Instant at which it fires.
    due: Option<Instant>,
    /// The runtime has shut down.
    dead: bool,
    timer_waker: Arc<TimerWaker>,
    waker: Waker,
}

impl RuntimeTimer {
    fn new(runtime: Handle, timer_waker: Arc<TimerWaker>) -> Self {
        let waker = Waker::from(Arc::clone(&timer_waker));
        Self {
            runtime,
            waiters: 1,
            sleep: None,
            armed: false,
            due: None,
            dead: false,
            timer_waker,
            waker,
        }
    }

    fn set(&mut self, due: Instant) -> Setting {
        if self.dead || self.due == Some(due) {
            return Setting::Set;
        }
        // Without a timer, a paused clock does not run to the end of time while its runtime has nothing else to do.
        if due == Instant::FAR {
            (self.sleep, self.armed, self.due) = (None, false, None);
            return Setting::Set;
        }
        self.timer_waker.state.store(SETTING, Ordering::Release);
        let fired = self.set_silently(due);
        let fired = self.timer_waker.state.swap(IDLE, Ordering::AcqRel) == FIRED || fired;
        if self.dead {
            self.due = None;
            return Setting::Ended(self.runtime.id());
        }
        if fired {
            self.due = None;
            self.armed = false;
            return Setting::Fired;
        }
        self.due = Some(due);
        Setting::Set
    }

    /// Returns whether the runtime's clock stands before this instant. A clock that is paused is its runtime's own.
    fn is_before(&self, instant: Instant) -> bool {
        // A thread that ends enters no runtime any more.
        let is_ending = Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed());
        let _inside = (!is_ending).then(|| self.runtime.enter());
        clock::now() < instant
    }

    /// Sets the timer. Returns whether it is over already. Its waker is muted meanwhile: setting a timer can
    /// fire it, and the limiter's lock is held.
    fn set_silently(&mut self, due: Instant) -> bool {
        let at = clock::instant(due);
        let sleep = self.sleep.get_or_insert_with(|| {
            let _inside = self.runtime.enter();
            Box::pin(tokio::time::sleep_until(at))
        });
        sleep.as_mut().reset(at);
        if sleep.is_elapsed() {
            // Polling the timer of a runtime that has shut down panics.
            self.dead = self.is_before(due);
            return !self.dead;
        }
        if self.armed {
            return false;
        }
        let waker = &self.waker;
        // A runtime that shuts down between the check above and here makes the timer panic, on the thread of
        // another runtime.
        let polled = panic::catch_unwind(AssertUnwindSafe(|| {
            let timer_fired = pin!(tokio::task::unconstrained(sleep.as_mut()));
            timer_fired.poll(&mut Context::from_waker(waker)).is_ready()
        }));
        self.dead = polled.is_err();
        let over = polled.unwrap_or(false);
        self.armed = !over;
        over
    }
}

const IDLE: u8 = 0;
const SETTING: u8 = 1;
const FIRED: u8 = 2;

/// The waker of a timer.
#[derive(Debug)]
struct TimerWaker {
    limiter: Weak<dyn Callback>,
    runtime: Id,
    state: AtomicU8,
}

impl TimerWaker {
    fn new(runtime: Id, limiter: &Weak<dyn Callback>) -> Arc<Self> {
        Arc::new(Self {
            limiter: limiter.clone(),
            runtime,
            state: AtomicU8::new(IDLE),
        })
    }
}

impl Wake for TimerWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // While the waker is muted, `RuntimeTimer::set` sees that it fired.
        let muted =
            self.state
                .compare_exchange(SETTING, FIRED, Ordering::AcqRel, Ordering::Acquire);
        if muted == Err(IDLE) {
            if let Some(limiter) = self.limiter.upgrade() {
                limiter.timer_fired(self.runtime);
            }
        }
    }
}
