//! The limiters whose waiting callers are compared, each set up as its documentation advises.

use core::future::Future;
use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;

use crate::calls::Governor;

/// Something that lets callers through at a rate.
pub trait Waits: Send + Sync + Sized + 'static {
    /// Its name in tables.
    const NAME: &'static str;

    /// `rate` permits per second, `burst` of them saved up. Called inside a runtime.
    fn new(rate: u32, burst: u32) -> Self;

    /// Waits for a permit.
    fn wait(&self) -> impl Future<Output = ()> + Send;
}

impl Waits for paced::Limiter {
    const NAME: &'static str = "paced";

    fn new(rate: u32, burst: u32) -> Self {
        Self::new(paced::Quota::per_second(positive(rate)).with_burst(positive(burst)))
    }

    async fn wait(&self) {
        self.acquire().await.expect("one token fits in the bucket");
    }
}

impl Waits for Governor {
    const NAME: &'static str = "governor";

    fn new(rate: u32, burst: u32) -> Self {
        let quota = governor::Quota::per_second(positive(rate)).allow_burst(positive(burst));
        Self::direct(quota)
    }

    async fn wait(&self) {
        self.until_ready().await;
    }
}

impl Waits for leaky_bucket::RateLimiter {
    const NAME: &'static str = "leaky-bucket";

    /// Refills every 10 ms, or for one permit where those come less often: more often, it falls far
    /// behind its rate. A refill has to fit in the bucket.
    fn new(rate: u32, burst: u32) -> Self {
        let refill = (rate / 100).max(1);
        let period = Duration::from_millis(u64::from(1000 * refill / rate));
        Self::builder()
            .max(burst.max(refill) as usize)
            .initial(burst as usize)
            .refill(refill as usize)
            .interval(period)
            .build()
    }

    async fn wait(&self) {
        self.acquire_one().await;
    }
}

impl Waits for async_rate_limiter::RateLimiter {
    const NAME: &'static str = "async-rate-limiter";

    fn new(rate: u32, burst: u32) -> Self {
        let limiter = Self::new(rate as usize);
        limiter.burst(burst as usize);
        limiter
    }

    async fn wait(&self) {
        self.acquire().await;
    }
}

/// A usual limiter without a crate: tokio's semaphore, and a task that adds permits every millisecond.
#[derive(Debug)]
pub struct Ticking(Arc<Semaphore>);

impl Waits for Ticking {
    const NAME: &'static str = "Semaphore and a ticking task";

    fn new(rate: u32, burst: u32) -> Self {
        let permits = Arc::new(Semaphore::new(burst as usize));
        let tick = Duration::from_secs_f64((1.0 / f64::from(rate)).max(0.001));
        tokio::spawn(refill(Arc::clone(&permits), tick, rate, burst as usize));
        Self(permits)
    }

    async fn wait(&self) {
        let permit = self.0.acquire().await;
        permit.expect("it is never closed").forget();
    }
}

async fn refill(permits: Arc<Semaphore>, tick: Duration, rate: u32, burst: usize) {
    let per_tick = (tick.as_secs_f64() * f64::from(rate)).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a millisecond's worth of permits"
    )]
    let per_tick = per_tick as usize;
    let mut ticks = tokio::time::interval(tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks.tick().await;
    while Arc::strong_count(&permits) > 1 {
        ticks.tick().await;
        // Tokens without a waiter are saved up to the burst; a waiter takes its share at once.
        let room = (burst + per_tick).saturating_sub(permits.available_permits());
        permits.add_permits(per_tick.min(room));
    }
}

fn positive(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).expect("the scenarios have rates and bursts above 0")
}
