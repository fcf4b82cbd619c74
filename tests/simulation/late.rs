//! Calls that are not polled for seconds after their permits were granted.

use core::fmt;
use core::future::Future;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::stream::Stream;
use futures_util::stream::iter;
use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::callers::Crowd;
use crate::errors::Refusal;
use crate::support::limiter;
use crate::support::ms;
use crate::support::secs;

/// How the calls are polled between two items that their consumer works on for 8 s.
#[derive(Clone, Copy, Debug)]
enum Polling {
    Buffered,
    BufferUnordered,
    FuturesUnordered,
    /// All at once, and then not for 8 s.
    JoinAll,
}

impl Polling {
    const ALL: [Self; 4] = [
        Self::Buffered,
        Self::BufferUnordered,
        Self::FuturesUnordered,
        Self::JoinAll,
    ];

    async fn drive<F: Future>(self, calls: impl Iterator<Item = F>) {
        match self {
            Self::Buffered => consume(iter(calls).buffered(50)).await,
            Self::BufferUnordered => consume(iter(calls).buffer_unordered(50)).await,
            Self::FuturesUnordered => consume(calls.collect::<FuturesUnordered<_>>()).await,
            Self::JoinAll => {
                let mut all = pin!(join_all(calls));
                while poll_fn(|cx| Poll::Ready(all.as_mut().poll(cx)))
                    .await
                    .is_pending()
                {
                    sleep(CONSUMER).await;
                }
            }
        }
    }
}

/// How long the consumer works on an item.
const CONSUMER: Duration = secs(8);

async fn consume(items: impl Stream) {
    let mut items = pin!(items);
    while items.next().await.is_some() {
        sleep(CONSUMER).await;
    }
}

/// Instants at which bodies began.
#[derive(Clone, Debug, Default)]
struct Starts(Arc<Mutex<Vec<Instant>>>);

impl Starts {
    fn add(&self) {
        self.0.lock().unwrap().push(Instant::now());
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn and(&self, other: &Self) -> Vec<Instant> {
        let mut both = self.0.lock().unwrap().clone();
        both.extend_from_slice(&other.0.lock().unwrap());
        both.sort_unstable();
        both
    }
}

/// The most starts in any second, its last instant included.
fn most_in_a_second(starts: &[Instant]) -> usize {
    let mut from = 0;
    let counts = starts.iter().enumerate().map(|(number, start)| {
        while *start - starts[from] > secs(1) {
            from += 1;
        }
        number - from + 1
    });
    counts.max().unwrap_or(0)
}

#[rate_limited(limiter = limiter)]
async fn request(limiter: &Limiter, starts: &Starts) -> Result<(), Refusal> {
    starts.add();
    sleep(ms(50)).await;
    Ok(())
}

#[derive(Clone, Copy, Debug)]
struct Figures {
    wall: Duration,
    most_in_a_second: usize,
    /// Starts of the calls that are polled late.
    late: usize,
    /// Starts of the others.
    crowd: usize,
}

impl Figures {
    /// Starts per second.
    fn rate(&self) -> f64 {
        let starts = u32::try_from(self.late + self.crowd).unwrap();
        f64::from(starts) / self.wall.as_secs_f64()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} s, {:.2} starts/s, at most {} in a second, {} of late calls, {} of others",
            self.wall.as_secs_f64(),
            self.rate(),
            self.most_in_a_second,
            self.late,
            self.crowd
        )
    }
}

/// Late calls beside callers that wait all the time, for so long at most.
async fn scenario(polling: Polling, hz: u32, crowd: usize, longest: Duration) -> Figures {
    let (limiter, start) = (limiter(f64::from(hz), 1), Instant::now());
    let (late, others) = (Starts::default(), Starts::default());
    let (shared, begun, mut callers) = (limiter.clone(), others.clone(), Crowd::new());
    callers.add(crowd, move || {
        let (limiter, starts) = (shared.clone(), begun.clone());
        async move { request(&limiter, &starts).await.is_ok() }
    });
    let calls = (0..200).map(|_| request(&limiter, &late));
    // A wake-up that is lost would never end on a paused clock.
    let ended = timeout(longest, polling.drive(calls)).await.is_ok();
    drop(callers);
    assert!(ended || crowd > 0, "{polling:?} never ends");
    let figures = Figures {
        wall: start.elapsed(),
        most_in_a_second: most_in_a_second(&late.and(&others)),
        late: late.count(),
        crowd: others.count(),
    };
    println!("late pick-up: {polling:?}, {hz}/s, beside {crowd} callers: {figures}");
    figures
}

#[tokio::test(start_paused = true)]
async fn calls_that_pile_up_do_not_start_together() {
    let mut above = Vec::new();
    for polling in Polling::ALL {
        let figures = scenario(polling, 5, 0, secs(10_000)).await;
        assert_eq!(figures.late, 200, "{polling:?}");
        if figures.most_in_a_second > 6 {
            above.push(format!("{polling:?}: {figures}"));
        }
    }
    assert_eq!(above, [""; 0]);
}

/// Permits that a second holds: the burst, the rate, and 2 ms of slack.
const fn envelope(hz: u32) -> usize {
    (1 + hz + hz * 2 / 1_000) as usize
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_not_polled_cost_nothing_of_the_rate() {
    let (mut below, mut above) = (Vec::new(), Vec::new());
    for hz in [5, 100] {
        for polling in Polling::ALL {
            let figures = scenario(polling, hz, 20, secs(200)).await;
            if figures.rate() < f64::from(hz) * 0.99 {
                below.push(format!("{polling:?}, {hz}/s: {figures}"));
            }
            if figures.most_in_a_second > envelope(hz) {
                above.push(format!("{polling:?}, {hz}/s: {figures}"));
            }
        }
    }
    assert_eq!((below, above), (vec![], vec![]));
}
