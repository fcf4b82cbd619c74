//! Settings as code.

use proc_macro2::{Literal as Suffixed, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Ident};

use crate::literal::{Kind, Literal};
use crate::place::{Place, by_reference, quiet};
use crate::settings::Setting;
use crate::store::Store;
use crate::store_url::StoreKind;
use crate::trigger::Trigger;
use crate::value::Value;

/// Writes settings as code.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'a> {
    pub(crate) private: &'a TokenStream,
    /// The code runs in the function, and is not that of a constant.
    pub(crate) runs: bool,
}

impl Writer<'_> {
    /// Returns `Settings::new().rate(..).burst(..)`.
    pub(crate) fn constant_settings(&self, settings: &[Setting]) -> TokenStream {
        let here = Span::mixed_site();
        let private = self.private;
        let mut strict = None;
        let mut chain = quote_spanned!(here=> #private::Settings::new());
        for setting in settings {
            if let Setting::Strict(written) = setting {
                strict = Some(written);
                continue;
            }
            let setting = self.setting(setting);
            chain.extend(quote_spanned!(here=> .#setting));
        }
        let Some(written) = strict else { return chain };
        // Shown at the value, whose rate and burst may not go with it.
        Place::of(written).call(quote_spanned!(here=> #private::strict), chain)
    }

    /// Returns a closure that sets the values that are only known at run time.
    pub(crate) fn closure(&self, settings: &[Setting]) -> TokenStream {
        let here = Span::mixed_site();
        let private = self.private;
        let statements = settings.iter().map(|setting| {
            let value = match setting {
                Setting::Value(method, Value::RunTime(Kind::Duration | Kind::Retries, expr)) => {
                    // A value that is `None` sets nothing.
                    let method = Ident::new(method, here);
                    let function = quote_spanned!(here=> #private::run_time::#method);
                    let value = by_reference(expr);
                    let arguments = quote_spanned!(here=> settings, #value);
                    let call = Place::of(expr).call(function, arguments);
                    quote_spanned!(here=> #call?)
                }
                Setting::Strict(_) => {
                    quote_spanned!(here=> #private::run_time::strict(settings)?)
                }
                Setting::Limits(rows) => {
                    let rows = self.rows(rows);
                    quote_spanned!(here=> settings.limits(#private::run_time::limits(#rows)))
                }
                setting => {
                    let setting = self.setting(setting);
                    quote_spanned!(here=> settings.#setting)
                }
            };
            quote_spanned!(here=> let settings = #value;)
        });
        quote_spanned! {here=>
            |settings: #private::Settings| {
                #(#statements)*
                ::core::result::Result::Ok(settings)
            }
        }
    }

    fn setting(&self, setting: &Setting) -> TokenStream {
        let private = self.private;
        let here = Span::mixed_site();
        match setting {
            Setting::Value(method, value) => self.value_call(method, value),
            Setting::Backoff(values, jitter) => self.backoff(values, *jitter),
            Setting::RetryOn(triggers) => {
                let triggers = triggers.iter().map(|trigger| trigger_call(*trigger));
                quote_spanned!(here=> retry_on(#private::RetryOn::none() #(.#triggers)*))
            }
            Setting::RespectHeaders(on) => quote_spanned!(here=> respect_headers(#on)),
            Setting::Reset(kind, written) => {
                let kind = Ident::new(kind, here);
                let function =
                    quote_spanned!(here=> #private::reset_unit::<#private::stores::Features>);
                let unit = quote_spanned!(here=> #private::ResetUnit::#kind);
                let unit = Place::of(written).call(function, unit);
                quote_spanned!(here=> headers(#unit))
            }
            Setting::Store(store) => self.store(store),
            Setting::OnStoreError(policy) => {
                let policy = Ident::new(policy, here);
                quote_spanned!(here=> on_store_error(#private::OnStoreError::#policy))
            }
            Setting::Hook(name, function) => {
                // Shown at the function, whose type may be wrong.
                let name = Ident::new(name, here);
                Place::of(function).call(name.to_token_stream(), function.to_token_stream())
            }
            Setting::Idempotent => quote_spanned!(here=> idempotent()),
            Setting::Mode(mode) => {
                let mode = Ident::new(mode, here);
                quote_spanned!(here=> #mode())
            }
            // Written round the others, see above.
            Setting::Strict(_) => TokenStream::new(),
            Setting::Named(name) => quote_spanned!(here=> named(#name)),
            Setting::Block(name, first) => self.block(name, first),
            Setting::Keyed(settles) => quote_spanned!(here=> keyed(#settles)),
            Setting::WholePeriod => quote_spanned!(here=> whole_period()),
            Setting::Limits(rows) => {
                let rows = self.rows(rows);
                // A block of its own, because the compiler makes no `static` of an argument with calls in it.
                quote_spanned!(here=> limits(const { &#rows }))
            }
            Setting::Units(units) => quote_spanned!(here=> units(const { &[#(#units),*] })),
        }
    }

    /// Returns `in_block(..)` with the name of the limiter, and a text that no other block of the program has.
    fn block(&self, name: &str, first: &str) -> TokenStream {
        let private = self.private;
        let here = Span::mixed_site();
        let name = quote_spanned!(here=> ::core::concat!(::core::module_path!(), "::", #name));
        let place = quote_spanned!(here=>
            ::core::concat!(::core::file!(), ":", ::core::line!(), ":", ::core::column!(), " ", #first)
        );
        quote_spanned!(here=> in_block(const { &#private::Block::new(#name, #place) }))
    }

    fn backoff(&self, values: &[(&'static str, Value)], jitter: Option<&str>) -> TokenStream {
        let here = Span::mixed_site();
        let private = self.private;
        let values = values
            .iter()
            .map(|(method, value)| self.value_call(method, value));
        let jitter = jitter.map(|jitter| {
            let jitter = Ident::new(jitter, here);
            quote_spanned!(here=> .jitter(#private::Jitter::#jitter))
        });
        quote_spanned!(here=> backoff(#private::Backoff::new() #(.#values)* #jitter))
    }

    fn value_call(&self, method: &str, value: &Value) -> TokenStream {
        let method = Ident::new(method, Span::mixed_site());
        let value = self.value(value);
        quote_spanned!(Span::mixed_site()=> #method(#value))
    }

    pub(crate) fn value(&self, value: &Value) -> TokenStream {
        match value {
            Value::Literal(literal) => self.literal(*literal),
            Value::Constant(kind, expr) => self.constant(*kind, expr),
            Value::RunTime(kind, expr) => self.run_time(*kind, expr),
        }
    }

    fn literal(&self, literal: Literal) -> TokenStream {
        let private = self.private;
        let here = Span::mixed_site();
        match literal {
            Literal::Rate(rate) => {
                let (count, nanos) = (
                    Suffixed::f64_suffixed(rate.count),
                    Suffixed::u64_suffixed(rate.nanos),
                );
                quote_spanned!(here=> #private::rate(#count, #nanos))
            }
            Literal::Nanos(nanos) => {
                let nanos = Suffixed::u64_suffixed(nanos);
                quote_spanned!(here=> #private::duration(#nanos))
            }
            Literal::Whole(whole) => Suffixed::u32_suffixed(whole).to_token_stream(),
            Literal::Factor(factor) => Suffixed::f64_suffixed(factor).to_token_stream(),
        }
    }

    /// Returns `store(..)`; the compiler shows a missing feature or a wrong type at the value.
    fn store(&self, store: &Store) -> TokenStream {
        let private = self.private;
        let here = Span::mixed_site();
        let value = match store {
            Store::Literal(kind, url) => {
                let kind = match kind {
                    StoreKind::Sqlite => "sqlite",
                    StoreKind::Redis => "redis",
                    StoreKind::Rediss => "rediss",
                };
                let kind = Ident::new(kind, here);
                let function =
                    quote_spanned!(here=> #private::stores::#kind::<#private::stores::Features>);
                Place::of(url).call(function, url.to_token_stream())
            }
            Store::Constant(expr) => self.checked("StoreValue", "store", expr),
            Store::RunTime(expr) => {
                let function = quote_spanned!(here=> #private::run_time::store);
                let value = Place::of(expr).call(function, quiet(expr));
                quote_spanned!(here=> #value?)
            }
        };
        quote_spanned!(here=> store(#value))
    }

    fn constant(&self, kind: Kind, expr: &Expr) -> TokenStream {
        self.checked(wrapper(kind), method(kind), expr)
    }

    /// Wraps a constant in the runtime's type that checks it.
    fn checked(&self, wrapper: &str, method: &str, expr: &Expr) -> TokenStream {
        let private = self.private;
        let here = Span::mixed_site();
        let place = Place::of(expr);
        let (wrapper, method) = (Ident::new(wrapper, here), Ident::new(method, here));
        let checker = place.call(
            quote_spanned!(here=> #private::#wrapper),
            expr.to_token_stream(),
        );
        let value = place.spread(quote_spanned!(here=> #checker.#method()));
        if self.runs {
            // In code that runs, `const` keeps the check at compile time.
            quote_spanned!(here=> const { #value })
        } else {
            value
        }
    }

    fn run_time(&self, kind: Kind, expr: &Expr) -> TokenStream {
        let private = self.private;
        let here = Span::mixed_site();
        let method = Ident::new(method(kind), here);
        let function = quote_spanned!(here=> #private::run_time::#method);
        let value = Place::of(expr).call(function, by_reference(expr));
        quote_spanned!(here=> #value?)
    }
}

/// Returns the name of the runtime's type that checks constants of this kind.
fn wrapper(kind: Kind) -> &'static str {
    match kind {
        Kind::Rate => "RateValue",
        Kind::Burst => "BurstValue",
        Kind::Keys => "KeysValue",
        Kind::Slots => "SlotsValue",
        Kind::Retries => "RetriesValue",
        Kind::Duration => "DurationValue",
        Kind::Factor => "FactorValue",
        Kind::Share => "ShareValue",
    }
}

/// Returns the name of the runtime's function that checks values of this kind.
fn method(kind: Kind) -> &'static str {
    match kind {
        Kind::Rate => "rate",
        Kind::Burst => "burst",
        Kind::Keys => "keys",
        Kind::Slots => "slots",
        Kind::Retries => "retries",
        Kind::Duration => "duration",
        Kind::Factor => "factor",
        Kind::Share => "share",
    }
}

fn trigger_call(trigger: Trigger) -> TokenStream {
    let here = Span::mixed_site();
    match trigger {
        Trigger::Status(status) => {
            let status = Suffixed::u16_suffixed(status);
            quote_spanned!(here=> status(#status))
        }
        Trigger::ServerErrors => quote_spanned!(here=> class(5u16)),
        Trigger::Connect => quote_spanned!(here=> connect()),
        Trigger::Timeout => quote_spanned!(here=> timeout()),
        Trigger::Reset => quote_spanned!(here=> reset()),
    }
}
