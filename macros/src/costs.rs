//! `cost` and `settle`: what a call takes from each limit before, and what it really took.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Block, Expr, ExprLit, ExprUnary, Ident, Lit, LitInt, Stmt, UnOp};

use crate::args::{Entry, Form};
use crate::names::{self, Scope};
use crate::reader::Reader;
use crate::rows::REQUESTS;
use crate::sentences;
use crate::tokens::replaced;

/// Cost in one unit.
pub(crate) struct Cost {
    /// The unit. Of `cost = expr` it is `requests`, at the name of the option.
    pub(crate) unit: Ident,
    pub(crate) written: Expr,
    /// The value of a literal.
    pub(crate) literal: Option<u32>,
}

/// Function that tells from an `Ok` value what a call took of one unit.
pub(crate) struct Settle {
    pub(crate) unit: Ident,
    pub(crate) function: Expr,
}

/// Reads `cost = expr` or `cost(tokens = expr, ..)`.
pub(crate) fn read_cost(entry: Entry, reader: &mut Reader<'_>) -> Vec<Cost> {
    let name = entry.name;
    match entry.form {
        Form::Value(written) => {
            let unit = Ident::new(REQUESTS, name.span());
            vec![cost(unit, written, reader)]
        }
        Form::List(entries) if !entries.is_empty() => {
            let costs = entries.into_iter();
            costs.map(|entry| unit_cost(entry, reader)).collect()
        }
        Form::List(_) | Form::Flag | Form::Unnamed(_) => {
            let example = names::example_of("cost");
            let message = sentences::needs_value(
                &name,
                &format!("{example}`, or `cost(tokens = prompt.len())"),
            );
            reader.errors.at(&name, message);
            Vec::new()
        }
    }
}

fn unit_cost(entry: Entry, reader: &mut Reader<'_>) -> Cost {
    let unit = entry.name.clone();
    let written = unit_value(entry, Scope::Cost, reader);
    cost(unit, written, reader)
}

/// Returns the value of a unit. One that is missing is reported; it is no tokens.
fn unit_value(entry: Entry, scope: Scope, reader: &mut Reader<'_>) -> Expr {
    match entry.form {
        Form::Value(written) => written,
        Form::Flag | Form::List(_) | Form::Unnamed(_) => {
            let example = names::example_in(scope, &entry.name.to_string());
            let message = sentences::needs_value(&entry.name, &example.unwrap_or_default());
            reader.errors.at(&entry.name, message);
            Expr::Verbatim(TokenStream::new())
        }
    }
}

fn cost(unit: Ident, written: Expr, reader: &mut Reader<'_>) -> Cost {
    let literal = literal(&written).unwrap_or_else(|message| {
        reader.errors.at(&written, message);
        None
    });
    Cost {
        unit,
        written: unsigned(written),
        literal,
    }
}

/// Returns the value of a literal; `None` for any other expression.
fn literal(expr: &Expr) -> Result<Option<u32>, String> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) => whole(int).map(Some),
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) if text.value().parse::<u32>().is_ok() => Err(sentences::without_quotes(text.value())),
        Expr::Lit(_) | Expr::Array(_) | Expr::Tuple(_) | Expr::Range(_) | Expr::Struct(_) => {
            Err(NO_COST.to_owned())
        }
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) if matches!(&**expr, Expr::Lit(_)) => Err(NEGATIVE.to_owned()),
        Expr::Closure(_) => Err(
            "a cost is a number, with the arguments in scope: write `cost(tokens = prompt.len())`"
                .to_owned(),
        ),
        _ => Ok(None),
    }
}

fn whole(int: &LitInt) -> Result<u32, String> {
    if !matches!(
        int.suffix(),
        "" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize"
    ) {
        return Err(format!(
            "a cost is an unsigned integer: write `{}`",
            int.base10_digits()
        ));
    }
    int.base10_parse().map_err(|_| TOO_LARGE.to_owned())
}

const NO_COST: &str =
    "a cost is a whole number: write `cost = 5`, or an expression like `cost = ids.len()`";
const NEGATIVE: &str = "a cost is never negative: write `0` for a call that takes nothing, and `settle(..)` for what a call did \
                        not take in the end";
const TOO_LARGE: &str = "no limit ever holds more than 4294967295: check the cost";

