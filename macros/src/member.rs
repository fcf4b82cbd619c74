//! A function of an `impl` block that has the attribute.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{FnArg, Ident};

use crate::alone;
use crate::args::{self, Entry, Form};
use crate::diag::Errors;
use crate::expand;
use crate::fallback;
use crate::func::Func;
use crate::members;
use crate::membership::{self, Membership};
use crate::once;
use crate::options::Options;
use crate::output::Output;
use crate::plan::{Plan, Within};
use crate::sentences;

/// Returns the function under its own options, those of the block, or both.
pub(crate) fn expand(
    block: &Membership,
    own: Option<TokenStream>,
    item: TokenStream,
) -> TokenStream {
    let Some(own) = own else {
        return without_own(block, item);
    };
    let mut errors = Errors::new();
    let entries = args::parse(own.clone(), &mut errors);
    match Choice::of(&entries) {
        Choice::Alone if own.is_empty() => {
            errors.push(syn::Error::new(Span::call_site(), EMPTY));
            failed(item, errors)
        }
        Choice::Alone => {
            // `alone` reports them.
            let _ = errors.judge(None::<()>);
            alone::expand(&own, Some(&block.name), item)
        }
        Choice::Skipped => {
            check_skip(&entries, &mut errors);
            failed(item, errors)
        }
        Choice::Shared => shared(block, own_entries(entries, &mut errors), errors, item),
    }
}

const EMPTY: &str = "the block's attribute is enough: remove this one, or write `skip`, `inherit` and more options, or options \
                     of the function's own";

/// Returns whether a function's own options add to those of its block.
pub(crate) fn inherits(own: TokenStream) -> bool {
    let mut errors = Errors::new();
    let entries = args::parse(own, &mut errors);
    // The expansion of the function reports them.
    let _ = errors.judge(None::<()>);
    matches!(Choice::of(&entries), Choice::Shared)
}

/// Returns the units that a function's own options take from the limiter of its block.
pub(crate) fn units(own: TokenStream) -> Vec<String> {
    let mut errors = Errors::new();
    let entries = args::parse(own, &mut errors);
    let is_shared = matches!(Choice::of(&entries), Choice::Shared);
    let options = Options::read(entries, &[], &mut errors);
    // The expansion of the function reports them.
    let _ = errors.judge(None::<()>);
    if is_shared {
        charged(&options)
    } else {
        Vec::new()
    }
}

/// Returns the units that `cost` and `settle` name.
pub(crate) fn charged(options: &Options) -> Vec<String> {
    let costs = options.cost.iter().map(|cost| &cost.unit);
    let units = costs.chain(options.settle.iter().map(|settle| &settle.unit));
    units.map(ToString::to_string).collect()
}

/// Returns whether a function's own options are for a function of a block.
pub(crate) fn needs_block(own: TokenStream) -> bool {
    let mut errors = Errors::new();
    let entries = args::parse(own, &mut errors);
    let _ = errors.judge(None::<()>);
    entries.is_empty() || !matches!(Choice::of(&entries), Choice::Alone)
}

/// Meaning of a function's own attribute for the block's options.
enum Choice {
    /// It replaces them.
    Alone,
    /// It leaves the function out.
    Skipped,
    /// It adds to them.
    Shared,
}

impl Choice {
    fn of(entries: &[Entry]) -> Self {
        let has = |word: &str| entries.iter().any(|entry| entry.name == word);
        if has("skip") {
            Self::Skipped
        } else if has("inherit") {
            Self::Shared
        } else {
            Self::Alone
        }
    }
}

/// Returns a function under the block's options alone, if the block takes it.
fn without_own(block: &Membership, item: TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = item.clone().into_iter().collect();
    let (attrs, length) = members::attributes(&trees);
    // One that `cfg_attr` made.
    if let Some((at, own)) = block.own(&attrs) {
        let new = block.attribute(Some((attrs[at].group.span(), own)));
        let mut tokens = membership::replaced(attrs, at, &new);
        tokens.extend(trees.into_iter().skip(length));
        return tokens;
    }
    match Func::parse(item.clone()) {
        Ok(func) if !takes(&func) => item,
        _ => shared(block, Vec::new(), Errors::new(), item),
    }
}

