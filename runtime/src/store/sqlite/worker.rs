//! Who hands requests to the thread of a file, and when that thread runs.

use core::time::Duration;
use std::collections::HashMap;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::Weak;
use std::thread;

use tokio::sync::oneshot;

use crate::store::Answer;
use crate::store::ListRequest;
use crate::store::Listing;
use crate::store::Request;
use crate::store::StoreError;

use super::jobs::Job;
use super::session::serve;

/// A thread without requests ends after this time, and closes the file.
const IDLE: Duration = if cfg!(test) {
    Duration::from_millis(20)
} else {
    Duration::from_secs(10)
};

/// More requests than this wait only for a file system that hangs.
const MOST_JOBS: usize = 10_000;

/// No transaction takes more than this: others want the file as well.
const MOST_AT_ONCE: usize = 256;

/// One for each path: a second thread would only wait for the first one.
static WORKERS: Mutex<Option<HashMap<PathBuf, Weak<Worker>>>> = Mutex::new(None);

/// The thread of a file, for those who use it. It ends with the last of them.
pub(super) struct Worker {
    shared: Arc<Shared>,
}

/// What the thread and those who use it share.
pub(super) struct Shared {
    pub(super) path: PathBuf,
    serve: Serve,
    desk: Mutex<Desk>,
    bell: Condvar,
}

/// What the thread does with the first requests; gives back those that it could not do.
pub(super) type Serve = fn(&Shared, Vec<Job>) -> Option<Vec<Job>>;

#[derive(Default)]
struct Desk {
    jobs: Vec<Job>,
    /// The thread runs.
    running: bool,
    /// It waits for the bell.
    asleep: bool,
    /// Nobody is left to ask anything.
    closed: bool,
}

impl Worker {
    /// The one of this path.
    pub(super) fn of(path: PathBuf) -> Arc<Self> {
        let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
        let workers = workers.get_or_insert_with(HashMap::new);
        if let Some(worker) = workers.get(&path).and_then(Weak::upgrade) {
            return worker;
        }
        workers.retain(|_, worker| worker.strong_count() > 0);
        let worker = Arc::new(Self::new(path.clone(), serve));
        workers.insert(path, Arc::downgrade(&worker));
        worker
    }

