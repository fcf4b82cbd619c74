//! The rules about `limits`, `cost` and `settle`: limits that go together, and costs that fit them.

use syn::{Expr, Ident};

use crate::costs::Cost;
use crate::diag::Errors;
use crate::grammar::{self, PerPeriod};
use crate::literal::Literal;
use crate::names;
use crate::options::{Limiter, Options};
use crate::row_keys;
use crate::rows::{Limits, REQUESTS, Row, Unit};
use crate::sentences;
use crate::value::Value;

pub(crate) fn check(options: &Options, errors: &mut Errors) {
    if let Some(limits) = options.name("limits") {
        check_beside(limits, options, errors);
    }
    if let Some(limits) = &options.limits {
        for row in &limits.rows {
            check_strict_row(row, options, errors);
        }
        check_names(limits, errors);
        check_paid(limits, options, errors);
        check_binding(limits, options, errors);
    }
    for unit in charged(options) {
        check_unit(unit, options, errors);
    }
    for cost in &options.cost {
        if let (Some(literal), Some(capacity)) = (cost.literal, capacity(options, &cost.unit)) {
            check_fit(cost, literal, capacity, errors);
        }
    }
}

/// Returns the units that `cost` and `settle` name.
fn charged(options: &Options) -> impl Iterator<Item = &Ident> {
    let costs = options.cost.iter().map(|cost| &cost.unit);
    let settles = options.settle.iter().filter(|settle| {
        // A unit that is not there is one mistake, wherever it is written.
        options.cost.iter().all(|cost| cost.unit != settle.unit)
    });
    costs.chain(settles.map(|settle| &settle.unit))
}

/// Returns whether `cost` or `settle` names the unit, here or at another function of the block.
fn is_charged(options: &Options, unit: &str) -> bool {
    let block = options.block.as_ref();
    charged(options).any(|charged| charged == unit) || block.is_some_and(|it| it.charges(unit))
}

/// Limits of the limiter, as far as the attribute tells.
enum Declared<'a> {
    /// The limiter is declared elsewhere, or its declaration is wrong.
    Unknown,
    /// `rate`: one limit of requests.
    One,
    Rows(&'a Limits),
}

impl<'a> Declared<'a> {
    fn of(options: &'a Options) -> Self {
        match (&options.limiter, &options.limits) {
            (Some(Limiter::Handle(_)), _) => Self::Unknown,
            (_, Some(limits)) => Self::Rows(limits),
            _ if options.name("limits").is_some() || options.name("rate").is_none() => {
                Self::Unknown
            }
            _ => Self::One,
        }
    }
}

/// Checks that `limits` stands alone, and where the limiter is declared.
fn check_beside(limits: &Ident, options: &Options, errors: &mut Errors) {
    if let Some(Limiter::Handle(_)) = &options.limiter {
        errors.at(limits, sentences::limiter_has(limits));
    }
    let others = ["rate", "burst", "window"];
    let others = others.into_iter().filter_map(|name| options.name(name));
    let beside: Vec<&Ident> = others.collect();
    let Some(first) = beside.first() else { return };
    errors.at(
        limits,
        format!("`limits` and `{first}` both declare limits: write all of them in `limits`"),
    );
    for name in beside {
        let example = match name.to_string().as_str() {
            "rate" => "limits = [\"10/s\", \"1000/h\"]",
            "burst" => "limits(requests(rate = \"500/min\", burst = 10))",
            _ => "limits(requests(rate = \"500/min\", window = \"strict\"))",
        };
        errors.at(name, format!("write it as a part of `limits`: `{example}`"));
    }
}

fn check_strict_row(row: &Row, options: &Options, errors: &mut Errors) {
    if let (Some(store), Some(_), None) = (options.name("store"), &row.window, &row.burst) {
        errors.at(store, grammar::STRICT_IN_A_STORE);
    }
    let (Some(window), Value::Literal(Literal::Rate(rate))) = (&row.window, &row.rate) else {
        return;
    };
    let burst = row.burst.as_ref().map(|(name, burst)| (name, burst));
    check_strict(*rate, window, burst, errors);
}

