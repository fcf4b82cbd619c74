//! Demands of the options on the function's error type.

use syn::Ident;

use crate::concurrency::Concurrency;
use crate::literal::Kind;
use crate::options::Options;
use crate::place::Place;
use crate::row_rules;
use crate::rows::Row;
use crate::value::Value;

/// Demand of an option on the function's error type: that it can be made from a `paced::Error`.
pub(crate) struct Need {
    /// The runtime's method that checks the type.
    pub(crate) method: &'static str,
    pub(crate) option: &'static str,
    pub(crate) place: Place,
}

/// Returns the first demand: of an option that can refuse a call, or of a value that can turn out to be wrong at run time.
///
/// Durations need no entry, because the options that take them as text can refuse calls. Counts of retries that are too
/// small or too large are clamped.
pub(crate) fn of(options: &Options) -> Option<Need> {
    let values = [
        ("rate", &options.rate),
        ("burst", &options.burst),
        ("max_keys", &options.max_keys),
        ("throttle_below", &options.throttle_below),
        ("hint_spread", &options.hint_spread),
    ];
    let named = |(name, value): (&str, &Option<Value>)| {
        let is_wrong = wrong(value.as_ref());
        options.name(name).filter(|_| is_wrong)
    };
    let backoff = options.backoff.as_ref();
    let factor = backoff.filter(|backoff| wrong(backoff.factor.as_ref()));
    let factor = factor.and_then(|backoff| backoff.name("factor"));
    let mut rows = options.limits.iter().flat_map(|limits| &limits.rows);
    let is_late = rows.any(Row::is_run_time);
    let limits = options.name("limits").filter(|_| is_late);
    let values = values.into_iter().map(named);
    let wrong_values = values.chain([factor, limits, late_count(options)]);
    let closed = options
        .name("on_store_error")
        .filter(|_| options.on_store_error == Some("Closed"));
    // A unit may be missing there.
    let is_elsewhere = !row_rules::declares_units(options);
    let refusals = [
        ("Deadline", options.name("deadline")),
        ("MaxWait", options.name("max_wait")),
        ("AttemptTimeout", options.name("attempt_timeout")),
        ("OnStoreError", closed),
        (
            "Cost",
            options.name("cost").filter(|_| may_not_fit(options)),
        ),
        ("Settle", options.name("settle").filter(|_| is_elsewhere)),
    ];
    let refusals = refusals
        .into_iter()
        .map(|(option, name)| ("__paced_must_refuse", option, name));
    let mistakes = wrong_values.map(|name| ("__paced_must_report", "RunTimeValue", name));
    // All of them demand the same, so one error is enough.
    refusals.chain(mistakes).find_map(|(method, option, name)| {
        let place = Place::of(name?);
        Some(Need {
            method,
            option,
            place,
        })
    })
}

/// Returns the name of a bound of calls in flight that is known at run time only.
fn late_count(options: &Options) -> Option<&Ident> {
    let mut values = options.max_concurrency.iter().flat_map(Concurrency::values);
    let is_late = values.any(|value| wrong(Some(value)));
    options.name("max_concurrency").filter(|_| is_late)
}

/// Returns whether a cost may be larger than its limit ever holds, or of a unit that is missing.
fn may_not_fit(options: &Options) -> bool {
    let mut costs = options.cost.iter();
    costs.any(|cost| !row_rules::always_fits(options, cost))
}

/// Returns whether a value may turn out to be wrong at run time.
fn wrong(value: Option<&Value>) -> bool {
    matches!(
        value,
        Some(Value::RunTime(
            Kind::Rate | Kind::Burst | Kind::Keys | Kind::Slots | Kind::Factor | Kind::Share,
            _
        ))
    )
}
