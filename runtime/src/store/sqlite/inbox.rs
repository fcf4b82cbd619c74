//! Requests for the thread of a file, which runs while there are any.

use core::time::Duration;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;

use crate::store::StoreError;

use super::jobs::Job;

/// Time without requests after which the thread ends, and closes the file.
const IDLE: Duration = if cfg!(test) {
    Duration::from_millis(20)
} else {
    Duration::from_secs(10)
};

/// Maximum number of waiting requests: more of them wait only for a file system that hangs.
pub(super) const MOST_JOBS: usize = 10_000;

/// Maximum number of requests in one transaction: other processes want the file as well.
pub(super) const MOST_AT_ONCE: usize = 256;

/// Requests for the thread of a file.
pub(super) struct Inbox {
    pub(super) path: PathBuf,
    serve: Serve,
    state: Mutex<InboxState>,
    wakeup: Condvar,
}

/// Serves a batch of requests. Returns those that must be retried on the reopened file, or the next batch;
/// `None` ends the thread.
pub(super) type Serve = fn(&Inbox, Vec<Job>) -> Option<Vec<Job>>;

#[derive(Default)]
struct InboxState {
    jobs: Vec<Job>,
    /// The thread is running.
    running: bool,
    /// The thread waits for a request.
    asleep: bool,
    /// No store uses the file any more.
    closed: bool,
}

impl Inbox {
    pub(super) fn new(path: PathBuf, serve: Serve) -> Self {
        Self {
            path,
            serve,
            state: Mutex::default(),
            wakeup: Condvar::new(),
        }
    }

    /// Lets the thread end once it has done what was asked.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wakeup.notify_one();
    }

    #[cfg(test)]
    pub(super) fn is_running(&self) -> bool {
        self.lock().running
    }

    fn lock(&self) -> MutexGuard<'_, InboxState> {
        // No code under the lock panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a request to the thread, and starts it if it does not run.
    pub(super) fn put(self: &Arc<Self>, job: Job) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.jobs.len() >= MOST_JOBS {
            return Err(StoreError::unavailable("the file system does not answer"));
        }
        if !state.running {
            let inbox = Arc::clone(self);
            let name = "paced-sqlite".to_owned();
            // Not joined: nothing depends on its end.
            let started = thread::Builder::new().name(name).spawn(move || inbox.run());
            started.map_err(|error| StoreError::unavailable(format!("no thread: {error}")))?;
            state.running = true;
        }
        state.jobs.push(job);
        if state.asleep {
            state.asleep = false;
            self.wakeup.notify_one();
        }
        Ok(())
    }

    fn run(&self) {
        let mut jobs = self.take();
        while let Some(batch) = jobs {
            let served = AssertUnwindSafe(|| (self.serve)(self, batch));
            // After a panic the requests of the batch fail, as their jobs are gone with the open file. Others
            // are not affected.
            jobs = panic::catch_unwind(served).unwrap_or_else(|_| self.take());
        }
    }

    /// Returns the next requests. `None`: the thread has to end.
    pub(super) fn take(&self) -> Option<Vec<Job>> {
        let mut state = self.lock();
        let mut waited = false;
        while state.jobs.is_empty() {
            if state.closed || waited {
                state.running = false;
                return None;
            }
            state.asleep = true;
            let woken = self
                .wakeup
                .wait_timeout_while(state, IDLE, |state| state.jobs.is_empty() && !state.closed);
            let (guard, time) = woken.unwrap_or_else(PoisonError::into_inner);
            state = guard;
            state.asleep = false;
            waited = time.timed_out();
        }
        if state.jobs.len() <= MOST_AT_ONCE {
            return Some(std::mem::take(&mut state.jobs));
        }
        Some(state.jobs.drain(..MOST_AT_ONCE).collect())
    }
}
