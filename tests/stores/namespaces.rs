//! Namespaces: limiters of one name that share nothing.

use core::num::NonZeroU32;
use std::sync::Arc;

use paced::Limiter;
use paced::Quota;
use paced::store::MemoryStore;
use paced::store::Policy;
use paced::store::Store;
use paced::store::connect;
use paced::store::in_namespace;
use tokio::time::Instant;

fn limiter(store: Arc<dyn Store>) -> Limiter {
    let quota = Quota::per_second(NonZeroU32::MIN);
    Limiter::in_store("github", quota, store, Policy::new()).expect("a slow rate")
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
