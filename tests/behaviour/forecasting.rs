//! Forecasts: a call is refused only if its permit would come too late, and then at once.

use core::future::Future;
use core::time::Duration;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use http::Response;
use paced::Limiter;
use paced::rate_limited;
use tokio::task::JoinSet;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::advance;
use tokio::time::sleep;

use crate::support::ApiError;
use crate::support::Failed;
use crate::support::Log;
use crate::support::limiter;
use crate::support::ms;
use crate::support::quota;
use crate::support::refusal;
use crate::support::response;
use crate::support::secs;
use crate::support::since;

/// The outcomes of `count` calls that begin at once, in the order of their beginning.
pub(crate) async fn all<F>(count: usize, call: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let calls: Vec<_> = (0..count)
        .map(|number| tokio::spawn(call(number)))
        .collect();
    let mut outcomes = Vec::with_capacity(count);
    for call in calls {
        outcomes.push(call.await.expect("no call panics"));
    }
    outcomes
}

/// A call whose response says how much is left of a window.
#[rate_limited(limiter = limiter)]
async fn told(
    limiter: &Limiter,
    limit: &str,
    left: &str,
    reset: &str,
) -> io::Result<Response<String>> {
    let headers = [
        ("x-ratelimit-limit", limit),
        ("x-ratelimit-remaining", left),
        ("x-ratelimit-reset", reset),
    ];
    Ok(response(200, &headers))
}

