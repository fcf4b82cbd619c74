//! The values of options: literals are checked at once, the rest is left to the compiler or to the first call.

use syn::{Expr, ExprPath, Ident};

use crate::literal::{self, Kind, Literal};

pub(crate) enum Value {
    Literal(Literal),
    /// The path of a constant: the compiler evaluates and checks it.
    Constant(Kind, Expr),
    /// Any other expression: evaluated once, at the first call.
    RunTime(Kind, Expr),
}

impl Value {
    /// Reads the value of the option `name`; `generics` are constants and types that only the function itself can name.
    pub(crate) fn read(
        name: &Ident,
        kind: Kind,
        expr: Expr,
        generics: &[Ident],
    ) -> syn::Result<Self> {
        match literal::read(name, kind, &expr) {
            Some(literal) => literal
                .map(Self::Literal)
                .map_err(|message| syn::Error::new_spanned(expr, message)),
            None if is_constant(&expr, generics) => Ok(Self::Constant(kind, expr)),
            None => Ok(Self::RunTime(kind, expr)),
        }
    }

    /// Whether it is a literal 0.
    pub(crate) fn is_none_at_all(&self) -> bool {
        matches!(self, Self::Literal(Literal::Whole(0)))
    }

    pub(crate) fn is_run_time(&self) -> bool {
        matches!(self, Self::RunTime(..))
    }
}

/// Whether `expr` is named like a constant that a `static` can use.
pub(crate) fn is_constant(expr: &Expr, generics: &[Ident]) -> bool {
    let Expr::Path(ExprPath {
        qself: None, path, ..
    }) = expr
    else {
        return false;
    };
    let (Some(first), Some(last)) = (path.segments.first(), path.segments.last()) else {
        return false;
    };
    let name = last.ident.to_string();
    // One letter is how generic constants are named, and a `static` cannot see those.
    name.len() > 1
        && name.chars().any(char::is_alphabetic)
        && !name.chars().any(char::is_lowercase)
        && first.ident != "Self"
        && !generics.contains(&last.ident)
        && !generics.contains(&first.ident)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str) -> Value {
        let name = Ident::new("rate", proc_macro2::Span::call_site());
        let generics = ["LIMIT_OF_F", "T"].map(|generic| Ident::new(generic, name.span()));
        let expr = syn::parse_str(code).expect(code);
        Value::read(&name, Kind::Rate, expr, &generics).expect(code)
    }

    #[test]
    fn constants_are_told_by_their_names() {
        for code in [
            "LIMIT",
            "config::LIMIT",
            "crate::config::LIMIT_2",
            "Config::LIMIT",
        ] {
            assert!(matches!(read(code), Value::Constant(..)), "{code}");
        }
        for code in [
            "limit",
            "N",
            "LIMIT_OF_F",
            "Self::LIMIT",
            "T::LIMIT",
            "self.limit",
            "LIMIT()",
            "{ LIMIT }",
            "*LIMIT",
            "<T as Trait>::LIMIT",
            "2 * 5",
            "Limit",
            "_X1_y",
        ] {
            assert!(matches!(read(code), Value::RunTime(..)), "{code}");
        }
    }
}
