//! Allocations, counted exactly: what a waiting task takes, and what a call takes that does not wait.
#![forbid(unsafe_code)]

use std::sync::Arc;

use allocation_counter::measure;
use bench::calls::Governor;
use bench::cases;
use bench::limiters::Ticking;
use bench::limiters::Waits;
use bench::waiting::park;
use tokio::runtime::Builder;

const TASKS: u32 = 100_000;

fn main() {
    waiting::<NoLimiter>();
    waiting::<paced::Limiter>();
    waiting::<Governor>();
    waiting::<leaky_bucket::RateLimiter>();
    waiting::<async_rate_limiter::RateLimiter>();
    waiting::<Ticking>();
    for case in cases::CASES {
        (case.run)(10);
        let counted = measure(|| (case.run)(1000));
        println!(
            "case\t{}\t{}\t{}",
            case.name,
            counted.count_total / 1000,
            counted.bytes_total / 1000
        );
    }
}

fn waiting<L: Waits>() {
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without I/O needs little of the system");
    let limiter = Arc::new(runtime.block_on(async { L::new(1, 1) }));
    let counted = measure(|| runtime.block_on(park(limiter, TASKS)));
    let bytes = counted.bytes_current / i64::from(TASKS);
    let count =
        f64::from(u32::try_from(counted.count_total).unwrap_or(u32::MAX)) / f64::from(TASKS);
    println!("waiting\t{}\t{bytes}\t{count:.2}", L::NAME);
}

/// No limiter: a task that waits for nothing.
struct NoLimiter;

impl Waits for NoLimiter {
    const NAME: &'static str = "a task that waits for nothing";

    fn new(_: u32, _: u32) -> Self {
        Self
    }

    async fn wait(&self) {
        // The first caller is served at once by every limiter.
        static SERVED: std::sync::Once = std::sync::Once::new();
        if SERVED.is_completed() {
            core::future::pending::<()>().await;
        } else {
            SERVED.call_once(|| {});
        }
    }
}
