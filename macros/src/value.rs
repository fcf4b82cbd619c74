//! The values of options. Literals are checked at once, constants by the compiler, and other expressions by the calls.

use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Expr, ExprPath, ExprUnary, Ident, Lit, Path, UnOp};

use crate::literal::{self, Kind};

pub(crate) enum Value {
    Literal(literal::Literal),
    /// A constant, or a calculation with constants: the compiler evaluates and checks it.
    Constant(Kind, Expr),
    /// Any other expression: evaluated at the first call, or at each call if the option belongs to the call.
    RunTime(Kind, Expr),
}

impl Value {
    /// Reads the value of the option `name`; `generics` are constants and types that only the function itself can name.
    pub(crate) fn read(
        name: &Ident,
        kind: Kind,
        expr: Expr,
        generics: &[Ident],
    ) -> syn::Result<Self> {
        match literal::read(name, kind, &expr) {
            Some(literal) => literal
                .map(Self::Literal)
                .map_err(|message| syn::Error::new_spanned(expr, message)),
            None if is_constant(&expr, generics) => {
                Ok(Self::Constant(kind, with_default_types(expr)))
            }
            // Operators of numbers are constant, those of durations are not.
            None if kind != Kind::Duration && is_calculated(&expr, generics) => {
                Ok(Self::Constant(kind, with_default_types(expr)))
            }
            None => Ok(Self::RunTime(kind, expr)),
        }
    }

    /// Returns whether it is a literal 0.
    pub(crate) fn is_none_at_all(&self) -> bool {
        matches!(self, Self::Literal(literal::Literal::Whole(0)))
    }

    pub(crate) fn is_run_time(&self) -> bool {
        matches!(self, Self::RunTime(..))
    }
}

/// Returns whether a `static` can hold `expr`: the name of a constant, or a `const` block.
pub(crate) fn is_constant(expr: &Expr, generics: &[Ident]) -> bool {
    match expr {
        Expr::Const(block) => !mentions_generics(block.to_token_stream(), generics),
        Expr::Path(ExprPath {
            qself: None, path, ..
        }) => is_constant_path(path, generics),
        _ => false,
    }
}

/// Returns whether `expr` is made of operators, literals and constants.
fn is_calculated(expr: &Expr, generics: &[Ident]) -> bool {
    let is = |expr: &Expr| is_calculated(expr, generics);
    match expr {
        Expr::Lit(_) => true,
        Expr::Paren(inner) => is(&inner.expr),
        Expr::Group(inner) => is(&inner.expr),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_) | UnOp::Not(_),
            expr,
            ..
        }) => is(expr),
        Expr::Binary(binary) => is(&binary.left) && is(&binary.right),
        Expr::Cast(cast) => is(&cast.expr),
        other => is_constant(other, generics),
    }
}

/// Adds the suffix `i64` or `f64` to literals, if nothing else in the expression has a type. The runtime takes constants of
/// every number type, so the compiler could not choose one.
fn with_default_types(expr: Expr) -> Expr {
    let tokens = expr.to_token_stream();
    if names_a_type(tokens.clone()) {
        return expr;
    }
    syn::parse2(with_suffixes(tokens)).unwrap_or(expr)
}

/// Returns whether there is a name, or a literal with a suffix.
fn names_a_type(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => names_a_type(group.stream()),
        TokenTree::Ident(ident) => ident != "const",
        TokenTree::Literal(literal) => match Lit::new(literal) {
            Lit::Int(int) => !int.suffix().is_empty(),
            Lit::Float(float) => !float.suffix().is_empty(),
            _ => true,
        },
        TokenTree::Punct(_) => false,
    })
}

fn with_suffixes(tokens: TokenStream) -> TokenStream {
    let suffixed = |literal: Literal| {
        let span = literal.span();
        let text = match Lit::new(literal.clone()) {
            Lit::Int(int) => format!("{}i64", int.base10_digits()),
            Lit::Float(float) => format!("{}f64", float.base10_digits()),
            _ => return literal,
        };
        text.parse().map_or(literal, |mut typed: Literal| {
            typed.set_span(span);
            typed
        })
    };
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Group(group) => {
            let mut typed = Group::new(group.delimiter(), with_suffixes(group.stream()));
            typed.set_span(group.span());
            TokenTree::Group(typed)
        }
        TokenTree::Literal(literal) => TokenTree::Literal(suffixed(literal)),
        other => other,
    });
    trees.collect()
}

/// Returns whether the path is named like a constant, and is not that of a generic parameter or of `Self`.
fn is_constant_path(path: &Path, generics: &[Ident]) -> bool {
    let (Some(first), Some(last)) = (path.segments.first(), path.segments.last()) else {
        return false;
    };
    let name = last.ident.to_string();
    // A single letter is the usual name of a generic constant, and a `static` cannot see those of the `impl`.
    let is_short = name.len() == 1 && path.segments.len() == 1;
    !is_short
        && name.chars().any(char::is_alphabetic)
        && !name.chars().any(char::is_lowercase)
        && first.ident != "Self"
        && !generics.contains(&last.ident)
        && !generics.contains(&first.ident)
}

fn mentions_generics(tokens: TokenStream, generics: &[Ident]) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => mentions_generics(group.stream(), generics),
        TokenTree::Ident(ident) => ident == "Self" || generics.contains(&ident),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str) -> Value {
        let name = Ident::new("rate", proc_macro2::Span::call_site());
        let generics = ["LIMIT_OF_F", "T"].map(|generic| Ident::new(generic, name.span()));
        let expr = syn::parse_str(code).expect(code);
        Value::read(&name, Kind::Rate, expr, &generics).expect(code)
    }

    #[test]
    fn constants_are_told_by_their_names() {
        for code in [
            "LIMIT",
            "config::LIMIT",
            "crate::config::LIMIT_2",
            "Config::LIMIT",
            "config::N",
            "2 * 5",
            "60 * (LIMIT - 1)",
            "LIMIT as f64 * 0.5",
            "const { LIMIT.pow(2) }",
        ] {
            assert!(matches!(read(code), Value::Constant(..)), "{code}");
        }
        for code in [
            "limit",
            "N",
            "LIMIT_OF_F",
            "Self::LIMIT",
            "T::LIMIT",
            "self.limit",
            "LIMIT()",
            "{ LIMIT }",
            "*LIMIT",
            "<T as Trait>::LIMIT",
            "2 * limit()",
            "const { LIMIT_OF_F }",
            "Limit",
            "_X1_y",
        ] {
            assert!(matches!(read(code), Value::RunTime(..)), "{code}");
        }
    }
}
