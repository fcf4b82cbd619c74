//! Values of the option `store`: a literal, a constant or any other expression.

use core::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::store;
use crate::store::Request;
use crate::store::Store;
use crate::store::StoreFuture;

/// Value of the option `store`.
#[derive(Clone, Copy)]
pub struct StoreChoice(Choice);

#[derive(Clone, Copy)]
enum Choice {
    /// URL of a store, which is opened at the first call.
    Url(&'static str),
    /// Store that an expression returned. It is leaked, because its function exists as long as the program.
    Made(&'static Arc<dyn Store>),
}

impl StoreChoice {
    /// Returns the store at a URL that has been checked.
    pub(super) const fn at(url: &'static str) -> Self {
        Self(Choice::Url(url))
    }

    /// Opens the store.
    pub(super) fn open(self) -> Result<Arc<dyn Store>, Error> {
        match self.0 {
            Choice::Url(url) => at(url),
            Choice::Made(store) => Ok(Arc::clone(store)),
        }
    }
}

impl fmt::Debug for StoreChoice {
    /// Omits the URL, which may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Choice::Url(_) => f.write_str("StoreChoice(..)"),
            Choice::Made(store) => f.debug_tuple("StoreChoice").field(store).finish(),
        }
    }
}

/// Opens the store at a URL.
fn at(url: &str) -> Result<Arc<dyn Store>, Error> {
    store::connect(url).map_err(|error| Error::misconfigured(error.to_string()))
}

/// Type that implements a trait for each enabled feature of this crate. A bound on it makes a missing feature a
/// compile error.
#[derive(Debug)]
pub enum Features {}

/// Feature `sqlite`.
#[diagnostic::on_unimplemented(
    message = "a store in a file needs the feature `sqlite` of `paced`",
    label = "add `features = [\"sqlite\"]` to `paced` in Cargo.toml"
)]
pub trait Sqlite {}

/// Feature `redis`.
#[diagnostic::on_unimplemented(
    message = "a store in Redis needs the feature `redis` of `paced`",
    label = "add `features = [\"redis\"]` to `paced` in Cargo.toml"
)]
pub trait Redis {}

/// Feature `redis-rustls`.
#[diagnostic::on_unimplemented(
    message = "a store in Redis through TLS needs the feature `redis-rustls` of `paced`",
    label = "add `features = [\"redis-rustls\"]` to `paced` in Cargo.toml"
)]
pub trait Rediss {}

/// Feature `http`.
#[diagnostic::on_unimplemented(
    message = "reading headers needs the feature `http` of `paced`, or one that brings it, as `reqwest` does",
    label = "add `features = [\"http\"]` to `paced` in Cargo.toml"
)]
pub trait Http {}

#[cfg(feature = "http")]
impl Http for Features {}

#[cfg(feature = "sqlite")]
impl Sqlite for Features {}

#[cfg(feature = "redis")]
impl Redis for Features {}

#[cfg(feature = "redis-rustls")]
impl Rediss for Features {}

/// Returns the value of `store = "sqlite:.."`.
pub const fn sqlite<F: Sqlite>(url: &'static str) -> StoreChoice {
    StoreChoice(Choice::Url(url))
}

/// Returns the value of `store = "redis://.."`.
pub const fn redis<F: Redis>(url: &'static str) -> StoreChoice {
    StoreChoice(Choice::Url(url))
}

/// Returns the value of `store = "rediss://.."`.
pub const fn rediss<F: Rediss>(url: &'static str) -> StoreChoice {
    StoreChoice(Choice::Url(url))
}

/// Type of a value of `store`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store",
    label = "expected a store or its URL",
    note = "a store is an `Arc` of something that is a `paced::store::Store`, or a `&'static` reference to it; \
            a URL is a text like \"sqlite:quota.db\" or \"redis://localhost\""
)]
pub trait ToStore {
    /// Returns the store.
    ///
    /// # Errors
    ///
    /// A URL that is not that of a store, or of a store that cannot be opened.
    fn to_store(self) -> Result<Arc<dyn Store>, Error>;
}

impl ToStore for Arc<dyn Store> {
    fn to_store(self) -> Result<Arc<dyn Store>, Error> {
        Ok(self)
    }
}

