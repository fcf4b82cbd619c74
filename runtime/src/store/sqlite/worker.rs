//! Who hands requests to the thread of a file, and when that thread runs.

use core::time::Duration;
use std::collections::HashMap;
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
use crate::store::Request;
use crate::store::StoreError;

use super::thread::serve;

/// A thread without requests ends after this time, and closes the file.
const IDLE: Duration = Duration::from_secs(10);

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

/// A request, and where its answer goes.
pub(super) struct Job {
    pub(super) key: Box<str>,
    pub(super) request: Request,
    pub(super) reply: oneshot::Sender<Result<Answer, StoreError>>,
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
        self.shared.put(Job {
            key: key.into(),
            request: *request,
            reply,
        })?;
        let Ok(answer) = answer.await else {
            return Err(StoreError::unavailable("the thread of the file panicked"));
        };
        answer
    }
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
        let _end = End(self);
        let mut jobs = self.take();
        while let Some(batch) = jobs {
            jobs = (self.serve)(self, batch);
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

/// The end of the thread. After a panic those who wait get an error, and the next request starts
/// another thread.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let mut desk = self.0.lock();
            desk.running = false;
            desk.asleep = false;
            desk.jobs.clear();
        }
    }
}
