//! What to generate: the options and the function together, with every rule that concerns more than one of them.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, Ident, LitStr, Path, Token};

use crate::args;
use crate::capture::{self, Capture, Kind as CaptureKind};
use crate::diag::Errors;
use crate::func::Func;
use crate::literal::{Kind, Literal};
use crate::opened::{self, Opened};
use crate::options::{Backoff, Limiter, Options};
use crate::output::{Kind as OutputKind, Output};
use crate::place::{Place, located};
use crate::trigger::Trigger;
use crate::value::Value;

pub(crate) struct Plan {
    pub(crate) func: Func,
    pub(crate) output: Output,
    /// The body, where it is one `async` block in a function that is not `async`.
    pub(crate) opened: Option<Opened>,
    pub(crate) captures: Vec<Capture>,
    /// Where the runtime crate is, when it is not `::paced`.
    pub(crate) krate: Option<Path>,
    pub(crate) settings: Vec<Setting>,
    /// Whether some setting is known only at the first call.
    pub(crate) at_run_time: bool,
    pub(crate) limiter: Option<Expr>,
    pub(crate) classify: Option<Expr>,
    /// No retry at all: the body may consume its arguments.
    pub(crate) once: bool,
    pub(crate) needs: Vec<Need>,
}

/// One call of a method on the runtime's settings.
pub(crate) enum Setting {
    Value(&'static str, Value),
    Backoff(Vec<(&'static str, Value)>, Option<&'static str>),
    RetryOn(Vec<Trigger>),
    RespectHeaders(bool),
    Idempotent,
    Named(LitStr),
}

/// What an option needs of the function's error type: that it takes an error of ours.
pub(crate) struct Need {
    /// The runtime's question to the type.
    pub(crate) method: &'static str,
    pub(crate) option: &'static str,
    pub(crate) place: Place,
}

/// The defaults of the runtime, in nanoseconds, for rules that compare two options of which one is not written.
const DEFAULT_BASE: u64 = 1_000_000_000;
const DEFAULT_MAX: u64 = 60_000_000_000;

impl Plan {
    /// Reads both and applies all rules; or gives every mistake.
    pub(crate) fn read(attr: TokenStream, item: TokenStream) -> Result<Self, Vec<syn::Error>> {
        let mut errors = Errors::new();
        let func = Func::parse(item);
        let generics = func.as_ref().map(Func::const_generics).unwrap_or_default();
        let entries = args::parse(attr, &mut errors);
        let options = Options::read(entries, &generics, &mut errors);
        check_limiter(&options, &mut errors);
        check_conflicts(&options, &mut errors);
        if let Some(backoff) = &options.backoff {
            check_backoff(backoff, &mut errors);
        }
        let func = errors.keep(func);
        let plan = func.and_then(|func| Self::new(options, func, &mut errors));
        errors.judge(plan)
    }

    fn new(mut options: Options, mut func: Func, errors: &mut Errors) -> Option<Self> {
        if let Some(token) = &func.sig.constness {
            errors.at(token, "a `const fn` cannot wait: write `async fn`");
            return None;
        }
        let output = Output::of(&func.sig, errors)?;
        let once = matches!(options.max_retries, Some(Value::Literal(Literal::Whole(0))));
        let opened = match output.kind {
            OutputKind::Async => None,
            OutputKind::Future | OutputKind::Boxed(_) => opened::open(&func.body),
        };
        let captures = if once {
            // Without a loop the attempt may own its arguments.
            Vec::new()
        } else {
            captures(&func, &output, opened.as_ref())
        };
        let mutable = Token![mut](located(func.sig.fn_token.span));
        capture::make_self_mutable(&mut func.sig, &captures, mutable);
        let needs = needs(&options);
        let krate = options.krate.take();
        let classify = options.classify.take();
        let (limiter, name) = match options.limiter.take() {
            Some(Limiter::Handle(limiter)) => (Some(limiter), None),
            Some(Limiter::Named(name)) => (None, Some(name)),
            None => (None, None),
        };
        let settings = settings(options, name);
        let at_run_time = settings.iter().any(Setting::is_run_time);
        Some(Self {
            func,
            output,
            opened,
            captures,
            krate,
            settings,
            at_run_time,
            limiter,
            classify,
            once,
            needs,
        })
    }
}

/// What the attempts borrow, in the names that the body has for it.
fn captures(func: &Func, output: &Output, opened: Option<&Opened>) -> Vec<Capture> {
    let Some(opened) = opened else {
        return match output.kind {
            OutputKind::Async => capture::captures(&func.sig, &output.ret, &func.body),
            // A body that makes futures gives each of them what it needs.
            OutputKind::Future | OutputKind::Boxed(_) => Vec::new(),
        };
    };
    let mut captures = capture::captures(&func.sig, &output.ret, &opened.body);
    for capture in &mut captures {
        if opened.declares_mutable(&capture.name.to_string()) {
            capture.kind = CaptureKind::Mutable;
        }
    }
    captures
}

impl Setting {
    fn is_run_time(&self) -> bool {
        match self {
            Self::Value(_, value) => value.is_run_time(),
            Self::Backoff(parts, _) => parts.iter().any(|(_, value)| value.is_run_time()),
            Self::RetryOn(_) | Self::RespectHeaders(_) | Self::Idempotent | Self::Named(_) => false,
        }
    }
}

fn settings(options: Options, name: Option<LitStr>) -> Vec<Setting> {
    let values = [
        ("rate", options.rate),
        ("burst", options.burst),
        ("max_retries", options.max_retries),
        ("deadline", options.deadline),
        ("attempt_timeout", options.attempt_timeout),
        ("max_wait", options.max_wait),
        ("throttle_below", options.throttle_below),
        ("max_cooldown", options.max_cooldown),
    ];
    let mut settings: Vec<_> = written(values)
        .map(|(method, value)| Setting::Value(method, value))
        .collect();
    settings.extend(options.backoff.map(|backoff| {
        let parts = [
            ("base", backoff.base),
            ("factor", backoff.factor),
            ("max", backoff.max),
        ];
        Setting::Backoff(written(parts).collect(), backoff.jitter)
    }));
    settings.extend(options.respect_headers.map(Setting::RespectHeaders));
    settings.extend(options.retry_on.map(Setting::RetryOn));
    settings.extend(options.idempotent.then_some(Setting::Idempotent));
    settings.extend(name.map(Setting::Named));
    settings
}

fn written<const N: usize>(
    values: [(&'static str, Option<Value>); N],
) -> impl Iterator<Item = (&'static str, Value)> {
    values
        .into_iter()
        .filter_map(|(method, value)| Some((method, value?)))
}

/// Options that can refuse a call, and values that can turn out to be wrong. Wrong durations and counts of retries do
/// not exist, wrong rates do.
fn needs(options: &Options) -> Vec<Need> {
    let factor = options
        .backoff
        .as_ref()
        .filter(|backoff| wrong(backoff.factor.as_ref()));
    let wrong_values = [
        options
            .name("rate")
            .filter(|_| wrong(options.rate.as_ref())),
        options
            .name("burst")
            .filter(|_| wrong(options.burst.as_ref())),
        options
            .name("throttle_below")
            .filter(|_| wrong(options.throttle_below.as_ref())),
        factor.and_then(|backoff| find(&backoff.written, "factor")),
    ];
    let refusals = [
        ("MaxWait", options.name("max_wait")),
        ("AttemptTimeout", options.name("attempt_timeout")),
    ];
    let refusals = refusals
        .into_iter()
        .map(|(option, name)| ("__paced_must_refuse", option, name));
    let mistakes = wrong_values
        .into_iter()
        .map(|name| ("__paced_must_report", "RunTimeValue", name));
    refusals
        .chain(mistakes)
        .filter_map(|(method, option, name)| {
            let place = Place::of(name?);
            Some(Need {
                method,
                option,
                place,
            })
        })
        .collect()
}

/// Whether this is a value that may turn out to be wrong when the function is called.
fn wrong(value: Option<&Value>) -> bool {
    matches!(
        value,
        Some(Value::RunTime(
            Kind::Rate | Kind::Burst | Kind::Factor | Kind::Share,
            _
        ))
    )
}

fn find<'a>(names: &'a [Ident], name: &str) -> Option<&'a Ident> {
    names.iter().find(|written| *written == name)
}

/// There must be a rate or a limiter; and a limiter that exists already has both rate and burst.
fn check_limiter(options: &Options, errors: &mut Errors) {
    let (rate, burst) = (options.name("rate"), options.name("burst"));
    if let Some(Limiter::Handle(_)) = &options.limiter {
        for name in [rate, burst].into_iter().flatten() {
            errors.at(
                name,
                format!(
                    "the limiter has its own {name}: remove `{name}` here, or let functions share one by its name, \
                     `limiter = \"github\"`"
                ),
            );
        }
        return;
    }
    // Behind another mistake a missing option may just be the misspelt one.
    if rate.is_some() || !errors.is_empty() {
        return;
    }
    if let Some(burst) = burst {
        errors.at(
            burst,
            "`burst` needs a rate beside it: write `rate = 5, burst = 10`",
        );
    } else if options.limiter.is_none() {
        let whole_attribute = Span::call_site();
        let message = "how fast? Write `#[rate_limited(rate = 5)]` for 5 calls per second, or `rate = \"300/min\"`, \
                       or `limiter = \"github\"` to share a limiter that is declared elsewhere";
        errors.push(syn::Error::new(whole_attribute, message));
    }
}

fn check_conflicts(options: &Options, errors: &mut Errors) {
    if let (Some(_), Some(retry_on)) = (options.name("classify"), options.name("retry_on")) {
        errors.at(
            retry_on,
            "`classify` and `retry_on` both say what is retried: remove one of them",
        );
    }
}

fn check_backoff(backoff: &Backoff, errors: &mut Errors) {
    let (base, max) = (
        find(&backoff.written, "base"),
        find(&backoff.written, "max"),
    );
    let message = match (
        nanos(backoff.base.as_ref(), DEFAULT_BASE),
        nanos(backoff.max.as_ref(), DEFAULT_MAX),
    ) {
        (Some(base), Some(max)) if max >= base => return,
        (Some(_), Some(_)) if base.is_none() => {
            "`max` is below the default base of 1 s: write a smaller `base` too"
        }
        (Some(_), Some(_)) if max.is_none() => {
            "`base` is above the default max of 60 s: write a larger `max` too"
        }
        (Some(_), Some(_)) => "`max` is below `base`: the delays do not get shorter",
        _ => return,
    };
    if let Some(name) = max.or(base) {
        errors.at(name, message);
    }
}

/// A literal or default duration; `None` for one that is not known yet.
fn nanos(value: Option<&Value>, default: u64) -> Option<u64> {
    match value {
        None => Some(default),
        Some(Value::Literal(Literal::Nanos(nanos))) => Some(*nanos),
        Some(_) => None,
    }
}
