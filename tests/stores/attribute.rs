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

struct Api {
    store: Arc<dyn Store>,
    url: String,
}

impl Api {
    #[rate_limited(rate = 5, store = Arc::clone(&self.store), on_store_error = "open")]
    async fn by_field(&self) -> Result<(), ApiError> {
        Ok(())
    }

    #[rate_limited(rate = 5, burst = 2, store = &self.url)]
    async fn by_url(&self) -> Result<(), ApiError> {
        Ok(())
    }
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
    let api = Api {
        store: Arc::new(MemoryStore::new()),
        url: "postgres://user:secret@host".to_owned(),
    };
    let ApiError(error) = api.by_url().await.unwrap_err();
    assert!(error.is_invalid());
    assert_eq!(
        error.to_string(),
        "stores::attribute::by_url: a store is written \"sqlite:quota.db\", \"redis://localhost\" or \
         \"rediss://localhost\""
    );
    drop((api.by_field(), by_static(), by_name()));
}
