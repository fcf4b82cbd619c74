//! One of the processes.

use core::time::Duration;
use std::error::Error;
use std::io::BufRead as _;
use std::sync::Arc;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use paced::Limiter;
use paced::store::Action;
use paced::store::OnStoreError;
use paced::store::Policy;
use paced::store::Request;
use paced::store::SqliteStore;
use paced::store::Store as _;
use paced::store::Ticks;
use tokio::task::JoinSet;

use crate::histogram::Histogram;
use crate::work::TIME;
use crate::work::Work;

/// Counts of a caller.
#[derive(Default)]
struct Done {
    granted: u64,
    latencies: Histogram,
    /// In nanoseconds since 1970.
    permits: Vec<u64>,
}

/// Opens the store, says so, waits for the word, works, and says what came of it:
///
/// ```text
/// granted SECONDS COUNT
/// latencies HISTOGRAM
/// permits INSTANTS
/// ```
pub(crate) fn run(path: &str, work: Work) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let (done, seconds) = runtime.block_on(async {
        if work == Work::Once {
            return once(path, work).await;
        }
        let store = Arc::new(SqliteStore::open(path)?);
        ask(&store, "other", work).await?;
        println!("ready");
        std::io::stdin().lock().read_line(&mut String::new())?;
        let begun = Instant::now();
        let done = work_on(&store, work).await?;
        Ok::<_, Box<dyn Error>>((done, begun.elapsed().as_secs_f64()))
    })?;
    println!("granted {seconds} {}", done.granted);
    println!("latencies {}", done.latencies.write());
    let permits: Vec<_> = done.permits.iter().map(u64::to_string).collect();
    println!("permits {}", permits.join(" "));
    Ok(())
}

async fn once(path: &str, work: Work) -> Result<(Done, f64), Box<dyn Error>> {
    let begun = Instant::now();
    let store = Arc::new(SqliteStore::open(path)?);
    let mut done = Done {
        granted: ask(&store, "key", work).await?,
        ..Done::default()
    };
    done.latencies.add(nanos(begun.elapsed()));
    Ok((done, begun.elapsed().as_secs_f64()))
}

async fn work_on(store: &Arc<SqliteStore>, work: Work) -> Result<Done, Box<dyn Error>> {
    // Closed: a permit that the store did not grant is an error, and not one of the process's own.
    let policy = Policy::new()
        .on_error(OnStoreError::Closed)
        .timeout(Duration::from_secs(1));
    let limiter = Limiter::builder(work.quota())
        .name("limiter")
        .store(Arc::clone(store) as _)
        .store_policy(policy)
        .unregistered()
        .build()?;
    let mut callers = JoinSet::new();
    for _ in 0..work.callers().unwrap_or(1) {
        let (store, limiter) = (Arc::clone(store), limiter.clone());
        callers.spawn(async move {
            call(&store, &limiter, work)
                .await
                .map_err(|e| e.to_string())
        });
    }
    let mut all = Done::default();
    while let Some(done) = callers.join_next().await {
        let done = done??;
        all.granted += done.granted;
        all.latencies.merge(&done.latencies);
        all.permits.extend(done.permits);
    }
    Ok(all)
}

async fn call(
    store: &Arc<SqliteStore>,
    limiter: &Limiter,
    work: Work,
) -> Result<Done, Box<dyn Error>> {
    let mut done = Done::default();
    let begun = Instant::now();
    while begun.elapsed() < TIME {
        if let Work::Paced { .. } = work {
            tokio::time::sleep(Duration::from_micros(pause(&done))).await;
        }
        let asked = Instant::now();
        if let Work::Limiter { .. } = work {
            limiter.acquire().await?;
            done.granted += 1;
            done.permits
                .push(nanos(SystemTime::now().duration_since(UNIX_EPOCH)?));
        } else {
            done.granted += ask(store, "key", work).await?;
        }
        done.latencies.add(nanos(asked.elapsed()));
    }
    Ok(done)
}

/// From 0 to 10 ms, in an order that only looks random.
const fn pause(done: &Done) -> u64 {
    done.granted.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 10_000
}

async fn ask(store: &Arc<SqliteStore>, key: &str, work: Work) -> Result<u64, Box<dyn Error>> {
    let draw = Action::Draw {
        tokens: 1,
        horizon: Ticks::ZERO,
        longest: Ticks::ZERO,
        drain: false,
    };
    let answer = store
        .transact(key, &Request::new(draw, work.limits()))
        .await?;
    Ok(u64::from(answer.granted()))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
