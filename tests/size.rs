//! Exact costs of the attribute: bytes of future and allocations.

use core::num::NonZeroU32;
use core::time::Duration;

use allocation_counter::measure;
use paced::__private as private;
use paced::Limiter;
use paced::Quota;
use paced::rate_limited;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

#[path = "size/in_blocks.rs"]
mod in_blocks;

/// The most that an annotated function's future has beside the plain one's.
const RETRYING: usize = 104;
/// The same with `max_retries = 0`.
const ONCE: usize = 96;

static SHARED: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(1000).unwrap()));

async fn request() -> Result<u64, std::io::Error> {
    tokio::task::yield_now().await;
    Ok(7)
}

async fn plain(id: u64) -> Result<u64, std::io::Error> {
    Ok(request().await? + id)
}

#[rate_limited(rate = 1000, max_retries = 3)]
async fn annotated(id: u64) -> Result<u64, std::io::Error> {
    Ok(request().await? + id)
}

#[expect(clippy::unused_async, reason = "a request that was answered at once")]
async fn answered() -> Result<u64, std::io::Error> {
    Ok(7)
}

async fn plain_and_answered(id: u64) -> Result<u64, std::io::Error> {
    Ok(answered().await? + id)
}

#[rate_limited(rate = 1000)]
async fn annotated_and_answered(id: u64) -> Result<u64, std::io::Error> {
    Ok(answered().await? + id)
}

#[rate_limited(limiter = SHARED, idempotent)]
async fn sharing(id: u64) -> Result<u64, std::io::Error> {
    Ok(request().await? + id)
}

#[rate_limited(limiter = SHARED, deadline = "10s", idempotent)]
async fn in_time(id: u64) -> Result<u64, std::io::Error> {
    Ok(request().await? + id)
}

#[rate_limited(rate = 1000, max_retries = retries, deadline = left, backoff(base = left))]
async fn with_options(id: u64, retries: u32, left: Duration) -> Result<u64, std::io::Error> {
    Ok(request().await? + id)
}

#[rate_limited(rate = 1000, max_retries = 3, deadline = "10s")]
async fn without_options(id: u64, retries: u32, left: Duration) -> Result<u64, std::io::Error> {
    Ok(request().await? + id + u64::from(retries) + left.as_secs())
}

