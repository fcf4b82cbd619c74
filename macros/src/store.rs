//! `store`: the place of a limiter's state.

use syn::{Expr, ExprLit, Ident, Lit, LitStr};

use crate::diag::Errors;
use crate::names;
use crate::sentences;
use crate::store_url::{self, NO_STORE, StoreKind};
use crate::value;

pub(crate) enum Store {
    /// `"sqlite:quota.db"`
    Literal(StoreKind, LitStr),
    /// A constant: the compiler evaluates and checks it.
    Constant(Expr),
    /// Any other expression: evaluated once, at the first call.
    RunTime(Expr),
}

const KINDS: [&str; 3] = ["sqlite", "redis", "rediss"];

const EXAMPLES: &str = "write `store = \"sqlite:quota.db\"` for a file that the processes of this machine share, or \
                        `store = \"redis://localhost\"` for a server";

/// Reads the value of `store`; `generics` are constants that only the function itself can name.
pub(crate) fn read(expr: Expr, generics: &[Ident], errors: &mut Errors) -> Option<Store> {
    match expr {
        Expr::Group(group) => return read(*group.expr, generics, errors),
        Expr::Lit(ExprLit {
            lit: Lit::Str(url), ..
        }) => match kind(&url.value()) {
            Ok(kind) => return Some(Store::Literal(kind, url)),
            Err(message) => errors.at(url, message),
        },
        Expr::Lit(other) => errors.at(other, format!("the store is written in quotes: {EXAMPLES}")),
        constant if value::is_constant(&constant, generics) => {
            return Some(Store::Constant(constant));
        }
        other => return Some(Store::RunTime(other)),
    }
    None
}

/// Returns the kind of a URL, or the sentence about its mistake, which never has a part that may be a password.
fn kind(url: &str) -> Result<StoreKind, String> {
    store_url::store(url).map_err(|sentence| match sentence {
        NO_STORE => no_store(url),
        sentence => sentence.to_owned(),
    })
}

/// Returns the sentence about a URL that does not begin with a kind of store.
fn no_store(url: &str) -> String {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    let right = names::nearest(scheme.unwrap_or(url), &KINDS);
    match (right, scheme) {
        (Some("sqlite"), None) => {
            "the file is missing: write `store = \"sqlite:quota.db\"`".to_owned()
        }
        (Some(_), None) => {
            "the server is missing: write `store = \"redis://localhost\"`".to_owned()
        }
        (Some(right), Some(scheme)) => {
            let slashes = if right == "sqlite" { "" } else { "//" };
            let right = sentences::did_you_mean(format!("{right}:{slashes}"));
            sentences::no_such("kind of store", scheme, right)
        }
        (None, _) => NO_STORE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_urls() {
        for (url, right) in [
            ("sqlite:quota.db", StoreKind::Sqlite),
            ("sqlite:/var/lib/app/a b.db", StoreKind::Sqlite),
            ("redis://localhost", StoreKind::Redis),
            ("redis://localhost:6379/15", StoreKind::Redis),
            ("redis://user:p%40ss@host/", StoreKind::Redis),
            ("redis://:pass@host:1?protocol=resp3", StoreKind::Redis),
            ("rediss://[::1]", StoreKind::Rediss),
            ("rediss://[::1]:6380/0", StoreKind::Rediss),
        ] {
            assert_eq!(kind(url), Ok(right), "{url}");
        }
    }

    #[test]
    fn wrong_urls_say_what_to_write() {
        for (url, part) in [
            ("", "begins with its kind"),
            ("quota.db", "begins with its kind: write"),
            ("sqlite", "the file is missing"),
            ("redis", "the server is missing"),
            ("localhost:6379", "begins with its kind: write"),
            ("sqlit:quota.db", "did you mean `sqlite:`?"),
            ("SQLite:quota.db", "did you mean `sqlite:`?"),
            ("redi://localhost", "did you mean `redis://`?"),
            ("postgres://localhost", "begins with its kind: write"),
            ("sqlite:", "the path of the file is missing"),
            ("sqlite: ", "the path of the file is missing"),
            ("sqlite://quota.db", "without `//`"),
            ("sqlite::memory:", "cannot be shared"),
            (
                "redis:localhost",
                "written with `//`: write \"redis://localhost\"",
            ),
            ("redis://", "the host is missing"),
            (
                "rediss://:6379",
                "the host is missing: write \"redis://localhost\"",
            ),
            ("redis://user:secret@", "the host is missing"),
            ("redis://user:secret@/1", "the host is missing"),
            ("redis://user:secret@host:port", "the port is a number"),
            ("redis://[::1]:65536", "the port is a number"),
            ("redis://user:secret@host/main", "the database is a number"),
        ] {
            let message = kind(url).expect_err(url);
            assert!(message.contains(part), "{url}: {message}");
            assert!(!message.contains("secret"), "{url}: {message}");
        }
    }
}
