//! `max_concurrency`: a bound of calls in flight, or one that is found by the server's refusals.

use syn::{Expr, ExprLit, Lit};

use crate::args::{Entry, Form};
use crate::literal::Kind;
use crate::names::{self, Scope};
use crate::reader::Reader;
use crate::sentences;
use crate::value::Value;

/// Value of `max_concurrency`.
pub(crate) enum Concurrency {
    /// `max_concurrency = 8`
    Fixed(Value),
    /// `max_concurrency = "auto"`, or `max_concurrency(auto, start = 8, max = 200)`
    Auto {
        start: Option<Value>,
        max: Option<Value>,
    },
}

impl Concurrency {
    const AUTO: Self = Self::Auto {
        start: None,
        max: None,
    };

    /// Returns the values that are written.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        let values = match self {
            Self::Fixed(value) => [Some(value), None],
            Self::Auto { start, max } => [start.as_ref(), max.as_ref()],
        };
        values.into_iter().flatten()
    }
}

/// Reads the option.
pub(crate) fn read(entry: Entry, reader: &mut Reader<'_>) -> Option<Concurrency> {
    if let Form::List(parts) = entry.form {
        return read_parts(&entry.name, parts, reader);
    }
    if let Form::Value(Expr::Lit(ExprLit {
        lit: Lit::Str(word),
        ..
    })) = &entry.form
    {
        if word.value() == "auto" {
            return Some(Concurrency::AUTO);
        }
        reader.errors.at(
            word,
            "write `max_concurrency = 8`, or `max_concurrency = \"auto\"` to find the bound by the server's refusals",
        );
        return None;
    }
    reader.value(entry, Kind::Slots).map(Concurrency::Fixed)
}

/// Reads `auto, start = 8, max = 200`.
fn read_parts(
    name: &syn::Ident,
    parts: Vec<Entry>,
    reader: &mut Reader<'_>,
) -> Option<Concurrency> {
    let (mut is_auto, mut start, mut max) = (false, None, None);
    for part in parts {
        match part.name.to_string().as_str() {
            "auto" => is_auto = reader.flag(&part),
            "start" => start = reader.value(part, Kind::Slots),
            "max" => max = reader.value(part, Kind::Slots),
            other => reader
                .errors
                .at(&part.name, names::unknown(Scope::Concurrency, other)),
        }
    }
    if !is_auto {
        reader.errors.at(name, sentences::NO_AUTO);
        return None;
    }
    Some(Concurrency::Auto { start, max })
}
