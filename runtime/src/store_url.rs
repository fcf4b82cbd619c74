//! The grammar of the URLs of stores.
//!
//! `paced` and `paced-macros` hold the same file, byte for byte: see `grammar`.

use crate::grammar::is_at;
use crate::grammar::trim;

/// What kind of store a URL means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Sqlite,
    Redis,
    Rediss,
}

pub(crate) const NO_STORE: &str = "a store begins with its kind: write \"sqlite:quota.db\" for a file that the processes of \
                                   this machine share, or \"redis://localhost\" for a server";
const NO_PATH: &str = "the path of the file is missing: write \"sqlite:quota.db\"";
const SLASHES: &str = "a file is written without `//`: write \"sqlite:quota.db\", or \"sqlite:/var/lib/app/quota.db\" with \
                       all of its path";
const IN_MEMORY: &str =
    "a database in memory cannot be shared: give a file, \"sqlite:quota.db\", or leave `store` out";
const NO_SLASHES: &str = "a server is written with `//`: write \"redis://localhost\"";
const NO_HOST: &str = "the host is missing: write \"redis://localhost\"";
const NO_PORT: &str = "the port is a number up to 65535: write \"redis://localhost:6379\"";
pub(crate) const NO_NAMESPACE: &str = "a namespace is made of letters, digits, `-`, `_` and `.`: write \"redis://localhost?namespace=staging\"";
const NO_DATABASE: &str = "the database is a number: write \"redis://localhost/1\"";

/// Reads the URL of a store. What may be a password stands in no sentence.
pub(crate) const fn store(url: &str) -> Result<StoreKind, &'static str> {
    let bytes = url.as_bytes();
    let mut colon = 0;
    while colon < bytes.len() && bytes[colon] != b':' {
        colon += 1;
    }
    let rest = colon + 1;
    if rest > bytes.len() {
        return Err(NO_STORE);
    }
    let (from, to) = namespace(bytes);
    if from <= to && !is_namespace(bytes, from, to) {
        return Err(NO_NAMESPACE);
    }
    if is_at(bytes, 0, colon, b"sqlite") {
        file(bytes, rest)
    } else if is_at(bytes, 0, colon, b"redis") {
        server(bytes, rest, StoreKind::Redis)
    } else if is_at(bytes, 0, colon, b"rediss") {
        server(bytes, rest, StoreKind::Rediss)
    } else {
        Err(NO_STORE)
    }
}

pub(crate) const NAMESPACE: &[u8] = b"namespace=";

/// The range of the namespace's name; one that ends before it begins where there is none.
pub(crate) const fn namespace(bytes: &[u8]) -> (usize, usize) {
    let mut from = 1;
    while from + NAMESPACE.len() <= bytes.len() {
        if matches!(bytes[from - 1], b'?' | b'&')
            && is_at(bytes, from, from + NAMESPACE.len(), NAMESPACE)
        {
            let (name, mut end) = (from + NAMESPACE.len(), from + NAMESPACE.len());
            while end < bytes.len() && bytes[end] != b'&' {
                end += 1;
            }
            return (name, end);
        }
        from += 1;
    }
    (1, 0)
}

/// Whether the range holds the name of a namespace.
pub(crate) const fn is_namespace(bytes: &[u8], from: usize, to: usize) -> bool {
    let mut at = from;
    while at < to && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'-' | b'_' | b'.'))
    {
        at += 1;
    }
    from < to && at == to
}

const fn file(bytes: &[u8], from: usize) -> Result<StoreKind, &'static str> {
    let (start, end) = trim(bytes, from, bytes.len());
    if start == end {
        Err(NO_PATH)
    } else if bytes[from] == b':' {
        Err(IN_MEMORY)
    } else if end - from >= 2 && is_at(bytes, from, from + 2, b"//") {
        Err(SLASHES)
    } else {
        Ok(StoreKind::Sqlite)
    }
}

