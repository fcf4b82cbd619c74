//! Worker: the thread of a file, for all stores of its path.

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;

use tokio::sync::oneshot;

use crate::store::ListRequest;
use crate::store::Listing;
use crate::store::Reply;
use crate::store::Request;
use crate::store::StoreError;

use super::inbox::Inbox;
use super::inbox::Serve;
use super::jobs::Job;
use super::session::serve;

/// Workers by path: a second thread would only wait for the first one.
static WORKERS: Mutex<Option<HashMap<PathBuf, Weak<Worker>>>> = Mutex::new(None);

/// Thread of a file. It ends with the last store that uses it.
pub(super) struct Worker {
    inbox: Arc<Inbox>,
}

impl Worker {
    /// Returns the worker of this path.
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
            inbox: Arc::new(Inbox::new(path, serve)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.inbox.path
    }

    pub(super) async fn ask(&self, key: &str, request: &Request) -> Result<Reply, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.put(Job::Step {
            key: key.into(),
            request: request.clone(),
            reply,
        })?;
        received(answer).await
    }

    pub(super) async fn list(&self, request: &ListRequest) -> Result<Listing, StoreError> {
        let (reply, answer) = oneshot::channel();
        let request = request.clone();
        self.inbox.put(Job::List { request, reply })?;
        received(answer).await
    }
}

async fn received<T>(answer: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    let panicked = |_| StoreError::unavailable("the store panicked");
    answer.await.map_err(panicked)?
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

#[cfg(test)]
mod tests {
    use super::super::inbox::MOST_AT_ONCE;
    use super::super::inbox::MOST_JOBS;
    use super::super::jobs::Done;
    use super::*;
    use crate::store::Action;
    use crate::store::Limit;
    use crate::store::Limits;
    use crate::store::Ticks;
    use std::thread;

    fn answer() -> Reply {
        let limits = Limits::one(Limit::new(Ticks::new(1000), 1));
        let request = Request::new(Action::Peek, limits);
        crate::store::step(&mut crate::store::State::default(), Ticks::new(1), &request)
    }

    async fn ask(worker: &Worker, key: &str) -> Result<Reply, StoreError> {
        let limits = Limits::one(Limit::new(Ticks::new(1000), 1));
        worker.ask(key, &Request::new(Action::Peek, limits)).await
    }

    /// Answers at once, and panics when asked to.
    fn touchy(inbox: &Inbox, jobs: Vec<Job>) -> Option<Vec<Job>> {
        for job in jobs {
            assert!(!matches!(&job, Job::Step { key, .. } if &**key == "panic"));
            job.answer(Done::Step(answer()), &inbox.path);
        }
        inbox.take()
    }

    fn worker(serve: Serve) -> Worker {
        Worker::new(PathBuf::from("/never opened"), serve)
    }

    #[tokio::test]
    async fn a_panic_is_an_error_for_its_waiters_alone() {
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

    /// Does nothing until all callers have left.
    #[expect(clippy::needless_pass_by_value, reason = "as the others have it")]
    fn stuck(inbox: &Inbox, jobs: Vec<Job>) -> Option<Vec<Job>> {
        while jobs.iter().any(|job| !job.is_closed()) {
            thread::yield_now();
        }
        inbox.take()
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
                let error = answer.expect_err("no thread answers");
                assert!(!error.is_rejected());
                refused += 1;
            }
        }
        assert!(refused >= MOST_JOBS - MOST_AT_ONCE, "{refused}");
    }

    #[tokio::test]
    async fn the_thread_ends_with_its_users() {
        let worker = worker(touchy);
        assert_eq!(ask(&worker, "key").await, Ok(answer()));
        let inbox = Arc::clone(&worker.inbox);
        assert!(inbox.is_running());
        drop(worker);
        // Until the thread has let go of it as well: for ever, if it does not end.
        while Arc::strong_count(&inbox) > 1 {
            tokio::task::yield_now().await;
        }
        assert!(!inbox.is_running());
    }

    #[tokio::test]
    async fn an_idle_thread_ends_and_the_next_request_starts_another_one() {
        let worker = worker(touchy);
        for _ in 0..3 {
            assert_eq!(ask(&worker, "key").await, Ok(answer()));
            // For ever, if it does not end.
            while Arc::strong_count(&worker.inbox) > 1 {
                tokio::task::yield_now().await;
            }
            assert!(!worker.inbox.is_running());
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
