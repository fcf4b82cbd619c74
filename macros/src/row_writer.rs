//! Limits, costs and settlements as code.

use proc_macro2::{Literal as Suffixed, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};

use crate::costs::Charge;
use crate::place::{Place, by_reference};
use crate::rows::KeyPlace;
use crate::settings::{DeclaredRow, DefaultBurst};
use crate::writer::Writer;

impl Writer<'_> {
    /// Returns the array of the limits.
    pub(crate) fn rows(&self, rows: &[DeclaredRow]) -> TokenStream {
        let here = Span::mixed_site();
        let private = self.private;
        let by_rate = rows
            .iter()
            .map(|declared| declared.default_burst == DefaultBurst::ByRate);
        let by_rate: Vec<bool> = by_rate.collect();
        let rows = rows.iter().map(|declared| {
            if self.runs && !declared.row.is_run_time() {
                // In code that runs, `const` keeps the checks at compile time.
                let row = Writer {
                    runs: false,
                    ..*self
                }
                .row(declared);
                quote_spanned!(here=> const { #row })
            } else {
                self.row(declared)
            }
        });
        let rows = quote_spanned!(here=> [#(#rows),*]);
        if by_rate.contains(&true) {
            quote_spanned!(here=> #private::default_bursts(#rows, [#(#by_rate),*]))
        } else {
            rows
        }
    }

    fn row(&self, declared: &DeclaredRow) -> TokenStream {
        let here = Span::mixed_site();
        let private = self.private;
        let row = &declared.row;
        let unit = row.unit.name();
        let rate = self.value(&row.rate);
        let burst = row.burst.as_ref().map(|(_, burst)| self.value(burst));
        let mut limit = quote_spanned!(here=> #private::limit(#unit, #rate));
        if let Some(window) = &row.window {
            let burst = if let Some(burst) = burst {
                quote_spanned!(here=> ::core::option::Option::Some(#burst))
            } else {
                quote_spanned!(here=> ::core::option::Option::None)
            };
            let arguments = quote_spanned!(here=> #limit, #burst);
            // Shown at the window, whose rate and burst may not go with it.
            let place = Place::of(window);
            limit = if self.runs {
                let call = place.call(
                    quote_spanned!(here=> #private::run_time::strict_limit),
                    arguments,
                );
                quote_spanned!(here=> #call?)
            } else {
                place.call(quote_spanned!(here=> #private::strict_limit), arguments)
            };
        } else if let Some(burst) = burst {
            limit.extend(quote_spanned!(here=> .burst(#burst)));
        } else if declared.default_burst == DefaultBurst::WholePeriod {
            limit.extend(quote_spanned!(here=> .whole_period()));
        }
        match row.place {
            KeyPlace::First => {}
            KeyPlace::Further(place) => {
                limit.extend(quote_spanned!(here=> .of_further_key(#place)));
            }
            KeyPlace::All => limit.extend(quote_spanned!(here=> .of_all_keys())),
        }
        limit
    }
}

/// Returns the array of a call's costs. Units that only `settle` names come after the others, and have their usual cost.
pub(crate) fn costs(charges: &[Charge], private: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    let costs = charges.iter().filter_map(|charge| charge.cost.as_ref());
    let costs = costs.map(|cost| {
        if let Some(literal) = cost.literal {
            return Suffixed::u64_suffixed(u64::from(literal)).into_token_stream();
        }
        let function = quote_spanned!(here=> #private::cost);
        Place::of(&cost.written).call(function, by_reference(&cost.written))
    });
    quote_spanned!(here=> [#(#costs),*])
}

/// Returns the array of what an attempt took, as `settle` says; `None` if no unit is settled.
pub(crate) fn spent(charges: &[Charge]) -> Option<TokenStream> {
    let here = Span::mixed_site();
    if charges.iter().all(|charge| charge.settle.is_none()) {
        return None;
    }
    let spent = charges.iter().map(|charge| {
        if let Some(function) = &charge.settle {
            let arguments = quote_spanned!(here=> &out, #function);
            Place::of(function).call(quote_spanned!(here=> probe.__paced_spent), arguments)
        } else {
            quote_spanned!(here=> ::core::option::Option::None)
        }
    });
    Some(quote_spanned!(here=> [#(#spent),*]))
}