/// `//user:password@host:port/database?options`
const fn server(bytes: &[u8], from: usize, kind: StoreKind) -> Result<StoreKind, &'static str> {
    if bytes.len() - from < 2 || !is_at(bytes, from, from + 2, b"//") {
        return Err(NO_SLASHES);
    }
    let (mut host, mut end) = (from + 2, from + 2);
    while end < bytes.len() && !matches!(bytes[end], b'/' | b'?') {
        if bytes[end] == b'@' {
            host = end + 1;
        }
        end += 1;
    }
    // Colons inside of brackets belong to the address.
    let (mut port, mut at) = (end, host);
    while at < end {
        match bytes[at] {
            b']' => port = end,
            b':' if port == end => port = at,
            _ => {}
        }
        at += 1;
    }
    let (first, last) = trim(bytes, host, port);
    if first == last {
        Err(NO_HOST)
    } else if port < end && whole(bytes, port + 1, end) > 65_535 {
        Err(NO_PORT)
    } else if !is_database(bytes, end) {
        Err(NO_DATABASE)
    } else {
        Ok(kind)
    }
}

/// The number that the range holds; as large as it gets where it holds none.
const fn whole(bytes: &[u8], from: usize, to: usize) -> u64 {
    let (mut value, mut at) = (0_u64, from);
    while at < to && bytes[at].is_ascii_digit() {
        let digit = bytes[at] - b'0';
        value = value.saturating_mul(10).saturating_add(digit as u64);
        at += 1;
    }
    if from == to || at < to {
        u64::MAX
    } else {
        value
    }
}

/// Whether nothing but digits stands between the host's slash and the options.
const fn is_database(bytes: &[u8], slash: usize) -> bool {
    let mut at = slash;
    if at < bytes.len() && bytes[at] == b'/' {
        at += 1;
    }
    while at < bytes.len() && bytes[at].is_ascii_digit() {
        at += 1;
    }
    at == bytes.len() || bytes[at] == b'?'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_stores() {
        for (url, kind) in [
            ("sqlite:quota.db", Ok(StoreKind::Sqlite)),
            ("sqlite:/var/lib/app/a b.db", Ok(StoreKind::Sqlite)),
            ("sqlite:", Err(NO_PATH)),
            ("sqlite: ", Err(NO_PATH)),
            ("sqlite://quota.db", Err(SLASHES)),
            ("sqlite::memory:", Err(IN_MEMORY)),
            ("redis://localhost", Ok(StoreKind::Redis)),
            ("redis://user:p%40ss@host:6379/15", Ok(StoreKind::Redis)),
            ("redis://:pass@host:1?protocol=resp3", Ok(StoreKind::Redis)),
            ("rediss://[::1]", Ok(StoreKind::Rediss)),
            ("rediss://[::1]:6380/0", Ok(StoreKind::Rediss)),
            ("redis://host?namespace=staging-1.b_2", Ok(StoreKind::Redis)),
            ("sqlite:quota.db?namespace=staging", Ok(StoreKind::Sqlite)),
            ("sqlite:quota.db?namespace=", Err(NO_NAMESPACE)),
            (
                "redis://host/1?protocol=resp3&namespace=a/b",
                Err(NO_NAMESPACE),
            ),
            ("redis://", Err(NO_HOST)),
            ("redis://:6379", Err(NO_HOST)),
            ("redis://:pass@", Err(NO_HOST)),
            ("rediss://user@:6379/a@b", Err(NO_HOST)),
            ("rediss:///1", Err(NO_HOST)),
            ("redis://host:", Err(NO_PORT)),
            ("redis://user:secret@host:port", Err(NO_PORT)),
            ("redis://[::1]:65536", Err(NO_PORT)),
            ("redis://host/main", Err(NO_DATABASE)),
            ("redis:localhost", Err(NO_SLASHES)),
            ("redis:", Err(NO_SLASHES)),
            ("Redis://localhost", Err(NO_STORE)),
            ("quota.db", Err(NO_STORE)),
            ("", Err(NO_STORE)),
        ] {
            assert_eq!(store(url), kind, "{url}");
        }
    }
}
