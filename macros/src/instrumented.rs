//! Bodies that `#[tracing::instrument]` has rewritten: it moves the arguments into a future, `async move { .. }`, once per
//! attempt. Without its `move` the future borrows them, and the next attempt has them, too.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use quote::ToTokens as _;
use syn::{FnArg, Pat, ReceiverKind, Signature, Type};

use crate::diag::Errors;
use crate::opened::{edge_length, is_equals, is_semicolon, is_word, moves_length};
use crate::output;
use crate::sync::is_copied;

/// Returns whether `#[instrument]` has rewritten the body.
pub(crate) fn is_instrumented(body: &TokenStream) -> bool {
    let mut trees = body.clone().into_iter();
    trees.any(|tree| is_word(&tree, FUTURE))
}

const FUTURE: &str = "__tracing_instrument_future";

/// Reports arguments that the body moves into the future of `#[instrument]`: the pattern of an argument, and a `&mut self`
/// that the result borrows from. The second attempt would not have them.
pub(crate) fn check(body: &TokenStream, sig: &Signature, ret: &Type, errors: &mut Errors) {
    if !is_instrumented(body) {
        return;
    }
    let lends = output::borrows(ret.to_token_stream());
    for arg in &sig.inputs {
        let moved = match arg {
            FnArg::Receiver(receiver) => {
                let is_exclusive = matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_)));
                (is_exclusive && lends).then_some(receiver.self_token.span)
            }
            FnArg::Typed(typed) => match &*typed.pat {
                // `#[async_trait]` calls an argument so if its pattern is taken apart in the body.
                Pat::Ident(pat)
                    if pat.ident.to_string().starts_with("__arg") && !is_copied(&typed.ty) =>
                {
                    Some(pat.ident.span())
                }
                _ => None,
            },
        };
        if let Some(span) = moved {
            errors.push(syn::Error::new(span, MOVED));
        }
    }
}

const MOVED: &str = "below `#[instrument]` the first attempt takes this along: write `#[rate_limited]` above `#[instrument]`, or \
                     `max_retries = 0`";

/// The body with futures of `#[instrument]` that borrow, and `edge` in them; `None` for any other body.
///
/// `reborrowed` is how a `&mut self` is passed on, where the body calls it `__self`.
pub(crate) fn loosen(
    body: &TokenStream,
    edge: &TokenStream,
    reborrowed: Option<&TokenStream>,
) -> Option<TokenStream> {
    let mut trees: Vec<TokenTree> = body.clone().into_iter().collect();
    let name = trees.iter().position(|tree| is_word(tree, FUTURE))?;
    let future = name + 2;
    if !trees.get(name + 1).is_some_and(is_equals) {
        return None;
    }
    let block = open(&mut trees, future)?;
    let inner: Vec<TokenTree> = block.stream().into_iter().collect();
    // With `err` or `ret` there is a second future inside of the first.
    let stream = match inner_future(&inner) {
        Some(at) => {
            let mut inner = inner;
            let block = open(&mut inner, at)?;
            let stream = with_edge(&block, edge, reborrowed);
            close(&mut inner, at, &block, stream);
            inner.into_iter().collect()
        }
        None => with_edge(&block, edge, reborrowed),
    };
    close(&mut trees, future, &block, stream);
    Some(trees.into_iter().collect())
}

/// Takes the `move` out of the `async move { .. }` at `at`, and gives the block.
fn open(trees: &mut Vec<TokenTree>, at: usize) -> Option<Group> {
    match trees.get(at..at + 3)? {
        [first, second, TokenTree::Group(block)]
            if is_word(first, "async")
                && is_word(second, "move")
                && block.delimiter() == Delimiter::Brace =>
        {
            let block = block.clone();
            trees.remove(at + 1);
            Some(block)
        }
        _ => None,
    }
}

/// Puts `stream` in the place of the block that [`open`] gave.
fn close(trees: &mut [TokenTree], at: usize, block: &Group, stream: TokenStream) {
    let mut changed = Group::new(Delimiter::Brace, stream);
    changed.set_span(block.span());
    trees[at + 1] = changed.into();
}

/// Where the user's body is in `match async move { .. }.await { .. }` or `let x = async move { .. }.await; ..`.
fn inner_future(trees: &[TokenTree]) -> Option<usize> {
    let at = match trees {
        [first, ..] if is_word(first, "match") => 1,
        [first, _, equals, ..] if is_word(first, "let") && is_equals(equals) => 3,
        _ => return None,
    };
    let is_future = trees.get(at).is_some_and(|tree| is_word(tree, "async"))
        && trees.get(at + 1).is_some_and(|tree| is_word(tree, "move"));
    // The user's own would not have the dead code of `#[instrument]`.
    let block = trees.get(at + 2)?;
    let is_theirs = matches!(block, TokenTree::Group(block) if false_edge(&block.stream()) > 0);
    (is_future && is_theirs).then_some(at)
}

/// How many tokens of `#[allow(..)] if false { .. }` stand first.
fn false_edge(stream: &TokenStream) -> usize {
    let trees: Vec<TokenTree> = stream.clone().into_iter().take(5).collect();
    match trees.as_slice() {
        [
            TokenTree::Punct(hash),
            TokenTree::Group(_),
            first,
            second,
            TokenTree::Group(_),
        ] if hash.as_char() == '#' && is_word(first, "if") && is_word(second, "false") => 5,
        _ => 0,
    }
}

/// The user's block with our dead code first, and without the moves of `#[async_trait]`.
fn with_edge(block: &Group, edge: &TokenStream, reborrowed: Option<&TokenStream>) -> TokenStream {
    let trees: Vec<TokenTree> = block.stream().into_iter().collect();
    let theirs = false_edge(&block.stream());
    let theirs = theirs + edge_length(&trees[theirs..]);
    let moves = moves_length(&trees[theirs..]);
    let mut stream = edge.clone();
    stream.extend(trees[..theirs].iter().cloned());
    for statement in trees[theirs..theirs + moves].split_inclusive(is_semicolon) {
        match (statement, reborrowed) {
            ([.., equals, TokenTree::Ident(value), _], Some(reborrowed))
                if is_equals(equals) && value == "self" =>
            {
                stream.extend(reborrowed.clone());
            }
            // `let x = x;`: it is borrowed now, under the same name.
            ([first, .., name, equals, value, _], _)
                if is_word(first, "let")
                    && is_equals(equals)
                    && name.to_string() == value.to_string() => {}
            _ => stream.extend(statement.iter().cloned()),
        }
    }
    stream.extend(trees[theirs + moves..].iter().cloned());
    stream
}
