//! Bodies that are one `async` block, as `#[async_trait]` writes them: they run like the body of an `async fn`.
//!
//! Such a block takes every argument by value, once per attempt, so no second attempt could have them. What it does
//! first, moving the arguments into variables, is therefore done once and ahead of all attempts.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

pub(crate) struct Opened {
    /// `let __self = self; let x = x;`
    pub(crate) prologue: TokenStream,
    pub(crate) body: TokenStream,
    pub(crate) span: Span,
}

/// Opens `async move { .. }` and `Box::pin(async move { .. })`; `None` for any other body.
pub(crate) fn open(body: &TokenStream) -> Option<Opened> {
    let block = async_block(body).or_else(|| async_block(&boxed(body)?))?;
    let trees: Vec<TokenTree> = block.stream().into_iter().collect();
    let (edge, statements) = trees.split_at(edge_length(&trees));
    let (moves, rest) = statements.split_at(moves_length(statements));
    Some(Opened {
        prologue: moves.iter().cloned().collect(),
        body: edge.iter().chain(rest).cloned().collect(),
        span: block.span(),
    })
}

impl Opened {
    /// Whether the prologue declares `name` as `mut`.
    pub(crate) fn declares_mutable(&self, name: &str) -> bool {
        let mut words = self.prologue.clone().into_iter();
        let mut previous_is_mut = false;
        words.any(|word| {
            let found = previous_is_mut && is_word(&word, name);
            previous_is_mut = is_word(&word, "mut");
            found
        })
    }
}

/// The braces of `async { .. }` or `async move { .. }`, if that is all.
fn async_block(tokens: &TokenStream) -> Option<Group> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match trees.as_slice() {
        [first, TokenTree::Group(block)] | [first, _, TokenTree::Group(block)]
            if is_word(first, "async") && block.delimiter() == Delimiter::Brace =>
        {
            let between = &trees[1..trees.len() - 1];
            between
                .iter()
                .all(|tree| is_word(tree, "move"))
                .then(|| block.clone())
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
fn edge_length(trees: &[TokenTree]) -> usize {
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
fn moves_length(trees: &[TokenTree]) -> usize {
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

fn is_word(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == word)
}

fn is_semicolon(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ';')
}

fn is_equals(tree: &TokenTree) -> bool {
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
        assert!(opened.declares_mutable("a"));
        assert!(!opened.declares_mutable("b"));
    }
}
