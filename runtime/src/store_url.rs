//! The grammar of the URLs of stores.
//!
//! `paced` and `paced-macros` hold the same file, byte for byte: see `grammar`.

use crate::grammar::is_at;
use crate::grammar::trim;

/// Kind of store in a URL.
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
const NO_SLASHES: &str =
    "a server is written with `//`: write \"redis://localhost\", or \"rediss://..\" for TLS";
const NO_HOST: &str =
    "the host is missing: write \"redis://localhost\", or \"rediss://..\" for TLS";
const NO_PORT: &str = "the port is a number up to 65535: write \"redis://localhost:6379\"";
const NO_DATABASE: &str = "the database is a number: write \"redis://localhost/1\"";
pub(crate) const NO_NAMESPACE: &str =
    "a namespace is made of letters, digits, `-`, `_` and `.`: write `?namespace=staging`";
const TWO_NAMESPACES: &str = "a store has one namespace";
const NO_OPTION: &str =
    "a store has the option `?namespace=staging`, and in Redis `?protocol=resp3`";

/// Parses the URL of a store. No error sentence quotes the URL, because it may contain a password.
pub(crate) const fn store(url: &str) -> Result<StoreKind, &'static str> {
    let bytes = url.as_bytes();
    let colon = position(bytes, 0, bytes.len(), b':');
    if colon == bytes.len() {
        return Err(NO_STORE);
    }
    let (from, end) = (colon + 1, position(bytes, 0, bytes.len(), b'?'));
    let read = if is_at(bytes, 0, colon, b"sqlite") {
        file(bytes, from, end)
    } else if is_at(bytes, 0, colon, b"redis") {
        server(bytes, from, end, StoreKind::Redis)
    } else if is_at(bytes, 0, colon, b"rediss") {
        server(bytes, from, end, StoreKind::Rediss)
    } else {
        Err(NO_STORE)
    };
    match read {
        Ok(kind) => options(bytes, end, kind),
        wrong => wrong,
    }
}

/// Returns the position of the first `byte` in a range, or the end of the range.
const fn position(bytes: &[u8], mut from: usize, to: usize, byte: u8) -> usize {
    while from < to && bytes[from] != byte {
        from += 1;
    }
    from
}

const NAMESPACE: &[u8] = b"namespace=";
const PROTOCOL: &[u8] = b"protocol=";

/// Checks the options after the question mark.
const fn options(bytes: &[u8], mark: usize, kind: StoreKind) -> Result<StoreKind, &'static str> {
    let (mut at, mut seen) = (mark + 1, false);
    while at <= bytes.len() {
        let end = position(bytes, at, bytes.len(), b'&');
        if starts(bytes, at, end, NAMESPACE) {
            if !is_namespace(bytes, at + NAMESPACE.len(), end) {
                return Err(NO_NAMESPACE);
            }
            if seen {
                return Err(TWO_NAMESPACES);
            }
            seen = true;
        } else if matches!(kind, StoreKind::Sqlite) || !starts(bytes, at, end, PROTOCOL) {
            return Err(NO_OPTION);
        }
        at = end + 1;
    }
    Ok(kind)
}

/// Returns whether the range begins with `text`.
const fn starts(bytes: &[u8], from: usize, to: usize, text: &[u8]) -> bool {
    to - from >= text.len() && is_at(bytes, from, from + text.len(), text)
}

/// Returns whether the range is the name of a namespace.
pub(crate) const fn is_namespace(bytes: &[u8], from: usize, to: usize) -> bool {
    let mut at = from;
    while at < to && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'-' | b'_' | b'.'))
    {
        at += 1;
    }
    from < to && at == to
}

/// Parses the path after `sqlite:`.
const fn file(bytes: &[u8], from: usize, to: usize) -> Result<StoreKind, &'static str> {
    let (start, end) = trim(bytes, from, to);
    if start >= end {
        Err(NO_PATH)
    } else if bytes[from] == b':' {
        Err(IN_MEMORY)
    } else if starts(bytes, from, to, b"//") {
        Err(SLASHES)
    } else {
        Ok(StoreKind::Sqlite)
    }
}

/// Parses `//user:password@host:port/database`.
const fn server(
    bytes: &[u8],
    from: usize,
    to: usize,
    kind: StoreKind,
) -> Result<StoreKind, &'static str> {
    if to < from || !starts(bytes, from, to, b"//") {
        return Err(NO_SLASHES);
    }
    let end = position(bytes, from + 2, to, b'/');
    let (mut host, mut at) = (from + 2, from + 2);
    while at < end {
        if bytes[at] == b'@' {
            host = at + 1;
        }
        at += 1;
    }
    // The last `@` ends the password. A colon inside of brackets is part of an IPv6 address.
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
    } else if end < to && end + 1 < to && whole(bytes, end + 1, to) == u64::MAX {
        Err(NO_DATABASE)
    } else {
        Ok(kind)
    }
}

/// Returns the number in the range, or `u64::MAX` if it is not a number.
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
            ("sqlite:?namespace=a", Err(NO_PATH)),
            ("sqlite:a&namespace=b.db", Ok(StoreKind::Sqlite)),
            ("sqlite:a.db?namespace=b&namespace=c", Err(TWO_NAMESPACES)),
            ("sqlite:a.db?protocol=resp3", Err(NO_OPTION)),
            ("sqlite:a.db?", Err(NO_OPTION)),
            ("redis://:p&namespace=x@host", Ok(StoreKind::Redis)),
            ("redis://host?namspace=staging", Err(NO_OPTION)),
            ("postgres://host?namespace=a/b", Err(NO_STORE)),
            ("redis?namespace=a:b", Err(NO_STORE)),
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
