//! The attribute's tokens as a list of entries: `rate = 5, backoff(base = "1s"), idempotent`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, Ident, Token, token};

use crate::diag::Errors;
use crate::names::{self, Scope};

/// One option as it was written.
pub(crate) struct Entry {
    pub(crate) name: Ident,
    pub(crate) form: Form,
}

pub(crate) enum Form {
    /// `idempotent`
    Flag,
    /// `rate = 5`
    Value(Expr),
    /// `backoff(base = "1s")`
    List(Vec<Entry>),
}

/// Reads the entries, each name once; what cannot be read is reported and skipped.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Vec<Entry> {
    let parser = |input: ParseStream<'_>| Ok(entries(input, Scope::Attribute, errors));
    // Nothing is left over and every error is noted, so this cannot fail.
    parser.parse2(tokens).unwrap_or_default()
}

fn entries(input: ParseStream<'_>, scope: Scope, errors: &mut Errors) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen: Vec<Ident> = Vec::new();
    while !input.is_empty() {
        match entry(input, scope, errors) {
            Ok(Some(entry)) if seen.contains(&entry.name) => {
                errors.at(
                    &entry.name,
                    format!("`{}` is written twice: remove one of them", entry.name),
                );
            }
            Ok(Some(entry)) => {
                seen.push(entry.name.clone());
                entries.push(entry);
            }
            Ok(None) => skip(input),
            Err(error) => {
                errors.push(error);
                skip(input);
            }
        }
        comma(input, errors);
    }
    entries
}

/// One entry, or `None` where the mistake is reported already.
fn entry(input: ParseStream<'_>, scope: Scope, errors: &mut Errors) -> syn::Result<Option<Entry>> {
    if !input.peek(Ident::peek_any) {
        errors.at(
            next(input),
            format!("expected an option, like `{}`", names::first_example(scope)),
        );
        return Ok(None);
    }
    let written = input.call(Ident::parse_any)?;
    let name = written.unraw();
    let known = names::example(scope, &name.to_string());
    let Some(example) = known else {
        errors.at(&name, names::unknown(scope, &name.to_string()));
        return Ok(None);
    };
    if written != name {
        errors.at(&written, format!("write `{example}`, without `r#`"));
        return Ok(None);
    }
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            errors.at(&name, format!("`{name}` needs a value: write `{example}`"));
            return Ok(None);
        }
        if input.peek(Token![=]) {
            errors.at(next(input), format!("one `=` is enough: write `{example}`"));
            return Ok(None);
        }
        let form = value(&name, input, errors)?;
        return Ok(form.map(|form| Entry { name, form }));
    }
    if let (true, Some(inner)) = (input.peek(token::Paren), Scope::inside(&name.to_string())) {
        let list;
        syn::parenthesized!(list in input);
        let form = Form::List(entries(&list, inner, errors));
        return Ok(Some(Entry { name, form }));
    }
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(Some(Entry {
            name,
            form: Form::Flag,
        }));
    }
    errors.at(next(input), format!("write `{example}`"));
    Ok(None)
}

/// Reads the value after the equals sign; `None` where its mistake is reported already.
fn value(name: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Form>> {
    let value = bare(input.parse()?);
    if let Expr::Assign(value) = &value {
        let message = format!("expected a `,` after the value of `{name}`");
        errors.at(&value.left, message);
        return Ok(None);
    }
    Ok(Some(Form::Value(value)))
}

/// The value without the invisible groups that a `macro_rules` puts round what it was given, and without parentheses.
fn bare(mut value: Expr) -> Expr {
    loop {
        value = match value {
            Expr::Group(group) => *group.expr,
            Expr::Paren(paren) if paren.attrs.is_empty() => *paren.expr,
            Expr::Array(mut list) => {
                list.elems = list.elems.into_iter().map(bare).collect();
                return Expr::Array(list);
            }
            other => return other,
        };
    }
}

/// The token that comes next, to point at it.
fn next(input: ParseStream<'_>) -> impl ToTokens {
    input.cursor().token_tree().map(|(token, _)| token)
}

/// Goes on to the next comma, so that one mistake does not hide the next.
fn skip(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

fn comma(input: ParseStream<'_>, errors: &mut Errors) {
    if input.peek(Token![,]) {
        let comma = input.parse::<Token![,]>();
        errors.keep(comma);
    } else if !input.is_empty() {
        errors.at(next(input), "expected a `,` before this");
        // An operator or a literal starts no option: what follows belongs to the same slip.
        if !input.peek(Ident::peek_any) {
            skip(input);
            comma(input, errors);
        }
    }
}
