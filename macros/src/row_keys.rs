//! Keys of single limits: the limits of one key share a limiter for each of its values.

use quote::ToTokens as _;
use syn::{Expr, Ident};

use crate::options::Options;
use crate::rows::{KeyPlace, Row, RowKey};

/// The keys of an attribute, in the order of their limiters.
#[derive(Default)]
pub(crate) struct Keys {
    /// The key whose limiter a call reports to.
    pub(crate) first: Option<Expr>,
    pub(crate) further: Vec<Expr>,
}

/// Returns whether the key says that all keys share a limit: `()`.
pub(crate) fn is_shared(key: &Expr) -> bool {
    matches!(key, Expr::Tuple(tuple) if tuple.elems.is_empty())
}

/// Returns whether two keys are the same expression.
fn is_same(one: &Expr, other: &Expr) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

/// Returns the key of a limit. `None`: all keys share it.
fn key_of<'a>(row: &'a Row, options: &'a Options) -> Option<&'a Expr> {
    let key = row.key.as_ref().map(|key| &key.value);
    let key = key.or(options.key.as_ref());
    key.filter(|key| !is_shared(key))
}

/// Returns the key of the attribute, unless it is `()`.
pub(crate) fn own_key(options: &Options) -> Option<&Expr> {
    options.key.as_ref().filter(|key| !is_shared(key))
}

/// Returns the first limit with a key of its own that is not `()`.
pub(crate) fn keyed_row(options: &Options) -> Option<&RowKey> {
    let mut keys = rows(options).filter_map(|row| row.key.as_ref());
    keys.find(|key| !is_shared(&key.value))
}

/// Returns whether a limit has the key of the attribute.
pub(crate) fn uses_own_key(options: &Options) -> bool {
    let has_rows = options
        .limits
        .as_ref()
        .is_some_and(|limits| !limits.rows.is_empty());
    !has_rows || rows(options).any(|row| is_of(row, own_key(options), options))
}

fn is_of(row: &Row, key: Option<&Expr>, options: &Options) -> bool {
    match (key_of(row, options), key) {
        (Some(one), Some(other)) => is_same(one, other),
        _ => false,
    }
}

fn rows(options: &Options) -> impl Iterator<Item = &Row> {
    options.limits.iter().flat_map(|limits| &limits.rows)
}

/// Returns whether a call that takes from the one limit takes from the same bucket of the other each time, so that one of
/// them may never matter.
pub(crate) fn is_beside(row: &Row, other: &Row, options: &Options) -> bool {
    match (key_of(row, options), key_of(other, options)) {
        (_, None) => true,
        (Some(one), Some(other)) => is_same(one, other),
        (None, Some(_)) => false,
    }
}

/// Takes the keys out of the options, and gives each limit its place among them.
pub(crate) fn take(options: &mut Options) -> Keys {
    let own = options.key.take().filter(|key| !is_shared(key));
    let without = if own.is_some() {
        KeyPlace::First
    } else {
        KeyPlace::All
    };
    let mut keys: Vec<Expr> = own.into_iter().collect();
    let rows = options
        .limits
        .iter_mut()
        .flat_map(|limits| &mut limits.rows);
    let mut rows: Vec<&mut Row> = rows.collect();
    for row in &mut rows {
        row.place = match row.key.take() {
            None => without,
            Some(key) if is_shared(&key.value) => KeyPlace::All,
            Some(key) => place_of(key.value, &mut keys),
        };
    }
    if keys.is_empty() {
        for row in rows {
            row.place = KeyPlace::First;
        }
    }
    let mut keys = keys.into_iter();
    Keys {
        first: keys.next(),
        further: keys.collect(),
    }
}

/// Returns the place of a key among the others, which is the next one for a new key.
fn place_of(key: Expr, keys: &mut Vec<Expr>) -> KeyPlace {
    let known = keys.iter().position(|known| is_same(known, &key));
    let at = known.unwrap_or_else(|| {
        keys.push(key);
        keys.len() - 1
    });
    match at.checked_sub(1) {
        None => KeyPlace::First,
        Some(further) => KeyPlace::Further(u8::try_from(further).unwrap_or(u8::MAX)),
    }
}

/// Returns the names of all keys that are written.
pub(crate) fn written(options: &Options) -> Vec<&Ident> {
    let own = options.name("key").into_iter();
    let of_rows = rows(options).filter_map(|row| Some(&row.key.as_ref()?.name));
    own.chain(of_rows).collect()
}
