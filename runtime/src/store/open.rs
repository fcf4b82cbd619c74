//! Stores by their URLs, one of each for the whole process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::Store;
use super::StoreError;

type Stores = HashMap<Box<str>, Arc<dyn Store>>;

static STORES: Mutex<Option<Stores>> = Mutex::new(None);

/// The store at this URL: the same one for the same text, for as long as the process lives.
///
/// | URL | store | feature |
/// | --- | --- | --- |
/// | `sqlite:quota.db`, `sqlite:/var/lib/app/quota.db` | a file, for the processes of one machine | `sqlite` |
/// | `redis://host:port/database`, with `user:password@` before the host | a Redis server | `redis` |
/// | `rediss://..` | the same through TLS | `redis-rustls` |
///
/// Nothing is opened before the first request, so that a server that is away is no error here.
///
/// # Errors
///
/// A URL that means no store, and one whose feature is not enabled. No message holds any of the URL.
pub fn at(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    let stores = stores.get_or_insert_with(HashMap::new);
    if let Some(store) = stores.get(url) {
        return Ok(Arc::clone(store));
    }
    let store = open(url)?;
    stores.insert(url.into(), Arc::clone(&store));
    Ok(store)
}

fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let kind = Kind::of(url).map_err(StoreError::rejected)?;
    kind.enabled().map_err(StoreError::rejected)?;
    match kind {
        #[cfg(feature = "sqlite")]
        Kind::Sqlite => super::sqlite::open(&url["sqlite:".len()..]),
        #[cfg(feature = "redis")]
        Kind::Redis | Kind::Rediss => super::redis::open(url),
        #[cfg(not(all(feature = "sqlite", feature = "redis")))]
        other => Err(StoreError::rejected(other.missing())),
    }
}

/// What kind of store a URL means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Redis,
    Rediss,
}

const NO_STORE: &str =
    "a store is written \"sqlite:quota.db\", \"redis://localhost\" or \"rediss://localhost\"";
const NO_PATH: &str = "the path of the file is missing: write \"sqlite:quota.db\"";
const SLASHES: &str =
    "a file is written without `//`: \"sqlite:quota.db\", or \"sqlite:/var/lib/app/quota.db\"";
const IN_MEMORY: &str = "a database in memory cannot be shared: give a file, \"sqlite:quota.db\"";
const NO_HOST: &str = "the host is missing: write \"redis://localhost\"";

impl Kind {
    /// The kind of a URL; the macro checks the same of literals, and more.
    pub(crate) const fn of(url: &str) -> Result<Self, &'static str> {
        match url.as_bytes() {
            [b's', b'q', b'l', b'i', b't', b'e', b':', path @ ..] => match path {
                [] => Err(NO_PATH),
                [b'/', b'/', ..] => Err(SLASHES),
                [b':', ..] => Err(IN_MEMORY),
                _ => Ok(Self::Sqlite),
            },
            [b'r', b'e', b'd', b'i', b's', b':', b'/', b'/', rest @ ..] => {
                if has_host(rest) {
                    Ok(Self::Redis)
                } else {
                    Err(NO_HOST)
                }
            }
            [
                b'r',
                b'e',
                b'd',
                b'i',
                b's',
                b's',
                b':',
                b'/',
                b'/',
                rest @ ..,
            ] => {
                if has_host(rest) {
                    Ok(Self::Rediss)
                } else {
                    Err(NO_HOST)
                }
            }
            _ => Err(NO_STORE),
        }
    }

    /// Whether this crate was built with what the kind needs; else what to do about it.
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

/// Whether something stands between the user's part and the port.
const fn has_host(rest: &[u8]) -> bool {
    let (mut first, mut at) = (0, 0);
    while at < rest.len() && !matches!(rest[at], b'/' | b'?') {
        if rest[at] == b'@' {
            first = at + 1;
        }
        at += 1;
    }
    first < at && rest[first] != b':'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_urls() {
        for (url, kind) in [
            ("sqlite:quota.db", Ok(Kind::Sqlite)),
            ("sqlite:/var/lib/quota.db", Ok(Kind::Sqlite)),
            ("sqlite:", Err(NO_PATH)),
            ("sqlite://quota.db", Err(SLASHES)),
            ("sqlite::memory:", Err(IN_MEMORY)),
            ("redis://localhost", Ok(Kind::Redis)),
            ("redis://user:pass@host:6379/1", Ok(Kind::Redis)),
            ("rediss://[::1]:6379", Ok(Kind::Rediss)),
            ("redis://", Err(NO_HOST)),
            ("redis://:6379", Err(NO_HOST)),
            ("redis://:pass@", Err(NO_HOST)),
            ("rediss://user@:6379/a@b", Err(NO_HOST)),
            ("rediss:///1", Err(NO_HOST)),
            ("redis:localhost", Err(NO_STORE)),
            ("Redis://localhost", Err(NO_STORE)),
            ("quota.db", Err(NO_STORE)),
            ("", Err(NO_STORE)),
        ] {
            assert_eq!(Kind::of(url), kind, "{url}");
        }
    }

    #[test]
    fn a_store_whose_feature_is_missing_says_which() {
        for kind in [Kind::Sqlite, Kind::Redis, Kind::Rediss] {
            let url = match kind {
                Kind::Sqlite => "sqlite:target/never.db",
                Kind::Redis => "redis://127.0.0.1:1",
                Kind::Rediss => "rediss://127.0.0.1:1",
            };
            match (kind.enabled(), at(url)) {
                (Ok(()), Ok(store)) => {
                    let same = at(url).expect("opened before");
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
            let error = at(url).expect_err(url);
            assert!(error.is_rejected());
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }
}
