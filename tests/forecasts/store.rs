//! A store in memory that counts the requests of each instant.

use core::time::Duration;
use std::sync::Mutex;

use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreFuture;
use tokio::time::Instant;
use tokio::time::sleep;

/// More requests at one instant than any world has a reason for.
pub(crate) const MOST_ASKED: usize = 500;

#[derive(Debug)]
pub(crate) struct Watched {
    memory: MemoryStore,
    asked: Mutex<Asked>,
}

#[derive(Debug)]
struct Asked {
    at: Instant,
    /// Requests at this instant.
    count: usize,
    /// Most requests at any instant before.
    most: usize,
}

impl Watched {
    pub(crate) fn new() -> Self {
        Self {
            memory: MemoryStore::new(),
            asked: Mutex::new(Asked {
                at: Instant::now(),
                count: 0,
                most: 0,
            }),
        }
    }

    /// Returns the most requests at one instant.
    pub(crate) fn most(&self) -> usize {
        let asked = self.asked.lock().expect("no panic under the lock");
        asked.most.max(asked.count)
    }

    /// Counts a request.
    fn count(&self) {
        let mut asked = self.asked.lock().expect("no panic under the lock");
        let now = Instant::now();
        if asked.at != now {
            *asked = Asked {
                at: now,
                count: 0,
                most: asked.most.max(asked.count),
            };
        }
        asked.count += 1;
    }
}

impl Store for Watched {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            self.count();
            if self.most() >= MOST_ASKED {
                // The paused clock would stand still for ever if each answer led to the next request.
                sleep(Duration::from_millis(100)).await;
            }
            self.memory.transact(key, request).await
        })
    }
}