/// Returns whether a block takes a function that has no attribute of its own.
pub(crate) fn takes(func: &Func) -> bool {
    Output::is_future(&func.sig)
}

/// Returns a function with the limiter of the block.
fn shared(
    block: &Membership,
    own: Vec<Entry>,
    mut errors: Errors,
    item: TokenStream,
) -> TokenStream {
    let options = args::parse(block.options.clone(), &mut errors);
    let options = options
        .into_iter()
        .filter(|option| !is_replaced(option, &own));
    let options: Vec<Entry> = options.collect();
    if let Ok(func) = Func::parse(item.clone()) {
        check_self(&options, &func, &mut errors);
    }
    let entries = options.into_iter().chain(own).collect();
    match Plan::of(entries, item.clone(), Within::Shared(block), errors) {
        Ok(plan) => expand::expand(&plan),
        Err(errors) => fallback::expand(item, errors),
    }
}

/// Returns whether a function has an option of its own in the place of the block's.
fn is_replaced(option: &Entry, own: &[Entry]) -> bool {
    own.iter().any(|own| {
        let pair = (option.name.to_string(), own.name.to_string());
        match (pair.0.as_str(), pair.1.as_str()) {
            // Both of them say what is retried, or whether headers are read.
            ("retry_on", "classify")
            | ("classify", "retry_on")
            | ("headers", "respect_headers") => true,
            (option, own) => option == own,
        }
    })
}

/// Returns the entries without `inherit`; reports options that the block has for all of its functions.
fn own_entries(entries: Vec<Entry>, errors: &mut Errors) -> Vec<Entry> {
    let (words, own): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| entry.name == "inherit");
    for word in words {
        check_flag(&word, errors);
    }
    for entry in &own {
        let name = &entry.name;
        if OF_BLOCK.iter().any(|of_block| name == of_block) {
            errors.at(
                name,
                format!(
                    "the limiter is the block's, with its own `{name}`: remove `{name}` here, or remove `inherit` for a limiter \
                     of the function's own"
                ),
            );
        }
    }
    own
}

/// Options of a limiter that functions share.
const OF_BLOCK: [&str; 10] = [
    "rate",
    "burst",
    "window",
    "limits",
    "limiter",
    "store",
    "on_store_error",
    "start",
    "max_keys",
    "max_concurrency",
];

fn check_skip(entries: &[Entry], errors: &mut Errors) {
    for entry in entries {
        if entry.name == "skip" {
            check_flag(entry, errors);
        } else {
            errors.at(
                &entry.name,
                "`skip` leaves the function without a limiter: remove this, or remove `skip`",
            );
        }
    }
}

fn check_flag(entry: &Entry, errors: &mut Errors) {
    if !matches!(entry.form, Form::Flag) {
        errors.at(&entry.name, sentences::takes_no_value(&entry.name));
    }
}

/// Reports options of the block that use `self`, where the function has none.
fn check_self(options: &[Entry], func: &Func, errors: &mut Errors) {
    if func
        .sig
        .inputs
        .iter()
        .any(|arg| matches!(arg, FnArg::Receiver(_)))
    {
        return;
    }
    for option in options {
        if uses_self(&option.form) {
            let (name, function) = (&option.name, &func.sig.ident);
            errors.at(
                function,
                format!(
                    "`{name}` of the block uses `self`, which `{function}` has not: give it `&self`, or write \
                     `#[rate_limited(skip)]` or options of its own, like `#[rate_limited(rate = 5)]`"
                ),
            );
        }
    }
}

fn uses_self(form: &Form) -> bool {
    match form {
        Form::Value(expr) | Form::Unnamed(expr) => {
            let name = Ident::new("self", Span::call_site());
            once::own_name_in(expr, &[name]).is_some()
        }
        Form::List(entries) => entries.iter().any(|entry| uses_self(&entry.form)),
        Form::Flag => false,
    }
}

/// Returns the function as it was, with the mistakes.
fn failed(item: TokenStream, errors: Errors) -> TokenStream {
    let errors = errors.judge(Some(())).err().unwrap_or_default();
    fallback::expand(item, errors)
}
