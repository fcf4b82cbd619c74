//! `crate`: the path of the runtime, where the dependency has another name.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprPath, Path};

use crate::diag::Errors;

/// Reads the path.
pub(crate) fn read(expr: Expr, errors: &mut Errors) -> Option<Path> {
    match expr {
        Expr::Path(ExprPath {
            qself: None, path, ..
        }) if is_absolute(&path) => Some(path),
        other => {
            let message = "expected an absolute path: write `crate = ::my_paced`, or `crate = crate::path::to::paced`";
            errors.at(other, message);
            None
        }
    }
}

/// Returns the path of the module with everything that expansions may name; `None`: of the crate `paced`.
pub(crate) fn private(krate: Option<&Path>) -> TokenStream {
    let here = Span::mixed_site();
    let krate = krate.map(ToTokens::to_token_stream);
    let paced = krate.unwrap_or_else(|| quote_spanned!(here=> ::paced));
    quote_spanned!(here=> #paced::__private)
}

/// Returns whether the path means the same in every module; `$crate` comes from the user's own macros.
fn is_absolute(path: &Path) -> bool {
    path.leading_colon.is_some()
        || path
            .segments
            .first()
            .is_some_and(|first| first.ident == "crate" || first.ident == "$crate")
}
