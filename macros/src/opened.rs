//! Bodies that are one `async` block, as `#[async_trait]` writes them: they run like the body of an `async fn`.
//!
//! Such a block consumes every argument, so that nothing would remain for a second attempt. It first moves the arguments
//! into variables; those statements, the prologue, therefore run once, before all attempts.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Pat, Token};

use crate::capture::{Capture, CaptureKind};
use crate::pattern::{self, visit_bindings};
use crate::tokens::{is_equals, is_mark, is_same_word, is_semicolon, is_word, mentions};

pub(crate) struct Opened {
    /// `let __self = self; let x = x;`
    pub(crate) prologue: TokenStream,
    pub(crate) body: TokenStream,
    /// Location of the block's braces.
    pub(crate) span: Span,
    /// Location of its `async`.
    pub(crate) start: Span,
}

/// Opens `async move { .. }` and `Box::pin(async move { .. })`; `None` for any other body.
pub(crate) fn open(body: &TokenStream) -> Option<Opened> {
    let (start, block) = async_block(body).or_else(|| async_block(&boxed(body)?))?;
    let trees: Vec<TokenTree> = block.stream().into_iter().collect();
    let (edge, statements) = trees.split_at(edge_length(&trees));
    let (moves, rest) = statements.split_at(moves_length(statements));
    Some(Opened {
        prologue: moves.iter().cloned().collect(),
        body: edge.iter().chain(rest).cloned().collect(),
        span: block.span(),
        start,
    })
}

impl Opened {
    /// Returns whether the prologue declares `name`.
    pub(crate) fn declares(&self, name: &Ident) -> bool {
        self.bindings().iter().any(|(binding, _)| binding == name)
    }

    /// Returns whether the prologue declares `name` as `mut`.
    pub(crate) fn declares_mutable(&self, name: &Ident) -> bool {
        self.bindings()
            .iter()
            .any(|(binding, mutable)| binding == name && *mutable)
    }

    /// Adds `mut` to the declarations of captures that need it.
    pub(crate) fn make_mutable(&mut self, captures: &[Capture]) {
        let prologue = core::mem::take(&mut self.prologue);
        for (before, mut pat, after) in declarations(prologue) {
            visit_bindings(&mut pat, &mut |binding| {
                let owned = |capture: &Capture| {
                    capture.kind == CaptureKind::Owned && capture.name == binding.ident
                };
                if binding.by_ref.is_none() && captures.iter().any(owned) {
                    binding.mutability = Some(Token![mut](binding.ident.span()));
                }
            });
            self.prologue.extend(before);
            pat.to_tokens(&mut self.prologue);
            self.prologue.extend(after);
        }
    }

    /// Returns the names that the prologue declares; `true` for those that are `mut`.
    fn bindings(&self) -> Vec<(Ident, bool)> {
        let mut found = Vec::new();
        for (_, mut pat, _) in declarations(self.prologue.clone()) {
            visit_bindings(&mut pat, &mut |binding| {
                found.push((binding.ident.clone(), binding.mutability.is_some()));
            });
        }
        found
    }
}

/// Splits each statement `let pattern = value;` of a prologue: the tokens before the pattern, the pattern, the tokens after
/// it.
fn declarations(prologue: TokenStream) -> Vec<(TokenStream, Pat, TokenStream)> {
    let mut found = Vec::new();
    let mut trees = prologue.into_iter().peekable();
    while trees.peek().is_some() {
        let mut before = TokenStream::new();
        for tree in trees.by_ref() {
            let is_let = is_word(&tree, "let");
            before.extend([tree]);
            if is_let {
                break;
            }
        }
        let mut pat = TokenStream::new();
        while let Some(tree) = trees.next_if(|tree| !is_equals(tree)) {
            pat.extend([tree]);
        }
        let mut after = TokenStream::new();
        for tree in trees.by_ref() {
            let is_end = is_semicolon(&tree);
            after.extend([tree]);
            if is_end {
                break;
            }
        }
        found.push((before, pattern::read(pat), after));
    }
    found
}

/// Returns the location of `async` and the braces of `async { .. }` or `async move { .. }`, if that is all.
fn async_block(tokens: &TokenStream) -> Option<(Span, Group)> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match trees.as_slice() {
        [first, TokenTree::Group(block)] | [first, _, TokenTree::Group(block)]
            if is_word(first, "async") && block.delimiter() == Delimiter::Brace =>
        {
            let between = &trees[1..trees.len() - 1];
            between
                .iter()
                .all(|tree| is_word(tree, "move"))
                .then(|| (first.span(), block.clone()))
        }
        _ => None,
    }
}

/// Returns the argument of `Box::pin(..)`, if that is all.
fn boxed(tokens: &TokenStream) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let (TokenTree::Group(argument), path) = trees.split_last()? else {
        return None;
    };
    let names: Vec<&TokenTree> = path.iter().filter(|tree| !is_mark(tree, ':')).collect();
    let is_box_pin = match names.as_slice() {
        [.., name, function] => is_word(name, "Box") && is_word(function, "pin"),
        _ => false,
    };
    let is_path = names.iter().all(|tree| matches!(tree, TokenTree::Ident(_)));
    (is_box_pin && is_path).then(|| argument.stream())
}

