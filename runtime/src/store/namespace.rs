//! Namespaces: several sets of limiters in one store, told apart by a prefix of their keys.

use std::sync::Arc;

use crate::store_url;

use super::ListFuture;
use super::ListRequest;
use super::Listing;
use super::Request;
use super::Store;
use super::StoreError;
use super::StoreFuture;

/// Store with a prefix for its keys, which tells its limiters apart from others in the same file or server.
///
/// The key of a limiter `github` in the namespace `staging` is `staging/github`: that of a limiter of this name without
/// a namespace.
#[derive(Clone, Debug)]
struct Namespaced {
    name: Box<str>,
    store: Arc<dyn Store>,
}

impl Store for Namespaced {
    fn transact<'a>(&'a self, key: &'a str, request: &'a Request) -> StoreFuture<'a> {
        Box::pin(async move {
            let key = format!("{}/{key}", self.name);
            self.store.transact(&key, request).await
        })
    }

    /// Lists the limiters of this namespace, by their names in it.
    fn list<'a>(&'a self, request: &'a ListRequest) -> ListFuture<'a> {
        Box::pin(async move {
            let own = format!("{}/", self.name);
            let inner = ListRequest {
                prefix: format!("{own}{}", request.prefix),
                ..request.clone()
            };
            let Listing {
                now,
                mut limiters,
                next,
            } = self.store.list(&inner).await?;
            // For stores that ignore the prefix.
            limiters.retain_mut(|limiter| {
                let name = limiter.name.strip_prefix(&own).map(str::to_owned);
                name.map(|name| limiter.name = name).is_some()
            });
            Ok(Listing {
                now,
                limiters,
                next: next.map(|next| ListRequest {
                    prefix: request.prefix.clone(),
                    ..next
                }),
            })
        })
    }
}

/// Returns the same store with a namespace: its limiters share nothing with limiters of the same names in
/// other namespaces. `github` in the namespace `staging` is the same limiter as `staging/github` without a
/// namespace.
///
/// A URL can name it too: `redis://host?namespace=staging`, `sqlite:quota.db?namespace=staging`.
///
/// # Errors
///
/// A name that is empty, or has other characters than ASCII letters, digits, `-`, `_` and `.`.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use paced::store::{self, MemoryStore};
///
/// let shared = Arc::new(MemoryStore::new());
/// let staging = store::in_namespace("staging", shared.clone())?;
/// let production = store::in_namespace("production", shared)?;
/// # Ok::<(), store::StoreError>(())
/// ```
pub fn in_namespace(name: &str, store: Arc<dyn Store>) -> Result<Arc<dyn Store>, StoreError> {
    if !store_url::is_namespace(name.as_bytes(), 0, name.len()) {
        return Err(StoreError::rejected(store_url::NO_NAMESPACE));
    }
    Ok(Arc::new(Namespaced {
        name: name.into(),
        store,
    }))
}

/// Returns the URL without its namespace, and the namespace.
pub(super) fn split(url: &str) -> (String, Option<&str>) {
    let Some((base, options)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let (named, others): (Vec<_>, Vec<_>) = options
        .split('&')
        .partition(|option| option.starts_with(NAMESPACE));
    let rest = match others.as_slice() {
        [] => base.to_owned(),
        others => format!("{base}?{}", others.join("&")),
    };
    (rest, named.first().map(|option| &option[NAMESPACE.len()..]))
}

const NAMESPACE: &str = "namespace=";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_split_urls() {
        for (url, rest, name) in [
            ("redis://host", "redis://host", None),
            ("redis://host?namespace=a", "redis://host", Some("a")),
            (
                "redis://h/1?namespace=a&protocol=resp3",
                "redis://h/1?protocol=resp3",
                Some("a"),
            ),
            (
                "redis://h/1?protocol=resp3&namespace=a",
                "redis://h/1?protocol=resp3",
                Some("a"),
            ),
            ("sqlite:a.db?namespace=b", "sqlite:a.db", Some("b")),
            ("sqlite:namespace=b", "sqlite:namespace=b", None),
        ] {
            assert_eq!(split(url), (rest.to_owned(), name), "{url}");
        }
    }
}
