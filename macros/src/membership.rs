//! The attribute that a block puts on each of its functions: the options of the block, and what the functions share.
//!
//! `#[::paced::__private::rate_limited(impl "Api" "get" rate_limited (tokens) [rate = 5] [inherit, cost = 3])]`

use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::{LitStr, Token, bracketed, parenthesized};

use crate::members::Attr;
use crate::tokens::{is_equals, is_mark, is_word};

/// Membership of a function in an `impl` block that has the attribute.
#[derive(Clone)]
pub(crate) struct Membership {
    /// Name of the block.
    pub(crate) name: String,
    /// First function of the block. No other block of the type has a function of this name.
    pub(crate) first: String,
    /// Name that the program has for the attribute.
    pub(crate) attribute: Ident,
    /// Units that the functions take from their limiter.
    pub(crate) units: Vec<String>,
    /// Options of the block.
    pub(crate) options: TokenStream,
}

impl Membership {
    /// Reads what stands in the attribute; returns the options of the function's own attribute, too.
    pub(crate) fn read(attr: &TokenStream) -> Option<(Self, Option<TokenStream>)> {
        read.parse2(attr.clone()).ok()
    }

    /// Returns whether a function of the block takes of the unit.
    pub(crate) fn charges(&self, unit: &str) -> bool {
        self.units.iter().any(|charged| charged == unit)
    }

