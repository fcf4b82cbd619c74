//! The item under the attribute: a function whose body is kept as tokens.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Ident, Signature, Token, Visibility, token};

use crate::tokens::mentions;

pub(crate) struct Func {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) brace: token::Brace,
    /// Attributes `#![..]` at the top of the body, which must stay in the function's own braces.
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) body: TokenStream,
}

impl Func {
    pub(crate) fn parse(item: TokenStream) -> syn::Result<Self> {
        parse_item.parse2(item)
    }

    /// Returns whether it is recognisably a method, or an associated function.
    pub(crate) fn is_method(&self) -> bool {
        self.sig.receiver().is_some()
            || mentions(self.sig.to_token_stream(), "Self")
            || mentions(self.body.clone(), "Self")
    }

    /// Returns the generic constants and types of the function.
    pub(crate) fn own_generics(&self) -> Vec<Ident> {
        let generics = &self.sig.generics;
        let constants = generics.const_params().map(|param| &param.ident);
        let types = generics.type_params().map(|param| &param.ident);
        constants.chain(types).cloned().collect()
    }
}

fn parse_item(input: ParseStream<'_>) -> syn::Result<Func> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    if !has_fn(input) {
        return Err(not_a_function(input));
    }
    let sig: Signature = input.parse()?;
    if input.peek(Token![;]) {
        let message = "there is no body to call again: give the function one, put `#[rate_limited]` on the method in the \
                       `impl`, or on an `async fn` that calls this one";
        return Err(syn::Error::new_spanned(&sig, message));
    }
    let content;
    let brace = syn::braced!(content in input);
    let inner_attrs = content.call(Attribute::parse_inner)?;
    let body = content.parse()?;
    Ok(Func {
        attrs,
        vis,
        sig,
        brace,
        inner_attrs,
        body,
    })
}

/// Returns whether the item's keyword is `fn`, after any qualifiers.
fn has_fn(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while let Ok(token) = ahead.parse::<TokenTree>() {
        match token {
            TokenTree::Ident(word) if word == "fn" => return true,
            // `async`, `const`, `unsafe`, `extern "C"` may come first.
            TokenTree::Ident(word) if QUALIFIERS.iter().any(|qualifier| word == qualifier) => {}
            TokenTree::Literal(_) => {}
            _ => return false,
        }
    }
    false
}

const QUALIFIERS: [&str; 6] = ["async", "const", "unsafe", "safe", "extern", "default"];

fn not_a_function(input: ParseStream<'_>) -> syn::Error {
    let keyword = input.cursor().ident().map(|(word, _)| word.to_string());
    let sentence = match keyword.as_deref() {
        Some("trait") => {
            "`#[rate_limited]` goes on a function: put it on the methods where they have a body"
        }
        Some("mod") => {
            "`#[rate_limited]` goes on a function: put it on each `async fn` of this module"
        }
        _ => "`#[rate_limited]` goes on an `async fn`",
    };
    input.error(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_items_say_where_the_attribute_goes() {
        for (item, part) in [
            ("trait Api {}", "on the methods where they have a body"),
            ("mod api {}", "on each `async fn` of this module"),
            ("struct Api;", "goes on an `async fn`"),
            ("async fn fetch();", "there is no body to call again"),
        ] {
            let item = item.parse().expect("tokens");
            let message = Func::parse(item).err().expect("no function").to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