#[rate_limited(rate = 1000, max_retries = 0)]
async fn once(id: u64) -> Result<u64, std::io::Error> {
    Ok(request().await? + id)
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// Allocations of the second of two runs: the first one sets up what stays.
fn allocations<F: Future>(runtime: &Runtime, call: impl Fn() -> F) -> u64 {
    runtime.block_on(call());
    measure(|| {
        runtime.block_on(call());
    })
    .count_total
}

#[test]
fn the_future_grows_by_a_constant() {
    let added = |future: usize| future - size_of_val(&plain(1));
    assert!(added(size_of_val(&annotated(1))) <= RETRYING);
    assert!(added(size_of_val(&sharing(1))) <= RETRYING);
    assert!(added(size_of_val(&in_time(1))) <= RETRYING);
    assert!(added(size_of_val(&once(1))) <= ONCE);
    // Its own options are on the heap.
    let left = Duration::from_secs(1);
    let with_options = size_of_val(&with_options(1, 2, left));
    assert!(with_options <= size_of_val(&without_options(1, 2, left)) + 32);
    let added = size_of_val(&annotated_and_answered(1)) - size_of_val(&plain_and_answered(1));
    assert!(added <= RETRYING, "{added}");
}

/// The most that the future of a function with costs has beside the plain one's.
const WITH_COSTS: usize = 192;

static COSTED: private::Site = private::Site::new(
    "costed",
    private::Settings::new()
        .rate(private::rate(1000.0, 1_000_000_000))
        .units(&["requests"]),
);

static ROWS: private::Site = private::Site::new(
    "rows",
    private::Settings::new()
        .limits(&[
            private::limit("requests", private::rate(1000.0, 1_000_000_000)),
            private::limit("requests", private::rate(2000.0, 1_000_000_000)),
        ])
        .units(&["requests"]),
);

/// Makes the call of [`plain`] as `cost = cost` and `settle(requests = |took| took / 2)` do.
async fn costed(site: &'static private::Site, id: u64, cost: u64) -> Result<u64, std::io::Error> {
    let mut costs = private::OwnCosts::new();
    let mut call = private::Site::call_with_costs(
        site,
        private::Begin::PLAIN,
        &mut costs,
        [private::cost(&cost)],
    );
    loop {
        let out: private::Attempted<Result<u64, std::io::Error>> =
            private::Call::attempt(&mut call, async { Ok(request().await? + id) }).await;
        let probe = private::probe(&out);
        let spent = [probe.__paced_spent(&out, |took: &u64| *took / 2)];
        match private::Call::settle_spent(
            &mut call,
            &spent,
            &(probe.__paced_ok(), probe.__paced_err()),
            probe.__paced_refuse(),
            probe.__paced_keep(),
            out,
        ) {
            core::ops::ControlFlow::Break(out) => break out,
            core::ops::ControlFlow::Continue(()) => {}
        }
    }
}

#[test]
fn a_call_with_costs_grows_by_a_constant_and_allocates_nothing() {
    // The arguments of the function itself: the site and the cost.
    let arguments = size_of::<(&private::Site, u64)>();
    let added = size_of_val(&costed(&COSTED, 1, 5)) - size_of_val(&plain(1)) - arguments;
    assert!(added <= WITH_COSTS, "{added}");
    let runtime = runtime();
    let bare = allocations(&runtime, || plain(1));
    for site in [&COSTED, &ROWS] {
        assert_eq!(allocations(&runtime, || costed(site, 1, 5)), bare);
        assert_eq!(allocations(&runtime, || costed(site, 1, 1)), bare);
    }
}

#[test]
fn the_size_of_a_large_body_is_not_counted_twice() {
    #[rate_limited(rate = 1000)]
    async fn large() -> Result<u8, std::io::Error> {
        let buffer = [1_u8; 4096];
        tokio::task::yield_now().await;
        Ok(buffer[7])
    }
    assert!(
        size_of_val(&large()) <= 4096 + 256,
        "{}",
        size_of_val(&large())
    );
}

#[test]
fn a_call_with_a_token_to_take_allocates_nothing() {
    let runtime = runtime();
    let bare = allocations(&runtime, || plain(1));
    assert_eq!(allocations(&runtime, || annotated(1)), bare);
    assert_eq!(allocations(&runtime, || sharing(1)), bare);
    assert_eq!(allocations(&runtime, || once(1)), bare);
    // A body that has to wait needs a timer, which may end it.
    assert_eq!(allocations(&runtime, || in_time(1)), bare + 2);
}

/// Listens to `info` and what is graver, as most programs do.
struct Quiet;

impl tracing::Subscriber for Quiet {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::INFO
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(tracing::level_filters::LevelFilter::INFO)
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        panic!("nothing is to be said: {event:?}");
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_call_with_a_token_to_take_allocates_nothing_while_a_subscriber_listens_to_info() {
    let runtime = runtime();
    let _guard = tracing::subscriber::set_default(Quiet);
    let bare = allocations(&runtime, || plain(1));
    assert_eq!(allocations(&runtime, || annotated(1)), bare);
    assert_eq!(allocations(&runtime, || sharing(1)), bare);
    assert_eq!(allocations(&runtime, || once(1)), bare);
}

#[test]
fn taking_a_permit_allocates_nothing() {
    let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(1000).unwrap()));
    limiter.try_acquire().unwrap();
    let counted = measure(|| {
        for _ in 0..100 {
            limiter.try_acquire().unwrap();
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn being_refused_allocates_nothing() {
    let limiter = Limiter::new(Quota::per_hour(NonZeroU32::MIN));
    limiter.try_acquire().unwrap();
    let counted = measure(|| {
        for _ in 0..100 {
            assert!(limiter.try_acquire().is_err());
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[rate_limited(rate = 1000, burst = 1)]
async fn held_up(id: u64) -> Result<u64, std::io::Error> {
    Ok(request().await? + id)
}

#[test]
fn a_lone_waiter_allocates_a_timer_and_nothing_else() {
    let runtime = runtime();
    let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(1000).unwrap()));
    runtime.block_on(limiter.acquire_many(1000)).unwrap();
    let bare = allocations(&runtime, || async {});
    let waited = allocations(&runtime, || async { limiter.acquire().await.unwrap() });
    assert!(waited <= bare + 1, "{waited} and {bare}");
    let bare = allocations(&runtime, || plain(1));
    // The first that waits makes the queue and what rings for it; both stay.
    runtime.block_on(async { (held_up(1).await.unwrap(), held_up(1).await.unwrap()) });
    let waited = allocations(&runtime, || async { held_up(1).await.unwrap() });
    assert!(waited <= bare + 1, "{waited} and {bare}");
}

/// Beside the task, which takes tokio about 266 bytes: 336 in all.
#[test]
fn a_place_in_a_long_queue_takes_at_most_78_bytes() {
    const WAITING: u32 = 100_000;
    let runtime = runtime();
    let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    runtime.block_on(async {
        limiter.acquire().await.unwrap();
        let mut waiting: Vec<_> = (0..WAITING).map(|_| limiter.acquire()).collect();
        let counted = measure(|| {
            let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
            for waiter in &mut waiting {
                assert!(core::pin::Pin::new(waiter).poll(&mut cx).is_pending());
            }
        });
        assert!(
            counted.bytes_current <= i64::from(78 * WAITING),
            "{counted:?}"
        );
    });
}

#[test]
fn a_queue_of_many_allocates_less_than_once_per_waiter() {
    let runtime = runtime();
    let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(1000).unwrap()));
    runtime.block_on(async {
        limiter.acquire_many(1000).await.unwrap();
        let mut waiting: Vec<_> = (0..1000).map(|_| limiter.acquire()).collect();
        let counted = measure(|| {
            let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
            for waiter in &mut waiting {
                assert!(core::pin::Pin::new(waiter).poll(&mut cx).is_pending());
            }
        });
        assert!(counted.count_total < 20, "{counted:?}");
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut cx = core::task::Context::from_waker(core::task::Waker::noop());
        for waiter in &mut waiting {
            assert!(core::pin::Pin::new(waiter).poll(&mut cx).is_ready());
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_tenants_that_are_gone_take_no_memory() {
    let tenants = |count: u32| {
        for tenant in 0..count {
            let quota = Quota::per_second(NonZeroU32::MIN);
            let limiter = Limiter::builder(quota)
                .name(&format!("tenant {tenant}"))
                .build()
                .unwrap();
            if tenant % 2 == 0 {
                limiter.try_acquire().unwrap();
            }
        }
    };
    tenants(1000);
    tokio::time::advance(Duration::from_secs(2)).await;
    let counted = allocation_counter::measure(|| {
        tenants(10_000);
    });
    tokio::time::advance(Duration::from_secs(2)).await;
    let swept = allocation_counter::measure(|| {
        let quota = Quota::per_second(NonZeroU32::MIN);
        let all: Vec<_> = (0..12_000)
            .map(|new| {
                Limiter::builder(quota)
                    .name(&format!("new {new}"))
                    .build()
                    .unwrap()
            })
            .collect();
        drop(all);
    });
    let left = counted.bytes_current + swept.bytes_current;
    assert!(left < 200_000, "{counted:?} {swept:?}");
}
