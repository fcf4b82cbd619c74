//! The call that goes first after a cooldown, where its answer does not come.

use std::sync::Arc;
use std::sync::Mutex;

use paced::Limiter;
use paced::rate_limited;
use tokio::task::AbortHandle;
use tokio::task::Id;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::errors::Refusal;
use crate::support::ending;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;
use crate::support::since;

/// Fate of the call that goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It takes 5 s.
    Slow,
    /// It panics after 500 ms.
    Panics,
    /// It is dropped after 500 ms.
    Dropped,
}

/// Starts of bodies: the first is refused, the second has a fate, the others pass.
#[derive(Debug)]
struct Starts {
    fate: Fate,
    start: Instant,
    at: Mutex<Vec<u64>>,
    second: Mutex<Option<Id>>,
}

impl Starts {
    /// Milliseconds of the starts.
    fn times(&self) -> Vec<u64> {
        self.at.lock().unwrap().clone()
    }

    async fn request(&self) -> Result<(), Refusal> {
        let number = {
            let mut at = self.at.lock().unwrap();
            at.push(since(self.start));
            at.len()
        };
        match number {
            1 => {
                sleep(ms(10)).await;
                Err(Refusal::told(secs(2)))
            }
            2 => {
                *self.second.lock().unwrap() = Some(tokio::task::id());
                self.meet_fate().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn meet_fate(&self) {
        match self.fate {
            Fate::Slow => sleep(secs(5)).await,
            Fate::Panics => {
                sleep(ms(500)).await;
                panic!("the first call after the cooldown, on purpose");
            }
            Fate::Dropped => sleep(secs(3600)).await,
        }
    }
}

#[rate_limited(limiter = limiter, backoff(jitter = "none"))]
async fn request(limiter: &Limiter, starts: &Starts) -> Result<(), Refusal> {
    starts.request().await
}

/// A call that is told to wait for 2 s at 10 ms, and 150 that come meanwhile: the starts of all.
async fn scenario(fate: Fate) -> Vec<u64> {
    let limiter = limiter(100.0, 100);
    let starts = Arc::new(Starts {
        fate,
        start: Instant::now(),
        at: Mutex::default(),
        second: Mutex::default(),
    });
    let (mut calls, mut handles) = (JoinSet::new(), Vec::<AbortHandle>::new());
    for number in 0..=150 {
        let (limiter, starts) = (limiter.clone(), Arc::clone(&starts));
        handles.push(calls.spawn(async move { request(&limiter, &starts).await }));
        if number == 0 {
            sleep(ms(500)).await;
        }
    }
    sleep(ms(2_010)).await;
    if fate == Fate::Dropped {
        let second = starts.second.lock().unwrap().expect("it has begun");
        let call = handles.iter().find(|call| call.id() == second);
        call.expect("one of the calls").abort();
    }
    ending(async { while calls.join_next().await.is_some() {} }).await;
    let times = starts.times();
    assert_eq!(times.len(), 152);
    println!(
        "first after a cooldown, {fate:?}: starts at {:?} .. {:?}",
        &times[..6],
        times.last()
    );
    times
}

/// Where the starts are not those of a paced queue: number, start, and what it should be. The others begin
/// once the limiter has waited for the first call's answer for a second.
fn first_difference(times: &[u64]) -> Option<(usize, u64, u64)> {
    let others = (0..150).map(|number| 3_010 + 10 * number);
    let paced = [0, 2_010].into_iter().chain(others);
    let mut both = times.iter().copied().zip(paced).enumerate();
    let (number, (time, paced)) = both.find(|(_, (time, paced))| time != paced)?;
    Some((number, time, paced))
}

#[tokio::test(start_paused = true)]
async fn waiters_follow_a_slow_probe_at_the_paced_rate() {
    assert_eq!(first_difference(&scenario(Fate::Slow).await), None);
}

#[tokio::test(start_paused = true)]
async fn waiters_follow_a_probe_that_panics_at_the_paced_rate() {
    assert_eq!(first_difference(&scenario(Fate::Panics).await), None);
}

#[tokio::test(start_paused = true)]
async fn waiters_follow_a_dropped_probe_at_the_paced_rate() {
    assert_eq!(first_difference(&scenario(Fate::Dropped).await), None);
}
