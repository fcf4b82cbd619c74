//! The parts of an expansion that only a plain function has.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::Attribute;

use crate::diag::Errors;
use crate::func::Func;
use crate::options::Options;
use crate::output::Output;
use crate::tokens::mentions;

/// Adds what the settings of a plain function have, and reports an option that it cannot have.
pub(crate) fn add(options: &mut Options, output: &Output, errors: &mut Errors) {
    if !output.is_blocking() {
        return;
    }
    options.modes.push("blocking");
    if let Some(name) = options.name("attempt_timeout") {
        errors.at(name, ATTEMPT_TIMEOUT);
    }
}

const ATTEMPT_TIMEOUT: &str = "a thread cannot be ended from outside: set a timeout in the client, such as `timeout` of \
                               `reqwest::blocking::ClientBuilder` or `timeout_global` of ureq, or write `async fn`";

/// Returns the expression that runs the body once under the limiter.
pub(crate) fn attempt(private: &TokenStream, body: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #private::Call::run(&mut call, || { #body }))
}

/// Returns the attribute with which a panic about the thread is located at the user's call.
pub(crate) fn caller(func: &Func, output: &Output) -> Option<TokenStream> {
    let shows = output.is_blocking() && can_track(func);
    shows.then(|| quote_spanned!(Span::mixed_site()=> #[track_caller]))
}

/// Returns whether `#[track_caller]` may be added to a function: it changes how the function is called, which must stay
/// where code in other languages or the linker refers to it.
fn can_track(func: &Func) -> bool {
    let fixes = |attr: &Attribute| {
        let tokens = attr.to_token_stream();
        FIXED.iter().any(|name| mentions(tokens.clone(), name))
    };
    func.sig.abi.is_none() && func.sig.ident != "main" && !func.attrs.iter().any(fixes)
}

/// Attributes that do not go with it.
const FIXED: [&str; 5] = [
    "track_caller",
    "target_feature",
    "no_mangle",
    "export_name",
    "naked",
];