/// Checks that a strict window has a rate of whole tokens, and a burst that is less, if any.
pub(crate) fn check_strict(
    rate: PerPeriod,
    window: &Expr,
    burst: Option<(&Ident, &Value)>,
    errors: &mut Errors,
) {
    if rate.count > 1.0 && rate.count.fract() > 0.0 {
        errors.at(window, grammar::SPLIT_TOKEN);
    }
    if let Some((name, Value::Literal(Literal::Whole(tokens)))) = burst {
        if f64::from(*tokens) >= rate.count {
            errors.at(name, grammar::STRICT_BURST);
        }
    }
}

/// Checks that no two units have the same name but for its case.
fn check_names(limits: &Limits, errors: &mut Errors) {
    let name_of = |unit: &Unit| match unit {
        Unit::Named(name) => Some(name.clone()),
        Unit::Unnamed => None,
    };
    let names: Vec<Ident> = limits.units.iter().filter_map(name_of).collect();
    for (at, name) in names.iter().enumerate() {
        let same = |other: &&Ident| other.to_string().eq_ignore_ascii_case(&name.to_string());
        if let Some(other) = names[..at].iter().find(same) {
            errors.at(
                name,
                format!(
                    "`{other}` and `{name}` differ only in case: give one of them another name"
                ),
            );
        }
    }
}

/// Checks that each limit is taken from by a call: those of requests are by themselves.
fn check_paid(limits: &Limits, options: &Options, errors: &mut Errors) {
    for unit in &limits.units {
        let Unit::Named(name) = unit else { continue };
        let text = name.to_string();
        // A charged unit that is misspelt is one mistake.
        let mut misspelt = charged(options).map(ToString::to_string);
        let is_meant =
            |unit: String| !limits.counts(&unit) && names::nearest(&unit, &[&text]).is_some();
        if text == REQUESTS || is_charged(options, &text) || misspelt.any(is_meant) {
            continue;
        }
        let more = if names::nearest(&text, &[REQUESTS]).is_some() {
            ", or `requests` if each call counts 1"
        } else if matches!(options.limiter, Some(Limiter::Named(_))) {
            ", or `= 0` if only other functions take it"
        } else {
            ""
        };
        errors.at(
            name,
            format!(
                "no call takes `{name}`: write `cost({name} = ..)` for what it takes before, or `settle({name} = ..)` for what it \
                 took in the end{more}"
            ),
        );
    }
}

/// Checks that a unit that is charged is there.
fn check_unit(unit: &Ident, options: &Options, errors: &mut Errors) {
    let text = unit.to_string();
    let message = match Declared::of(options) {
        Declared::Unknown => return,
        Declared::One if text == REQUESTS => return,
        Declared::One => match names::nearest(&text, &[REQUESTS]) {
            Some(right) => sentences::no_such("unit", unit, sentences::did_you_mean(right)),
            None => format!(
                "`rate` counts requests: write `limits(requests = \"500/min\", {unit} = \"30000/min\")` for a limit of `{unit}`"
            ),
        },
        Declared::Rows(limits) if limits.counts(&text) => return,
        Declared::Rows(limits) => {
            let counted = limits.counted();
            let counted: Vec<&str> = counted.iter().map(String::as_str).collect();
            if text == REQUESTS {
                format!(
                    "no limit here counts requests: name the unit, like `cost({} = 5)`",
                    counted[0]
                )
            } else {
                let advice = match names::nearest(&text, &counted) {
                    Some(right) => sentences::did_you_mean(right),
                    None => format!("the units are {}", names::list(&counted)),
                };
                sentences::no_such("unit", unit, advice)
            }
        }
    };
    errors.at(unit, message);
}

/// Returns the least capacity of the limits of a unit, if it is known for all of them.
fn capacity(options: &Options, unit: &Ident) -> Option<f64> {
    match Declared::of(options) {
        Declared::Unknown => None,
        Declared::One => {
            // A wrong burst is not the default one.
            let burst = options.name("burst").map(|_| options.burst.as_ref());
            match burst {
                Some(burst) => one_capacity(options.rate.as_ref()?, Some(burst?)),
                None => one_capacity(options.rate.as_ref()?, None),
            }
        }
        Declared::Rows(limits) => {
            let unit = unit.to_string();
            let mut rows = limits.rows.iter().filter(|row| row.unit.counted() == unit);
            rows.try_fold(f64::INFINITY, |least, row| {
                Some(least.min(row_capacity(row)?))
            })
        }
    }
}

