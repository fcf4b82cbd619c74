//! The rules about `key` and `max_keys`.

use syn::Ident;

use crate::diag::Errors;
use crate::options::{Limiter, Options};
use crate::row_keys;

pub(crate) fn check(options: &Options, errors: &mut Errors) {
    let keys = row_keys::written(options);
    if let Some(max_keys) = options.name("max_keys") {
        check_max_keys(max_keys, keys.first().copied(), options, errors);
    }
    let Some(key) = keys.first() else { return };
    if let (Some(Limiter::Named(_)), None) = (&options.limiter, options.name("store")) {
        errors.at(
            key,
            "a limiter that is shared by its name has no keys: let functions share a static, \
             `static TENANTS: paced::Keyed<u64> = ..`, and write `limiter = TENANTS, key = tenant`",
        );
    }
    check_row_keys(options, errors);
}

/// Checks that a limit has the key of the attribute, and that calls in flight are those of a key.
fn check_row_keys(options: &Options, errors: &mut Errors) {
    let own = options
        .name("key")
        .filter(|_| row_keys::own_key(options).is_some());
    if let (Some(key), false) = (own, row_keys::uses_own_key(options)) {
        errors.at(
            key,
            "no limit has this key, since each one in `limits` has a key of its own: remove it here, or there",
        );
    }
    if let (None, Some(_), Some(name)) = (
        own,
        row_keys::keyed_row(options),
        options.name("max_concurrency"),
    ) {
        errors.at(
            name,
            "calls in flight are counted for each key of the attribute: write `key = tenant` outside of `limits(..)`, and \
             `key = ()` at the limits that all keys share",
        );
    }
}

fn check_max_keys(max_keys: &Ident, key: Option<&Ident>, options: &Options, errors: &mut Errors) {
    if key.is_none() {
        errors.at(
            max_keys,
            "`max_keys` needs a key beside it: write `key = tenant` too",
        );
    } else if let Some(Limiter::Handle(_)) = &options.limiter {
        errors.at(
            max_keys,
            "the limiter has its own number of keys: remove `max_keys` here, and write it where the limiter is built, \
             `Keyed::builder(..).max_keys(..)`",
        );
    }
}
