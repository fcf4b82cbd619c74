//! Limiters that are found by name: those of functions, and those that functions share.

use std::io;

use paced::Limiter;
use paced::rate_limited;
use tokio::time::Instant;

use crate::support::quota;
use crate::support::secs;
use crate::support::since;

fn path(function: &str) -> String {
    format!("{}::{function}", module_path!())
}

fn listed(name: &str) -> bool {
    paced::limiters().iter().any(|it| it.name() == Some(name))
}

#[tokio::test(start_paused = true)]
async fn a_functions_own_limiter_is_found_by_its_path() {
    #[rate_limited(rate = 5, burst = 10)]
    async fn found() -> io::Result<()> {
        Ok(())
    }
    let path = path("found");
    found().await.unwrap();
    let limiter = paced::limiter(&path);
    assert_eq!(limiter.name(), Some(&*path));
    let snapshot = limiter.snapshot();
    assert_eq!((snapshot.quota, snapshot.counts.calls), (quota(5.0, 10), 1));
    limiter.cooldown_for(secs(3));
    drop(limiter);
    let start = Instant::now();
    found().await.unwrap();
    assert_eq!(since(start), 3000);
    assert!(listed(&path));
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_set_before_the_first_call_holds() {
    #[rate_limited(rate = 1)]
    async fn tuned() -> io::Result<()> {
        Ok(())
    }
    let path = path("tuned");
    paced::limiter(&path).set_quota(quota(10.0, 1));
    assert!(!listed(&path));
    let start = Instant::now();
    for _ in 0..11 {
        tuned().await.unwrap();
    }
    assert_eq!(since(start), 1000);
    assert_eq!(paced::limiter(&path).snapshot().quota, quota(10.0, 1));
    assert!(listed(&path));
}

#[tokio::test(start_paused = true)]
async fn a_handle_from_before_the_first_call_is_bound_by_it() {
    #[rate_limited(rate = 20, burst = 7)]
    async fn bound() -> io::Result<()> {
        Ok(())
    }
    let handle = paced::limiter(&path("bound"));
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move {
            handle.acquire().await.unwrap();
            handle.acquire().await.unwrap();
        }
    });
    tokio::task::yield_now().await;
    bound().await.unwrap();
    waiting.await.unwrap();
    assert_eq!(handle.snapshot().quota, quota(20.0, 7));
    assert_eq!(handle.snapshot().counts.granted, 3);
}

#[tokio::test(start_paused = true)]
async fn a_functions_store_is_joined_by_its_handles() {
    use std::sync::Arc;
    use std::sync::LazyLock;

    use paced::store::MemoryStore;

    static STORE: LazyLock<Arc<MemoryStore>> = LazyLock::new(|| Arc::new(MemoryStore::new()));

    #[rate_limited(rate = 1000, store = Arc::clone(&STORE))]
    async fn stored() -> io::Result<()> {
        Ok(())
    }
    let handle = paced::limiter(&path("stored"));
    stored().await.unwrap();
    assert_eq!(STORE.len(), 1);
    handle.acquire().await.unwrap();
    assert_eq!(STORE.len(), 1);
    assert_eq!(handle.snapshot().counts.granted, 2);
}

#[tokio::test(start_paused = true)]
async fn methods_of_one_path_have_numbers() {
    struct First;
    struct Second;
    impl First {
        #[rate_limited(rate = 3)]
        async fn get(&self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Second {
        #[rate_limited(rate = 4)]
        async fn get(&self) -> io::Result<()> {
            Ok(())
        }
    }
    First.get().await.unwrap();
    Second.get().await.unwrap();
    let path = path("get");
    assert_eq!(paced::limiter(&path).snapshot().quota, quota(3.0, 3));
    let second = paced::limiter(&format!("{path}#2"));
    assert_eq!(second.snapshot().quota, quota(4.0, 4));
}

#[tokio::test(start_paused = true)]
async fn a_name_goes_with_its_last_handle() {
    let first = Limiter::builder(quota(5.0, 1))
        .name("goes")
        .build()
        .unwrap();
    let again = Limiter::builder(quota(5.0, 1))
        .name("goes")
        .build()
        .unwrap();
    assert!(
        Limiter::builder(quota(6.0, 1))
            .name("goes")
            .build()
            .unwrap_err()
            .is_conflict()
    );
    assert!(listed("goes"));
    drop(first);
    assert!(listed("goes"));
    drop(again);
    assert!(!listed("goes"));
    let other = Limiter::builder(quota(6.0, 1))
        .name("goes")
        .build()
        .unwrap();
    assert_eq!(other.snapshot().quota, quota(6.0, 1));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_were_used_are_remembered_without_a_handle() {
    let start = Instant::now();
    for _ in 0..11 {
        let limiter = Limiter::builder(quota(1.0, 1))
            .name("remembered")
            .build()
            .unwrap();
        limiter.acquire().await.unwrap();
    }
    assert_eq!(since(start), 10_000);
    // As is what is left of another quota.
    let limiter = Limiter::builder(quota(2.0, 1))
        .name("remembered")
        .build()
        .unwrap();
    limiter.acquire().await.unwrap();
    assert_eq!(since(start), 10_500);
}
