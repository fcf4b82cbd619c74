//! Namespaces: limiters of one name that share nothing.

use core::num::NonZeroU32;
use std::sync::Arc;

use paced::Limiter;
use paced::Quota;
use paced::store::ListRequest;
use paced::store::MemoryStore;
use paced::store::Request;
use paced::store::Store;
use paced::store::StoreError;
use paced::store::StoreFuture;
use paced::store::conformance;
use paced::store::connect;
use paced::store::in_namespace;
use tokio::time::Instant;

fn limiter(store: Arc<dyn Store>) -> Limiter {
    let quota = Quota::per_second(NonZeroU32::MIN);
    Limiter::builder(quota)
        .name("github")
        .store(store)
        .unregistered()
        .build()
        .expect("a slow rate")
}

#[tokio::test(start_paused = true)]
async fn limiters_of_different_namespaces_share_nothing() {
    let (store, start) = (Arc::new(MemoryStore::new()), Instant::now());
    let in_none: Arc<dyn Store> = store.clone();
    let named = |name| in_namespace(name, Arc::clone(&in_none)).expect("a name");
    for store in [Arc::clone(&in_none), named("staging"), named("production")] {
        limiter(store).acquire().await.expect("the only token");
    }
    assert_eq!(start.elapsed().as_millis(), 0);
    assert_eq!(store.len(), 3);
    limiter(named("staging"))
        .acquire()
        .await
        .expect("the next token");
    assert!(start.elapsed().as_millis() >= 1000);
    assert_eq!(store.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_lists_its_own_names_alone() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let named = |name| in_namespace(name, Arc::clone(&store)).expect("a name");
    for store in [Arc::clone(&store), named("staging"), named("stag")] {
        limiter(store).acquire().await.expect("the only token");
    }
    let all = |store: Arc<dyn Store>| async move {
        let mut found = Vec::new();
        let mut next = Some(ListRequest::new().with_limit(1));
        while let Some(request) = next {
            let page = store.list(&request).await.expect("a page");
            found.extend(page.limiters.into_iter().map(|limiter| limiter.name));
            next = page.next;
        }
        found
    };
    assert_eq!(all(named("staging")).await, ["github"]);
    assert_eq!(all(named("other")).await, [""; 0]);
    assert_eq!(
        all(store.clone()).await,
        ["github", "stag/github", "staging/github"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_namespace_conforms() {
    let inner = Arc::new(MemoryStore::new());
    conformance::check(in_namespace("staging", inner).expect("a name")).await;
}

#[tokio::test]
async fn a_store_that_cannot_list_says_so() {
    #[derive(Debug)]
    struct Plain;
    impl Store for Plain {
        fn transact<'a>(&'a self, _: &'a str, _: &'a Request) -> StoreFuture<'a> {
            Box::pin(core::future::ready(Err(StoreError::unavailable("never"))))
        }
    }
    let plain: Arc<dyn Store> = Arc::new(Plain);
    let error = plain.list(&ListRequest::new()).await.unwrap_err();
    assert!(error.is_unsupported() && !error.is_rejected(), "{error:?}");
    let error = in_namespace("a", plain)
        .unwrap()
        .list(&ListRequest::new())
        .await;
    assert!(error.unwrap_err().is_unsupported());
}

#[test]
fn a_namespace_with_other_characters_is_refused() {
    for name in ["", "a/b", "a b", "{a}", "\u{e4}"] {
        let error = in_namespace(name, Arc::new(MemoryStore::new())).unwrap_err();
        assert!(error.is_rejected(), "{name}");
    }
    let error = connect("redis://localhost?namespace=a/b").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("a namespace is made of letters")
    );
}