/// Counts the tokens of the dead code at the beginning, by which `#[async_trait]` fixes the type of the block:
/// `if let Some(__ret) = None::<R> { return __ret; }`
pub(crate) fn edge_length(trees: &[TokenTree]) -> usize {
    let Some(end) = trees.iter().position(is_braces) else {
        return 0;
    };
    match &trees[..end] {
        [first, condition @ ..]
            if is_word(first, "if") && mentions(condition.iter().cloned().collect(), "__ret") =>
        {
            end + 1
        }
        _ => 0,
    }
}

fn is_braces(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Counts the tokens of the statements at the beginning that only move arguments.
pub(crate) fn moves_length(trees: &[TokenTree]) -> usize {
    let mut length = 0;
    while let Some(end) = trees[length..].iter().position(is_semicolon) {
        if !only_moves(&trees[length..length + end]) {
            break;
        }
        length += end + 1;
    }
    length
}

/// Returns whether a statement is `let x = x`, `let mut x = x`, `let __self = self` or
/// `let (a, b) = { let __arg1 = __arg1; __arg1 }`.
fn only_moves(statement: &[TokenTree]) -> bool {
    let statement = match statement {
        [hash, TokenTree::Group(_), rest @ ..] if is_mark(hash, '#') => rest,
        other => other,
    };
    let [first, pattern @ .., equals, value] = statement else {
        return false;
    };
    if !is_word(first, "let") || !is_equals(equals) {
        return false;
    }
    match (value, pattern) {
        (TokenTree::Group(block), _) => moves_argument(block),
        (value, [name]) => is_moved(name, value),
        (value, [mutable, name]) => is_word(mutable, "mut") && is_moved(name, value),
        _ => false,
    }
}

/// Returns whether a block is `{ let __arg1 = __arg1; __arg1 }`, which gives an argument to its pattern.
fn moves_argument(block: &Group) -> bool {
    let trees: Vec<TokenTree> = block.stream().into_iter().collect();
    match trees.as_slice() {
        [first, name, equals, value, end, last] => {
            is_word(first, "let")
                && is_equals(equals)
                && is_semicolon(end)
                && is_argument(name)
                && is_same_word(name, value)
                && is_same_word(name, last)
        }
        _ => false,
    }
}

/// Returns whether a word is the name that `#[async_trait]` gives to an argument whose pattern the body takes apart.
fn is_argument(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Ident(name) if is_argument_name(name))
}

/// Returns whether a name is `__arg0`, `__arg1` and so on.
pub(crate) fn is_argument_name(name: &Ident) -> bool {
    let name = name.to_string();
    let number = name.strip_prefix("__arg");
    number.is_some_and(|number| number.parse::<usize>().is_ok())
}

fn is_moved(name: &TokenTree, value: &TokenTree) -> bool {
    is_same_word(name, value) || is_word(name, "__self") && is_word(value, "self")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &str) -> Option<(String, String)> {
        let opened = open(&body.parse().expect("tokens"))?;
        Some((opened.prologue.to_string(), opened.body.to_string()))
    }

    fn same(code: &str) -> String {
        code.parse::<TokenStream>().expect("tokens").to_string()
    }

    #[test]
    fn one_async_block_is_opened() {
        let cases = [
            ("async move { self.a().await }", "", "self.a().await"),
            ("async { a }", "", "a"),
            ("Box::pin(async move { a })", "", "a"),
            ("::std::boxed::Box::pin(async { a })", "", "a"),
            (
                "Box::pin(async move { let __self = self; let mut x = x; let n = x; n })",
                "let __self = self; let mut x = x;",
                "let n = x; n",
            ),
            (
                "Box::pin(async move { if let Some(__ret) = None::<R> { return __ret; } #[cfg(a)] let x = x; \
                 let (a, b) = { let __arg1 = __arg1; __arg1 }; let __ret: R = { a }; __ret })",
                "#[cfg(a)] let x = x; let (a, b) = { let __arg1 = __arg1; __arg1 };",
                "if let Some(__ret) = None::<R> { return __ret; } let __ret: R = { a }; __ret",
            ),
            (
                "async move { let (a, b) = { let __argument = c; __argument + __argument }; a }",
                "",
                "let (a, b) = { let __argument = c; __argument + __argument }; a",
            ),
            (
                "async move { if let Some(a) = b { return a; } let b = b; b }",
                "",
                "if let Some(a) = b { return a; } let b = b; b",
            ),
        ];
        for (code, prologue, body) in cases {
            assert_eq!(parts(code), Some((same(prologue), same(body))), "{code}");
        }
    }

    #[test]
    fn other_bodies_are_left_alone() {
        for code in [
            "",
            "a",
            "a(async move { a })",
            "Box::new(async move { a })",
            "let a = 1; async move { a }",
            "async move { a }.boxed()",
            "Box::pin(a.b())",
            "async fn",
            "async move | x | { x }",
        ] {
            assert_eq!(parts(code), None, "{code}");
        }
    }

    #[test]
    fn mutable_declarations_are_found() {
        let body = "async move { let mut a = a; let b = b; a + b }";
        let opened = open(&body.parse().expect("tokens")).expect("one block");
        let name = |name| Ident::new(name, Span::call_site());
        assert!(opened.declares_mutable(&name("a")));
        assert!(!opened.declares_mutable(&name("b")));
        assert!(opened.declares(&name("b")));
        assert!(!opened.declares(&name("c")));
    }
}
