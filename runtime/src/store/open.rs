//! Stores by their URLs: one of each for the whole process, which its namespaces share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::store_url;
use crate::store_url::StoreKind;

use super::Store;
use super::StoreError;

type Stores = HashMap<Box<str>, Arc<dyn Store>>;

static STORES: Mutex<Option<Stores>> = Mutex::new(None);

/// Returns the store at this URL: the same one for the same text, for as long as the process lives.
///
/// | URL | store | feature |
/// | --- | --- | --- |
/// | `sqlite:quota.db`, `sqlite:/var/lib/app/quota.db` | a file, for the processes of one machine | `sqlite` |
/// | `redis://host:port/database`, with `user:password@` before the host | a Redis server | `redis` |
/// | `rediss://..` | the same through TLS | `redis-rustls` |
///
/// Each of them may end with `?namespace=staging`: limiters of different namespaces share nothing, though they
/// have the same names. [`in_namespace`](super::in_namespace) does the same for stores of your own.
///
/// Nothing is opened before the first request, so that a server that is away is no error here.
///
/// # Errors
///
/// [`is_rejected`](StoreError::is_rejected) for a URL that means no store, and for one whose feature is not enabled. No
/// message holds any of the URL.
///
/// # Examples
///
/// ```
/// use paced::store;
/// use std::sync::Arc;
///
/// # #[cfg(feature = "sqlite")] {
/// let store = store::connect("sqlite:quota.db")?;
/// assert!(Arc::ptr_eq(&store, &store::connect("sqlite:quota.db")?));
/// # }
/// assert!(store::connect("postgres://host").unwrap_err().is_rejected());
/// # Ok::<(), store::StoreError>(())
/// ```
pub fn connect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let kind = store_url::store(url).map_err(StoreError::rejected)?;
    kind.enabled().map_err(StoreError::rejected)?;
    let (base, namespace) = super::namespace::split(url);
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    let stores = stores.get_or_insert_with(HashMap::new);
    if let Some(store) = stores.get(url) {
        return Ok(Arc::clone(store));
    }
    let store = match stores.get(&*base) {
        Some(store) => Arc::clone(store),
        None => open(kind, &base)?,
    };
    stores.insert(base.into(), Arc::clone(&store));
    let Some(name) = namespace else {
        return Ok(store);
    };
    let store = super::in_namespace(name, store)?;
    stores.insert(url.into(), Arc::clone(&store));
    Ok(store)
}

#[cfg_attr(
    not(any(feature = "sqlite", feature = "redis")),
    expect(unused_variables, reason = "there is no store to open")
)]
fn open(kind: StoreKind, url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match kind {
        #[cfg(feature = "sqlite")]
        StoreKind::Sqlite => super::sqlite::open(&url["sqlite:".len()..]),
        #[cfg(feature = "redis")]
        StoreKind::Redis | StoreKind::Rediss => super::redis::open(url),
        #[cfg(not(all(feature = "sqlite", feature = "redis")))]
        other => Err(StoreError::rejected(other.missing())),
    }
}

impl StoreKind {
    /// Returns an error that names the feature, if this crate was built without it.
    pub(crate) const fn enabled(self) -> Result<(), &'static str> {
        let enabled = match self {
            Self::Sqlite => cfg!(feature = "sqlite"),
            Self::Redis => cfg!(feature = "redis"),
            Self::Rediss => cfg!(feature = "redis-rustls"),
        };
        if enabled { Ok(()) } else { Err(self.missing()) }
    }

    const fn missing(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "a store in a file needs the feature `sqlite` of `paced`: add features = [\"sqlite\"]"
            }
            Self::Redis => {
                "a store in Redis needs the feature `redis` of `paced`: add features = [\"redis\"]"
            }
            Self::Rediss => {
                "a store in Redis through TLS needs the feature `redis-rustls` of `paced`: \
                 add features = [\"redis-rustls\"]"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_whose_feature_is_missing_says_which() {
        for kind in [StoreKind::Sqlite, StoreKind::Redis, StoreKind::Rediss] {
            let url = match kind {
                StoreKind::Sqlite => "sqlite:target/never.db",
                StoreKind::Redis => "redis://127.0.0.1:1",
                StoreKind::Rediss => "rediss://127.0.0.1:1",
            };
            match (kind.enabled(), connect(url)) {
                (Ok(()), Ok(store)) => {
                    let same = connect(url).expect("opened before");
                    assert!(Arc::ptr_eq(&store, &same));
                }
                (Err(missing), Err(error)) => {
                    assert!(error.is_rejected());
                    assert_eq!(error.to_string(), missing);
                }
                (enabled, opened) => panic!("{url}: {enabled:?}, but {opened:?}"),
            }
        }
    }

    #[test]
    fn no_message_holds_any_of_the_url() {
        for url in [
            "secret",
            "postgres://user:secret@host",
            "redis://secret@",
            "sqlite://secret",
        ] {
            let error = connect(url).expect_err(url);
            assert!(error.is_rejected());
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }
}
