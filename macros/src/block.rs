//! The attribute on an `impl` block: each of its asynchronous functions gets the attribute with the block's options.
//!
//! The functions are expanded one by one, so that `cfg_attr` and other attributes on them keep their places, and a mistake in
//! one of them is none of the others.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens as _;

use crate::args::{self, Entry};
use crate::block_name;
use crate::diag::Errors;
use crate::fallback;
use crate::func::Func;
use crate::member;
use crate::members::{Attr, Block, Function, Item};
use crate::membership::{self, Membership};
use crate::once;
use crate::options::Options;
use crate::rules;

/// Returns the block with the attribute on its functions, or as it was, and every mistake.
pub(crate) fn expand(attr: &TokenStream, block: Block) -> TokenStream {
    let attribute = membership::attribute_name();
    let items = block.items();
    match check(attr, &block, &items, &attribute) {
        Ok(shared) => rebuilt(block, items, &|function| annotated(function, &shared)),
        Err(errors) => {
            let block = rebuilt(block, items, &|function| unshared(function, &attribute));
            if fallback::is_after_equals(attr) {
                // The compiler has reported it already.
                return block;
            }
            fallback::expand(block, errors)
        }
    }
}

/// Returns what the functions of the block share.
///
/// # Errors
///
/// Every mistake in the block's own attribute. They are reported here, and not once for each function.
fn check(
    attr: &TokenStream,
    block: &Block,
    items: &[Item],
    attribute: &Ident,
) -> Result<Membership, Vec<syn::Error>> {
    let mut errors = Errors::new();
    let mut entries = args::parse(attr.clone(), &mut errors);
    entries.retain(|entry| !is_of_function(entry, &mut errors));
    let mut options = Options::read(entries, &[], &mut errors);
    let first = items.iter().find_map(|item| match item {
        Item::Function(function) if is_taken(function) || inherits(function, attribute) => {
            Some(function.name())
        }
        _ => None,
    });
    if first.is_none() {
        errors.at(block.impl_header(), NO_FUNCTION);
    }
    let membership = Membership {
        name: block_name::of(&block.impl_header()),
        first: first.unwrap_or_default(),
        attribute: attribute.clone(),
        units: units(&options, items, attribute),
        options: attr.clone(),
    };
    options.block = Some(membership.clone());
    rules::check(&options, &mut errors);
    let this = Ident::new("self", block.body.span());
    once::check_names(&options, &[this], &mut errors);
    errors.judge(Some(membership))
}

const NO_FUNCTION: &str = "no async function here: `#[rate_limited]` on an `impl` block is for the `async fn`s in it, and for plain functions with \
     `#[rate_limited(inherit)]`";

/// Reports a word that is for functions of the block.
fn is_of_function(entry: &Entry, errors: &mut Errors) -> bool {
    let name = &entry.name;
    let is_word = name == "skip" || name == "inherit";
    if is_word {
        errors.at(
            name,
            format!("`{name}` is for one function: write `#[rate_limited({name})]` on a function in the block"),
        );
    }
    is_word
}

/// Returns the units that functions take from the limiter, by the options of the block or by their own.
fn units(options: &Options, items: &[Item], attribute: &Ident) -> Vec<String> {
    let mut units = member::charged(options);
    for item in items {
        let Item::Function(function) = item else {
            continue;
        };
        for attr in &function.attrs {
            let attr = attr.group.stream();
            let own = membership::own(&attr, attribute);
            let own = own.or_else(|| membership::conditional(&attr, attribute));
            units.extend(own.map(member::units).unwrap_or_default());
        }
    }
    units.sort();
    units.dedup();
    units
}

/// Returns whether a function says itself that it takes part.
fn inherits(function: &Function, attribute: &Ident) -> bool {
    function.attrs.iter().any(|attr| {
        let attr = attr.group.stream();
        let own = membership::own(&attr, attribute);
        let own = own.or_else(|| membership::conditional(&attr, attribute));
        own.is_some_and(member::inherits)
    })
}

/// Returns whether the block takes a function that has no attribute of its own.
fn is_taken(function: &Function) -> bool {
    if function.is_async() {
        return true;
    }
    let mut item = function.head.clone();
    function.body.to_tokens(&mut item);
    Func::parse(item).is_ok_and(|func| member::takes(&func))
}

/// Returns a function with the block's attribute.
fn annotated(function: Function, block: &Membership) -> TokenStream {
    if let Some((at, own)) = block.own(&function.attrs) {
        let new = block.attribute(Some((function.attrs[at].group.span(), own)));
        let attrs = membership::replaced(function.attrs, at, &new);
        return whole(attrs, function.head, function.body);
    }
    let is_conditional = |attr: &Attr| {
        let attr = attr.group.stream();
        membership::conditional(&attr, &block.attribute).is_some()
    };
    let mut attrs = TokenStream::new();
    if is_taken(&function) || function.attrs.iter().any(is_conditional) {
        attrs.extend(block.attribute(None));
    }
    attrs.extend(function.attrs.into_iter().flat_map(Attr::trees));
    whole(attrs, function.head, function.body)
}

/// Returns a function of a block with a wrong attribute. An attribute of its own is kept if it needs no block.
fn unshared(function: Function, attribute: &Ident) -> TokenStream {
    let needs_block = |attr: &Attr| {
        let own = membership::own(&attr.group.stream(), attribute);
        own.is_some_and(member::needs_block)
    };
    let attrs = function.attrs.into_iter().filter(|attr| !needs_block(attr));
    let attrs = attrs.flat_map(Attr::trees).collect();
    whole(attrs, function.head, function.body)
}

fn whole(mut attrs: TokenStream, head: TokenStream, body: TokenTree) -> TokenStream {
    attrs.extend(head);
    attrs.extend([body]);
    attrs
}

/// Returns the block with changed functions.
fn rebuilt(
    block: Block,
    items: Vec<Item>,
    change: &dyn Fn(Function) -> TokenStream,
) -> TokenStream {
    let items = items.into_iter().map(|item| match item {
        Item::Function(function) => change(function),
        Item::Other(trees) => trees.into_iter().collect(),
    });
    let mut body = Group::new(block.body.delimiter(), items.collect());
    body.set_span(block.body.span());
    let mut tokens: TokenStream = block.header.into_iter().collect();
    tokens.extend([TokenTree::from(body)]);
    tokens
}
