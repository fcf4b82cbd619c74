//! Bodies that `#[tracing::instrument]` has rewritten. They move the arguments into a future, `async move { .. }`, in each
//! attempt. Without the `move` the future borrows them, and they remain for the next attempt.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{FnArg, Pat, ReceiverKind, Signature, Type};

use crate::copied::is_copied;
use crate::diag::Errors;
use crate::opened::{edge_length, is_argument_name, moves_length};
use crate::tokens::{borrows, is_equals, is_mark, is_same_word, is_semicolon, is_word};

/// Returns whether `#[instrument]` has rewritten the body.
pub(crate) fn is_instrumented(body: &TokenStream) -> bool {
    let mut trees = body.clone().into_iter();
    trees.any(|tree| is_word(&tree, FUTURE))
}

const FUTURE: &str = "__tracing_instrument_future";

/// Reports arguments that the body moves into the future of `#[instrument]`, so that a second attempt would not have them:
/// arguments with a pattern, and a `&mut self` that the result borrows from.
pub(crate) fn check(body: &TokenStream, sig: &Signature, ret: &Type, errors: &mut Errors) {
    if !is_instrumented(body) {
        return;
    }
    let lends = borrows(ret.to_token_stream());
    for arg in &sig.inputs {
        let moved = match arg {
            FnArg::Receiver(receiver) => {
                let is_exclusive = matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_)));
                (is_exclusive && lends).then_some(receiver.self_token.span)
            }
            FnArg::Typed(typed) => match &*typed.pat {
                // An argument of `#[async_trait]` whose pattern is taken apart in the body.
                Pat::Ident(pat) if is_argument_name(&pat.ident) && !is_copied(&typed.ty) => {
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

const MOVED: &str = "below `#[instrument]` the first attempt consumes this argument: write `#[rate_limited]` above \
                     `#[instrument]`, or `max_retries = 0`";

/// Returns the body with futures of `#[instrument]` that borrow, and with `edge` in them; `None` for any other body.
///
/// `reborrowed` is the statement that passes on a `&mut self`, where the body calls it `__self`.
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
    // The options `err` and `ret` put a second future into the first.
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

/// Removes the `move` of the `async move { .. }` at `at`, and returns the block.
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

/// Replaces the tokens of the block that [`open`] returned by `stream`.
fn close(trees: &mut [TokenTree], at: usize, block: &Group, stream: TokenStream) {
    let mut changed = Group::new(Delimiter::Brace, stream);
    changed.set_span(block.span());
    trees[at + 1] = changed.into();
}

/// Returns the position of the future with the user's body in `match async move { .. }.await { .. }` or
/// `let x = async move { .. }.await; ..`.
fn inner_future(trees: &[TokenTree]) -> Option<usize> {
    let at = match trees {
        [first, ..] if is_word(first, "match") => 1,
        [first, _, equals, ..] if is_word(first, "let") && is_equals(equals) => 3,
        _ => return None,
    };
    let is_future = trees.get(at).is_some_and(|tree| is_word(tree, "async"))
        && trees.get(at + 1).is_some_and(|tree| is_word(tree, "move"));
    // A future that the user wrote does not begin with the dead code of `#[instrument]`.
    let block = trees.get(at + 2)?;
    let is_theirs = matches!(block, TokenTree::Group(block) if false_edge(&block.stream()) > 0);
    (is_future && is_theirs).then_some(at)
}

/// Counts the tokens of `#[allow(..)] if false { .. }` at the beginning.
fn false_edge(stream: &TokenStream) -> usize {
    let trees: Vec<TokenTree> = stream.clone().into_iter().take(5).collect();
    match trees.as_slice() {
        [
            hash,
            TokenTree::Group(_),
            first,
            second,
            TokenTree::Group(_),
        ] if is_mark(hash, '#') && is_word(first, "if") && is_word(second, "false") => 5,
        _ => 0,
    }
}

/// Returns the user's block with `edge` first, and without the moves of `#[async_trait]`.
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
            // `let x = x;`: the future borrows it now, under the same name.
            ([first, .., name, equals, value, _], _)
                if is_word(first, "let") && is_equals(equals) && is_same_word(name, value) => {}
            _ => stream.extend(statement.iter().cloned()),
        }
    }
    stream.extend(trees[theirs + moves..].iter().cloned());
    stream
}
