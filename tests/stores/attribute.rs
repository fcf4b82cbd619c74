//! The options `store` and `on_store_error` of the attribute.

use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering;
use std::sync::Arc;
use std::sync::LazyLock;

use paced::rate_limited;
use paced::store::MemoryStore;
use paced::store::Store;

#[derive(Debug)]
struct ApiError(paced::Error);

impl From<paced::Error> for ApiError {
    fn from(error: paced::Error) -> Self {
        Self(error)
    }
}

static STORE: LazyLock<MemoryStore> = LazyLock::new(MemoryStore::new);
static EVALUATED: AtomicUsize = AtomicUsize::new(0);

fn evaluated() -> Arc<MemoryStore> {
    EVALUATED.fetch_add(1, Ordering::SeqCst);
    Arc::new(MemoryStore::new())
}

#[rate_limited(rate = 5, store = evaluated(), max_retries = 0)]
async fn once() -> Result<(), ApiError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_expression_is_evaluated_at_the_first_call() {
    assert_eq!(EVALUATED.load(Ordering::SeqCst), 0);
    for _ in 0..3 {
        drop(once().await);
        assert_eq!(EVALUATED.load(Ordering::SeqCst), 1);
    }
}

fn shared() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn url() -> String {
    "postgres://user:secret@host".to_owned()
}

#[rate_limited(rate = 5, store = shared(), on_store_error = "open")]
async fn by_trait_object() -> Result<(), ApiError> {
    Ok(())
}

#[rate_limited(rate = 5, burst = 2, store = &url())]
async fn by_url() -> Result<(), ApiError> {
    Ok(())
}

/// Two functions of one path.
async fn nested_twice() -> [Result<(), ApiError>; 2] {
    let first = {
        #[rate_limited(rate = 5, store = shared())]
        async fn nested() -> Result<(), ApiError> {
            Ok(())
        }
        nested().await
    };
    let second = {
        #[rate_limited(rate = 9, store = shared())]
        async fn nested() -> Result<(), ApiError> {
            Ok(())
        }
        nested().await
    };
    [first, second]
}

#[tokio::test(start_paused = true)]
async fn two_functions_of_one_path_do_not_share_a_limit_by_accident() {
    let [first, second] = nested_twice().await;
    assert!(first.is_ok());
    let ApiError(error) = second.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("stores::attribute::nested: another function")
    );
}

#[rate_limited(rate = 5, store = &*STORE, on_store_error = "local")]
async fn by_static() -> Result<(), ApiError> {
    Ok(())
}

#[rate_limited(limiter = "stores::by_name", rate = 5, store = { let store: &'static MemoryStore = &STORE; store })]
async fn by_name() -> Result<(), ApiError> {
    Ok(())
}

/// All of these compile; what a text means is found out at the first call.
#[tokio::test(start_paused = true)]
async fn a_text_that_means_no_store_is_refused_without_being_told() {
    let ApiError(error) = by_url().await.unwrap_err();
    assert!(error.is_invalid());
    assert_eq!(
        error.to_string(),
        "stores::attribute::by_url: a store begins with its kind: write \"sqlite:quota.db\" for a file that the \
         processes of this machine share, or \"redis://localhost\" for a server"
    );
    drop((by_trait_object(), by_static(), by_name()));
}
