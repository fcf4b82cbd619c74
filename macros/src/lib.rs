//! The attribute macro of [`paced`](https://docs.rs/paced), which re-exports it.
//!
//! `paced::rate_limited` documents it. Depend on `paced`: the generated code names `::paced`, of exactly the same version.

mod alone;
mod args;
mod block;
mod block_name;
mod blocking;
mod capture;
mod concurrency;
mod copied;
mod costs;
mod defaults;
mod diag;
mod expand;
mod fallback;
mod func;
#[cfg(test)]
mod golden;
mod grammar;
mod guesses;
mod instrumented;
mod key_rules;
#[cfg(test)]
mod keys_explained;
mod krate;
#[cfg(test)]
mod limits_explained;
mod literal;
mod member;
mod members;
mod membership;
mod names;
mod need;
mod once;
mod opened;
mod options;
mod output;
mod parts;
mod pattern;
mod place;
mod plan;
mod reader;
mod row_keys;
mod row_rules;
mod row_writer;
mod rows;
mod rules;
mod sentences;
mod settings;
mod site;
mod store;
mod store_url;
mod sync;
mod tokens;
mod trigger;
mod value;
mod writer;

use crate::members::Block;
use crate::membership::Membership;

/// Paces and retries the calls of a function, or of the async functions of an `impl` block; see `paced::rate_limited`.
#[proc_macro_attribute]
pub fn rate_limited(
    attr: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    transform(&attr.into(), item.into()).into()
}

fn transform(
    attr: &proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    if let Some((block, own)) = Membership::read(attr) {
        return member::expand(&block, own, item);
    }
    match Block::of(&item) {
        Some(block) => block::expand(attr, block),
        None => alone::expand(attr, None, item),
    }
}