#[tokio::test(start_paused = true)]
async fn a_slow_pace_is_not_projected_beyond_its_end() {
    #[rate_limited(limiter = limiter, deadline = "2s")]
    async fn call(limiter: Limiter, start: Instant) -> Result<u64, Failed> {
        Ok(since(start))
    }
    let (limiter, start) = (limiter(50.0, 50), Instant::now());
    told(&limiter, "50", "2", "1").await.unwrap();
    sleep(ms(990)).await;
    let calls = all(40, |_| call(limiter.clone(), start)).await;
    let refused = calls.iter().filter(|call| call.is_err()).count();
    assert_eq!(refused, 0, "{:?}", calls.last());
    // Two each second until 1000, then 50 each second.
    let last = calls.into_iter().map(Result::unwrap).max().unwrap();
    assert!(last <= 1000 + 40 * 20, "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_window_refuses_no_call_that_has_set_itself_no_deadline() {
    #[rate_limited(limiter = limiter)]
    async fn call(limiter: Limiter, start: Instant) -> Result<u64, Failed> {
        Ok(since(start))
    }
    let (limiter, start) = (limiter(5000.0 / 3600.0, 1), Instant::now());
    told(&limiter, "5000", "37", "57").await.unwrap();
    let calls = all(400, |_| call(limiter.clone(), start)).await;
    let refused = calls.iter().filter(|call| call.is_err()).count();
    assert_eq!(refused, 0, "{:?}", calls.last());
    // 37 until the reset, then one each 0.72 s.
    let last = calls.into_iter().map(Result::unwrap).max().unwrap();
    assert!(last <= 57_000 + (400 - 36) * 720, "{last}");
}

/// A server of 50 requests in each second, as it says itself with every response.
#[derive(Debug)]
struct Second {
    start: Instant,
    /// The second of the last request, and how many it had so far.
    counted: Mutex<(u64, u64)>,
}

impl Second {
    async fn request(&self) -> io::Result<Response<String>> {
        sleep(ms(10)).await;
        let second = since(self.start) / 1000;
        let count = {
            let mut counted = self.counted.lock().expect("no panic under the lock");
            *counted = match *counted {
                (last, count) if last == second => (second, count + 1),
                _ => (second, 1),
            };
            counted.1
        };
        sleep(ms(10)).await;
        let left = 50_u64.saturating_sub(count).to_string();
        let headers = [
            ("x-ratelimit-limit", "50"),
            ("x-ratelimit-remaining", left.as_str()),
            ("x-ratelimit-reset", "1"),
        ];
        Ok(response(if count > 50 { 429 } else { 200 }, &headers))
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_keeps_to_its_servers_limit_refuses_no_call() {
    #[rate_limited(limiter = limiter, deadline = "2s")]
    async fn call(
        limiter: Limiter,
        server: Arc<Second>,
    ) -> Result<Response<String>, Box<dyn Error + Send + Sync>> {
        Ok(server.request().await?)
    }
    for arrivals in [40, 46, 48] {
        let (limiter, start) = (limiter(50.0, 50), Instant::now());
        let server = Arc::new(Second {
            start,
            counted: Mutex::new((0, 0)),
        });
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            for _ in 0..arrivals {
                calls.spawn(call(limiter.clone(), Arc::clone(&server)));
            }
            sleep(secs(1)).await;
        }
        let calls = calls.join_all().await;
        let passed = calls
            .iter()
            .filter(|call| call.as_ref().is_ok_and(|it| it.status() == 200))
            .count();
        assert_eq!(passed, 20 * arrivals, "at {arrivals}/s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_is_not_ahead_of_others_any_more() {
    #[rate_limited(limiter = limiter, max_wait = "2s")]
    async fn impatient(limiter: Limiter, start: Instant) -> Result<u64, Failed> {
        Ok(since(start))
    }
    #[rate_limited(limiter = limiter, max_wait = "5500ms")]
    async fn patient(limiter: Limiter, start: Instant) -> Result<u64, Failed> {
        Ok(since(start))
    }
    let (limiter, start) = (limiter(1.0, 1), Instant::now());
    limiter.acquire().await.unwrap();
    let first = tokio::spawn(impatient(limiter.clone(), start));
    let next = tokio::spawn(patient(limiter.clone(), start));
    sleep(ms(500)).await;
    limiter.cooldown_for(ms(4500));
    assert!(refusal(first.await.unwrap()).is_max_wait());
    assert_eq!((since(start), next.await.unwrap().unwrap()), (500, 5000));
}

/// Milliseconds between a call's first poll and the permit that it waits for, apart from fractions.
const DISTANCE: u64 = 100;

/// Fractions of a millisecond, in microseconds.
pub(crate) const FRACTIONS: [u64; 5] = [0, 1, 250, 500, 999];

/// Microseconds of a call that is bounded to about [`DISTANCE`]: its first poll, the end of its
/// bound, its permit, and when it was served or refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) begun: u64,
    pub(crate) bound: u64,
    pub(crate) permit: u64,
    pub(crate) served: Option<u64>,
    pub(crate) ended: u64,
}

impl Edge {
    /// Refused at the first poll or served, whichever is right; a timer is due within a millisecond.
    pub(crate) fn is_right(self) -> bool {
        let timer = self.permit.next_multiple_of(1000);
        match self.served {
            Some(at) => self.bound >= self.permit && at == timer,
            None => self.bound < timer && self.ended == self.begun,
        }
    }
}

/// Cause of a call's wait.
#[derive(Clone, Copy, Debug)]
enum Obstacle {
    Token,
    Queue,
    Cooldown,
    /// Its first attempt is told to come back.
    Hint,
}

impl Obstacle {
    /// Makes the next permit come [`DISTANCE`] and `permit` microseconds after now. It is `begun`
    /// microseconds later afterwards. Yields what a first attempt is told.
    async fn prepare(self, limiter: &Limiter, permit: u64, begun: u64) -> Option<Duration> {
        match self {
            Self::Token => {
                limiter.set_quota(quota(10.0, 1));
                advance(us(permit)).await;
                limiter.acquire().await.unwrap();
                advance(us(begun - permit)).await;
            }
            Self::Queue => {
                limiter.set_quota(quota(100.0, 1));
                advance(us(permit)).await;
                limiter.acquire().await.unwrap();
                for _ in 1..10 {
                    let limiter = limiter.clone();
                    tokio::spawn(async move { limiter.acquire().await.map(drop) });
                }
                advance(us(begun - permit)).await;
            }
            Self::Cooldown => {
                limiter.cooldown_for(ms(DISTANCE) + us(permit));
                advance(us(begun)).await;
            }
            Self::Hint => {
                advance(us(begun)).await;
                return Some(us(DISTANCE * 1000 + permit - begun));
            }
        }
        None
    }
}

pub(crate) fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

pub(crate) fn micros(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).expect("a short test")
}

/// A permit that comes in the last two milliseconds before a deadline is of no use.
fn last_useful(option: &str) -> u64 {
    if option == "deadline" { 2000 } else { 0 }
}

macro_rules! bounded {
    ($($name:ident: $option:ident = $bound:tt,)*) => {
        $(
            #[rate_limited(limiter = limiter, $option = $bound, backoff(jitter = "none"))]
            async fn $name(limiter: Limiter, told: Option<Duration>, log: Log<u64>, start: Instant) -> Result<(), Failed> {
                if let (1, Some(wait)) = (paced::attempt().number(), told) {
                    return Err(Failed::Api(ApiError::after(429, wait)));
                }
                log.add(micros(start));
                Ok(())
            }
        )*

        /// One call with each bound, each with a limiter of its own.
        async fn edges_at(obstacle: Obstacle, permit: u64, begun: u64) -> Vec<Edge> {
            let mut edges = Vec::new();
            $({
                let (limiter, log, start) = (limiter(1000.0, 1), Log::new(), Instant::now());
                let told = obstacle.prepare(&limiter, permit, begun).await;
                let call = $name(limiter, told, log.clone(), start);
                let call = tokio::spawn(async move {
                    let _ = call.await;
                    micros(start)
                });
                yield_now().await;
                // Back to whole milliseconds, when timers are due.
                advance(us(1000 - begun)).await;
                edges.push(Edge {
                    begun,
                    bound: begun + $bound.trim_end_matches("ms").parse::<u64>().unwrap() * 1000
                        - last_useful(stringify!($option)),
                    permit: DISTANCE * 1000 + permit,
                    ended: call.await.unwrap(),
                    served: log.entries().first().copied(),
                });
            })*
            edges
        }
    };
}

bounded! {
    deadline_101: deadline = "101ms",
    deadline_102: deadline = "102ms",
    deadline_103: deadline = "103ms",
    deadline_104: deadline = "104ms",
    deadline_105: deadline = "105ms",
    max_wait_99: max_wait = "99ms",
    max_wait_100: max_wait = "100ms",
    max_wait_101: max_wait = "101ms",
    max_wait_102: max_wait = "102ms",
    max_wait_103: max_wait = "103ms",
}

async fn is_refused_at_once_or_served(obstacle: Obstacle) {
    let (mut edges, mut wrong) = (0, Vec::new());
    for permit in FRACTIONS {
        for begun in FRACTIONS.into_iter().filter(|begun| *begun >= permit) {
            let all = edges_at(obstacle, permit, begun).await;
            edges += all.len();
            wrong.extend(all.into_iter().filter(|edge| !edge.is_right()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {edges} are wrong, such as {:?}",
        wrong.len(),
        wrong[0]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_at_the_edge_of_its_bound_is_refused_at_once_or_gets_the_next_token() {
    is_refused_at_once_or_served(Obstacle::Token).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_at_the_edge_of_its_bound_is_refused_at_once_or_served_behind_others() {
    is_refused_at_once_or_served(Obstacle::Queue).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_at_the_edge_of_its_bound_is_refused_at_once_or_served_after_a_cooldown() {
    is_refused_at_once_or_served(Obstacle::Cooldown).await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_at_the_edge_of_its_bound_is_given_up_at_once_or_made() {
    is_refused_at_once_or_served(Obstacle::Hint).await;
}
