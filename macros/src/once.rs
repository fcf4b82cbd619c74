//! Options of the limiter are read once, for all callers: they cannot name what each call has of its own.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, FnArg, GenericParam, Ident, PatType, Signature};

use crate::diag::Errors;
use crate::options::Options;
use crate::pattern::{each_binding, read};
use crate::store::Store;
use crate::value::Value;

/// Reports options of the limiter that name `self`, an argument or a generic parameter.
pub(crate) fn check(options: &Options, sig: &Signature, errors: &mut Errors) {
    let values = [
        ("rate", options.rate.as_ref()),
        ("burst", options.burst.as_ref()),
        ("throttle_below", options.throttle_below.as_ref()),
        ("max_cooldown", options.max_cooldown.as_ref()),
        ("hint_spread", options.hint_spread.as_ref()),
        ("slow", options.slow.as_ref()),
    ];
    let values = values.into_iter().filter_map(|(name, value)| match value {
        Some(Value::RunTime(_, expr)) => Some((name, expr)),
        _ => None,
    });
    let store = options.store.as_ref().and_then(|store| match store {
        Store::RunTime(expr) => Some(("store", expr)),
        _ => None,
    });
    let own = own_names(sig);
    for (option, expr) in values.chain(store) {
        if let Some(name) = own_name_in(expr, &own) {
            errors.at(
                &name,
                format!(
                    "`{option}` belongs to the limiter and would be read once, for all callers, so it cannot use \
                     `{name}`: keep a `paced::Limiter` where `{name}` comes from, and write `limiter = self.limiter`"
                ),
            );
        }
    }
}

/// What each call has of its own.
fn own_names(sig: &Signature) -> Vec<Ident> {
    let mut names = Vec::new();
    for param in &sig.generics.params {
        match param {
            GenericParam::Type(param) => names.push(param.ident.clone()),
            GenericParam::Const(param) => names.push(param.ident.clone()),
            GenericParam::Lifetime(_) => {}
        }
    }
    for arg in &sig.inputs {
        match arg {
            FnArg::Receiver(receiver) => {
                names.push(Ident::new("self", receiver.self_token.span));
            }
            FnArg::Typed(PatType { pat, ty, .. }) => {
                let mut pat = read(pat.to_token_stream());
                each_binding(&mut pat, ty, &mut |binding| {
                    names.push(binding.ident.clone());
                });
            }
        }
    }
    names
}

/// The first of the names that the expression uses as a value or a type.
fn own_name_in(expr: &Expr, own: &[Ident]) -> Option<Ident> {
    find(expr.to_token_stream(), own, &mut Vec::new())
}

/// `bound` are names that the expression declares itself, with `let` or as a closure's argument.
fn find(tokens: TokenStream, own: &[Ident], bound: &mut Vec<Ident>) -> Option<Ident> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        let is = |offset: usize, mark: char| matches!(trees.get(offset), Some(TokenTree::Punct(punct)) if punct.as_char() == mark);
        match tree {
            TokenTree::Group(group) => {
                if let Some(name) = find(group.stream(), own, bound) {
                    return Some(name);
                }
            }
            TokenTree::Ident(name) if own.contains(name) => {
                let before = |mark| at > 0 && is(at - 1, mark);
                // A field or a method; two dots are a range.
                let is_member = before('.') && !(at > 1 && is(at - 2, '.'));
                let in_path = before(':') && at > 1 && is(at - 2, ':');
                let begins_path = is(at + 1, ':') && is(at + 2, ':');
                // A module may be named as an argument is, but not as a type parameter.
                let is_module = begins_path && !starts_uppercase(name);
                // The name of a field that is given a value.
                let is_field = is(at + 1, ':') && !begins_path;
                let is_bound = before('|')
                    || matches!(&trees[..at], [.., TokenTree::Ident(word)] if word == "let" || word == "mut");
                if is_bound {
                    bound.push(name.clone());
                } else if !(is_member || in_path || is_module || is_field || bound.contains(name)) {
                    return Some(name.clone());
                }
            }
            _ => {}
        }
    }
    None
}

fn starts_uppercase(name: &Ident) -> bool {
    name.to_string().starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expr: &str) -> Option<String> {
        let sig =
            "async fn f<T: Api, const LIMIT: u32>(&self, rate: u32, (a, b): (u8, u8), config: C)";
        let sig: Signature = syn::parse_str(sig).expect("a signature");
        let expr: Expr = syn::parse_str(expr).expect("an expression");
        own_name_in(&expr, &own_names(&sig)).map(|name| name.to_string())
    }

    #[test]
    fn own_names_are_found() {
        for (expr, name) in [
            ("self.rate", "self"),
            ("rate", "rate"),
            ("rate * 2", "rate"),
            ("f(&[a])", "a"),
            ("{ LIMIT }", "LIMIT"),
            ("T::RATE", "T"),
            ("<T as Api>::RATE", "T"),
            ("config.rate()", "config"),
            ("0..rate", "rate"),
            ("S { rate }", "rate"),
            ("{ let x = b; x }", "b"),
        ] {
            assert_eq!(found(expr).as_deref(), Some(name), "{expr}");
        }
    }

    #[test]
    fn other_uses_of_the_names_are_none() {
        for expr in [
            "CONFIG.rate()",
            "CONFIG.rate",
            "Self::RATE",
            "config::RATE",
            "crate::config::rate()",
            "S { rate: 5 }",
            "\"rate\"",
            "{ let rate = 5; rate }",
            "list.iter().map(|a| a + 1)",
        ] {
            assert_eq!(found(expr), None, "{expr}");
        }
    }
}
