//! One call, and what people put around it: nothing, `paced`, or a limiter and a retry by hand.

use core::hint::black_box;
use core::num::NonZeroU32;
use core::time::Duration;
use std::io;
use std::sync::LazyLock;

use backon::ExponentialBuilder;
use backon::Retryable as _;
use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::InMemoryState;
use governor::state::NotKeyed;
use paced::CallError;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use throttle_net::Backoff;
use throttle_net::Jitter;
use throttle_net::RetryAction;
use throttle_net::Throttle;
use tokio_retry2::Retry;
use tokio_retry2::RetryError;
use tokio_retry2::strategy::ExponentialBackoff;
use tokio_retry2::strategy::jitter;

// So many permits that no call waits: one per nanosecond, and as many saved up as there is room for.
const RATE: NonZeroU32 = NonZeroU32::new(1_000_000_000).unwrap();
const BURST: NonZeroU32 = NonZeroU32::MAX;

/// governor with its default clock.
pub type Governor = governor::DefaultDirectRateLimiter;
/// governor with the clock that `paced` reads as well.
pub type GovernorByStd = governor::RateLimiter<
    NotKeyed,
    InMemoryState,
    MonotonicClock,
    NoOpMiddleware<std::time::Instant>,
>;

/// Never empty.
pub static FREE: Limiter = Limiter::new(Quota::per_second(RATE).with_burst(BURST));
/// Empty for the next hour once its one token is taken.
pub static EMPTY: Limiter = Limiter::new(Quota::per_hour(NonZeroU32::MIN));

/// Never empty.
pub static GOVERNOR: LazyLock<Governor> = LazyLock::new(|| Governor::direct(theirs()));
/// Never empty.
pub static GOVERNOR_BY_STD: LazyLock<GovernorByStd> =
    LazyLock::new(|| GovernorByStd::direct_with_clock(theirs(), MonotonicClock));
/// Empty for the next hour once its one token is taken.
pub static EMPTY_GOVERNOR: LazyLock<Governor> =
    LazyLock::new(|| Governor::direct(governor::Quota::per_hour(NonZeroU32::MIN)));

/// Never empty.
pub static THROTTLE: LazyLock<Throttle> = LazyLock::new(|| {
    let throttle = Throttle::builder().per_second(RATE.get());
    throttle.burst(BURST.get()).build()
});
/// Empty for the next hour once its one token is taken.
pub static EMPTY_THROTTLE: LazyLock<Throttle> =
    LazyLock::new(|| Throttle::per_duration(1, Duration::from_secs(3600)));

fn theirs() -> governor::Quota {
    governor::Quota::per_second(RATE).allow_burst(BURST)
}

/// The call itself.
///
/// # Errors
///
/// Never; a request would have some.
#[expect(clippy::unused_async, reason = "it stands for a request")]
pub async fn bare(id: u64) -> io::Result<u64> {
    Ok(black_box(id))
}

/// Makes the call that the others are compared with.
///
/// # Errors
///
/// As [`bare`].
pub async fn plain(id: u64) -> io::Result<u64> {
    bare(id).await
}

/// With the attribute: limiter, retries, deadline and attempt context.
///
/// # Errors
///
/// As [`bare`].
#[rate_limited(rate = 1_000_000_000, burst = 4_294_967_295)]
pub async fn annotated(id: u64) -> io::Result<u64> {
    bare(id).await
}

/// Without the attribute, through [`FREE`]. Its outcome has a type of its own, as that of [`bounded`].
///
/// # Errors
///
/// As [`bare`].
pub async fn closure(id: u64) -> Result<[u64; 1], CallError<io::Error>> {
    FREE.call(async || Ok([bare(id).await?])).await
}

/// A plain function with the attribute, which blocks its thread when it has to wait.
///
/// # Errors
///
/// As [`bare`].
#[rate_limited(rate = 1_000_000_000, burst = 4_294_967_295)]
pub fn annotated_blocking(id: u64) -> io::Result<u64> {
    Ok(black_box(id))
}

/// With the attribute, and a bound of calls in flight. Its outcome has another type than that of [`annotated`]: code that two
/// functions share is not inlined into either, and the figures of both would not be those of a function alone.
///
/// # Errors
///
/// As [`bare`].
#[rate_limited(rate = 1_000_000_000, burst = 4_294_967_295, max_concurrency = 8)]
pub async fn bounded(id: u64) -> io::Result<(u64,)> {
    Ok((bare(id).await?,))
}

/// With governor and backon.
///
/// # Errors
///
/// As [`bare`].
pub async fn governor_and_backon(id: u64) -> io::Result<u64> {
    let attempt = || async {
        GOVERNOR.until_ready().await;
        bare(id).await
    };
    attempt.retry(backoff()).when(is_transient).await
}

/// With governor on the clock that `paced` reads, and backon.
///
/// # Errors
///
/// As [`bare`].
pub async fn governor_by_std_and_backon(id: u64) -> io::Result<u64> {
    let attempt = || async {
        GOVERNOR_BY_STD.until_ready().await;
        bare(id).await
    };
    attempt.retry(backoff()).when(is_transient).await
}

/// With governor and tokio-retry2.
///
/// # Errors
///
/// As [`bare`].
pub async fn governor_and_tokio_retry(id: u64) -> io::Result<u64> {
    let delays = ExponentialBackoff::from_millis(1000).map(jitter).take(5);
    let attempt = || async {
        GOVERNOR.until_ready().await;
        bare(id).await.map_err(|error| {
            if is_transient(&error) {
                RetryError::transient(error)
            } else {
                RetryError::permanent(error)
            }
        })
    };
    Retry::spawn(delays, attempt).await
}

/// With throttle-net and its own retry.
///
/// # Errors
///
/// As [`bare`].
pub async fn throttle_net_and_its_retry(id: u64) -> io::Result<u64> {
    let backoff = Backoff::exponential(Duration::from_secs(1), 2.0).with_jitter(Jitter::Full);
    let attempt = || async {
        let permit = THROTTLE.acquire().await;
        permit.map_err(io::Error::other)?;
        bare(id).await
    };
    let classify = |error: &io::Error| {
        if is_transient(error) {
            RetryAction::Retry
        } else {
            RetryAction::GiveUp
        }
    };
    throttle_net::Retry::new(backoff)
        .max_attempts(6)
        .run(attempt, classify)
        .await
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_jitter()
        .with_max_times(5)
}

fn is_transient(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

/// The bytes of the futures of [`plain`], and of what stands around it, by name.
pub fn sizes() -> [(&'static str, usize); 5] {
    [
        ("plain", size_of_val(&plain(1))),
        ("`#[rate_limited]`", size_of_val(&annotated(1))),
        ("governor and backon", size_of_val(&governor_and_backon(1))),
        (
            "governor and tokio-retry2",
            size_of_val(&governor_and_tokio_retry(1)),
        ),
        (
            "throttle-net and its retry",
            size_of_val(&throttle_net_and_its_retry(1)),
        ),
    ]
}
