//! Pauses that are ended by hand, for all users of the file.

use core::num::NonZeroU32;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use paced::Limiter;
use paced::Quota;
use paced::store::SqliteStore;
use paced::store::Ticks;

use super::folder::Folder;
use super::running::Process;

/// Far longer than any of these tests.
const PAUSE: Duration = Duration::from_secs(600);

/// The store is asked once a second whether a pause has been ended.
const SOON: Duration = Duration::from_secs(20);

fn limiter(folder: &Folder) -> Limiter {
    let store = SqliteStore::open(folder.file()).expect("a file");
    let quota = Quota::per_second(NonZeroU32::new(2000).expect("above 0"))
        .with_burst(NonZeroU32::new(100).expect("above 0"));
    let limiter = Limiter::builder(quota)
        .name("key")
        .store(Arc::new(store))
        .unregistered()
        .build();
    limiter.expect("a rate that can be kept")
}

async fn acquire(limiter: &Limiter) {
    let acquired = tokio::time::timeout(SOON, limiter.acquire()).await;
    acquired.expect("a permit soon").expect("a permit");
}

/// Waits until the limiter knows of a pause.
async fn is_paused(limiter: &Limiter) {
    let begun = Instant::now();
    while limiter.snapshot().cooldown.is_none() {
        assert!(begun.elapsed() < SOON, "{:?}", limiter.snapshot());
        let waits = tokio::time::timeout(Duration::from_millis(20), limiter.acquire());
        drop(waits.await);
    }
}

#[tokio::test]
async fn one_of_two_limiters_on_a_file_ends_the_pause_of_both() {
    let folder = Folder::new();
    let (one, other) = (limiter(&folder), limiter(&folder));
    acquire(&one).await;
    one.cooldown_for(PAUSE);
    is_paused(&other).await;
    let waiting = tokio::spawn({
        let other = other.clone();
        async move { acquire(&other).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    one.resume();
    acquire(&one).await;
    waiting.await.expect("no panic");
    for limiter in [&one, &other, &one, &other] {
        acquire(limiter).await;
        assert_eq!(limiter.snapshot().cooldown, None);
    }
}

#[tokio::test]
async fn another_process_ends_a_pause_and_a_limiter_that_remembers_it_does_not_bring_it_back() {
    let folder = Folder::new();
    let limiter = limiter(&folder);
    acquire(&limiter).await;
    let mut process = Process::start(&folder.file());
    process.ask(&format!(
        "pause key {}",
        PAUSE.as_secs() * Ticks::SECOND.get()
    ));
    is_paused(&limiter).await;
    process.ask("resume key");
    acquire(&limiter).await;
    acquire(&limiter).await;
    assert!(process.ask("draw key 1").starts_with("granted "));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(process.ask("draw key 1").starts_with("granted 1 "));
    // And the other way round.
    limiter.cooldown_for(PAUSE);
    is_paused(&limiter).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(process.ask("draw key 1").starts_with("granted 0 "));
    limiter.resume();
    acquire(&limiter).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(process.ask("draw key 1").starts_with("granted 1 "));
}
