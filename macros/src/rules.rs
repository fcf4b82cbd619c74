//! The rules that concern more than one option.

use proc_macro2::Span;

use crate::defaults;
use crate::diag::Errors;
use crate::grammar;
use crate::key_rules;
use crate::literal::Literal;
use crate::options::{Backoff, Limiter, Options};
use crate::row_rules;
use crate::sentences;
use crate::value::Value;

/// Reports every option that does not go with another one.
pub(crate) fn check(options: &Options, errors: &mut Errors) {
    check_limiter(options, errors);
    row_rules::check(options, errors);
    key_rules::check(options, errors);
    check_store(options, errors);
    check_start(options, errors);
    check_mode(options, errors);
    check_window(options, errors);
    check_in_flight(options, errors);
    check_conflicts(options, errors);
    if let Some(backoff) = &options.backoff {
        check_backoff(backoff, errors);
    }
}

/// Checks that there is a rate or a limiter, and that a limiter from elsewhere is given no rate and no burst.
fn check_limiter(options: &Options, errors: &mut Errors) {
    let (rate, burst, window) = (
        options.name("rate"),
        options.name("burst"),
        options.name("window"),
    );
    if let Some(Limiter::Handle(_)) = &options.limiter {
        for name in [rate, burst, window].into_iter().flatten() {
            errors.at(name, sentences::limiter_has(name));
        }
        return;
    }
    // If there is another mistake already, the missing option may be the one that was misspelt.
    if is_declared(options) || !errors.is_empty() {
        return;
    }
    if let Some(burst) = burst {
        errors.at(
            burst,
            "`burst` needs a rate beside it: write `rate = 5, burst = 10`",
        );
    } else if let (Some(key), None) = (options.name("key"), &options.limiter) {
        errors.at(
            key,
            "`key` needs a rate beside it, which each key has for itself: write `rate = 5, key = tenant`",
        );
    } else if options.limiter.is_none() {
        let whole_attribute = Span::call_site();
        let message = "the rate is missing: write `#[rate_limited(rate = 5)]` for 5 calls per second, or `rate = \"300/min\"`, \
                       or `limiter = \"github\"` to share a limiter that is declared elsewhere";
        errors.push(syn::Error::new(whole_attribute, message));
    }
}

/// Returns whether the attribute declares a limiter.
fn is_declared(options: &Options) -> bool {
    options.name("rate").is_some() || options.name("limits").is_some()
}

/// Checks that a limiter in a store is declared here: with a rate, and without an expression for the limiter.
fn check_store(options: &Options, errors: &mut Errors) {
    let Some(store) = options.name("store") else {
        if let Some(name) = options.name("on_store_error") {
            errors.at(
                name,
                "`on_store_error` needs a store beside it: write `store = \"sqlite:quota.db\"` too",
            );
        }
        return;
    };
    match &options.limiter {
        Some(Limiter::Handle(_)) => errors.at(store, sentences::limiter_has(store)),
        Some(Limiter::Named(name)) if !is_declared(options) => errors.at(
            store,
            format!(
                "`store` needs a rate beside it: write `rate = 5` too, or leave `store` to where `limiter = \"{}\"` \
                 has its rate",
                name.value()
            ),
        ),
        _ => {}
    }
}

/// Checks that `start` stands where the bucket is declared, and that the bucket is in no store, which knows what was used.
fn check_start(options: &Options, errors: &mut Errors) {
    let Some(start) = options.name("start") else {
        return;
    };
    let message = match &options.limiter {
        Some(Limiter::Handle(_)) => {
            "the limiter has begun already: remove `start` here, and write `quota.starting_empty()` where it is made"
        }
        _ if options.name("store").is_some() => {
            "a store knows what was used before the program began: remove `start`"
        }
        Some(Limiter::Named(_)) if !is_declared(options) => {
            "`start` needs a rate beside it: write it where the limiter has its rate"
        }
        _ => return,
    };
    errors.at(start, message);
}

