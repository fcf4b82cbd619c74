//! The rules about `key` and `max_keys`.

use syn::Ident;

use crate::diag::Errors;
use crate::options::{Limiter, Options};

pub(crate) fn check(options: &Options, errors: &mut Errors) {
    let key = options.name("key");
    if let Some(max_keys) = options.name("max_keys") {
        check_max_keys(max_keys, key, options, errors);
    }
    let Some(key) = key else { return };
    if let (Some(Limiter::Named(_)), None) = (&options.limiter, options.name("store")) {
        errors.at(
            key,
            "a limiter that is shared by its name has no keys: let functions share a static, \
             `static TENANTS: paced::Keyed<u64> = ..`, and write `limiter = TENANTS, key = tenant`",
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
