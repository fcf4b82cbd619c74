//! The options as calls of methods on the runtime's settings, in their order, by the time at which they are known.

use syn::{Expr, LitStr};

use crate::concurrency::Concurrency;
use crate::costs::Charge;
use crate::defaults;
use crate::literal::Literal;
use crate::options::{Backoff, Options};
use crate::rows::Row;
use crate::store::Store;
use crate::trigger::Trigger;
use crate::value::Value;

/// The settings, by the time at which they are known.
#[derive(Default)]
pub(crate) struct Settings {
    /// At compile time.
    pub(crate) constant: Vec<Setting>,
    /// At the first call of the function: those of the limiter.
    pub(crate) first: Vec<Setting>,
    /// At each call.
    pub(crate) each: Vec<Setting>,
}

/// One call of a method on the runtime's settings.
pub(crate) enum Setting {
    Value(&'static str, Value),
    Backoff(Vec<(&'static str, Value)>, Option<&'static str>),
    RetryOn(Vec<Trigger>),
    RespectHeaders(bool),
    /// Meaning of a reset, and its place in the attribute.
    Reset(&'static str, Expr),
    Idempotent,
    /// A method without arguments.
    Mode(&'static str),
    /// `window = "strict"` beside these, and its place in the attribute.
    Strict(Expr),
    /// The burst of the whole period, for the rate beside it.
    WholePeriod,
    Limits(Vec<DeclaredRow>),
    /// One limiter for each key, and whether costs are corrected.
    Keyed(bool),
    /// The units that `cost` and `settle` name.
    Units(Vec<String>),
    /// Name of an `impl` block, and of its first function.
    Block(String, String),
    Named(LitStr),
    Store(Store),
    OnStoreError(&'static str),
    /// `on_retry` or `on_give_up`, and the function.
    Hook(&'static str, Expr),
}

/// One of several limits, as it is declared.
pub(crate) struct DeclaredRow {
    pub(crate) row: Row,
    pub(crate) default_burst: DefaultBurst,
}

/// Burst of a limit for which none is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DefaultBurst {
    /// One second's worth. Also where a burst or a strict window is written.
    Second,
    /// The whole period's count, where calls take more than 1.
    WholePeriod,
    /// One second's worth in the fastest limit of the unit, and the whole period's count in the others.
    ByRate,
}

impl Settings {
    fn of(settings: Vec<Setting>) -> Self {
        // A rate brings its default burst, so a burst comes after it.
        let late = |name| {
            let mut settings = settings.iter();
            settings.any(|setting| setting.is(name) && setting.is_run_time())
        };
        let late_rate = late("rate");
        let late_quota = late_rate || late("burst");
        let mut sorted = Self::default();
        for setting in settings {
            let known = if setting.is_of_call() && setting.is_run_time() {
                &mut sorted.each
            } else if setting.is_run_time()
                || (late_rate && setting.is("burst"))
                || (late_quota && matches!(setting, Setting::Strict(_) | Setting::WholePeriod))
            {
                &mut sorted.first
            } else {
                &mut sorted.constant
            };
            known.push(setting);
        }
        sorted
    }
}

impl Setting {
    fn is(&self, name: &str) -> bool {
        matches!(self, Self::Value(method, _) if *method == name)
    }

    /// Returns whether it belongs to the call, and not to the limiter.
    fn is_of_call(&self) -> bool {
        match self {
            Self::Value(method, _) => OF_CALL.contains(method),
            Self::Backoff(..) => true,
            _ => false,
        }
    }

    /// Returns whether it is the default, so that it can be left out.
    fn is_default(&self) -> bool {
        match self {
            Self::Value("max_retries", Value::Literal(Literal::Whole(retries))) => {
                *retries == defaults::MAX_RETRIES
            }
            Self::Value("max_throttles", value) => value.is_none_at_all(),
            Self::RespectHeaders(respected) => *respected,
            Self::Mode(mode) => matches!(*mode, "enforce" | "start_full"),
            _ => false,
        }
    }

    fn is_run_time(&self) -> bool {
        match self {
            Self::Value(_, value) => value.is_run_time(),
            Self::Backoff(parts, _) => parts.iter().any(|(_, value)| value.is_run_time()),
            Self::Store(store) => matches!(store, Store::RunTime(_)),
            Self::Limits(rows) => rows.iter().any(|declared| declared.row.is_run_time()),
            Self::RetryOn(_)
            | Self::RespectHeaders(_)
            | Self::Reset(..)
            | Self::Idempotent
            | Self::Mode(_)
            | Self::Strict(_)
            | Self::WholePeriod
            | Self::Keyed(_)
            | Self::Units(_)
            | Self::Block(..)
            | Self::Named(_)
            | Self::OnStoreError(_)
            | Self::Hook(..) => false,
        }
    }
}

/// Names of the values that belong to the call.
const OF_CALL: &[&str] = &[
    "max_retries",
    "max_throttles",
    "deadline",
    "attempt_timeout",
    "max_wait",
];

/// Returns the settings of the options; `name`: of a limiter that functions share.
pub(crate) fn of(mut options: Options, name: Option<LitStr>, charges: &[Charge]) -> Settings {
    let is_declared = options.rate.is_some() || options.limits.is_some();
    let rows = declared_rows(&mut options, charges);
    let keyed = keyed(&options, charges);
    let has_burst = options.burst.is_some() || options.window.is_some();
    let block = options.block.filter(|_| is_declared);
    let is_charged = !charges.is_empty() || block.as_ref().is_some_and(|it| !it.units.is_empty());
    let whole_period = options.rate.is_some() && !has_burst && is_charged;
    let values = [
        ("rate", options.rate),
        ("burst", options.burst),
        ("max_keys", options.max_keys),
        ("max_retries", options.max_retries),
        ("max_throttles", options.max_throttles),
        ("deadline", options.deadline),
        ("attempt_timeout", options.attempt_timeout),
        ("max_wait", options.max_wait),
        ("throttle_below", options.throttle_below),
        ("max_cooldown", options.max_cooldown),
        ("hint_spread", options.hint_spread),
        ("slow", options.slow),
    ];
    let values = written(values).map(|(method, value)| Setting::Value(method, value));
    // Before the number of keys.
    let mut settings: Vec<_> = keyed.into_iter().chain(values).collect();
    settings.extend(options.max_concurrency.into_iter().flat_map(in_flight));
    // After the rate and the burst.
    settings.extend(options.window.map(Setting::Strict));
    settings.extend(whole_period.then_some(Setting::WholePeriod));
    settings.extend(rows.map(Setting::Limits));
    let units: Vec<_> = charges.iter().map(|charge| charge.unit.clone()).collect();
    settings.extend((!units.is_empty()).then_some(Setting::Units(units)));
    settings.extend(options.backoff.map(backoff));
    settings.extend(options.respect_headers.map(Setting::RespectHeaders));
    let reset = options.headers.and_then(|headers| headers.reset);
    settings.extend(reset.map(|(kind, written)| Setting::Reset(kind, written)));
    settings.extend(options.retry_on.map(Setting::RetryOn));
    settings.extend(options.idempotent.then_some(Setting::Idempotent));
    settings.extend(options.modes.into_iter().map(Setting::Mode));
    settings.extend(name.map(Setting::Named));
    settings.extend(block.map(|block| Setting::Block(block.name, block.first)));
    settings.extend(options.store.map(Setting::Store));
    settings.extend(options.on_store_error.map(Setting::OnStoreError));
    let hooks = options.hooks.into_iter();
    settings.extend(hooks.map(|(name, function)| Setting::Hook(name, function)));
    settings.retain(|setting| !setting.is_default());
    Settings::of(settings)
}

fn backoff(backoff: Backoff) -> Setting {
    let parts = [
        ("base", backoff.base),
        ("factor", backoff.factor),
        ("max", backoff.max),
    ];
    Setting::Backoff(written(parts).collect(), backoff.jitter)
}

/// Returns the setting of limiters of keys, if the attribute declares them.
fn keyed(options: &Options, charges: &[Charge]) -> Option<Setting> {
    let settles = charges.iter().any(|charge| charge.settle.is_some());
    options.is_keyed.then_some(Setting::Keyed(settles))
}

/// Returns the settings of `max_concurrency`.
fn in_flight(concurrency: Concurrency) -> Vec<Setting> {
    let (start, max) = match concurrency {
        Concurrency::Fixed(value) => return vec![Setting::Value("max_concurrency", value)],
        Concurrency::Auto { start, max } => (start, max),
    };
    let parts = [("concurrency_from", start), ("concurrency_to", max)];
    let parts = written(parts).map(|(method, value)| Setting::Value(method, value));
    let auto = Setting::Mode("auto_concurrency");
    core::iter::once(auto).chain(parts).collect()
}

/// Takes the limits, with their default bursts.
fn declared_rows(options: &mut Options, charges: &[Charge]) -> Option<Vec<DeclaredRow>> {
    let rows = options.limits.take()?.rows;
    let block = options.block.as_ref();
    let is_charged = |unit: &str| {
        let mut charges = charges.iter();
        charges.any(|charge| charge.unit == unit) || block.is_some_and(|it| it.charges(unit))
    };
    let units: Vec<_> = rows
        .iter()
        .map(|row| (row.unit.counted(), row.place))
        .collect();
    let default_burst = |row: &Row| {
        let unit = row.unit.counted();
        if row.burst.is_some() || row.window.is_some() {
            DefaultBurst::Second
        } else if is_charged(&unit) {
            DefaultBurst::WholePeriod
        } else {
            let place = (unit, row.place);
            match units.iter().filter(|other| **other == place).count() {
                0 | 1 => DefaultBurst::Second,
                _ => DefaultBurst::ByRate,
            }
        }
    };
    let rows = rows.into_iter().map(|row| DeclaredRow {
        default_burst: default_burst(&row),
        row,
    });
    Some(rows.collect())
}

fn written<const N: usize>(
    values: [(&'static str, Option<Value>); N],
) -> impl Iterator<Item = (&'static str, Value)> {
    values
        .into_iter()
        .filter_map(|(method, value)| Some((method, value?)))
}