/// Checks that a limiter which is to observe is known by the attribute: of one from elsewhere, its own place says so.
fn check_mode(options: &Options, errors: &mut Errors) {
    if let (Some(mode), Some(Limiter::Handle(_)), true) = (
        options.name("mode"),
        &options.limiter,
        options.modes.contains(&"observe"),
    ) {
        errors.at(
            mode,
            "the mode is the limiter's, for all functions that share it: remove `mode` here, and write \
             `.mode(Mode::Observe)` where it is built, or `limiter.set_mode(Mode::Observe)`",
        );
    }
}

/// Checks that a strict window has a rate of whole tokens and a burst that is less, if any, and that a store can keep it.
fn check_window(options: &Options, errors: &mut Errors) {
    let (Some(name), Some(window)) = (options.name("window"), &options.window) else {
        return;
    };
    if matches!(options.limiter, Some(Limiter::Named(_))) && !is_declared(options) {
        let message = "`window` needs a rate beside it: write it where the limiter has its rate";
        errors.at(name, message);
        return;
    }
    if let (Some(store), None) = (options.name("store"), options.name("burst")) {
        errors.at(store, grammar::STRICT_IN_A_STORE);
    }
    let Some(Value::Literal(Literal::Rate(rate))) = &options.rate else {
        return;
    };
    let burst = options.name("burst").zip(options.burst.as_ref());
    row_rules::check_strict(*rate, window, burst, errors);
}

/// Checks that a bound of calls in flight stands where the limiter is declared.
fn check_in_flight(options: &Options, errors: &mut Errors) {
    let Some(name) = options.name("max_concurrency") else {
        return;
    };
    match &options.limiter {
        Some(Limiter::Handle(_)) => errors.at(name, sentences::limiter_has(name)),
        Some(Limiter::Named(_)) if !is_declared(options) => errors.at(
            name,
            "`max_concurrency` needs a rate beside it: write it where the limiter has its rate",
        ),
        _ => {}
    }
}

/// Checks that a method with a store names its limiter: the default name is the function's path, which has no type in it.
pub(crate) fn check_store_of_method(
    options: &Options,
    is_method: impl FnOnce() -> bool,
    errors: &mut Errors,
) {
    let is_named = options.limiter.is_some() || options.block.is_some();
    match options.name("store") {
        Some(store) if !is_named && is_method() => errors.at(
            store,
            "methods of the same name would share one limit in the store, even those of other types: give the limiter a \
             name, `limiter = \"github\"`",
        ),
        _ => {}
    }
}

fn check_conflicts(options: &Options, errors: &mut Errors) {
    if let (Some(_), Some(retry_on)) = (options.name("classify"), options.name("retry_on")) {
        errors.at(
            retry_on,
            "`classify` and `retry_on` both say what is retried: remove one of them",
        );
    }
    if let (Some(false), Some(headers)) = (options.respect_headers, options.name("headers")) {
        errors.at(
            headers,
            "`respect_headers = false` ignores the headers that `headers` is about: remove one of them",
        );
    }
}

fn check_backoff(backoff: &Backoff, errors: &mut Errors) {
    let (base, max) = (backoff.name("base"), backoff.name("max"));
    let message = match (
        nanos(backoff.base.as_ref(), defaults::BACKOFF_BASE),
        nanos(backoff.max.as_ref(), defaults::BACKOFF_MAX),
    ) {
        (Some(base), Some(max)) if max >= base => return,
        (Some(_), Some(_)) if base.is_none() => {
            "`max` is below the default base of 1 s: write a smaller `base` too"
        }
        (Some(_), Some(_)) if max.is_none() => {
            "`base` is above the default max of 60 s: write a larger `max` too"
        }
        (Some(_), Some(_)) => "`max` is below `base`: the delays do not get shorter",
        _ => return,
    };
    if let Some(name) = max.or(base) {
        errors.at(name, message);
    }
}

/// Returns a literal or default duration; `None` for one that is not known yet.
fn nanos(value: Option<&Value>, default: u64) -> Option<u64> {
    match value {
        None => Some(default),
        Some(Value::Literal(Literal::Nanos(nanos))) => Some(*nanos),
        Some(_) => None,
    }
}
