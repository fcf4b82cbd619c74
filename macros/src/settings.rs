//! The options as calls of methods on the runtime's settings, in their order, by the time at which they are known.

use syn::{Expr, LitStr};

use crate::defaults;
use crate::literal::Literal;
use crate::options::Options;
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
    Named(LitStr),
    Store(Store),
    OnStoreError(&'static str),
    /// `on_retry` or `on_give_up`, and the function.
    Hook(&'static str, Expr),
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
                || (late_quota && matches!(setting, Setting::Strict(_)))
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
            Self::Mode(mode) => matches!(*mode, "on" | "start_full"),
            _ => false,
        }
    }

    fn is_run_time(&self) -> bool {
        match self {
            Self::Value(_, value) => value.is_run_time(),
            Self::Backoff(parts, _) => parts.iter().any(|(_, value)| value.is_run_time()),
            Self::Store(store) => matches!(store, Store::RunTime(_)),
            Self::RetryOn(_)
            | Self::RespectHeaders(_)
            | Self::Reset(..)
            | Self::Idempotent
            | Self::Mode(_)
            | Self::Strict(_)
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
pub(crate) fn of(options: Options, name: Option<LitStr>) -> Settings {
    let values = [
        ("rate", options.rate),
        ("burst", options.burst),
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
    let mut settings: Vec<_> = written(values)
        .map(|(method, value)| Setting::Value(method, value))
        .collect();
    // After the rate and the burst.
    settings.extend(options.window.map(Setting::Strict));
    settings.extend(options.backoff.map(|backoff| {
        let parts = [
            ("base", backoff.base),
            ("factor", backoff.factor),
            ("max", backoff.max),
        ];
        Setting::Backoff(written(parts).collect(), backoff.jitter)
    }));
    settings.extend(options.respect_headers.map(Setting::RespectHeaders));
    let reset = options.headers.and_then(|headers| headers.reset);
    settings.extend(reset.map(|(kind, written)| Setting::Reset(kind, written)));
    settings.extend(options.retry_on.map(Setting::RetryOn));
    settings.extend(options.idempotent.then_some(Setting::Idempotent));
    settings.extend(options.modes.into_iter().map(Setting::Mode));
    settings.extend(name.map(Setting::Named));
    settings.extend(options.store.map(Setting::Store));
    settings.extend(options.on_store_error.map(Setting::OnStoreError));
    let hooks = options.hooks.into_iter();
    settings.extend(hooks.map(|(name, function)| Setting::Hook(name, function)));
    settings.retain(|setting| !setting.is_default());
    Settings::of(settings)
}

fn written<const N: usize>(
    values: [(&'static str, Option<Value>); N],
) -> impl Iterator<Item = (&'static str, Value)> {
    values
        .into_iter()
        .filter_map(|(method, value)| Some((method, value?)))
}
