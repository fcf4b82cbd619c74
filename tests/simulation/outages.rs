//! A server that refuses every call for one minute, and then answers again.

use core::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::callers::Crowd;
use crate::errors::Refusal;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;

/// Most refusals in an outage of 60 s whose refusals tell to wait for 1 s.
const MOST_REFUSALS: usize = 60;

/// Least number of good calls in the minute after an outage, beside 3 bad callers. 3,000 are possible.
const LEAST_AFTERWARDS: usize = 2_600;

/// Runs of a scenario whose backoffs have jitter.
const RUNS: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Good calls that returned an error.
    lost: usize,
    /// Refusals during the outage, of the good resource.
    refusals: usize,
    /// Good calls in the minute after the outage.
    afterwards: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lost, {} refusals, {} good calls in the minute after it",
            self.lost, self.refusals, self.afterwards
        )
    }
}

/// A resource that answers after 20 ms.
#[derive(Debug)]
struct Resource {
    refusal: Refusal,
    down_from: Instant,
    down_until: Instant,
    refused: AtomicUsize,
}

impl Resource {
    fn new(refusal: Refusal, (down_from, down_until): (Instant, Instant)) -> Arc<Self> {
        Arc::new(Self {
            refusal,
            down_from,
            down_until,
            refused: AtomicUsize::new(0),
        })
    }

    async fn request(&self) -> Result<(), Refusal> {
        let down = (self.down_from..self.down_until).contains(&Instant::now());
        sleep(ms(20)).await;
        if down {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(self.refusal);
        }
        Ok(())
    }
}

#[rate_limited(limiter = limiter)]
async fn request(limiter: &Limiter, resource: &Resource) -> Result<(), Refusal> {
    resource.request().await
}

async fn call(limiter: Limiter, resource: Arc<Resource>) -> bool {
    request(&limiter, &resource).await.is_ok()
}

/// 16 callers: a good minute, a minute of outage, and two more minutes.
async fn scenario(refusal: Refusal, bad_callers: usize) -> Figures {
    let (limiter, mut crowd, start) = (limiter(50.0, 50), Crowd::new(), Instant::now());
    let outage = (start + secs(60), start + secs(120));
    let resource = Resource::new(refusal, outage);
    let (shared, asked) = (limiter.clone(), Arc::clone(&resource));
    let good = crowd.add(16, move || call(shared.clone(), Arc::clone(&asked)));
    let broken = Resource::new(refusal, (start, start + secs(3600)));
    crowd.add(bad_callers, move || {
        call(limiter.clone(), Arc::clone(&broken))
    });
    crowd.run(secs(240)).await;
    let figures = Figures {
        lost: good.failed(),
        refusals: resource.refused.load(Ordering::Relaxed),
        afterwards: good.passed_between(outage.1, outage.1 + secs(60)),
    };
    println!("outage of 60 s: {refusal}, {bad_callers} bad callers: {figures}");
    figures
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_tells_to_wait_loses_no_call() {
    let figures = scenario(Refusal::told(secs(1)), 0).await;
    assert_eq!(figures.lost, 0, "{figures}");
    assert!(figures.refusals <= MOST_REFUSALS, "{figures}");
}

/// Five retries with the default backoff do not outlast a minute by themselves: what is lost depends on
/// whether the limiter holds the others back meanwhile.
#[tokio::test(start_paused = true)]
async fn figures_of_an_outage_without_a_word() {
    for status in [429, 503] {
        for _ in 0..RUNS {
            let figures = scenario(Refusal::bare(status), 0).await;
            assert!(figures.afterwards > 0, "{figures}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn bad_callers_do_not_prolong_an_outage() {
    let mut short = Vec::new();
    for status in [429, 503] {
        for _ in 0..RUNS {
            let figures = scenario(Refusal::bare(status), 3).await;
            if figures.afterwards < LEAST_AFTERWARDS {
                short.push(figures.afterwards);
            }
        }
    }
    assert!(short.is_empty(), "{short:?}");
}
