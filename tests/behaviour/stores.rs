//! A store whose doings a test decides.

use core::future::pending;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::store::Answering;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreError;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Works,
    Fails,
    Hangs,
    Rejects,
}

/// A store whose doings a test decides.
#[derive(Debug)]
pub(crate) struct Scripted {
    memory: Mutex<std::sync::Arc<MemoryStore>>,
    fate: Mutex<Fate>,
    requests: AtomicUsize,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        Self {
            memory: Mutex::default(),
            fate: Mutex::new(Fate::Works),
            requests: AtomicUsize::new(0),
        }
    }

    pub(crate) fn set(&self, fate: Fate) {
        *self.fate.lock().expect("no panic under the lock") = fate;
    }

    /// Loses all that it kept.
    pub(crate) fn forget(&self) {
        *self.memory.lock().expect("no panic under the lock") = std::sync::Arc::default();
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Store for Scripted {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> Answering<'a> {
        Box::pin(async move {
            self.requests.fetch_add(1, Ordering::SeqCst);
            let fate = *self.fate.lock().expect("no panic under the lock");
            let memory = self.memory.lock().expect("no panic under the lock").clone();
            match fate {
                Fate::Works => memory.transact(key, request).await,
                Fate::Fails => Err(StoreError::unavailable("connection refused")),
                Fate::Hangs => pending().await,
                Fate::Rejects => Err(StoreError::rejected("wrong password")),
            }
        })
    }
}
