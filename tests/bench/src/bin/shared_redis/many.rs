//! Many callers of one process.

use std::error::Error;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use paced::Limiter;
use paced::Quota;
use paced::Rate;
use paced::store::Action;
use paced::store::Limit;
use paced::store::Limits;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::RedisStore;
use paced::store::Request;
use paced::store::Store as _;
use paced::store::Ticks;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::counted::Counted;

const TIME: Duration = Duration::from_secs(3);

pub(crate) struct Run {
    pub(crate) what: &'static str,
    pub(crate) callers: u32,
    pub(crate) limit: Option<(u32, u32)>,
    pub(crate) took: Duration,
    pub(crate) requests: u64,
    /// Of each acquisition, in order.
    pub(crate) latencies: Vec<Duration>,
}

impl Run {
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let at = self.latencies.len() * percent / 100;
        self.latencies.get(at).copied().unwrap_or_default()
    }
}

/// Measures the store without a limiter: a request for each token.
pub(crate) fn one_request_each(url: &str, callers: u32) -> Result<Run, Box<dyn Error>> {
    let store = Arc::new(Counted::new(RedisStore::open(url)?));
    let key = format!("raw-{callers}-{}", std::process::id());
    let draw = Action::Draw {
        tokens: 1,
        horizon: Ticks::ZERO,
        longest: Ticks::MAX,
        drain: false,
    };
    let limits = Limits::one(Limit::new(Limit::MIN_INTERVAL, 20_000_000));
    let counter = Arc::clone(&store);
    run("a request each", callers, None, &counter, move || {
        let (store, key) = (Arc::clone(&store), key.clone());
        let request = Request::new(draw.clone(), limits);
        async move {
            let answer = store.transact(&key, &request).await;
            assert_eq!(answer.map(|answer| answer.granted()), Ok(1));
        }
    })
}

/// Measures a limiter over the store.
pub(crate) fn limiter(
    url: &str,
    callers: u32,
    rate: u32,
    burst: u32,
) -> Result<Run, Box<dyn Error>> {
    let store = Arc::new(Counted::new(RedisStore::open(url)?));
    let key = format!("limiter-{callers}-{rate}-{burst}-{}", std::process::id());
    let above_0 = |number| NonZeroU32::new(number).ok_or("0");
    let quota = Quota::new(Rate::per_second(above_0(rate)?)).with_burst(above_0(burst)?);
    let policy = Policy::new().on_error(OnStoreError::Closed);
    let limiter = Limiter::builder(quota)
        .name(&key)
        .store(Arc::clone(&store) as _)
        .store_policy(policy)
        .unregistered()
        .build()?;
    run(
        "a limiter",
        callers,
        Some((rate, burst)),
        &store,
        move || {
            let limiter = limiter.clone();
            async move {
                limiter.acquire().await.expect("a permit");
            }
        },
    )
}

/// Calls over and over from so many tasks of one thread.
fn run<F: Future<Output = ()> + Send + 'static>(
    what: &'static str,
    callers: u32,
    limit: Option<(u32, u32)>,
    counter: &Counted,
    call: impl Fn() -> F + Clone + Send + 'static,
) -> Result<Run, Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..callers {
            let call = call.clone();
            tasks.spawn(async move {
                let mut latencies = Vec::new();
                let mut before = Instant::now();
                while begun.elapsed() < TIME {
                    call().await;
                    let now = Instant::now();
                    latencies.push(now - before);
                    before = now;
                }
                latencies
            });
        }
        let mut latencies: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let took = begun.elapsed();
        latencies.sort_unstable();
        Ok(Run {
            what,
            callers,
            limit,
            took,
            requests: counter.requests(),
            latencies,
        })
    })
}
