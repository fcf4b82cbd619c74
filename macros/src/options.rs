//! The entries of the attribute as options, with values that have been checked one by one.

use syn::{Expr, ExprLit, Ident, Lit, LitStr, Path};

use crate::args::Entry;
use crate::concurrency::{self, Concurrency};
use crate::costs::{self, Cost, Settle};
use crate::diag::Errors;
use crate::krate;
use crate::literal::Kind;
use crate::membership::Membership;
use crate::names::{self, Scope};
use crate::reader::Reader;
use crate::rows::{self, Limits};
use crate::store::{self, Store};
use crate::trigger::{self, Trigger};
use crate::value::Value;

#[derive(Default)]
pub(crate) struct Options {
    /// The names of all options that were written, also of those with wrong values.
    pub(crate) written: Vec<Ident>,
    pub(crate) rate: Option<Value>,
    pub(crate) burst: Option<Value>,
    /// The value that was written, if it is right.
    pub(crate) window: Option<Expr>,
    pub(crate) limits: Option<Limits>,
    pub(crate) max_concurrency: Option<Concurrency>,
    pub(crate) cost: Vec<Cost>,
    pub(crate) settle: Vec<Settle>,
    pub(crate) key: Option<Expr>,
    pub(crate) max_keys: Option<Value>,
    /// The attribute declares one limiter for each key.
    pub(crate) is_keyed: bool,
    pub(crate) max_retries: Option<Value>,
    pub(crate) max_throttles: Option<Value>,
    pub(crate) deadline: Option<Value>,
    pub(crate) attempt_timeout: Option<Value>,
    pub(crate) max_wait: Option<Value>,
    pub(crate) respect_headers: Option<bool>,
    pub(crate) throttle_below: Option<Value>,
    pub(crate) max_cooldown: Option<Value>,
    pub(crate) hint_spread: Option<Value>,
    pub(crate) slow: Option<Value>,
    /// The runtime's names of these.
    pub(crate) modes: Vec<&'static str>,
    pub(crate) headers: Option<Headers>,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) retry_on: Option<Vec<Trigger>>,
    pub(crate) idempotent: bool,
    pub(crate) classify: Option<Expr>,
    pub(crate) limiter: Option<Limiter>,
    pub(crate) store: Option<Store>,
    /// The runtime's name of the policy for errors of the store.
    pub(crate) on_store_error: Option<&'static str>,
    pub(crate) krate: Option<Path>,
    /// The `impl` block whose functions share the limiter.
    pub(crate) block: Option<Membership>,
    /// Name of the block that the function is in, where that is known.
    pub(crate) ty: Option<String>,
    /// `on_retry`, `on_give_up`: the runtime's name of each, and the function.
    pub(crate) hooks: Vec<(&'static str, Expr)>,
}

#[derive(Default)]
pub(crate) struct Backoff {
    /// The names of all parts that were written, also of those with wrong values.
    pub(crate) written: Vec<Ident>,
    pub(crate) base: Option<Value>,
    pub(crate) factor: Option<Value>,
    pub(crate) max: Option<Value>,
    /// The runtime's name of the jitter.
    pub(crate) jitter: Option<&'static str>,
}

#[derive(Default)]
pub(crate) struct Headers {
    /// The runtime's name of the unit of a reset, and the value that was written.
    pub(crate) reset: Option<(&'static str, Expr)>,
}

pub(crate) enum Limiter {
    /// `"github"`
    Named(LitStr),
    /// Any expression that gives a limiter.
    Handle(Expr),
}

impl Options {
    /// Reads every entry; `generics` are constants that only the function itself can name.
    pub(crate) fn read(entries: Vec<Entry>, generics: &[Ident], errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let mut reader = Reader { generics, errors };
        for entry in entries {
            options.written.push(entry.name.clone());
            options.set(entry, &mut reader);
        }
        options
    }

