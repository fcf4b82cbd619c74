//! Output for a wrong attribute: the unchanged item, so that nothing else breaks, and every mistake.

use proc_macro2::{Span, TokenStream, TokenTree};

use crate::tokens::{is_equals, is_mark};

pub(crate) fn expand(item: TokenStream, errors: Vec<syn::Error>) -> TokenStream {
    let errors = errors.into_iter().map(syn::Error::into_compile_error);
    if is_closure(&item) {
        // Nothing can stand beside an expression.
        return errors.collect();
    }
    // The item comes first: IDEs take the first place where a token of the user appears.
    let mut tokens = item;
    tokens.extend(errors);
    tokens
}

/// Returns whether the attribute is written `#[rate_limited = ..]`, with `attr` after the equals sign. The compiler
/// reports that form itself, but gives the tokens to the macro nevertheless.
pub(crate) fn is_after_equals(attr: &TokenStream) -> bool {
    let written = Span::call_site().source_text();
    written.is_some_and(|written| stands_after_equals(attr, &written))
}

fn stands_after_equals(attr: &TokenStream, written: &str) -> bool {
    let trees: Vec<TokenTree> = written
        .parse::<TokenStream>()
        .into_iter()
        .flatten()
        .collect();
    let inside = match trees.as_slice() {
        [hash, TokenTree::Group(inside)] if is_mark(hash, '#') => inside.stream(),
        _ => trees.into_iter().collect(),
    };
    let is_path = |tree: &TokenTree| matches!(tree, TokenTree::Ident(_)) || is_mark(tree, ':');
    let mut rest = inside.into_iter().skip_while(is_path);
    rest.next().is_some_and(|tree| is_equals(&tree))
        && rest.collect::<TokenStream>().to_string() == attr.to_string()
}

fn is_closure(item: &TokenStream) -> bool {
    let mut trees = item.clone().into_iter();
    let first = trees.find(
        |tree| !matches!(tree, TokenTree::Ident(word) if *word == "async" || *word == "move"),
    );
    matches!(first, Some(TokenTree::Punct(bar)) if bar.as_char() == '|')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    fn expand_wrong(attr: &str, item: &str) -> (String, usize) {
        let item: TokenStream = item.parse().expect("tokens");
        let attr = attr.parse().expect("tokens");
        let errors = Plan::read(attr, None, item.clone())
            .err()
            .expect("a mistake");
        let tokens = expand(item, errors).to_string();
        let (before, _) = tokens
            .split_once(":: core :: compile_error")
            .expect("an error");
        (
            before.trim().to_owned(),
            tokens.matches("compile_error").count(),
        )
    }

    #[test]
    fn the_item_comes_first_and_unchanged() {
        for item in [
            "pub async fn f (r#type : u8) -> Result < () , E > { half . typed . }",
            "# [must_use] const fn f () -> u8 { 1 }",
            "struct S ;",
            "async fn f (& self) -> R ;",
        ] {
            let (before, errors) = expand_wrong("rate = 0", item);
            let item: TokenStream = item.parse().expect("tokens");
            assert_eq!(before, item.to_string());
            assert!(errors >= 1);
        }
    }

    #[test]
    fn every_mistake_is_reported() {
        let (_, errors) = expand_wrong(
            "rate = 0, burst = 0, nonsense, backoff(factor = 0)",
            "const fn f () -> u8 { 1 }",
        );
        assert_eq!(errors, 5);
    }

    #[test]
    fn the_form_with_equals_is_recognised() {
        let stands =
            |attr: &str, written| stands_after_equals(&attr.parse().expect("tokens"), written);
        for written in [
            "#[rate_limited = 5]",
            "#[paced::rate_limited=5]",
            "rate_limited = 5",
        ] {
            assert!(stands("5", written), "{written}");
        }
        for written in [
            "#[rate_limited(5)]",
            "#[rate_limited /* = 5 */ (5)]",
            "#[rate_limited = 6]",
            "#[cfg_attr(all(), rate_limited(5))]",
            "",
            ")",
        ] {
            assert!(!stands("5", written), "{written}");
        }
    }

    #[test]
    fn a_closure_becomes_its_error() {
        assert_eq!(
            expand_wrong("rate = 5", "async move | x | x"),
            (String::new(), 1)
        );
    }
}