impl ToStore for &Arc<dyn Store> {
    fn to_store(self) -> Result<Arc<dyn Store>, Error> {
        Ok(Arc::clone(self))
    }
}

impl<S: Store> ToStore for Arc<S> {
    fn to_store(self) -> Result<Arc<dyn Store>, Error> {
        Ok(self)
    }
}

impl<S: Store> ToStore for &Arc<S> {
    fn to_store(self) -> Result<Arc<dyn Store>, Error> {
        let store: Arc<S> = Arc::clone(self);
        Ok(store)
    }
}

impl<S: Store> ToStore for &'static S {
    fn to_store(self) -> Result<Arc<dyn Store>, Error> {
        Ok(Arc::new(Static(self)))
    }
}

impl ToStore for &str {
    fn to_store(self) -> Result<Arc<dyn Store>, Error> {
        at(self)
    }
}

impl ToStore for String {
    fn to_store(self) -> Result<Arc<dyn Store>, Error> {
        at(&self)
    }
}

impl ToStore for &String {
    fn to_store(self) -> Result<Arc<dyn Store>, Error> {
        at(self)
    }
}

/// Keeps the store that an expression returned at the first call, for the rest of the program.
pub(super) fn keep(value: impl ToStore) -> Result<StoreChoice, Error> {
    let store = value.to_store()?;
    Ok(StoreChoice(Choice::Made(Box::leak(Box::new(store)))))
}

/// Store in a `static`.
struct Static<S: 'static>(&'static S);

impl<S: Store> fmt::Debug for Static<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Store> Store for Static<S> {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        self.0.transact(key, request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::__private::Settings;
    use crate::store::MemoryStore;
    use crate::store::OnStoreError;

    static STORE: std::sync::LazyLock<MemoryStore> = std::sync::LazyLock::new(MemoryStore::new);

    /// Checks that a request to `value` arrives at the store `given`.
    async fn reaches(value: impl ToStore, given: &MemoryStore) {
        use crate::store::Action;
        use crate::store::Limit;
        use crate::store::Limits;
        use crate::store::PauseKind;
        use crate::store::Ticks;

        let before = given.len();
        let kept = keep(value).expect("a store");
        let store = kept.open().expect("a store that is there");
        let limits = Limits::one(Limit::new(Ticks::new(1000), 1));
        let request = Request::new(
            Action::Pause {
                duration: Ticks::new(1 << 40),
                kind: PauseKind::Wait,
            },
            limits,
        );
        let answer = store.transact(&format!("key {before}"), &request).await;
        assert!(answer.expect("an answer").state.paused_until > Ticks::ZERO);
        assert_eq!(given.len(), before + 1);
        assert!(format!("{kept:?}").contains("MemoryStore"), "{kept:?}");
    }

    #[tokio::test]
    async fn stores_of_every_kind_are_taken() {
        let store = Arc::new(MemoryStore::new());
        let erased: Arc<dyn Store> = Arc::clone(&store) as _;
        reaches(Arc::clone(&store), &store).await;
        reaches(&store, &store).await;
        reaches(Arc::clone(&erased), &store).await;
        reaches(&erased, &store).await;
        let leaked: &'static MemoryStore = &STORE;
        reaches(leaked, leaked).await;
    }

    #[test]
    fn texts_are_urls() {
        let text = "postgres://user:secret@host";
        for error in [
            text.to_store().expect_err("no store"),
            text.to_owned().to_store().expect_err("no store"),
            (&text.to_owned()).to_store().expect_err("no store"),
        ] {
            assert!(error.is_invalid());
            assert!(
                !format!("{error} {error:?}").contains("secret"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn settings_do_not_print_a_url() {
        const SETTINGS: Settings = Settings::new()
            .store(StoreChoice(Choice::Url("redis://user:secret@host")))
            .on_store_error(OnStoreError::Closed);
        let copy = SETTINGS;
        let printed = format!("{copy:?}");
        assert!(
            printed.contains("store: Some(StoreChoice(..))"),
            "{printed}"
        );
        assert!(printed.contains("on_error: Closed"), "{printed}");
        assert!(!printed.contains("secret"), "{printed}");
    }
}
