//! A store that a test controls.

use core::future::pending;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreError;
use paced::store::StoreFuture;
use tokio::time::sleep;

use crate::support::ms;

/// Fate of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Works,
    /// Answers so many milliseconds late: before the store has come to it, and on the way back.
    Late(u64, u64),
    Fails,
    /// Fails after so many milliseconds.
    FailsLate(u64),
    Hangs,
    Rejects,
}

/// A store that a test controls.
#[derive(Debug)]
pub(crate) struct Scripted {
    memory: Arc<Mutex<Arc<MemoryStore>>>,
    fate: Mutex<Fate>,
    requests: AtomicUsize,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        Self {
            memory: Arc::default(),
            fate: Mutex::new(Fate::Works),
            requests: AtomicUsize::new(0),
        }
    }

    /// Another way to the same store, which works.
    pub(crate) fn beside(&self) -> Self {
        Self {
            memory: Arc::clone(&self.memory),
            ..Self::new()
        }
    }

    pub(crate) fn set(&self, fate: Fate) {
        *self.fate.lock().expect("no panic under the lock") = fate;
    }

    /// Loses all that it kept.
    pub(crate) fn forget(&self) {
        *self.memory.lock().expect("no panic under the lock") = Arc::default();
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Store for Scripted {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            self.requests.fetch_add(1, Ordering::SeqCst);
            let fate = *self.fate.lock().expect("no panic under the lock");
            let memory = self.memory.lock().expect("no panic under the lock").clone();
            match fate {
                Fate::Works => memory.transact(key, request).await,
                Fate::Late(out, back) => {
                    sleep(ms(out)).await;
                    let answer = memory.transact(key, request).await;
                    sleep(ms(back)).await;
                    answer
                }
                Fate::Fails => Err(StoreError::unavailable("connection refused")),
                Fate::FailsLate(after) => {
                    sleep(ms(after)).await;
                    Err(StoreError::unavailable("connection reset"))
                }
                Fate::Hangs => pending().await,
                Fate::Rejects => Err(StoreError::rejected("wrong password")),
            }
        })
    }
}
