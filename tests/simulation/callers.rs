//! Callers: some call again and again for a time, others share a number of calls.

use core::future::Future;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::support::ending;

/// Instants at which calls ended, and whether they passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends(Arc<Mutex<Vec<(Instant, bool)>>>);

impl Ends {
    fn add(&self, passed: bool) {
        let mut ends = self.0.lock().expect("nothing panics while it logs");
        ends.push((Instant::now(), passed));
    }

    fn count(&self, matching: impl Fn(&(Instant, bool)) -> bool) -> usize {
        let ends = self.0.lock().expect("nothing panics while it logs");
        ends.iter().filter(|end| matching(end)).count()
    }

    pub(crate) fn passed(&self) -> usize {
        self.count(|(_, passed)| *passed)
    }

    pub(crate) fn failed(&self) -> usize {
        self.count(|(_, passed)| !passed)
    }

    pub(crate) fn passed_between(&self, from: Instant, to: Instant) -> usize {
        self.count(|(at, passed)| *passed && (from..to).contains(at))
    }
}

/// Callers that call again as soon as they are answered.
#[derive(Debug, Default)]
pub(crate) struct Crowd(JoinSet<()>);

impl Crowd {
    pub(crate) fn new() -> Self {
        Self(JoinSet::new())
    }

    /// Adds `callers` that repeat `call`, which returns whether it passed.
    pub(crate) fn add<C, F>(&mut self, callers: usize, call: C) -> Ends
    where
        C: Fn() -> F + Clone + Send + 'static,
        F: Future<Output = bool> + Send + 'static,
    {
        let ends = Ends::default();
        for _ in 0..callers {
            let (call, ends) = (call.clone(), ends.clone());
            self.0.spawn(async move {
                loop {
                    ends.add(call().await);
                }
            });
        }
        ends
    }

    /// Lets the callers call for so long. Calls under way at the end are dropped, and not counted.
    pub(crate) async fn run(self, duration: Duration) {
        sleep(duration).await;
        drop(self);
    }
}

/// Figures of a number of calls that workers made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) wall: Duration,
    pub(crate) failed: u32,
}

/// Makes `calls` calls, at most `workers` of them at a time.
pub(crate) async fn batch<C, F>(workers: u32, calls: u32, call: C) -> Batch
where
    C: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = bool> + Send + 'static,
{
    let (start, mut tasks) = (Instant::now(), JoinSet::new());
    let (begun, failed) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    for _ in 0..workers {
        let (call, begun, failed) = (call.clone(), Arc::clone(&begun), Arc::clone(&failed));
        tasks.spawn(async move {
            while begun.fetch_add(1, Ordering::Relaxed) < calls {
                if !call().await {
                    failed.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    ending(tasks.join_all()).await;
    Batch {
        wall: start.elapsed(),
        failed: failed.load(Ordering::Relaxed),
    }
}
