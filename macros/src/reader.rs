//! Values of entries: of a kind, one of several words, a switch, a function.

use syn::{Expr, ExprLit, Ident, Lit};

use crate::args::{Entry, Form};
use crate::diag::Errors;
use crate::literal::Kind;
use crate::names;
use crate::sentences;
use crate::value::Value;

/// Reader of one entry after the other.
pub(crate) struct Reader<'a> {
    /// Constants and types that only the function itself can name.
    pub(crate) generics: &'a [Ident],
    pub(crate) errors: &'a mut Errors,
}

impl Reader<'_> {
    pub(crate) fn value(&mut self, entry: Entry, kind: Kind) -> Option<Value> {
        let name = entry.name.clone();
        let expr = self.expr(entry)?;
        self.errors
            .keep(Value::read(&name, kind, expr, self.generics))
    }

    pub(crate) fn expr(&mut self, entry: Entry) -> Option<Expr> {
        match entry.form {
            Form::Value(expr) => Some(expr),
            Form::Flag | Form::List(_) | Form::Unnamed(_) => {
                let example = names::example_of(&entry.name.to_string());
                let message = sentences::needs_value(&entry.name, example);
                self.errors.at(&entry.name, message);
                None
            }
        }
    }

    pub(crate) fn flag(&mut self, entry: &Entry) -> bool {
        match &entry.form {
            Form::Value(Expr::Lit(ExprLit {
                lit: Lit::Bool(off),
                ..
            })) if !off.value => {
                self.errors.at(
                    off,
                    format!("`{}` is off unless it is written: remove it", entry.name),
                );
            }
            Form::Value(value) => {
                self.errors
                    .at(value, sentences::takes_no_value(&entry.name));
            }
            Form::Flag | Form::List(_) | Form::Unnamed(_) => {}
        }
        true
    }

    pub(crate) fn switch(&mut self, entry: Entry) -> Option<bool> {
        let expr = self.expr(entry)?;
        if let Expr::Lit(ExprLit {
            lit: Lit::Bool(on), ..
        }) = &expr
        {
            return Some(on.value);
        }
        self.errors.at(expr, "write `true` or `false`".to_owned());
        None
    }

    /// Returns the options in parentheses.
    pub(crate) fn parts(&mut self, entry: Entry) -> Option<Vec<Entry>> {
        let Form::List(parts) = entry.form else {
            let example = names::example_of(&entry.name.to_string());
            let message = format!("write `{example}`, or a part of it");
            self.errors.at(&entry.name, message);
            return None;
        };
        Some(parts)
    }

    /// Reads one of several words; returns its meaning.
    pub(crate) fn word(
        &mut self,
        entry: Entry,
        choices: &[(&str, &'static str)],
    ) -> Option<&'static str> {
        self.choice(entry, choices).map(|(meaning, _)| meaning)
    }

    /// Reads one of several words; returns its meaning, and the value as it was written.
    pub(crate) fn choice(
        &mut self,
        entry: Entry,
        choices: &[(&str, &'static str)],
    ) -> Option<(&'static str, Expr)> {
        let option = entry.name.to_string();
        let expr = self.expr(entry)?;
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        let message = match &expr {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => {
                let text = text.value();
                if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text) {
                    return Some((choice, expr));
                }
                names::unknown_word(&option, &text, &words)
            }
            Expr::Path(path) => match words.iter().find(|word| path.path.is_ident(word)) {
                Some(word) => sentences::in_quotes(format!("{option} = \"{word}\"")),
                None => names::advice(&option, &words),
            },
            _ => names::advice(&option, &words),
        };
        self.errors.at(expr, message);
        None
    }

    /// Reads a function; `from` describes its types for the error.
    pub(crate) fn function(&mut self, from: &str, entry: Entry) -> Option<Expr> {
        let option = entry.name.to_string();
        let expr = self.expr(entry)?;
        if let Expr::Lit(literal) = &expr {
            let example = names::example_of(&option);
            let message = format!("expected a function from {from}: write `{example}`");
            self.errors.at(literal, message);
            return None;
        }
        Some(expr)
    }
}
