//! Questions to tokens: the marks and words that they are, and the names that occur in them.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;

pub(crate) fn is_word(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == word)
}

pub(crate) fn is_mark(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}

pub(crate) fn is_semicolon(tree: &TokenTree) -> bool {
    is_mark(tree, ';')
}

pub(crate) fn is_equals(tree: &TokenTree) -> bool {
    is_mark(tree, '=')
}

/// Returns whether both trees are the same word.
pub(crate) fn is_same_word(one: &TokenTree, other: &TokenTree) -> bool {
    matches!((one, other), (TokenTree::Ident(one), TokenTree::Ident(other)) if one == other)
}

/// Returns whether `name` occurs as a word of its own, or inside a literal, where `"{name}"` would use it.
pub(crate) fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word.unraw() == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Literal(literal) => literal.to_string().contains(name),
        TokenTree::Punct(_) => false,
    })
}

/// Counts the words before the first that is `name`.
pub(crate) fn words_before(tokens: TokenStream, name: &Ident) -> usize {
    fn count(tokens: TokenStream, name: &Ident, words: &mut usize) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(word) => {
                *words += 1;
                word == *name
            }
            TokenTree::Group(group) => count(group.stream(), name, words),
            TokenTree::Literal(_) | TokenTree::Punct(_) => false,
        })
    }
    let mut words = 0;
    count(tokens, name, &mut words);
    words
}

/// Returns whether the tokens of a type have a lifetime or a reference.
pub(crate) fn has_lifetime(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        TokenTree::Group(group) => has_lifetime(group.stream()),
        _ => false,
    })
}

/// Returns whether the tokens of a type have a lifetime other than `'static`, or a reference without one.
pub(crate) fn borrows(tokens: TokenStream) -> bool {
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let found = match tree {
            TokenTree::Group(group) => borrows(group.stream()),
            TokenTree::Punct(mark) if mark.as_char() == '\'' => {
                !trees.peek().is_some_and(|name| is_word(name, "static"))
            }
            TokenTree::Punct(mark) if mark.as_char() == '&' => {
                !trees.peek().is_some_and(|next| is_mark(next, '\''))
            }
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// Returns the tokens with the word `new` in each place of `word`.
pub(crate) fn replaced(tokens: TokenStream, word: &str, new: &str) -> TokenStream {
    let trees = tokens.into_iter().map(|tree| match tree {
        TokenTree::Ident(ident) if ident == word => Ident::new(new, ident.span()).into(),
        TokenTree::Group(group) => {
            let mut changed = Group::new(group.delimiter(), replaced(group.stream(), word, new));
            changed.set_span(group.span());
            changed.into()
        }
        other => other,
    });
    trees.collect()
}