/// Reads `settle(tokens = |reply| expr, ..)`.
pub(crate) fn read_settle(entry: Entry, reader: &mut Reader<'_>) -> Vec<Settle> {
    match entry.form {
        Form::List(entries) if !entries.is_empty() => entries
            .into_iter()
            .map(|entry| settle(entry, reader))
            .collect(),
        Form::Value(function @ Expr::Closure(_)) => {
            let message = "name the unit that it is about: write `settle(requests = ..)` or `settle(tokens = ..)`";
            reader.errors.at(function, message);
            Vec::new()
        }
        _ => {
            let message = format!("write `{}`", names::example_of("settle"));
            reader.errors.at(&entry.name, message);
            Vec::new()
        }
    }
}

fn settle(entry: Entry, reader: &mut Reader<'_>) -> Settle {
    let unit = entry.name.clone();
    let mut function = unit_value(entry, Scope::Settle, reader);
    match &mut function {
        Expr::Lit(_) | Expr::Array(_) | Expr::Tuple(_) => {
            let message = format!(
                "expected a function from a reference to what the call returns in `Ok`: write `{unit} = |reply| reply.{unit}`"
            );
            reader.errors.at(&function, message);
        }
        Expr::Closure(closure) => {
            let body = std::mem::replace(&mut *closure.body, Expr::Verbatim(TokenStream::new()));
            *closure.body = unsigned(body);
        }
        _ => {}
    }
    Settle { unit, function }
}

/// What a call takes of one unit, and what it really took.
pub(crate) struct Charge {
    pub(crate) unit: String,
    /// `None`: the usual cost.
    pub(crate) cost: Option<Cost>,
    pub(crate) settle: Option<Expr>,
}

impl Charge {
    /// Gives `self` the name that it has in the body that `#[async_trait]` wrote. Only for `settle`: costs are evaluated before
    /// `self` gets the name.
    pub(crate) fn rename_self(&mut self) {
        let Some(settle) = &mut self.settle else {
            return;
        };
        let renamed = replaced(settle.to_token_stream(), "self", "__self");
        *settle = syn::parse2(renamed.clone()).unwrap_or(Expr::Verbatim(renamed));
    }
}

/// Returns the charges, one for each unit: first those with a cost.
pub(crate) fn charges(costs: Vec<Cost>, settles: Vec<Settle>) -> Vec<Charge> {
    let charge = |cost: Cost| Charge {
        unit: cost.unit.to_string(),
        cost: Some(cost),
        settle: None,
    };
    let mut charges: Vec<Charge> = costs.into_iter().map(charge).collect();
    for Settle { unit, function } in settles {
        let unit = unit.to_string();
        if let Some(charge) = charges.iter_mut().find(|charge| charge.unit == unit) {
            charge.settle = Some(function);
        } else {
            charges.push(Charge {
                unit,
                cost: None,
                settle: Some(function),
            });
        }
    }
    charges
}

/// Gives literals the type `u64` where nothing else tells their type: where each result of the expression is one, as in
/// `if fast { 1 } else { 5 }`. The compiler would take them for `i32`.
fn unsigned(mut expr: Expr) -> Expr {
    if results(&mut expr, &mut |int| int.suffix().is_empty()) {
        results(&mut expr, &mut |int| {
            *int = LitInt::new(&format!("{}u64", int.base10_digits()), int.span());
            true
        });
    }
    expr
}

/// Visits the results of an expression, until one is no literal or `visit` returns `false`.
fn results(expr: &mut Expr, visit: &mut dyn FnMut(&mut LitInt) -> bool) -> bool {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) => visit(int),
        Expr::Paren(inner) => results(&mut inner.expr, visit),
        Expr::Group(inner) => results(&mut inner.expr, visit),
        Expr::Binary(binary) => {
            results(&mut binary.left, visit) && results(&mut binary.right, visit)
        }
        Expr::Block(block) => last_result(&mut block.block, visit),
        Expr::If(branches) => {
            let Some((_, otherwise)) = &mut branches.else_branch else {
                return false;
            };
            last_result(&mut branches.then_branch, visit) && results(otherwise, visit)
        }
        Expr::Match(arms) => arms
            .arms
            .iter_mut()
            .all(|arm| results(&mut arm.body, visit)),
        _ => false,
    }
}

fn last_result(block: &mut Block, visit: &mut dyn FnMut(&mut LitInt) -> bool) -> bool {
    match block.stmts.last_mut() {
        Some(Stmt::Expr(expr, None)) => results(expr, visit),
        _ => false,
    }
}

#[cfg(test)]
#[path = "costs/tests.rs"]
mod tests;
