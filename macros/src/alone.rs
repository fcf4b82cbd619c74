//! The attribute on a function by itself.

use proc_macro2::TokenStream;

use crate::expand;
use crate::fallback;
use crate::plan::Plan;

/// Returns the function with the attribute's code, or as it was, and every mistake.
///
/// `ty`: the name of the `impl` block that it is in, where that is known.
pub(crate) fn expand(attr: &TokenStream, ty: Option<&str>, item: TokenStream) -> TokenStream {
    match Plan::read(attr.clone(), ty, item.clone()) {
        Ok(plan) => expand::expand(&plan),
        // The compiler has reported it already.
        Err(_) if fallback::is_after_equals(attr) => item,
        Err(errors) => fallback::expand(item, errors),
    }
}
