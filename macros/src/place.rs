//! Locations of generated tokens: those of the user's tokens that a compiler error would be about.
//!
//! Only the location is borrowed. Names still resolve at the macro, so that no generated name can collide with one of the
//! user's.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

/// Returns a span that rustc shows at `span`, and whose names cannot collide with the user's.
pub(crate) fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// Location of some tokens. It keeps both ends, because macros cannot join spans on a stable compiler. The compiler joins
/// them itself in an expression that begins at one end and stops at the other.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: Span,
    end: Span,
}

impl Place {
    pub(crate) fn of(tokens: &impl ToTokens) -> Self {
        let mut spans = tokens.to_token_stream().into_iter().map(|tree| tree.span());
        let start = spans.next().unwrap_or_else(Span::mixed_site);
        let end = spans.last().unwrap_or(start);
        Self {
            start: located(start),
            end: located(end),
        }
    }

    /// Spreads the tokens over this place, from end to end.
    pub(crate) fn spread(self, tokens: TokenStream) -> TokenStream {
        let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
        for tree in &mut trees {
            tree.set_span(tree.span().located_at(self.start));
        }
        if let Some(last) = trees.last_mut() {
            last.set_span(last.span().located_at(self.end));
        }
        trees.into_iter().collect()
    }

    /// Returns a call of `function` that covers this place.
    pub(crate) fn call(self, function: TokenStream, arguments: TokenStream) -> TokenStream {
        let mut call = self.spread(function);
        grouped(Delimiter::Parenthesis, arguments, self.end).to_tokens(&mut call);
        call
    }
}

/// Puts generated delimiters round tokens of the user, shown at `span`.
pub(crate) fn grouped(delimiter: Delimiter, tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(located(span));
    group
}

/// Returns a reference to the value of `expr`, whatever operators it has.
pub(crate) fn by_reference(expr: &Expr) -> TokenStream {
    let place = Place::of(expr);
    let parens = grouped(Delimiter::Parenthesis, quiet(expr), place.start);
    place.spread(quote_spanned!(place.start=> &#parens))
}

/// Returns a reference to a reference to the value of `expr`.
pub(crate) fn by_two_references(expr: &Expr) -> TokenStream {
    let (place, reference) = (Place::of(expr), by_reference(expr));
    place.spread(quote_spanned!(place.start=> &#reference))
}

/// Returns an expression of the user as an argument. Braces or parentheses round all of it may have been needed where the
/// user wrote them, but the compiler would call them unnecessary here, so generated ones replace them.
pub(crate) fn quiet(expr: &Expr) -> TokenStream {
    let tokens = expr.to_token_stream();
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) => {
            grouped(group.delimiter(), group.stream(), group.span()).into_token_stream()
        }
        _ => tokens,
    }
}
