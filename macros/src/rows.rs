//! `limits`: several limits at once. Each is a row: a unit, a rate, and perhaps a burst and a strict window.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{BinOp, Expr, ExprArray, ExprBinary, ExprLit, Ident, Lit, LitStr};

use crate::args::{Entry, Form};
use crate::literal::Kind;
use crate::names::{self, Scope};
use crate::reader::Reader;
use crate::sentences;
use crate::value::Value;

/// Unit of the limits that count requests. Limits without a name count them, too.
pub(crate) const REQUESTS: &str = "requests";

/// Maximum number of limits.
const MAX_ROWS: usize = 8;

/// The limits of one attribute.
#[derive(Default)]
pub(crate) struct Limits {
    /// The units that were written, also of limits with wrong values.
    pub(crate) units: Vec<Unit>,
    pub(crate) rows: Vec<Row>,
}

/// Unit of a limit.
#[derive(Clone)]
pub(crate) enum Unit {
    /// Requests, in a limit without a name.
    Unnamed,
    Named(Ident),
}

/// One limit.
pub(crate) struct Row {
    pub(crate) unit: Unit,
    pub(crate) rate: Value,
    /// The rate as it was written.
    pub(crate) written: TokenStream,
    /// The burst, and its name in the attribute.
    pub(crate) burst: Option<(Ident, Value)>,
    /// The value of `window`.
    pub(crate) window: Option<Expr>,
    /// The key of this limit alone.
    pub(crate) key: Option<RowKey>,
    /// Its place among the keys of the attribute, once they are known.
    pub(crate) place: KeyPlace,
}

/// Key of one limit.
pub(crate) struct RowKey {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
}

/// Place of a limit among the keys of its attribute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// There is one limiter, or it is the limit of the first key.
    First,
    /// It is the limit of the further key at this place.
    Further(u8),
    /// All keys share it.
    All,
}

impl Unit {
    /// Returns the name; it is empty for a limit without one.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Unnamed => String::new(),
            Self::Named(name) => name.to_string(),
        }
    }

    /// Returns the name of what the limit counts.
    pub(crate) fn counted(&self) -> String {
        match self {
            Self::Unnamed => REQUESTS.to_owned(),
            Self::Named(name) => name.to_string(),
        }
    }
}

impl Row {
    /// Returns whether its rate or its burst is only known at run time.
    pub(crate) fn is_run_time(&self) -> bool {
        let burst = self.burst.as_ref();
        self.rate.is_run_time() || burst.is_some_and(|(_, burst)| burst.is_run_time())
    }

    /// Returns the text of the rate, as in `10/s`.
    pub(crate) fn text(&self) -> String {
        match syn::parse2::<LitStr>(self.written.clone()) {
            Ok(text) => text.value(),
            Err(_) => self.written.to_string(),
        }
    }
}

/// Reads the limits; returns `None` after a mistake in their form.
pub(crate) fn read(entry: Entry, reader: &mut Reader<'_>) -> Option<Limits> {
    let mut limits = Limits::default();
    let name = entry.name;
    match entry.form {
        Form::Value(Expr::Array(list)) => limits.read_list(&Unit::Unnamed, list, reader),
        // If there is another mistake already, the entry may be the wrong one.
        Form::List(entries) if entries.is_empty() && reader.errors.is_empty() => {
            reader.errors.at(&name, EMPTY);
        }
        Form::List(entries) => {
            for entry in entries {
                limits.read_unit(entry, reader);
            }
        }
        Form::Value(other) => reader.errors.at(other, NO_LIST),
        Form::Flag | Form::Unnamed(_) => {
            let message = sentences::needs_value(&name, names::example_of("limits"));
            reader.errors.at(&name, message);
        }
    }
    if let Some(ninth) = limits.rows.get(MAX_ROWS) {
        let message = format!("a limiter has at most {MAX_ROWS} limits: remove this one");
        reader.errors.at(&ninth.written, message);
    }
    (!limits.units.is_empty()).then_some(limits)
}

const NO_LIST: &str = "`limits` is a list: write `limits = [\"10/s\", \"1000/h\"]`, or `rate = \"10/s\"` for one limit";
const EMPTY: &str = "there is no limit in it: write `limits = [\"10/s\", \"1000/h\"]`";

impl Limits {
    /// Returns whether a limit counts `unit`.
    pub(crate) fn counts(&self, unit: &str) -> bool {
        self.units.iter().any(|counted| counted.counted() == unit)
    }