fn row_capacity(row: &Row) -> Option<f64> {
    one_capacity(&row.rate, row.burst.as_ref().map(|(_, burst)| burst))
}

/// Returns the capacity of a limit from which calls take more than 1, if it is known.
fn one_capacity(rate: &Value, burst: Option<&Value>) -> Option<f64> {
    match (burst, rate) {
        (Some(Value::Literal(Literal::Whole(burst))), _) => Some(f64::from(*burst)),
        (None, Value::Literal(Literal::Rate(rate))) => Some(rate.count.floor().max(1.0)),
        _ => None,
    }
}

/// Returns whether the limit that `cost` is taken from is known to hold it.
pub(crate) fn always_fits(options: &Options, cost: &Cost) -> bool {
    let is_known = !matches!(Declared::of(options), Declared::Unknown);
    match cost.literal {
        Some(0 | 1) => is_known,
        Some(_) => capacity(options, &cost.unit).is_some(),
        None => false,
    }
}

/// Returns whether the attribute declares the limits that `cost` and `settle` are about.
pub(crate) fn declares_units(options: &Options) -> bool {
    !matches!(Declared::of(options), Declared::Unknown)
}

fn check_fit(cost: &Cost, literal: u32, capacity: f64, errors: &mut Errors) {
    if f64::from(literal) > capacity {
        let unit = &cost.unit;
        errors.at(
            &cost.written,
            format!(
                "a limit of `{unit}` holds {capacity} at most, so a call that takes {literal} could never go: write a larger `burst`"
            ),
        );
    }
}

/// Checks that each literal limit can hold a call back at all, beside the others of its unit.
fn check_binding(limits: &Limits, options: &Options, errors: &mut Errors) {
    let shapes: Vec<_> = limits.rows.iter().map(Shape::of).collect();
    for (at, (row, shape)) in limits.rows.iter().zip(&shapes).enumerate() {
        let Some(shape) = shape else { continue };
        let tighter =
            limits
                .rows
                .iter()
                .zip(&shapes)
                .enumerate()
                .find(|(place, (other, tighter))| {
                    let Some(tighter) = tighter else { return false };
                    let is_first = *place < at;
                    *place != at
                        && other.unit.counted() == row.unit.counted()
                        && row_keys::is_beside(row, other, options)
                        && shape.never_binds(tighter)
                        && (is_first || !tighter.never_binds(shape))
                });
        if let Some((_, (tighter, _))) = tighter {
            let (text, tighter) = (row.text(), tighter.text());
            let message = if text == tighter {
                sentences::written_twice(text)
            } else {
                format!("`{text}` never matters beside `{tighter}`: remove it")
            };
            errors.at(&row.written, message);
        }
    }
}

/// Literal limit, for comparison.
struct Shape {
    count: f64,
    nanos: f64,
    /// Tokens that can go at once.
    capacity: f64,
    strict: bool,
}

impl Shape {
    fn of(row: &Row) -> Option<Self> {
        let Value::Literal(Literal::Rate(rate)) = row.rate else {
            return None;
        };
        #[expect(clippy::cast_precision_loss, reason = "periods are far below 2^52 ns")]
        let nanos = rate.nanos as f64;
        Some(Self {
            count: rate.count,
            nanos,
            capacity: row_capacity(row)?,
            strict: row.window.is_some(),
        })
    }

    /// Returns the most tokens that it lets through in any interval of `nanos`.
    fn most_in(&self, nanos: f64) -> f64 {
        if self.strict {
            self.count * (nanos / self.nanos).ceil()
        } else {
            self.capacity + self.count / self.nanos * nanos
        }
    }

    /// Returns whether it never holds a call back that `tighter` lets through.
    fn never_binds(&self, tighter: &Self) -> bool {
        if self.strict {
            return tighter.most_in(self.nanos) <= self.count;
        }
        self.capacity >= tighter.capacity
            && self.count * tighter.nanos >= tighter.count * self.nanos
    }
}