    /// Returns the attribute, in the place of the function's own, if there is one.
    pub(crate) fn attribute(&self, own: Option<(Span, TokenStream)>) -> TokenStream {
        let here = Span::mixed_site();
        let here = own
            .as_ref()
            .map_or(here, |(span, _)| here.located_at(*span));
        let Self {
            name,
            first,
            attribute,
            units,
            options,
        } = self;
        let private = private(options);
        let units = units.iter().map(|unit| Literal::string(unit));
        let own = own.map(|(_, own)| quote_spanned!(here=> [#own]));
        quote_spanned! {here=>
            #[#private::rate_limited(impl #name #first #attribute (#(#units)*) [#options] #own)]
        }
    }

    /// Returns the place and the options of the function's own attribute.
    pub(crate) fn own(&self, attrs: &[Attr]) -> Option<(usize, TokenStream)> {
        let found = |attr: &Attr| own(&attr.group.stream(), &self.attribute);
        attrs
            .iter()
            .enumerate()
            .find_map(|(at, attr)| Some((at, found(attr)?)))
    }
}

fn read(input: ParseStream<'_>) -> syn::Result<(Membership, Option<TokenStream>)> {
    input.parse::<Token![impl]>()?;
    let (name, first): (LitStr, LitStr) = (input.parse()?, input.parse()?);
    let attribute = input.parse()?;
    let units;
    parenthesized!(units in input);
    let mut names = Vec::new();
    while !units.is_empty() {
        names.push(units.parse::<LitStr>()?.value());
    }
    let options;
    bracketed!(options in input);
    let own = if input.is_empty() {
        None
    } else {
        let own;
        bracketed!(own in input);
        Some(own.parse()?)
    };
    let membership = Membership {
        name: name.value(),
        first: first.value(),
        attribute,
        units: names,
        options: options.parse()?,
    };
    Ok((membership, own))
}

/// Returns the options in an attribute whose path ends with `name`: `rate_limited(..)` or `paced::rate_limited`.
pub(crate) fn own(attr: &TokenStream, name: &Ident) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = attr.clone().into_iter().collect();
    let (path, options) = match trees.split_last()? {
        (TokenTree::Group(group), path) if group.delimiter() != Delimiter::None => {
            (path, group.stream())
        }
        _ => (trees.as_slice(), TokenStream::new()),
    };
    let (last, before) = path.split_last()?;
    let is_path = |tree: &TokenTree| matches!(tree, TokenTree::Ident(_)) || is_mark(tree, ':');
    (is_word(last, &name.to_string()) && before.iter().all(is_path)).then_some(options)
}

/// Returns the options of the attribute `name` that stands in `cfg_attr(..)`.
pub(crate) fn conditional(attr: &TokenStream, name: &Ident) -> Option<TokenStream> {
    let trees: Vec<TokenTree> = attr.clone().into_iter().collect();
    match trees.as_slice() {
        [first, TokenTree::Group(inside)] if is_word(first, "cfg_attr") => {
            let inside: Vec<TokenTree> = inside.stream().into_iter().collect();
            let parts = inside.split(|tree| is_mark(tree, ','));
            parts.skip(1).find_map(|part| {
                let part = part.iter().cloned().collect();
                own(&part, name).or_else(|| conditional(&part, name))
            })
        }
        _ => None,
    }
}

/// Returns the path of the module with everything that expansions may name, where these are the options.
fn private(options: &TokenStream) -> TokenStream {
    let trees: Vec<TokenTree> = options.clone().into_iter().collect();
    let options = trees.split(|tree| is_mark(tree, ','));
    let mut paths = options.filter_map(|option| match option {
        [name, equals, path @ ..] if is_word(name, "crate") && is_equals(equals) => Some(path),
        _ => None,
    });
    let here = Span::mixed_site();
    let path = paths.next().map(|path| path.iter().cloned().collect());
    let paced: TokenStream = path.unwrap_or_else(|| quote_spanned!(here=> ::paced));
    quote_spanned!(here=> #paced::__private)
}

/// Returns the name by which the program calls the attribute that is being expanded.
pub(crate) fn attribute_name() -> Ident {
    let written = Span::call_site().source_text().unwrap_or_default();
    let name = written
        .parse()
        .ok()
        .and_then(|tokens| name_in(&tokens))
        .filter(|name| name != "cfg_attr");
    name.unwrap_or_else(|| Ident::new("rate_limited", Span::call_site()))
}

/// Returns the last word of the path in `#[path(..)]` or `path(..)`.
fn name_in(attr: &TokenStream) -> Option<Ident> {
    let mut trees: Vec<TokenTree> = attr.clone().into_iter().collect();
    if let [hash, TokenTree::Group(inside)] = trees.as_slice() {
        if is_mark(hash, '#') {
            trees = inside.stream().into_iter().collect();
        }
    }
    let path = trees.iter().map_while(|tree| match tree {
        TokenTree::Ident(word) => Some(Some(word.clone())),
        tree => is_mark(tree, ':').then_some(None),
    });
    path.flatten().last()
}

/// Puts the attribute `new` in the place of the attribute at `at`.
pub(crate) fn replaced(attrs: Vec<Attr>, at: usize, new: &TokenStream) -> TokenStream {
    let mut tokens = TokenStream::new();
    for (place, attr) in attrs.into_iter().enumerate() {
        if place == at {
            new.to_tokens(&mut tokens);
        } else {
            tokens.extend(attr.trees());
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(code: &str) -> TokenStream {
        code.parse().expect("tokens")
    }

    fn name() -> Ident {
        Ident::new("rate_limited", Span::call_site())
    }

    #[test]
    fn a_membership_is_read_as_it_was_written() {
        let written = Membership {
            name: "<Api as Remote>".to_owned(),
            first: "get".to_owned(),
            attribute: name(),
            units: vec!["points".to_owned()],
            options: tokens("rate = 5, crate = crate::inner"),
        };
        let attr = written.attribute(Some((Span::call_site(), tokens("inherit"))));
        let code = attr.to_string();
        assert!(
            code.starts_with("# [crate :: inner :: __private :: rate_limited (impl"),
            "{code}"
        );
        let Some(TokenTree::Group(attr)) = attr.into_iter().last() else {
            panic!("{code}");
        };
        let inside = own(&attr.stream(), &name()).expect("the attribute");
        let (read, own) = Membership::read(&inside).expect("what was written");
        assert_eq!(read.name, written.name);
        assert_eq!(read.first, "get");
        assert_eq!(read.units, written.units);
        assert_eq!(read.options.to_string(), written.options.to_string());
        assert_eq!(own.expect("own options").to_string(), "inherit");
    }

    #[test]
    fn other_attributes_are_no_memberships() {
        for attr in ["rate = 5", "impl", "impl \"a\"", ""] {
            assert!(Membership::read(&tokens(attr)).is_none(), "{attr}");
        }
    }

    #[test]
    fn own_attributes_are_found_by_the_end_of_their_path() {
        for (attr, options) in [
            ("rate_limited(skip)", Some("skip")),
            ("paced::rate_limited(a, b)", Some("a , b")),
            ("::paced::rate_limited", Some("")),
            ("rate_limited = 5", None),
            ("other::rate_limit(skip)", None),
            ("cfg_attr(x, rate_limited(skip))", None),
            ("doc = \"rate_limited\"", None),
        ] {
            let found = own(&tokens(attr), &name()).map(|options| options.to_string());
            assert_eq!(found.as_deref(), options, "{attr}");
        }
    }

    #[test]
    fn conditional_attributes_are_found() {
        for (attr, options) in [
            ("cfg_attr(x, rate_limited(skip))", Some("skip")),
            (
                "cfg_attr(all(a, b), inline, paced::rate_limited(cost = 1))",
                Some("cost = 1"),
            ),
            ("cfg_attr(a, cfg_attr(b, rate_limited(skip)))", Some("skip")),
            ("cfg_attr(rate_limited, inline)", None),
            ("rate_limited(skip)", None),
        ] {
            let found = conditional(&tokens(attr), &name()).map(|options| options.to_string());
            assert_eq!(found.as_deref(), options, "{attr}");
        }
    }

    #[test]
    fn the_attributes_name_is_read_from_the_source() {
        for (written, name) in [
            ("#[limited(rate = 5)]", Some("limited")),
            ("#[paced::limited]", Some("limited")),
            ("rate_limited(5)", Some("rate_limited")),
            ("#[cfg_attr(all(), limited)]", Some("cfg_attr")),
            ("", None),
        ] {
            let found = name_in(&tokens(written)).map(|name| name.to_string());
            assert_eq!(found.as_deref(), name, "{written}");
        }
    }
}