    /// Returns the names of what the limits count, each once.
    pub(crate) fn counted(&self) -> Vec<String> {
        let mut names = Vec::new();
        for name in self.units.iter().map(Unit::counted) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Reads the limits of one unit.
    fn read_unit(&mut self, entry: Entry, reader: &mut Reader<'_>) {
        let name = entry.name;
        let unit = match &entry.form {
            Form::Unnamed(_) => Unit::Unnamed,
            _ => Unit::Named(name.clone()),
        };
        match entry.form {
            Form::Unnamed(Expr::Array(list)) | Form::Value(Expr::Array(list)) => {
                self.read_list(&unit, list, reader);
            }
            Form::Unnamed(limit) if hyphenated(&limit).is_some() => {
                self.refuse_hyphen(&limit, reader);
            }
            Form::Unnamed(rate) | Form::Value(rate) => {
                self.note(&unit);
                self.add(unit, rate, reader);
            }
            Form::List(parts) => {
                self.note(&unit);
                self.rows.extend(row_of_parts(&name, unit, parts, reader));
            }
            Form::Flag => {
                self.note(&unit);
                let example = names::example_in(Scope::Limits, &name.to_string());
                let message = sentences::needs_value(&name, &example.unwrap_or_default());
                reader.errors.at(&name, message);
            }
        }
    }

    /// Reports a limit whose unit has a hyphen. The unit that is meant counts as declared, so that its costs are no errors.
    fn refuse_hyphen(&mut self, limit: &Expr, reader: &mut Reader<'_>) {
        let Some(name) = hyphenated(limit) else {
            return;
        };
        self.note(&Unit::Named(Ident::new(&name, Span::call_site())));
        let message = format!(
            "a unit has no `-`: write `{name}`, which is also the limit of headers with a `-`"
        );
        reader.errors.at(limit, message);
    }

    /// Adds a unit, once.
    fn note(&mut self, unit: &Unit) {
        if self.units.iter().all(|other| other.name() != unit.name()) {
            self.units.push(unit.clone());
        }
    }

    fn read_list(&mut self, unit: &Unit, list: ExprArray, reader: &mut Reader<'_>) {
        self.note(unit);
        if list.elems.is_empty() {
            reader.errors.at(&list, EMPTY);
        }
        for rate in list.elems {
            self.add(unit.clone(), rate, reader);
        }
    }

    fn add(&mut self, unit: Unit, rate: Expr, reader: &mut Reader<'_>) {
        let written = rate.to_token_stream();
        self.rows.extend(rate_value(rate, reader).map(|rate| Row {
            unit,
            rate,
            written,
            burst: None,
            window: None,
            key: None,
            place: KeyPlace::First,
        }));
    }
}

/// Reads `tokens(rate = "30000/min", burst = 30_000, window = "strict")`.
fn row_of_parts(
    name: &Ident,
    unit: Unit,
    parts: Vec<Entry>,
    reader: &mut Reader<'_>,
) -> Option<Row> {
    let (mut rate, mut burst, mut window, mut key) = (None, None, None, None);
    let mut is_there = false;
    for part in parts {
        let place = part.name.clone();
        match place.to_string().as_str() {
            "rate" => {
                is_there = true;
                let written = reader.expr(part);
                rate = written.and_then(|written| {
                    let tokens = written.to_token_stream();
                    Some((rate_value(written, reader)?, tokens))
                });
            }
            "burst" => {
                burst = reader.value(part, Kind::Burst).map(|burst| (place, burst));
            }
            "key" => {
                key = reader.expr(part).map(|value| RowKey { name: place, value });
            }
            _ => window = reader.choice(part, &names::WINDOWS).map(|it| it.1),
        }
    }
    if !is_there {
        let message = format!("`{name}` needs a rate: write `{name}(rate = \"30000/min\")`");
        reader.errors.at(name, message);
    }
    let (rate, written) = rate?;
    Some(Row {
        unit,
        rate,
        written,
        burst,
        window,
        key,
        place: KeyPlace::First,
    })
}

fn rate_value(rate: Expr, reader: &mut Reader<'_>) -> Option<Value> {
    let is_rate = match &rate {
        Expr::Lit(ExprLit { lit, .. }) => {
            matches!(lit, Lit::Str(_) | Lit::Int(_) | Lit::Float(_))
        }
        Expr::Array(_) | Expr::Tuple(_) | Expr::Closure(_) | Expr::Range(_) | Expr::Struct(_) => {
            false
        }
        _ => true,
    };
    if !is_rate {
        reader
            .errors
            .at(rate, "a limit is a rate: write one like \"300/min\"");
        return None;
    }
    let name = Ident::new("rate", Span::call_site());
    let value = Value::read(&name, Kind::Rate, rate, reader.generics);
    reader.errors.keep(value)
}

/// Returns the unit that is meant by `input-tokens = "30000/min"` or `input-tokens(rate = "30000/min")`.
fn hyphenated(limit: &Expr) -> Option<String> {
    let name = match limit {
        Expr::Assign(assign) => assign.left.to_token_stream(),
        Expr::Binary(ExprBinary {
            left,
            op: BinOp::Sub(_),
            right,
            ..
        }) => match &**right {
            Expr::Call(call) => {
                let func = &call.func;
                quote::quote!(#left - #func)
            }
            _ => return None,
        },
        _ => return None,
    };
    let name = name.to_string().replace(' ', "").replace('-', "_");
    syn::parse_str::<Ident>(&name).is_ok().then_some(name)
}
