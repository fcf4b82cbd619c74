//! A store in memory that notices when it is asked over and over.

use core::time::Duration;
use std::sync::Mutex;

use paced::store::Answering;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use tokio::time::Instant;
use tokio::time::sleep;

/// No world has a reason for as many requests at one instant.
pub(crate) const MOST_ASKED: usize = 1000;

#[derive(Debug)]
pub(crate) struct Watched {
    memory: MemoryStore,
    asked: Mutex<Asked>,
}

#[derive(Debug)]
struct Asked {
    at: Instant,
    /// Requests since then, and the most at any other instant.
    count: usize,
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

    /// The most requests at one instant.
    pub(crate) fn most(&self) -> usize {
        let asked = self.asked.lock().expect("no panic under the lock");
        asked.most.max(asked.count)
    }

    /// How many requests there were at this instant, with this one.
    fn count(&self) -> usize {
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
        asked.count
    }
}

impl Store for Watched {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> Answering<'a> {
        Box::pin(async move {
            if self.count() >= MOST_ASKED {
                // Otherwise the paused clock would stand still for ever.
                sleep(Duration::from_millis(1)).await;
            }
            self.memory.transact(key, request).await
        })
    }
}
