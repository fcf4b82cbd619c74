//! The attribute macro of [`paced`](https://docs.rs/paced), which re-exports it.
//!
//! Its documentation stands on `paced::rate_limited`. Depend on `paced`: the code that this crate generates names
//! `::paced`, of exactly the same version.

mod args;
mod capture;
mod diag;
mod expand;
mod fallback;
mod func;
#[cfg(test)]
mod golden;
mod grammar;
mod guesses;
mod instrumented;
mod krate;
mod literal;
mod names;
mod need;
mod once;
mod opened;
mod options;
mod output;
mod pattern;
mod place;
mod plan;
mod rules;
mod site;
mod store;
mod store_url;
mod sync;
mod trigger;
mod value;

use crate::plan::Plan;

/// Paces and retries the calls of a function; see `paced::rate_limited`.
#[proc_macro_attribute]
pub fn rate_limited(
    attr: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    transform(attr.into(), item.into()).into()
}

fn transform(
    attr: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    match Plan::read(attr, item.clone()) {
        Ok(plan) => expand::expand(&plan),
        Err(errors) => fallback::expand(item, errors),
    }
}
