//! What the attribute costs when nothing has to wait, beside `governor` and `backon`, which people combine today.
//!
//! ```text
//! cargo bench -p bench --bench annotated -- --quick
//! ```
#![forbid(unsafe_code)]

use std::{hint::black_box, io, num::NonZeroU32, sync::LazyLock};

use backon::{ExponentialBuilder, Retryable as _};
use criterion::{Criterion, criterion_group, criterion_main};
use governor::DefaultDirectRateLimiter;
use paced::{Limiter, Quota, rate_limited};
use tokio::runtime::{Builder, Runtime};

// So many permits that none of the calls waits: one per nanosecond, and as many saved up as there is room for.
const RATE: NonZeroU32 = NonZeroU32::new(1_000_000_000).unwrap();
const BURST: NonZeroU32 = NonZeroU32::MAX;

static OURS: Limiter = Limiter::new(Quota::per_second(RATE).with_burst(BURST));
static THEIRS: LazyLock<DefaultDirectRateLimiter> = LazyLock::new(|| {
    DefaultDirectRateLimiter::direct(governor::Quota::per_second(RATE).allow_burst(BURST))
});

/// The call itself, without anything around it.
#[expect(clippy::unused_async, reason = "it stands for a request")]
async fn fetch(id: u64) -> io::Result<u64> {
    Ok(black_box(id))
}

#[rate_limited(rate = 1_000_000_000, burst = 4_294_967_295)]
async fn annotated(id: u64) -> io::Result<u64> {
    fetch(id).await
}

async fn composed(id: u64) -> io::Result<u64> {
    let attempt = || async {
        THEIRS.until_ready().await;
        fetch(id).await
    };
    attempt
        .retry(
            ExponentialBuilder::default()
                .with_jitter()
                .with_max_times(5),
        )
        .when(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        .await
}

/// One whole call that succeeds at once.
fn call(c: &mut Criterion) {
    let runtime = runtime();
    let mut group = c.benchmark_group("call");
    group.bench_function("bare", |b| {
        b.to_async(&runtime).iter(|| fetch(black_box(7)));
    });
    group.bench_function("paced", |b| {
        b.to_async(&runtime).iter(|| annotated(black_box(7)));
    });
    group.bench_function("governor and backon", |b| {
        b.to_async(&runtime).iter(|| composed(black_box(7)));
    });
    group.finish();
}

/// One permit that is there.
fn permit(c: &mut Criterion) {
    let runtime = runtime();
    let mut group = c.benchmark_group("permit");
    group.bench_function("paced try_acquire", |b| b.iter(|| OURS.try_acquire()));
    group.bench_function("governor check", |b| b.iter(|| THEIRS.check()));
    group.bench_function("paced acquire", |b| {
        b.to_async(&runtime).iter(|| OURS.acquire());
    });
    group.bench_function("governor until_ready", |b| {
        b.to_async(&runtime).iter(|| THEIRS.until_ready());
    });
    group.finish();
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O needs nothing from the system")
}

criterion_group!(benches, call, permit);
criterion_main!(benches);