    fn set(&mut self, entry: Entry, reader: &mut Reader<'_>) {
        match entry.name.to_string().as_str() {
            "rate" => self.rate = reader.value(entry, Kind::Rate),
            "burst" => self.burst = reader.value(entry, Kind::Burst),
            "window" => self.window = reader.choice(entry, &names::WINDOWS).map(|it| it.1),
            "limits" => self.limits = rows::read(entry, reader),
            "max_concurrency" => self.max_concurrency = concurrency::read(entry, reader),
            "cost" => self.cost = costs::read_cost(entry, reader),
            "settle" => self.settle = costs::read_settle(entry, reader),
            "key" => self.key = reader.expr(entry),
            "max_keys" => self.max_keys = reader.value(entry, Kind::Keys),
            "max_retries" => self.max_retries = reader.value(entry, Kind::Retries),
            "max_throttles" => self.max_throttles = reader.value(entry, Kind::Retries),
            "deadline" => self.deadline = reader.value(entry, Kind::Duration),
            "attempt_timeout" => self.attempt_timeout = reader.value(entry, Kind::Duration),
            "max_wait" => self.max_wait = reader.value(entry, Kind::Duration),
            "respect_headers" => self.respect_headers = reader.switch(entry),
            "throttle_below" => self.throttle_below = reader.value(entry, Kind::Share),
            "max_cooldown" => self.max_cooldown = reader.value(entry, Kind::Duration),
            "hint_spread" => self.hint_spread = reader.value(entry, Kind::Share),
            "slow" => self.slow = reader.value(entry, Kind::Duration),
            "mode" => self.modes.extend(reader.word(entry, &names::MODES)),
            "start" => self.modes.extend(reader.word(entry, &names::STARTS)),
            "headers" => self.headers = reader.headers(entry),
            "backoff" => self.backoff = reader.backoff(entry),
            "retry_on" => self.retry_on = reader.retry_on(entry),
            "idempotent" => self.idempotent = reader.flag(&entry),
            "classify" => {
                self.classify = reader.function("`&Result<T, E>` to `paced::Verdict`", entry);
            }
            "limiter" => self.limiter = reader.limiter(entry),
            "store" => self.store = reader.store(entry),
            "on_store_error" => self.on_store_error = reader.word(entry, &names::POLICIES),
            "on_retry" => self.hooks.extend(
                reader
                    .function(REPORT, entry)
                    .map(|hook| ("on_retry", hook)),
            ),
            "on_give_up" => self.hooks.extend(
                reader
                    .function(REPORT, entry)
                    .map(|hook| ("on_give_up", hook)),
            ),
            "crate" => self.krate = reader.krate(entry),
            "skip" | "inherit" => reader.errors.at(&entry.name, outside(&entry.name)),
            other => reader
                .errors
                .at(&entry.name, names::unknown(Scope::Attribute, other)),
        }
    }

    /// Returns the name of an option as it was written, for its span.
    pub(crate) fn name(&self, name: &str) -> Option<&Ident> {
        self.written.iter().find(|written| *written == name)
    }
}

impl Backoff {
    /// Returns the name of a part as it was written, for its span.
    pub(crate) fn name(&self, name: &str) -> Option<&Ident> {
        self.written.iter().find(|written| *written == name)
    }

    fn set(&mut self, entry: Entry, reader: &mut Reader<'_>) {
        match entry.name.to_string().as_str() {
            "base" => self.base = reader.value(entry, Kind::Duration),
            "factor" => self.factor = reader.value(entry, Kind::Factor),
            "max" => self.max = reader.value(entry, Kind::Duration),
            "jitter" => {
                self.jitter = reader
                    .choice(entry, &names::JITTERS)
                    .map(|(jitter, _)| jitter);
            }
            other => reader
                .errors
                .at(&entry.name, names::unknown(Scope::Backoff, other)),
        }
    }
}

impl Reader<'_> {
    fn backoff(&mut self, entry: Entry) -> Option<Backoff> {
        let mut backoff = Backoff::default();
        for part in self.parts(entry)? {
            backoff.written.push(part.name.clone());
            backoff.set(part, self);
        }
        Some(backoff)
    }

    fn headers(&mut self, entry: Entry) -> Option<Headers> {
        let mut headers = Headers::default();
        for part in self.parts(entry)? {
            headers.reset = self.choice(part, &names::RESETS);
        }
        Some(headers)
    }

    fn retry_on(&mut self, entry: Entry) -> Option<Vec<Trigger>> {
        let list = self.expr(entry)?;
        Some(trigger::read(list, self.errors))
    }

    fn limiter(&mut self, entry: Entry) -> Option<Limiter> {
        let message = match self.expr(entry)? {
            Expr::Lit(ExprLit {
                lit: Lit::Str(name),
                ..
            }) if !name.value().trim().is_empty() => {
                return Some(Limiter::Named(name));
            }
            Expr::Lit(ExprLit {
                lit: Lit::Str(name),
                ..
            }) => (
                Lit::Str(name),
                "a shared limiter needs a name: write `limiter = \"github\"`",
            ),
            Expr::Lit(ExprLit { lit, .. }) => (
                lit,
                "expected a name, `limiter = \"github\"`, or a limiter, `limiter = GITHUB`",
            ),
            handle => return Some(Limiter::Handle(handle)),
        };
        self.errors.at(message.0, message.1);
        None
    }

    fn store(&mut self, entry: Entry) -> Option<Store> {
        let expr = self.expr(entry)?;
        store::read(expr, self.generics, self.errors)
    }

    fn krate(&mut self, entry: Entry) -> Option<Path> {
        let expr = self.expr(entry)?;
        krate::read(expr, self.errors)
    }
}

/// Returns the sentence about a word that belongs to a function of an `impl` block.
fn outside(word: &Ident) -> String {
    format!(
        "`{word}` is for a function in an `impl` block that has the attribute, too: put `#[rate_limited(rate = 5)]` on the \
         block, or remove `{word}`"
    )
}

const REPORT: &str = "`&paced::Report<'_>`";
