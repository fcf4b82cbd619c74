//! The plan of an expansion: the options and the function together, after every rule that concerns more than one of them.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Expr, Ident, LitStr, Path};

use crate::args::{self, Entry};
use crate::blocking;
use crate::capture::{self, Capture, CaptureKind};
use crate::costs::{self, Charge};
use crate::diag::Errors;
use crate::func::Func;
use crate::instrumented;
use crate::membership::Membership;
use crate::need::{self, Need};
use crate::once;
use crate::opened::{self, Opened};
use crate::options::{Limiter, Options};
use crate::output::{Output, OutputKind};
use crate::row_keys;
use crate::rules;
use crate::settings::{self, Settings};
use crate::value::Value;

pub(crate) struct Plan {
    /// Path of the function within its module.
    pub(crate) path: String,
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
    pub(crate) key: Option<Expr>,
    /// The keys of single limits, but for the first if the attribute has none.
    pub(crate) further_keys: Vec<Expr>,
    /// There is no retry at all: the body may consume its arguments.
    pub(crate) once: bool,
    pub(crate) need: Option<Need>,
    /// Cost and settlement of each unit that `cost` or `settle` names.
    pub(crate) charges: Vec<Charge>,
    /// No limiter holds the calls back.
    pub(crate) off: bool,
}

/// Knowledge of the `impl` block that a function is in.
#[derive(Clone, Copy)]
pub(crate) enum Within<'b> {
    /// Nothing: there may be none.
    Nothing,
    /// The name of its type.
    Named(&'b str),
    /// The function shares its limiter.
    Shared(&'b Membership),
}

impl Plan {
    /// Reads both and applies all rules.
    ///
    /// # Errors
    ///
    /// Every mistake that was found.
    pub(crate) fn read(
        attr: TokenStream,
        ty: Option<&str>,
        item: TokenStream,
    ) -> Result<Self, Vec<syn::Error>> {
        let mut errors = Errors::new();
        let entries = args::parse(attr, &mut errors);
        let within = ty.map_or(Within::Nothing, Within::Named);
        Self::of(entries, item, within, errors)
    }

    /// Applies all rules.
    ///
    /// # Errors
    ///
    /// Every mistake that was found, after those in `errors`.
    pub(crate) fn of(
        entries: Vec<Entry>,
        item: TokenStream,
        within: Within<'_>,
        mut errors: Errors,
    ) -> Result<Self, Vec<syn::Error>> {
        let func = Func::parse(item);
        let generics = func.as_ref().map(Func::own_generics).unwrap_or_default();
        let mut options = Options::read(entries, &generics, &mut errors);
        options.ty = match within {
            Within::Nothing => None,
            Within::Named(name) => Some(name.to_owned()),
            Within::Shared(block) => Some(block.name.clone()),
        };
        if let Within::Shared(block) = within {
            options.block = Some(block.clone());
        }
        rules::check(&options, &mut errors);
        let func = errors.keep(func);
        let plan = func.and_then(|func| Self::new(options, func, &mut errors));
        errors.judge(plan)
    }

    fn new(mut options: Options, mut func: Func, errors: &mut Errors) -> Option<Self> {
        check(&options, &func, errors)?;
        let output = Output::of(&func, errors)?;
        blocking::add(&mut options, &output, errors);
        let off = options.modes.contains(&"off");
        let once = is_once(&options);
        let mut opened = match output.kind {
            OutputKind::Async | OutputKind::Blocking => None,
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
        let (limiter, name) = limiter(&mut options);
        let keys = row_keys::take(&mut options);
        options.is_keyed = keys.first.is_some() && limiter.is_none();
        let charges = charges(&mut options, opened.as_ref());
        let path = path(&func, options.ty.as_deref());
        let settings = settings::of(options, name, &charges);
        Some(Self {
            path,
            func,
            output,
            opened,
            captures,
            krate,
            settings,
            limiter,
            classify,
            key: keys.first,
            further_keys: keys.further,
            once,
            need,
            charges,
            off,
        })
    }
}

/// Checks the options beside the function. `None`: there is no use in looking for more mistakes.
fn check(options: &Options, func: &Func, errors: &mut Errors) -> Option<()> {
    if let Some(token) = &func.sig.constness {
        errors.at(token, "a `const fn` cannot wait: write `async fn`");
        return None;
    }
    once::check(options, &func.sig, errors);
    rules::check_store_of_method(options, || func.is_method(), errors);
    Some(())
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

/// Returns the path of a function within its module. Of a function in a block that has the attribute, the type is known.
fn path(func: &Func, ty: Option<&str>) -> String {
    let name = func.sig.ident.unraw();
    ty.map_or_else(|| name.to_string(), |ty| format!("{ty}::{name}"))
}

/// Takes the limiter: an expression, or the name of one that functions share.
fn limiter(options: &mut Options) -> (Option<Expr>, Option<LitStr>) {
    match options.limiter.take() {
        Some(Limiter::Handle(limiter)) => (Some(limiter), None),
        Some(Limiter::Named(name)) => (None, Some(name)),
        None => (None, None),
    }
}

/// Takes what `cost` and `settle` say.
fn charges(options: &mut Options, opened: Option<&Opened>) -> Vec<Charge> {
    let costs = std::mem::take(&mut options.cost);
    let mut charges = costs::charges(costs, std::mem::take(&mut options.settle));
    let renamed = Ident::new("__self", Span::call_site());
    if opened.is_some_and(|opened| opened.declares(&renamed)) {
        charges.iter_mut().for_each(Charge::rename_self);
    }
    charges
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
        (None, OutputKind::Async | OutputKind::Blocking) => (&func.body, false),
        // A body that makes futures gives each of them what it needs.
        (None, OutputKind::Future | OutputKind::Boxed(_)) => return Vec::new(),
    };
    let used = capture::Use {
        renamed,
        once,
        takes: !once && instrumented::is_instrumented(body),
    };
    let mut captures = capture::captures(&func.sig, &output.ret, body, used);
    if output.is_blocking() {
        // Nothing is sent to another thread: how an argument is borrowed is the body's matter.
        captures.retain(Capture::is_reborrowed);
    }
    for capture in &mut captures {
        if opened.is_some_and(|opened| opened.declares_mutable(&capture.name))
            && !capture.is_reborrowed()
        {
            capture.kind = CaptureKind::Mutable;
        }
    }
    captures
}
