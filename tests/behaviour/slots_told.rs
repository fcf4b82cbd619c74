//! The `tracing` events about slots of a limited concurrency.

use core::num::NonZeroU32;
use std::sync::Arc;

use paced::Limiter;
use paced::Permit;
use tokio::time::sleep;
use tracing::Level;

use crate::events::listen;
use crate::stores::Fate;
use crate::stores::Scripted;
use crate::support::ms;
use crate::support::quota;
use crate::support::secs;

/// A limiter that stands for a process.
fn process(store: &Arc<Scripted>, most: u32) -> Limiter {
    let builder = Limiter::builder(quota(1000.0, 1000)).name("api");
    let store: Arc<Scripted> = Arc::clone(store);
    let builder = builder.max_concurrency(NonZeroU32::new(most).unwrap());
    builder.store(store).unregistered().build().unwrap()
}

async fn permits(limiter: &Limiter, count: u32) -> Vec<Permit<'_>> {
    let mut permits = Vec::new();
    for _ in 0..count {
        permits.push(limiter.acquire().await.unwrap());
    }
    permits
}

const LOST: &str = "message=the leases of calls in flight have ended, because this process was stopped or did not reach the \
                    store: other processes may have as many more in flight limiter=api calls=3 ";

#[tokio::test(start_paused = true)]
async fn a_process_that_comes_back_tells_once_of_calls_whose_leases_have_ended() {
    let (heard, _guard) = listen();
    let near = Arc::new(Scripted::new());
    let far = Arc::new(near.beside());
    let (stopped, other) = (process(&far, 4), process(&near, 4));
    let mut kept = permits(&stopped, 3).await;
    sleep(secs(4)).await;
    // From now on it renews nothing, as one that is stopped.
    far.set(Fate::Fails);
    let theirs = permits(&other, 4).await;
    far.set(Fate::Works);
    sleep(secs(4)).await;
    // The other one has waited for its slots.
    let told = [
        (Level::WARN, LONG.to_owned()),
        (Level::WARN, LOST.to_owned()),
    ];
    assert_eq!(heard.entries(), told);
    // Its calls are counted, and get their slots before others do.
    assert_eq!(stopped.snapshot().in_flight, 3);
    let seen = other.shared_snapshot().await.unwrap();
    assert_eq!((seen.in_flight, seen.waiting), (4, 3));
    drop(theirs);
    sleep(secs(4)).await;
    let seen = other.shared_snapshot().await.unwrap();
    assert_eq!((seen.in_flight, seen.waiting), (3, 0));
    kept.pop();
    sleep(secs(4)).await;
    assert_eq!(other.shared_snapshot().await.unwrap().in_flight, 2);
    assert_eq!(heard.entries(), told, "once");
}

const LONG: &str = "message=a call waits for long limiter=api wait=5s ahead=0 why=as many calls as `max_concurrency` allows are \
                    in flight ";

#[tokio::test(start_paused = true)]
async fn a_long_wait_for_a_slot_of_another_process_is_told_once() {
    let (heard, _guard) = listen();
    let store = Arc::new(Scripted::new());
    let (one, other) = (process(&store, 1), process(&store, 1));
    let permit = permits(&one, 1).await;
    let wait = async {
        drop(other.acquire().await.unwrap());
    };
    let end = async {
        sleep(ms(4999)).await;
        assert!(heard.entries().is_empty());
        sleep(ms(2)).await;
        assert_eq!(heard.entries(), [(Level::WARN, LONG.to_owned())]);
        sleep(secs(10)).await;
        drop(permit);
    };
    tokio::join!(wait, end);
    assert_eq!(heard.entries().len(), 1);
}
