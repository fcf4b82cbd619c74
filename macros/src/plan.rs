//! The plan of an expansion: the options and the function together, after every rule that concerns more than one of them.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Expr, Ident, LitStr, Path};

use crate::args;
use crate::capture::{self, Capture, CaptureKind};
use crate::defaults;
use crate::diag::Errors;
use crate::func::Func;
use crate::instrumented;
use crate::literal::Literal;
use crate::need::{self, Need};
use crate::once;
use crate::opened::{self, Opened};
use crate::options::{Limiter, Options};
use crate::output::{Output, OutputKind};
use crate::rules;
use crate::store::Store;
use crate::trigger::Trigger;
use crate::value::Value;

pub(crate) struct Plan {
    pub(crate) func: Func,
    pub(crate) output: Output,
    /// The body, where it is one `async` block in a function that is not `async`.
    pub(crate) opened: Option<Opened>,
    pub(crate) captures: Vec<Capture>,
    /// The path of the runtime crate, if it is not `::paced`.
    pub(crate) krate: Option<Path>,
    pub(crate) settings: Settings,
    pub(crate) limiter: Option<Expr>,
    pub(crate) classify: Option<Expr>,
    /// There is no retry at all: the body may consume its arguments.
    pub(crate) once: bool,
    pub(crate) need: Option<Need>,
    /// No limiter holds the calls back.
    pub(crate) off: bool,
}

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

impl Plan {
    /// Reads both and applies all rules.
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub(crate) fn read(attr: TokenStream, item: TokenStream) -> Result<Self, Vec<syn::Error>> {
        let mut errors = Errors::new();
        let func = Func::parse(item);
        let generics = func.as_ref().map(Func::own_generics).unwrap_or_default();
        let entries = args::parse(attr, &mut errors);
        let options = Options::read(entries, &generics, &mut errors);
        rules::check(&options, &mut errors);
        let func = errors.keep(func);
        let plan = func.and_then(|func| Self::new(options, func, &mut errors));
        errors.judge(plan)
    }

    fn new(mut options: Options, mut func: Func, errors: &mut Errors) -> Option<Self> {
        if let Some(token) = &func.sig.constness {
            errors.at(token, "a `const fn` cannot wait: write `async fn`");
            return None;
        }
        once::check(&options, &func.sig, errors);
        rules::check_store_of_method(&options, || func.is_method(), errors);
        let output = Output::of(&func, errors)?;
        let off = options.modes.contains(&"off");
        let once = is_once(&options);
        let mut opened = match output.kind {
            OutputKind::Async => None,
            OutputKind::Future | OutputKind::Boxed(_) => opened::open(&func.body),
        };
        if let (false, None, Some(borrowed)) = (once, &opened, output.borrowed_for_good(&func)) {
            errors.at(&borrowed, borrows_nothing(&borrowed));
        }
        let repeated = opened.as_ref().filter(|_| !once);
        repeated
            .inspect(|opened| instrumented::check(&opened.body, &func.sig, &output.ret, errors));
        let captures = captures(&func, &output, opened.as_ref(), once);
        if let Some(opened) = &mut opened {
            opened.make_mutable(&captures);
        }
        let declared = |name: &Ident| opened.as_ref().is_some_and(|opened| opened.declares(name));
        capture::make_mutable(&mut func.sig, &captures, &declared);
        let need = need::of(&options);
        let krate = options.krate.take();
        let classify = options.classify.take();
        let (limiter, name) = match options.limiter.take() {
            Some(Limiter::Handle(limiter)) => (Some(limiter), None),
            Some(Limiter::Named(name)) => (None, Some(name)),
            None => (None, None),
        };
        let settings = settings(options, name);
        Some(Self {
            func,
            output,
            opened,
            captures,
            krate,
            settings,
            limiter,
            classify,
            once,
            need,
            off,
        })
    }
}

/// Returns the sentence about a future that cannot be made again.
fn borrows_nothing(borrowed: &Ident) -> String {
    format!(
        "the future that is returned borrows nothing, but another attempt needs `{borrowed}` to make one again: write \
         `max_retries = 0`, or let it borrow, `Pin<Box<dyn Future<Output = ..> + '_>>`"
    )
}

impl Plan {
    /// Returns `let __self = &mut *self;`, where an attempt has to pass on `self` under that name.
    pub(crate) fn reborrowed_self(&self) -> Option<TokenStream> {
        let is_self = |capture: &&Capture| capture.name == "self";
        let capture = self.captures.iter().find(is_self)?;
        let name = &capture.name;
        let renamed = Ident::new("__self", name.span());
        Some(if capture.is_reborrowed() {
            quote!(let #renamed = &mut *#name;)
        } else {
            quote!(let #renamed = &mut #name;)
        })
    }
}

/// Returns whether no call is ever retried.
fn is_once(options: &Options) -> bool {
    let [retries, throttles] = [&options.max_retries, &options.max_throttles].map(Option::as_ref);
    retries.is_some_and(Value::is_none_at_all) && throttles.is_none_or(Value::is_none_at_all)
}

/// Returns the captures of the attempts, with the names that the body has for them.
fn captures(func: &Func, output: &Output, opened: Option<&Opened>, once: bool) -> Vec<Capture> {
    let (body, renamed) = match (opened, &output.kind) {
        (Some(opened), _) => {
            let renamed = Ident::new("__self", Span::call_site());
            (&opened.body, opened.declares(&renamed))
        }
        (None, OutputKind::Async) => (&func.body, false),
        // A body that makes futures gives each of them what it needs.
        (None, OutputKind::Future | OutputKind::Boxed(_)) => return Vec::new(),
    };
    let used = capture::Use {
        renamed,
        once,
        takes: !once && instrumented::is_instrumented(body),
    };
    let mut captures = capture::captures(&func.sig, &output.ret, body, used);
    for capture in &mut captures {
        if opened.is_some_and(|opened| opened.declares_mutable(&capture.name))
            && !capture.is_reborrowed()
        {
            capture.kind = CaptureKind::Mutable;
        }
    }
    captures
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

fn settings(options: Options, name: Option<LitStr>) -> Settings {
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
