//! `max_concurrency = "auto"` of a limiter in a store: each process finds its own bound.

use core::num::NonZeroU32;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::sync::Arc;

use paced::Failure;
use paced::Limiter;
use paced::Quota;
use paced::Signal;
use paced::rate_limited;
use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::Ticks;
use tokio::time::Instant;
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// The server has refused a call.
#[derive(Debug)]
struct Refused;

impl Signal for Refused {
    fn failure(&self) -> Failure {
        Failure::Status(429)
    }
}

/// A limiter that stands for a process.
fn process(store: &Arc<MemoryStore>, rate: u32) -> Arc<Limiter> {
    let quota = Quota::per_second(NonZeroU32::new(rate).expect("above 0"));
    let store: Arc<dyn Store> = store.clone();
    let builder = Limiter::builder(quota).name("shared").store(store);
    let builder = builder.auto_concurrency(None, None).unregistered();
    Arc::new(builder.build().expect("a right limiter"))
}

fn bound(limiter: &Limiter) -> Option<u32> {
    limiter.snapshot().max_concurrency.map(NonZeroU32::get)
}

/// A server that refuses calls above a number in flight, or above a number in a second.
#[derive(Default)]
struct Server {
    most: u32,
    per_second: u32,
    in_flight: AtomicU32,
    this_second: AtomicU32,
    served: AtomicU32,
    refused: AtomicU32,
}

impl Server {
    fn new(most: u32, per_second: u32) -> Arc<Self> {
        let server = Arc::new(Self {
            most,
            per_second,
            ..Self::default()
        });
        let counts = Arc::clone(&server);
        tokio::spawn(async move {
            loop {
                sleep(SECOND).await;
                counts.this_second.store(0, Relaxed);
            }
        });
        server
    }

    async fn call(&self, takes: Duration) -> Result<(), Refused> {
        let is_full = self.in_flight.load(Relaxed) >= self.most;
        if is_full || self.this_second.load(Relaxed) >= self.per_second {
            self.refused.fetch_add(1, Relaxed);
            return Err(Refused);
        }
        self.this_second.fetch_add(1, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        sleep(takes).await;
        self.in_flight.fetch_sub(1, Relaxed);
        self.served.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// Lets callers of each process call the server for so long.
async fn crowd(processes: &[Arc<Limiter>], server: &Arc<Server>, seconds: u32, millis: u64) {
    let end = Instant::now() + seconds * SECOND;
    for limiter in processes {
        for caller in 0..25_u64 {
            let (limiter, server) = (Arc::clone(limiter), Arc::clone(server));
            tokio::spawn(async move {
                let mut call = caller;
                while Instant::now() < end {
                    call += 7;
                    let takes = Duration::from_millis(millis / 2 + call * 13 % millis);
                    // Gives up after its retries, as callers do.
                    drop(limiter.call(|| server.call(takes)).await);
                }
            });
        }
    }
    sleep(seconds * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn each_process_finds_its_part_of_what_the_server_carries_out() {
    let store = Arc::new(MemoryStore::new());
    let processes = [process(&store, 1000), process(&store, 1000)];
    let server = Server::new(8, u32::MAX);
    crowd(&processes, &server, 120, 200).await;
    let bounds = [bound(&processes[0]), bound(&processes[1])];
    assert!(
        bounds.iter().all(|it| (Some(1)..=Some(8)).contains(it)),
        "{bounds:?}"
    );
    let (done, refused) = (server.served.load(Relaxed), server.refused.load(Relaxed));
    // A call takes 200 ms.
    assert!(done > 8 * 5 * 120 * 7 / 10, "{done} done");
    assert!(refused * 100 <= done * 15, "{refused} refused, {done} done");
    let granted = processes.each_ref().map(|it| it.snapshot().counts.granted);
    assert!(
        granted[0].min(granted[1]) * 3 > granted[0].max(granted[1]),
        "{granted:?}"
    );
    for process in &processes {
        let rate = process.snapshot().rate;
        assert_eq!(rate.to_string(), "1000/s", "the rate is not cut as well");
    }
    // No slot is leased: each has its own bound.
    let limits = Limits::one(Limit::new(Ticks::from_millis(1), 1000));
    let request = Request::new(Action::Peek, limits);
    let state = store
        .transact("shared", &request)
        .await
        .expect("a reply")
        .state;
    assert_eq!(state.leases, []);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_rate_that_processes_share_is_one_by_the_rate() {
    let store = Arc::new(MemoryStore::new());
    let processes = [process(&store, 33), process(&store, 33)];
    let server = Server::new(u32::MAX, 30);
    crowd(&processes, &server, 60, 100).await;
    for process in &processes {
        assert_eq!(bound(process), None);
    }
    let rates = processes
        .each_ref()
        .map(|it| it.snapshot().rate.to_string());
    assert!(rates.iter().any(|rate| rate != "33/s"), "{rates:?}");
}

/// A limiter whose store is a macro's.
#[rate_limited(rate = 100, store = Arc::new(MemoryStore::new()), max_concurrency(auto, start = 3))]
async fn annotated() -> Result<(), paced::Error> {
    sleep(SECOND).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_attribute_has_both() {
    let start = Instant::now();
    let calls: Vec<_> = (0..6).map(|_| tokio::spawn(annotated())).collect();
    for call in calls {
        call.await.expect("no panic").expect("no error");
    }
    let took = start.elapsed();
    assert!((2 * SECOND..3 * SECOND).contains(&took), "{took:?}");
}
