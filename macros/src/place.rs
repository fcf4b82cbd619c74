//! Where the compiler shows tokens of ours: at those of the user that an error would be about.
//!
//! Only the location is borrowed. What a name means stays as it is, so that no name of ours can meet one of the user's.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

/// A span that rustc shows at `span`, and whose names cannot meet the user's.
pub(crate) fn located(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// The place of some tokens. It keeps both ends, for macros cannot join spans on a stable compiler: the compiler joins
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

    /// The same tokens, from end to end of this place.
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

    /// A call of `function` that covers this place.
    pub(crate) fn call(self, function: TokenStream, arguments: TokenStream) -> TokenStream {
        let mut call = self.spread(function);
        grouped(Delimiter::Parenthesis, arguments, self.end).to_tokens(&mut call);
        call
    }
}

/// Delimiters of ours round tokens of the user, shown at `span`.
pub(crate) fn grouped(delimiter: Delimiter, tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(located(span));
    group
}

/// A reference to what `expr` is, whatever operators it has.
pub(crate) fn by_reference(expr: &Expr) -> TokenStream {
    let place = Place::of(expr);
    let parens = grouped(Delimiter::Parenthesis, quiet(expr), place.start);
    place.spread(quote_spanned!(place.start=> &#parens))
}

/// An expression of the user as an argument. Braces or parentheses round all of it were needed where the user wrote
/// them, and the compiler would call them unnecessary here: ours it does not.
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
