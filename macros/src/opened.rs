//! Bodies that are one `async` block, as `#[async_trait]` writes them: they run like the body of an `async fn`.
//!
//! Such a block takes every argument by value, once per attempt, so no second attempt could have them. What it does
//! first, moving the arguments into variables, is therefore done once and ahead of all attempts.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Pat, Token};

use crate::capture::{Capture, Kind as CaptureKind};
use crate::pattern::{self, visit_bindings};

pub(crate) struct Opened {
    /// `let __self = self; let x = x;`
    pub(crate) prologue: TokenStream,
    pub(crate) body: TokenStream,
    /// Where the block's braces are.
    pub(crate) span: Span,
    /// Where its `async` is.
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
    /// Whether the prologue declares `name`.
    pub(crate) fn declares(&self, name: &Ident) -> bool {
        self.bindings().iter().any(|(binding, _)| binding == name)
    }

    /// Whether the prologue declares `name` as `mut`.
    pub(crate) fn declares_mutable(&self, name: &Ident) -> bool {
        self.bindings()
            .iter()
            .any(|(binding, mutable)| binding == name && *mutable)
    }

    /// Lets the prologue declare the captures that need it as `mut`.
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

    /// The names that the prologue declares, and whether they are `mut`.
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

/// The statements `let pattern = value;` of a prologue: what is before the pattern, the pattern, what is after it.
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

/// The braces of `async { .. }` or `async move { .. }`, if that is all.
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

/// The argument of `Box::pin(..)`, if that is all.
fn boxed(tokens: &TokenStream) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let (TokenTree::Group(argument), path) = trees.split_last()? else {
        return None;
    };
    let names: Vec<&TokenTree> = path
        .iter()
        .filter(|tree| !matches!(tree, TokenTree::Punct(colon) if colon.as_char() == ':'))
        .collect();
    let is_box_pin = match names.as_slice() {
        [.., name, function] => is_word(name, "Box") && is_word(function, "pin"),
        _ => false,
    };
    let is_path = names.iter().all(|tree| matches!(tree, TokenTree::Ident(_)));
    (is_box_pin && is_path).then(|| argument.stream())
}

/// How many tokens of dead code stand first, by which `#[async_trait]` fixes the type of the block.
pub(crate) fn edge_length(trees: &[TokenTree]) -> usize {
    let is_brace = |tree: &TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    match trees.iter().position(is_brace) {
        Some(end)
            if is_word(&trees[0], "if") && format!("{:?}", &trees[..end]).contains("__ret") =>
        {
            end + 1
        }
        _ => 0,
    }
}

/// How many tokens are statements that only move arguments.
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

/// `let x = x`, `let mut x = x`, `let __self = self`, `let (a, b) = { let __arg1 = __arg1; __arg1 }`.
fn only_moves(statement: &[TokenTree]) -> bool {
    let statement = match statement {
        [TokenTree::Punct(hash), TokenTree::Group(_), rest @ ..] if hash.as_char() == '#' => rest,
        other => other,
    };
    match statement {
        [first, .., equals, TokenTree::Ident(value)]
            if is_word(first, "let") && is_equals(equals) =>
        {
            match &statement[1..statement.len() - 2] {
                [name] => is_moved(name, &value.to_string()),
                [mutable, name] => is_word(mutable, "mut") && is_moved(name, &value.to_string()),
                _ => false,
            }
        }
        [first, .., equals, TokenTree::Group(block)]
            if is_word(first, "let") && is_equals(equals) =>
        {
            let text = block.stream().to_string();
            text.starts_with("let __arg") && text.matches("__arg").count() == 3
        }
        _ => false,
    }
}

fn is_moved(name: &TokenTree, value: &str) -> bool {
    is_word(name, value) || value == "self" && is_word(name, "__self")
}

pub(crate) fn is_word(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == word)
}

pub(crate) fn is_semicolon(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';')
}

pub(crate) fn is_equals(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == '=')
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
