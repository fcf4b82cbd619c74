//! Asynchronous and plain functions on one limiter.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::thread;

use paced::{Limiter, Quota, rate_limited};

use crate::support::{Failed, several};

static SHARED: Limiter = Limiter::new(
    Quota::per_second(NonZeroU32::new(5).expect("not zero")).with_burst(NonZeroU32::MIN),
);
static ORDER: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn note(id: u32) {
    ORDER.lock().expect("no panic").push(id);
}

#[rate_limited(limiter = SHARED)]
async fn asynchronous(id: u32) -> Result<(), Failed> {
    note(id);
    Ok(())
}

#[rate_limited(limiter = SHARED)]
fn plain(id: u32) -> Result<(), Failed> {
    note(id);
    Ok(())
}

/// Waits until `count` calls are in the queue, or one of them has got its permit since.
fn wait_for(count: usize) {
    let done = || ORDER.lock().expect("no panic").len();
    while SHARED.snapshot().waiting + done() < count {
        thread::yield_now();
    }
}

#[test]
fn both_wait_in_one_queue() {
    let runtime = several();
    plain(0).expect("the burst");
    thread::scope(|scope| {
        for id in 1..=6 {
            if id % 2 == 0 {
                drop(runtime.spawn(asynchronous(id)));
            } else {
                scope.spawn(move || plain(id).expect("a permit"));
            }
            wait_for(id as usize + 1);
        }
    });
    runtime.block_on(asynchronous(7)).expect("a permit");
    let order = ORDER.lock().expect("no panic");
    assert_eq!(order.len(), 8);
    for (place, &id) in (0_u32..).zip(&*order) {
        // A thread that has its permit may be stopped before it makes its note.
        assert!(place.abs_diff(id) <= 1, "{order:?}");
    }
}

#[rate_limited(limiter = "blocking_by_name", rate = 1, burst = 1)]
async fn declared() -> Result<(), Failed> {
    Ok(())
}

#[rate_limited(limiter = "blocking_by_name", max_wait = "1ms")]
fn by_name() -> Result<(), Failed> {
    Ok(())
}

#[test]
fn a_limiter_is_shared_by_its_name() {
    several().block_on(declared()).expect("the burst");
    let error = by_name().expect_err("no permit is left");
    assert!(matches!(error, Failed::Refused(error) if error.is_max_wait()));
}
