//! The attribute's tokens as a list of entries: `rate = 5, backoff(base = "1s"), idempotent`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, Ident, Token, token};

use crate::diag::Errors;
use crate::names::{self, Scope};
use crate::parts;
use crate::sentences;

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
    /// `"10/s"` inside `limits(..)`: a limit without a name. The entry's name is `requests`, which it counts.
    Unnamed(Expr),
}

/// Reads the entries, each name once; reports and skips entries that cannot be read.
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
            Ok(Some(entry)) if matches!(entry.form, Form::Unnamed(_)) => entries.push(entry),
            Ok(Some(entry))
                if seen.contains(&entry.name) && !is_further(&entry, &entries, scope) =>
            {
                errors.at(&entry.name, written_twice(scope, &entry.name));
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

/// Returns whether it is a further limit of a unit, which cannot be in a list with the first because one of them has options.
fn is_further(entry: &Entry, entries: &[Entry], scope: Scope) -> bool {
    let has_options = |form: &Form| matches!(form, Form::List(_));
    let mut same = entries.iter().filter(|other| other.name == entry.name);
    scope == Scope::Limits
        && (has_options(&entry.form) || same.any(|other| has_options(&other.form)))
}

fn written_twice(scope: Scope, name: &Ident) -> String {
    match scope {
        Scope::Limits => format!(
            "`{name}` is written twice: write both of its limits as one list, like `{name} = [\"80/min\", \"500/h\"]`"
        ),
        _ => sentences::written_twice(name),
    }
}

/// Reads one entry; returns `None` after a mistake that is reported already.
fn entry(input: ParseStream<'_>, scope: Scope, errors: &mut Errors) -> syn::Result<Option<Entry>> {
    if scope == Scope::Limits && !begins_with_a_unit(input) {
        let form = Form::Unnamed(bare(input.parse()?));
        let name = Ident::new("requests", Span::call_site());
        return Ok(Some(Entry { name, form }));
    }
    let Some((name, example)) = option(input, scope, errors)? else {
        return Ok(None);
    };
    if input.peek(Token![=]) {
        let form = value(&name, &example, input, errors)?;
        return Ok(form.map(|form| Entry { name, form }));
    }
    if let (true, Some(inner)) = (input.peek(token::Paren), scope.inside(&name.to_string())) {
        let list;
        syn::parenthesized!(list in input);
        let form = Form::List(entries(&list, inner, errors));
        return Ok(Some(Entry { name, form }));
    }
    if input.is_empty() || input.peek(Token![,]) {
        let form = Form::Flag;
        return Ok(Some(Entry { name, form }));
    }
    errors.at(next(input), format!("write `{example}`"));
    Ok(None)
}

/// Returns whether the next limit inside `limits(..)` is written with its unit. A name alone is a constant if it is in upper
/// case.
fn begins_with_a_unit(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(name) = ahead.call(Ident::parse_any) else {
        return false;
    };
    let is_alone = ahead.is_empty() || ahead.peek(Token![,]);
    ahead.peek(Token![=])
        || ahead.peek(token::Paren)
        || (is_alone && name.to_string().chars().any(char::is_lowercase))
}

/// Reads the name of an option, and finds its example; returns `None` after a mistake that is reported already.
fn option(
    input: ParseStream<'_>,
    scope: Scope,
    errors: &mut Errors,
) -> syn::Result<Option<(Ident, String)>> {
    if !input.peek(Ident::peek_any) {
        let example = names::first_example(scope);
        errors.at(next(input), format!("expected an option, like `{example}`"));
        return Ok(None);
    }
    let written = input.call(Ident::parse_any)?;
    let name = written.unraw();
    let word = |name: String| (scope == Scope::Attribute && is_word(&name)).then_some(name);
    let example = names::example_in(scope, &name.to_string());
    let Some(example) = example.or_else(|| word(name.to_string())) else {
        errors.at(&name, names::unknown(scope, &name.to_string()));
        return Ok(None);
    };
    if written != name {
        errors.at(&written, format!("write `{example}`, without `r#`"));
        return Ok(None);
    }
    Ok(Some((name, example)))
}

/// Returns whether it is a word for a function of an `impl` block that has the attribute.
fn is_word(name: &str) -> bool {
    parts::BLOCK_WORDS.contains(&name)
}

/// Reads the equals sign and the value; returns `None` after a mistake that is reported already.
fn value(
    name: &Ident,
    example: &str,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Option<Form>> {
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        errors.at(name, sentences::needs_value(name, example));
        return Ok(None);
    }
    if input.peek(Token![=]) {
        errors.at(next(input), format!("one `=` is enough: write `{example}`"));
        return Ok(None);
    }
    let value = bare(input.parse()?);
    if let Expr::Assign(value) = &value {
        let message = format!("expected a `,` after the value of `{name}`");
        errors.at(&value.left, message);
        return Ok(None);
    }
    Ok(Some(Form::Value(value)))
}

/// Removes parentheses around the value, and the invisible groups that a `macro_rules` puts round its arguments.
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

/// Returns the next token, for the span of an error.
fn next(input: ParseStream<'_>) -> impl ToTokens {
    input.cursor().token_tree().map(|(token, _)| token)
}

/// Skips to the next comma, so that one mistake does not hide the next.
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
