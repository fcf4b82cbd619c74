//! `store` and `on_store_error`: where a limiter's state is, and what to do while that is away.

use syn::{Expr, ExprLit, Ident, Lit, LitStr};

use crate::diag::Errors;
use crate::names;
use crate::value;

pub(crate) enum Store {
    /// `"sqlite:quota.db"`
    Literal(Kind, LitStr),
    /// The path of a constant: the compiler evaluates and checks it.
    Constant(Expr),
    /// Any other expression: evaluated once, at the first call.
    RunTime(Expr),
}

/// What kind of store a literal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Redis,
    Rediss,
}

const KINDS: [(&str, Kind); 3] = [
    ("sqlite", Kind::Sqlite),
    ("redis", Kind::Redis),
    ("rediss", Kind::Rediss),
];

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

fn literal(expr: &Expr) -> Option<&Lit> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// The kind of a URL, or what is wrong with it. What may be a password stands in no message.
fn kind(url: &str) -> Result<Kind, String> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(no_scheme(url));
    };
    let kind = KINDS.iter().find(|(name, _)| *name == scheme);
    match kind {
        Some((_, Kind::Sqlite)) => file(rest).map(|()| Kind::Sqlite),
        Some((name, kind)) => server(name, rest).map(|()| *kind),
        None => Err(unknown(scheme)),
    }
}

fn no_scheme(url: &str) -> String {
    if names::nearest(url, &["redis", "rediss"]).is_some() {
        return "the server is missing: write `store = \"redis://localhost\"`".to_owned();
    }
    if names::nearest(url, &["sqlite"]).is_some() {
        return "the file is missing: write `store = \"sqlite:quota.db\"`".to_owned();
    }
    format!("a store begins with its kind: {EXAMPLES}")
}

fn unknown(scheme: &str) -> String {
    let schemes = KINDS.map(|(name, _)| name);
    match names::nearest(scheme, &schemes) {
        Some("sqlite") => format!("there is no kind of store `{scheme}`: did you mean `sqlite:`?"),
        Some(right) => format!("there is no kind of store `{scheme}`: did you mean `{right}://`?"),
        None => format!(
            "a store begins with its kind, `sqlite:`, `redis://` or `rediss://`: {EXAMPLES}"
        ),
    }
}

fn file(path: &str) -> Result<(), String> {
    let message = if path.trim().is_empty() {
        "the path of the file is missing: write `store = \"sqlite:quota.db\"`"
    } else if path.starts_with("//") {
        "a file is written without `//`: write `store = \"sqlite:quota.db\"`, or \
         `store = \"sqlite:/var/lib/app/quota.db\"` with all of its path"
    } else if path.starts_with(':') {
        "a database in memory cannot be shared: give a file, `store = \"sqlite:quota.db\"`, or leave `store` out"
    } else {
        return Ok(());
    };
    Err(message.to_owned())
}

/// `//user:password@host:port/database?options`
fn server(scheme: &str, rest: &str) -> Result<(), String> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Err(format!(
            "a server is written with `//`: write `store = \"{scheme}://localhost\"`"
        ));
    };
    let (authority, path) = match rest.find(['/', '?']) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let after = host.rfind(']').map_or(0, |end| end + 1);
    let (name, port) = match host[after..].split_once(':') {
        Some((_, port)) => (&host[..host.len() - port.len() - 1], Some(port)),
        None => (host, None),
    };
    if name.trim().is_empty() {
        return Err(format!(
            "the host is missing: write `store = \"{scheme}://localhost\"`"
        ));
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(format!(
            "the port is a number up to 65535: write `store = \"{scheme}://localhost:6379\"`"
        ));
    }
    let database = path.split('?').next().unwrap_or_default();
    let database = database.strip_prefix('/').unwrap_or_default();
    if !database.chars().all(|digit| digit.is_ascii_digit()) {
        return Err(format!(
            "the database is a number: write `store = \"{scheme}://localhost/1\"`"
        ));
    }
    Ok(())
}

/// How the policies are written, and what the runtime calls them.
const POLICIES: [(&str, &str); 3] = [("local", "Local"), ("open", "Open"), ("closed", "Closed")];

/// What people write for each.
const GUESSES: [(&str, &str); 13] = [
    ("fallback", "local"),
    ("degrade", "local"),
    ("in_process", "local"),
    ("allow", "open"),
    ("ignore", "open"),
    ("fail_open", "open"),
    ("pass", "open"),
    ("deny", "closed"),
    ("refuse", "closed"),
    ("reject", "closed"),
    ("error", "closed"),
    ("fail", "closed"),
    ("fail_closed", "closed"),
];

/// The runtime's name of what `on_store_error` says.
pub(crate) fn policy(expr: Expr, errors: &mut Errors) -> Option<&'static str> {
    const EXPLAINED: &str = "write \"local\" to go on in process with a share of the rate, \"open\" to let every call \
                             through, or \"closed\" to refuse every call";
    let words = POLICIES.map(|(word, _)| word);
    let message = match (literal(&expr), &expr) {
        (Some(Lit::Str(text)), _) => {
            let text = text.value();
            if let Some((_, policy)) = POLICIES.iter().find(|(word, _)| *word == text) {
                return Some(policy);
            }
            let guess = GUESSES.iter().find(|(guess, _)| *guess == text);
            match guess
                .map(|(_, word)| *word)
                .or(names::nearest(&text, &words))
            {
                Some(right) => format!("there is no `{text}` here: did you mean \"{right}\"?"),
                None => format!("there is no `{text}` here: {EXPLAINED}"),
            }
        }
        (None, Expr::Path(path)) if words.iter().any(|word| path.path.is_ident(word)) => {
            "write it in quotes, like `on_store_error = \"closed\"`".to_owned()
        }
        _ => EXPLAINED.to_owned(),
    };
    errors.at(expr, message);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_urls() {
        for (url, right) in [
            ("sqlite:quota.db", Kind::Sqlite),
            ("sqlite:/var/lib/app/a b.db", Kind::Sqlite),
            ("redis://localhost", Kind::Redis),
            ("redis://localhost:6379/15", Kind::Redis),
            ("redis://user:p%40ss@host/", Kind::Redis),
            ("redis://:pass@host:1?protocol=resp3", Kind::Redis),
            ("rediss://[::1]", Kind::Rediss),
            ("rediss://[::1]:6380/0", Kind::Rediss),
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
            ("localhost:6379", "begins with its kind, `sqlite:`"),
            ("sqlit:quota.db", "did you mean `sqlite:`?"),
            ("SQLite:quota.db", "did you mean `sqlite:`?"),
            ("redi://localhost", "did you mean `redis://`?"),
            ("postgres://localhost", "begins with its kind, `sqlite:`"),
            ("sqlite:", "the path of the file is missing"),
            ("sqlite: ", "the path of the file is missing"),
            ("sqlite://quota.db", "without `//`"),
            ("sqlite::memory:", "cannot be shared"),
            (
                "redis:localhost",
                "written with `//`: write `store = \"redis://localhost\"`",
            ),
            ("redis://", "the host is missing"),
            (
                "rediss://:6379",
                "the host is missing: write `store = \"rediss://localhost\"`",
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
