//! The names that the pattern of an argument binds.

use proc_macro2::TokenStream;
use syn::parse::Parser as _;
use syn::{Pat, PatIdent, Type};

/// Reads the tokens as a pattern.
pub(crate) fn read(tokens: TokenStream) -> Pat {
    let pat = Pat::parse_multi.parse2(tokens.clone());
    pat.unwrap_or(Pat::Verbatim(tokens))
}

/// Removes the invisible groups and parentheses around a type.
pub(crate) fn bare(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            other => return other,
        };
    }
}

/// Visits each binding in the pattern of an argument.
pub(crate) fn each_binding(pat: &mut Pat, ty: &Type, visit: &mut dyn FnMut(&mut PatIdent)) {
    if let Pat::Ident(binding) = pat {
        // `unit: unit`: the name of a unit struct is the pattern of its value.
        let is_unit = matches!(bare(ty), Type::Path(ty) if ty.path.is_ident(&binding.ident));
        if !is_unit {
            visit(binding);
        }
        return;
    }
    visit_bindings(pat, &mut |binding| {
        // A capital begins the name of a unit struct or a constant, which bind nothing.
        if !binding.ident.to_string().starts_with(char::is_uppercase) {
            visit(binding);
        }
    });
}

pub(crate) fn visit_bindings(pat: &mut Pat, visit: &mut dyn FnMut(&mut PatIdent)) {
    match pat {
        Pat::Ident(binding) => {
            visit(binding);
            if let Some((_, inner)) = &mut binding.subpat {
                visit_bindings(inner, visit);
            }
        }
        Pat::Or(or) => or
            .cases
            .iter_mut()
            .for_each(|pat| visit_bindings(pat, visit)),
        Pat::Paren(paren) => visit_bindings(&mut paren.pat, visit),
        Pat::Reference(reference) => visit_bindings(&mut reference.pat, visit),
        Pat::Slice(slice) => slice
            .elems
            .iter_mut()
            .for_each(|pat| visit_bindings(pat, visit)),
        Pat::Struct(fields) => fields
            .fields
            .iter_mut()
            .for_each(|field| visit_bindings(&mut field.pat, visit)),
        Pat::Tuple(tuple) => tuple
            .elems
            .iter_mut()
            .for_each(|pat| visit_bindings(pat, visit)),
        Pat::TupleStruct(tuple) => tuple
            .elems
            .iter_mut()
            .for_each(|pat| visit_bindings(pat, visit)),
        _ => {}
    }
}
