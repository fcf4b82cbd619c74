//! Literals as values: those that each kind of option accepts, and the sentences about the others.

use syn::{Expr, ExprLit, ExprUnary, Ident, Lit, UnOp};

use crate::grammar::{self, PerPeriod, Wrong};
use crate::names;
use crate::sentences;

/// Kind of a value: its type and its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rate,
    Burst,
    /// Number of keys.
    Keys,
    /// A number of calls in flight.
    Slots,
    Retries,
    Duration,
    Factor,
    Share,
}

/// Literal that has been checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Literal {
    Rate(PerPeriod),
    Whole(u32),
    Factor(f64),
    Nanos(u64),
}

/// Checks a literal as the value of the option `name`; returns `None` for any other expression.
pub(crate) fn read(name: &Ident, kind: Kind, expr: &Expr) -> Option<Result<Literal, String>> {
    let written = match Written::of(expr) {
        None if kind != Kind::Duration && is_never_a_number(expr) => Written::Other,
        written => written?,
    };
    Some(check(&name.to_string(), kind, &written))
}

/// Literal as it was written.
enum Written {
    Number {
        value: f64,
        whole: Option<u64>,
    },
    Text(String),
    /// `300s` without quotes
    Unit(String),
    Other,
}

impl Written {
    fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Lit(ExprLit { lit, .. }) => Some(Self::literal(lit)),
            Expr::Group(group) => Self::of(&group.expr),
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_),
                expr,
                ..
            }) => match Self::of(expr)? {
                Self::Number { value, .. } => Some(Self::Number {
                    value: -value,
                    whole: None,
                }),
                other => Some(other),
            },
            _ => None,
        }
    }

    fn literal(lit: &Lit) -> Self {
        match lit {
            Lit::Str(text) => Self::Text(text.value()),
            Lit::Int(int) if is_number_suffix(int.suffix()) => Self::number(int.base10_digits()),
            Lit::Float(float) if is_number_suffix(float.suffix()) => {
                Self::number(float.base10_digits())
            }
            Lit::Int(int) => Self::Unit(int.to_string()),
            Lit::Float(float) => Self::Unit(float.to_string()),
            _ => Self::Other,
        }
    }

    fn number(digits: &str) -> Self {
        Self::Number {
            value: digits.parse().unwrap_or(f64::NAN),
            whole: digits.parse().ok(),
        }
    }
}

/// Returns whether an expression can be neither a number nor a text by its form, like `Some(5)` and `[5]`.
fn is_never_a_number(expr: &Expr) -> bool {
    match expr {
        Expr::Array(_)
        | Expr::Closure(_)
        | Expr::Range(_)
        | Expr::Repeat(_)
        | Expr::Struct(_)
        | Expr::Tuple(_) => true,
        Expr::Call(call) => matches!(
            &*call.func,
            Expr::Path(function) if function.path.segments.last().is_some_and(|last| last.ident == "Some")
        ),
        _ => false,
    }
}

fn is_number_suffix(suffix: &str) -> bool {
    let (class, bits) = suffix.split_at(suffix.len().min(1));
    matches!(class, "" | "u" | "i" | "f")
        && matches!(bits, "" | "8" | "16" | "32" | "64" | "128" | "size")
}

fn check(name: &str, kind: Kind, written: &Written) -> Result<Literal, String> {
    match kind {
        Kind::Rate => rate_literal(written).map(Literal::Rate),
        Kind::Burst | Kind::Keys | Kind::Slots | Kind::Retries => {
            whole(name, kind, written).map(Literal::Whole)
        }
        Kind::Factor => factor(name, written).map(Literal::Factor),
        Kind::Share => share(name, written).map(Literal::Factor),
        Kind::Duration => nanos(name, written).map(Literal::Nanos),
    }
}

fn rate_literal(written: &Written) -> Result<PerPeriod, String> {
    match written {
        Written::Number { value, .. } => {
            grammar::per_second(*value).map_err(|wrong| wrong.sentence().to_owned())
        }
        Written::Text(text) => grammar::rate(text).map_err(|mistake| mistake.explain(text)),
        Written::Unit(_) | Written::Other => Err(
            "write a number of calls per second, `rate = 5`, or `rate = \"300/min\"`".to_owned(),
        ),
    }
}

fn whole(name: &str, kind: Kind, written: &Written) -> Result<u32, String> {
    let Written::Number { value, whole } = written else {
        return Err(without_quotes(name, "a whole number", written));
    };
    let (least, too_few) = match kind {
        Kind::Keys => (1, grammar::NO_KEYS),
        Kind::Burst => (1, grammar::NO_BURST),
        Kind::Slots => (1, grammar::NO_SLOTS),
        _ => (0, ""),
    };
    match whole {
        Some(whole) if *whole < least => Err(too_few.to_owned()),
        Some(whole) if kind == Kind::Keys => {
            u32::try_from(*whole).map_err(|_| sentences::TOO_MANY_KEYS.to_owned())
        }
        Some(whole) => u32::try_from(*whole).map_err(|_| grammar::TOO_MANY.to_owned()),
        None if *value < 0.0 && least > 0 => Err(too_few.to_owned()),
        None if *value < 0.0 => Err(format!("write `{name} = 0` for none at all")),
        None => Err(format!(
            "`{name}` is a whole number: write `{}`",
            names::example_of(name)
        )),
    }
}

fn factor(name: &str, written: &Written) -> Result<f64, String> {
    match written {
        Written::Number { value, .. } if !grammar::is_factor(*value) => {
            Err(grammar::NO_FACTOR.to_owned())
        }
        Written::Number { value, .. } => Ok(*value),
        _ => Err(without_quotes(name, "a number", written)),
    }
}

fn share(name: &str, written: &Written) -> Result<f64, String> {
    match written {
        Written::Number { value, .. } if grammar::is_share(*value) => Ok(*value),
        Written::Number { .. } => Err(format!(
            "{}: write `{}`",
            grammar::NO_SHARE,
            names::example_of(name)
        )),
        _ => Err(without_quotes(name, "a number", written)),
    }
}

fn nanos(name: &str, written: &Written) -> Result<u64, String> {
    match written {
        Written::Text(text) => grammar::duration(text).map_err(|mistake| mistake.explain(text)),
        Written::Number { value, .. } if *value <= 0.0 => {
            Err(Wrong::ZeroTime.sentence().to_owned())
        }
        Written::Number { value, .. } if value.is_finite() => Err(format!(
            "the unit is missing: write `{name} = \"{value}s\"` for seconds"
        )),
        Written::Unit(text) if grammar::duration(text).is_ok() => {
            Err(sentences::in_quotes(format!("{name} = \"{text}\"")))
        }
        Written::Number { .. } | Written::Unit(_) | Written::Other => Err(format!(
            "expected a duration: write `{}`",
            names::example_of(name)
        )),
    }
}

fn without_quotes(name: &str, what: &str, written: &Written) -> String {
    match written {
        Written::Text(text) if grammar::number(text.as_bytes(), 0, text.len()).is_some() => {
            let advice = sentences::without_quotes(format!("{name} = {text}"));
            format!("`{name}` is {what}: {advice}")
        }
        _ => format!("`{name}` is {what}: write `{}`", names::example_of(name)),
    }
}

#[cfg(test)]
#[path = "literal/tests.rs"]
mod tests;
