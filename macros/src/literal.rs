//! Literals as values: what each kind of option accepts, and what to say about the rest.

use syn::{Expr, ExprLit, ExprUnary, Ident, Lit, UnOp};

use crate::grammar::{self, PerPeriod, Wrong};
use crate::names;

/// What a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rate,
    Burst,
    Retries,
    Duration,
    Factor,
    Share,
}

/// A literal that has been checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Literal {
    Rate(PerPeriod),
    Whole(u32),
    Factor(f64),
    Nanos(u64),
}

/// The literal that `expr` is, checked as the value of the option `name`; `None` for any other expression.
pub(crate) fn read(name: &Ident, kind: Kind, expr: &Expr) -> Option<Result<Literal, String>> {
    let written = match Written::of(expr) {
        None if kind != Kind::Duration && is_never_a_number(expr) => Written::Other,
        written => written?,
    };
    Some(check(&name.to_string(), kind, &written))
}

/// A literal as it was written.
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

/// Whether the form of an expression tells that it is no number and no text, like `Some(5)` and `[5]`.
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
        Kind::Burst | Kind::Retries => whole(name, kind, written).map(Literal::Whole),
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
        Written::Text(text) => grammar::rate(text).map_err(|fault| fault.explain(text)),
        Written::Unit(_) | Written::Other => Err(
            "write a number of calls per second, `rate = 5`, or `rate = \"300/min\"`".to_owned(),
        ),
    }
}

fn whole(name: &str, kind: Kind, written: &Written) -> Result<u32, String> {
    let Written::Number { value, whole } = written else {
        return Err(without_quotes(name, "a whole number", written));
    };
    let least = u64::from(kind == Kind::Burst);
    match whole {
        Some(whole) if *whole < least => Err(grammar::NO_BURST.to_owned()),
        Some(whole) => u32::try_from(*whole).map_err(|_| grammar::TOO_MANY.to_owned()),
        None if *value < 0.0 && kind == Kind::Burst => Err(grammar::NO_BURST.to_owned()),
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
        Written::Text(text) => grammar::duration(text).map_err(|fault| fault.explain(text)),
        Written::Number { value, .. } if *value <= 0.0 => {
            Err(Wrong::ZeroTime.sentence().to_owned())
        }
        Written::Number { value, .. } if value.is_finite() => Err(format!(
            "the unit is missing: write `{name} = \"{value}s\"` for seconds"
        )),
        Written::Unit(text) if grammar::duration(text).is_ok() => {
            Err(format!("write it in quotes: `{name} = \"{text}\"`"))
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
            format!("`{name}` is {what}: write `{name} = {text}`, without quotes")
        }
        _ => format!("`{name}` is {what}: write `{}`", names::example_of(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_code(name: &str, kind: Kind, code: &str) -> Result<Literal, String> {
        let name = Ident::new(name, proc_macro2::Span::call_site());
        let expr = syn::parse_str(code).expect(code);
        read(&name, kind, &expr).expect("a literal")
    }

    #[test]
    fn good_literals() {
        let cases = [
            (
                Kind::Rate,
                "5",
                Literal::Rate(PerPeriod {
                    count: 5.0,
                    nanos: 1_000_000_000,
                }),
            ),
            (
                Kind::Rate,
                "0.5f32",
                Literal::Rate(PerPeriod {
                    count: 0.5,
                    nanos: 1_000_000_000,
                }),
            ),
            (
                Kind::Rate,
                "\"1/250ms\"",
                Literal::Rate(PerPeriod {
                    count: 1.0,
                    nanos: 250_000_000,
                }),
            ),
            (Kind::Burst, "1_000", Literal::Whole(1000)),
            (Kind::Burst, "10u8", Literal::Whole(10)),
            (Kind::Retries, "0", Literal::Whole(0)),
            (Kind::Factor, "1", Literal::Factor(1.0)),
            (Kind::Share, "0.25", Literal::Factor(0.25)),
            (Kind::Share, "1", Literal::Factor(1.0)),
            (Kind::Factor, "1.5", Literal::Factor(1.5)),
            (Kind::Duration, "\"300s\"", Literal::Nanos(300_000_000_000)),
        ];
        for (kind, code, literal) in cases {
            assert_eq!(read_code("x", kind, code), Ok(literal), "{code}");
        }
    }

    #[test]
    fn bad_literals() {
        let cases = [
            ("rate", Kind::Rate, "0", "more than zero"),
            ("rate", Kind::Rate, "-5", "more than zero"),
            ("rate", Kind::Rate, "1e999", "finite"),
            (
                "rate",
                Kind::Rate,
                "5s",
                "write a number of calls per second",
            ),
            (
                "rate",
                Kind::Rate,
                "Some(5)",
                "write a number of calls per second",
            ),
            (
                "rate",
                Kind::Rate,
                "true",
                "write a number of calls per second",
            ),
            ("rate", Kind::Rate, "\"5 per s\"", "`5 per s` is not a rate"),
            ("burst", Kind::Burst, "0", "at least 1"),
            ("burst", Kind::Burst, "-1", "at least 1"),
            ("burst", Kind::Burst, "4294967296", "at most 4294967295"),
            (
                "burst",
                Kind::Burst,
                "1.5",
                "whole number: write `burst = 10`",
            ),
            (
                "burst",
                Kind::Burst,
                "\"10\"",
                "write `burst = 10`, without quotes",
            ),
            (
                "burst",
                Kind::Burst,
                "\"ten\"",
                "a whole number: write `burst = 10`",
            ),
            (
                "max_retries",
                Kind::Retries,
                "-1",
                "write `max_retries = 0`",
            ),
            ("max_retries", Kind::Retries, "2.5", "whole number"),
            ("throttle_below", Kind::Share, "1.5", "from 0 to 1"),
            ("throttle_below", Kind::Share, "-0.1", "from 0 to 1"),
            ("throttle_below", Kind::Share, "\"0.1\"", "without quotes"),
            ("factor", Kind::Factor, "0.5", "at least 1"),
            ("factor", Kind::Factor, "1e999", "finite"),
            (
                "factor",
                Kind::Factor,
                "\"2\"",
                "write `factor = 2`, without quotes",
            ),
            (
                "deadline",
                Kind::Duration,
                "300",
                "write `deadline = \"300s\"`",
            ),
            (
                "deadline",
                Kind::Duration,
                "1.5",
                "write `deadline = \"1.5s\"`",
            ),
            ("deadline", Kind::Duration, "0", "longer than zero"),
            (
                "deadline",
                Kind::Duration,
                "300s",
                "in quotes: `deadline = \"300s\"`",
            ),
            (
                "deadline",
                Kind::Duration,
                "'a'",
                "write `deadline = \"300s\"`",
            ),
        ];
        for (name, kind, code, part) in cases {
            let message = read_code(name, kind, code).expect_err(code);
            assert!(message.contains(part), "{code}: {message}");
        }
    }
}
