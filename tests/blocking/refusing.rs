//! Threads of runtimes: where a call is refused, where it panics, and where it waits.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use paced::rate_limited;
use tokio::runtime::Runtime;
use tokio::task::{self, LocalSet};

use crate::support::{Failed, Plain, ms, refusal, several, single};

static RUNS: AtomicU32 = AtomicU32::new(0);

#[rate_limited(rate = 1_000_000)]
fn refusable() -> Result<u32, Failed> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    Ok(paced::attempt().number())
}

/// Checks that two calls are refused in asynchronous code, although permits are free.
async fn check_refused() {
    for _ in 0..2 {
        let error = refusal(refusable());
        assert!(error.is_blocking_in_async() && !error.is_sent());
        assert_eq!(error.retry_after(), None);
        assert!(error.to_string().contains("spawn_blocking"), "{error}");
        task::yield_now().await;
    }
}

fn both() -> [Runtime; 2] {
    [single(), several()]
}

#[test]
fn calls_in_asynchronous_code_are_refused_also_without_a_wait() {
    for runtime in both() {
        runtime.block_on(check_refused());
        runtime.block_on(async {
            task::spawn(check_refused()).await.expect("no panic");
            let local = LocalSet::new();
            local.run_until(check_refused()).await;
            local
                .run_until(async { task::spawn_local(check_refused()).await })
                .await
                .expect("no panic");
        });
        LocalSet::new().block_on(&runtime, check_refused());
    }
}

fn run<T>(runtime: &Runtime, future: impl Future<Output = T>) -> T {
    runtime.block_on(future)
}

#[test]
fn calls_run_where_blocking_is_allowed() {
    for runtime in both() {
        let blocking = run(&runtime, async { task::spawn_blocking(refusable).await });
        assert_eq!(blocking.expect("no panic").ok(), Some(1));
        let _inside = runtime.enter();
        assert_eq!(refusable().ok(), Some(1));
    }
    let runtime = several();
    let in_place = run(&runtime, async { task::block_in_place(refusable) });
    assert_eq!(in_place.ok(), Some(1));
    let task = run(&runtime, async {
        task::spawn(async { task::block_in_place(refusable) }).await
    });
    assert_eq!(task.expect("no panic").ok(), Some(1));
    assert_eq!(
        thread::spawn(refusable).join().expect("no panic").ok(),
        Some(1)
    );
}

thread_local! {
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs the closure, and returns the location and the message of its panic.
fn panic_of(act: impl FnOnce()) -> (String, String) {
    let payload = panic::catch_unwind(AssertUnwindSafe(act)).expect_err("a panic");
    let message = payload.downcast_ref::<String>().cloned();
    let place = PANICKED_AT.take().expect("a location");
    (place, message.expect("a text"))
}

#[rate_limited(rate = 1_000_000)]
fn unrefusable() -> Result<u32, Plain> {
    Ok(1)
}

struct Api(u32);

impl Api {
    #[rate_limited(rate = 1_000_000)]
    fn method(&self) -> Result<u32, Plain> {
        Ok(self.0)
    }
}

#[track_caller]
fn here() -> String {
    Location::caller().to_string()
}

/// The hook sees the panics of other tests, too: each thread notes its own.
fn note_locations() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICKED_AT.set(info.location().map(ToString::to_string));
        before(info);
    }));
}

#[test]
fn functions_that_cannot_be_refused_panic_at_the_call() {
    note_locations();
    let line = |place: &str| place.rsplit(':').nth(1).map(str::to_owned);
    for runtime in both() {
        runtime.block_on(async {
            let (place, message) = panic_of(|| drop(unrefusable()));
            assert_eq!(line(&place), line(&here()).map(|line| before(&line, 1)));
            assert!(place.contains("refusing.rs"), "{place}");
            assert!(message.contains("refusing::unrefusable"), "{message}");
            assert!(message.contains("spawn_blocking"), "{message}");
            let (place, _) = panic_of(|| drop(Api(1).method()));
            assert_eq!(line(&place), line(&here()).map(|line| before(&line, 1)));
        });
        let fine = runtime.block_on(async { task::spawn_blocking(unrefusable).await });
        assert_eq!(fine.expect("no panic"), Ok(1));
    }
}

fn before(line: &str, lines: u32) -> String {
    (line.parse::<u32>().expect("a number") - lines).to_string()
}

#[rate_limited(rate = 10, burst = 1)]
fn slow() -> Result<(), Failed> {
    Ok(())
}

#[test]
fn a_wait_does_not_stop_the_runtime() {
    for runtime in both() {
        runtime.block_on(async {
            let waiting = task::spawn_blocking(|| (0..2).try_for_each(|_| slow()));
            let mut ticks = 0;
            while !waiting.is_finished() {
                tokio::time::sleep(ms(5)).await;
                ticks += 1;
            }
            waiting.await.expect("no panic").expect("permits");
            assert!(ticks >= 3, "{ticks} ticks");
        });
    }
}

#[rate_limited(rate = 10, burst = 1)]
async fn asynchronous() -> Result<bool, Failed> {
    let refused = matches!(refusable(), Err(Failed::Refused(_)));
    Ok(refused)
}

#[rate_limited(rate = 1000)]
fn with_a_runtime() -> Result<bool, Failed> {
    single().block_on(asynchronous())
}

#[test]
fn a_body_may_use_a_runtime_of_its_own() {
    assert_eq!(with_a_runtime().ok(), Some(true));
    assert_eq!(with_a_runtime().ok(), Some(true));
}

#[test]
fn waits_outlive_the_runtime_of_their_thread() {
    static READY: AtomicU32 = AtomicU32::new(0);
    #[rate_limited(rate = 20, burst = 1)]
    fn waiting() -> Result<(), Failed> {
        READY.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    let runtime = several();
    let handle = runtime.handle().clone();
    let calls = thread::spawn(move || {
        let _inside = handle.enter();
        (0..4).try_for_each(|_| waiting())
    });
    while READY.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    runtime.shutdown_timeout(Duration::ZERO);
    calls.join().expect("no panic").expect("permits");
}
