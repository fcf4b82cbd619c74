//! Options of the limiter are read once, for all callers: they cannot use arguments, `self` or generic parameters.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, FnArg, GenericParam, Ident, PatType, Signature};

use crate::concurrency::Concurrency;
use crate::diag::Errors;
use crate::options::Options;
use crate::pattern::{each_binding, read};
use crate::store::Store;
use crate::tokens::{is_mark, is_word};
use crate::value::Value;

/// Reports options of the limiter that name `self`, an argument or a generic parameter.
pub(crate) fn check(options: &Options, sig: &Signature, errors: &mut Errors) {
    check_names(options, &own_names(sig), errors);
}

/// Reports options of the limiter that use one of the names.
pub(crate) fn check_names(options: &Options, own: &[Ident], errors: &mut Errors) {
    let values = [
        ("rate", options.rate.as_ref()),
        ("burst", options.burst.as_ref()),
        ("max_keys", options.max_keys.as_ref()),
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
    let rows = options.limits.iter().flat_map(|limits| &limits.rows);
    let rows = rows.flat_map(|row| [Some(&row.rate), row.burst.as_ref().map(|it| &it.1)]);
    let rows = rows.filter_map(|value| match value {
        Some(Value::RunTime(_, expr)) => Some(("limits", expr)),
        _ => None,
    });
    let in_flight = options.max_concurrency.iter().flat_map(Concurrency::values);
    let in_flight = in_flight.filter_map(|value| match value {
        Value::RunTime(_, expr) => Some(("max_concurrency", expr)),
        _ => None,
    });
    for (option, expr) in values.chain(rows).chain(in_flight).chain(store) {
        if let Some(name) = own_name_in(expr, own) {
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

/// Returns the names that mean something else in each call.
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

/// Returns the first of the names that the expression uses as a value or a type.
pub(crate) fn own_name_in(expr: &Expr, own: &[Ident]) -> Option<Ident> {
    find(expr.to_token_stream(), own, &mut Vec::new())
}

/// Finds a name in tokens; `bound` are the names that the expression declares itself, with `let` or as a closure's
/// argument.
fn find(tokens: TokenStream, own: &[Ident], bound: &mut Vec<Ident>) -> Option<Ident> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) => {
                if let Some(name) = find(group.stream(), own, bound) {
                    return Some(name);
                }
            }
            TokenTree::Ident(name) if own.contains(name) => {
                match role(&trees[..at], name, &trees[at + 1..]) {
                    Role::Declared => bound.push(name.clone()),
                    Role::Used if !bound.contains(name) => return Some(name.clone()),
                    Role::Used | Role::Unrelated => {}
                }
            }
            _ => {}
        }
    }
    None
}

/// Role of a word in an expression.
enum Role {
    /// The expression declares a variable of this name.
    Declared,
    /// It is a value or a type.
    Used,
    /// It is part of another name, like a field or a module.
    Unrelated,
}

/// Returns the role of `name` between the tokens `before` and `after` it.
fn role(before: &[TokenTree], name: &Ident, after: &[TokenTree]) -> Role {
    let begins_path = matches!(after, [one, two, ..] if is_mark(one, ':') && is_mark(two, ':'));
    match before {
        [.., word] if is_mark(word, '|') || is_word(word, "let") || is_word(word, "mut") => {
            return Role::Declared;
        }
        // The end of a range.
        [.., one, two] if is_mark(one, '.') && is_mark(two, '.') => {}
        // A field or a method.
        [.., dot] if is_mark(dot, '.') => return Role::Unrelated,
        // The rest of a path.
        [.., one, two] if is_mark(one, ':') && is_mark(two, ':') => return Role::Unrelated,
        _ => {}
    }
    match after {
        // A module may have the name of an argument, but not that of a type parameter.
        _ if begins_path && !starts_uppercase(name) => Role::Unrelated,
        // The name of a field that is given a value.
        [colon, ..] if is_mark(colon, ':') && !begins_path => Role::Unrelated,
        _ => Role::Used,
    }
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