    fn new(path: PathBuf, serve: Serve) -> Self {
        Self {
            shared: Arc::new(Shared {
                path,
                serve,
                desk: Mutex::default(),
                bell: Condvar::new(),
            }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.shared.path
    }

    pub(super) async fn ask(&self, key: &str, request: &Request) -> Result<Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.shared.put(Job::Step {
            key: key.into(),
            request: *request,
            reply,
        })?;
        received(answer).await
    }

    pub(super) async fn list(&self, request: &ListRequest) -> Result<Listing, StoreError> {
        let (reply, answer) = oneshot::channel();
        let request = request.clone();
        self.shared.put(Job::List { request, reply })?;
        received(answer).await
    }
}

async fn received<T>(answer: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    let panicked = |_| StoreError::unavailable("the store panicked");
    answer.await.map_err(panicked)?
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.bell.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        // Nothing panics while it is held.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a request to the thread, and starts it if it does not run.
    fn put(self: &Arc<Self>, job: Job) -> Result<(), StoreError> {
        let mut desk = self.lock();
        if desk.jobs.len() >= MOST_JOBS {
            return Err(StoreError::unavailable("the file system does not answer"));
        }
        if !desk.running {
            let shared = Arc::clone(self);
            let name = "paced-sqlite".to_owned();
            // Nobody waits for its end: it has none that matters.
            let started = thread::Builder::new()
                .name(name)
                .spawn(move || shared.run());
            started.map_err(|error| StoreError::unavailable(format!("no thread: {error}")))?;
            desk.running = true;
        }
        desk.jobs.push(job);
        if desk.asleep {
            desk.asleep = false;
            self.bell.notify_one();
        }
        Ok(())
    }

    fn run(&self) {
        let mut jobs = self.take();
        while let Some(batch) = jobs {
            let served = AssertUnwindSafe(|| (self.serve)(self, batch));
            // After a panic those whose requests were under way get an error, as their jobs are gone
            // with the open file. The others are none the wiser.
            jobs = panic::catch_unwind(served).unwrap_or_else(|_| self.take());
        }
    }

    /// The next requests. `None`: the thread has to end.
    pub(super) fn take(&self) -> Option<Vec<Job>> {
        let mut desk = self.lock();
        let mut waited = false;
        while desk.jobs.is_empty() {
            if desk.closed || waited {
                desk.running = false;
                return None;
            }
            desk.asleep = true;
            let woken = self
                .bell
                .wait_timeout_while(desk, IDLE, |desk| desk.jobs.is_empty() && !desk.closed);
            let (guard, time) = woken.unwrap_or_else(PoisonError::into_inner);
            desk = guard;
            desk.asleep = false;
            waited = time.timed_out();
        }
        if desk.jobs.len() <= MOST_AT_ONCE {
            return Some(std::mem::take(&mut desk.jobs));
        }
        Some(desk.jobs.drain(..MOST_AT_ONCE).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::jobs::Done;
    use super::*;
    use crate::store::Action;
    use crate::store::Limit;
    use crate::store::Limits;

    fn answer() -> Answer {
        let limits = Limits::one(Limit::new(1000, 1));
        let request = Request::new(Action::Peek, limits);
        crate::store::step(&mut crate::store::State::default(), 1, &request)
    }

    async fn ask(worker: &Worker, key: &str) -> Result<Answer, StoreError> {
        let limits = Limits::one(Limit::new(1000, 1));
        worker.ask(key, &Request::new(Action::Peek, limits)).await
    }

    /// Answers at once, and panics when asked to.
    fn touchy(shared: &Shared, jobs: Vec<Job>) -> Option<Vec<Job>> {
        for job in jobs {
            assert!(!matches!(&job, Job::Step { key, .. } if &**key == "panic"));
            job.answer(Done::Step(answer()));
        }
        shared.take()
    }

    fn worker(serve: Serve) -> Worker {
        Worker::new(PathBuf::from("/never opened"), serve)
    }

    #[tokio::test]
    async fn a_panic_is_an_error_for_those_who_wait_and_for_nobody_else() {
        let worker = worker(touchy);
        for _ in 0..3 {
            assert_eq!(ask(&worker, "key").await, Ok(answer()));
            let (one, other) = tokio::join!(ask(&worker, "panic"), ask(&worker, "panic"));
            for error in [one, other] {
                let error = error.expect_err("a panic");
                assert!(!error.is_rejected());
                assert_eq!(error.to_string(), "the store panicked");
            }
        }
        assert_eq!(ask(&worker, "key").await, Ok(answer()));
    }

    /// Does nothing until all who ask have left.
    #[expect(clippy::needless_pass_by_value, reason = "as the others have it")]
    fn stuck(shared: &Shared, jobs: Vec<Job>) -> Option<Vec<Job>> {
        while jobs.iter().any(|job| !job.is_closed()) {
            thread::yield_now();
        }
        shared.take()
    }

    #[tokio::test]
    async fn requests_do_not_pile_up_behind_a_thread_that_is_stuck() {
        let worker = worker(stuck);
        let mut asked: Vec<_> = (0..=2 * MOST_JOBS)
            .map(|_| Box::pin(ask(&worker, "key")))
            .collect();
        let mut refused = 0;
        for one in &mut asked {
            let polled = core::future::poll_fn(|context| {
                core::task::Poll::Ready(one.as_mut().poll(context))
            });
            if let core::task::Poll::Ready(answer) = polled.await {
                let error = answer.expect_err("nobody answers");
                assert!(!error.is_rejected());
                refused += 1;
            }
        }
        assert!(refused >= MOST_JOBS - MOST_AT_ONCE, "{refused}");
    }

    #[tokio::test]
    async fn the_thread_ends_with_those_who_use_it() {
        let worker = worker(touchy);
        assert_eq!(ask(&worker, "key").await, Ok(answer()));
        let shared = Arc::clone(&worker.shared);
        assert!(shared.lock().running);
        drop(worker);
        // Until the thread has let go of it as well: for ever, if it does not end.
        while Arc::strong_count(&shared) > 1 {
            tokio::task::yield_now().await;
        }
        assert!(!shared.lock().running);
    }

    #[tokio::test]
    async fn an_idle_thread_ends_and_the_next_request_starts_another_one() {
        let worker = worker(touchy);
        for _ in 0..3 {
            assert_eq!(ask(&worker, "key").await, Ok(answer()));
            // For ever, if it does not end.
            while Arc::strong_count(&worker.shared) > 1 {
                tokio::task::yield_now().await;
            }
            assert!(!worker.shared.lock().running);
        }
    }

    #[test]
    fn one_path_has_one_thread() {
        let path = |name: &str| PathBuf::from("/never opened").join(name);
        let one = Worker::of(path("one"));
        assert!(Arc::ptr_eq(&one, &Worker::of(path("one"))));
        assert!(!Arc::ptr_eq(&one, &Worker::of(path("other"))));
        drop(one);
        Worker::of(path("last"));
        let workers = WORKERS.lock().expect("no panic under the lock");
        assert!(!workers.as_ref().expect("used").contains_key(&path("one")));
    }
}
