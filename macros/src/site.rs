//! The first part of an expansion: the static with its settings, and the call that it begins.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Ident;

use crate::place::{Place, by_reference, by_two_references};
use crate::plan::Plan;
use crate::row_writer;
use crate::writer::Writer;

/// Returns `let mut call = ..;`.
///
/// The static that all calls share is in a block of its own, because items are not hygienic.
pub(crate) fn site(plan: &Plan, private: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    let name = &plan.path;
    let name = quote_spanned!(here=> ::core::concat!(::core::module_path!(), "::", #name));
    let writer = Writer {
        private,
        runs: false,
    };
    let constant = writer.constant_settings(&plan.settings.constant);
    let own = (!plan.settings.each.is_empty())
        .then(|| quote_spanned!(here=> let mut own = #private::Own::new();));
    let call = call(
        plan,
        &Writer {
            runs: true,
            ..writer
        },
    );
    let unused = (plan.off && plan.key.is_some()).then(|| {
        // Without a limiter the key is only checked.
        let (keyed, key, further) = (keyed(plan, private), key(plan, private), further_keys(plan, private));
        let further = further.map(|further| quote_spanned!(here=> let _ = #further;));
        quote_spanned!(here=> if false { let (_, _): (::core::option::Option<#private::KeyedOf>, _) = (#keyed, #key); #further })
    });
    let costs = match (plan.charges.is_empty(), plan.off) {
        (true, _) => TokenStream::new(),
        (false, false) => quote_spanned!(here=> let mut costs = #private::OwnCosts::new();),
        // Without a limiter nothing is charged: the expressions are only checked.
        (false, true) => {
            let costs = row_writer::costs(&plan.charges, private);
            quote_spanned!(here=> if false { let _ = #costs; })
        }
    };
    quote_spanned! {here=>
        #own
        #unused
        #costs
        let mut call = {
            static __PACED_SITE: #private::Site = #private::Site::new(#name, #constant);
            #call
        };
    }
}

/// Returns the expression that begins a call.
fn call(plan: &Plan, writer: &Writer<'_>) -> TokenStream {
    let private = writer.private;
    let here = Span::mixed_site();
    let limiter = if let (Some(limiter), None) = (&plan.limiter, &plan.key) {
        // Shown at the limiter, whose type may be wrong.
        let function = quote_spanned!(here=> #private::limiter);
        Place::of(limiter).call(function, by_reference(limiter))
    } else {
        quote_spanned!(here=> ::core::option::Option::None)
    };
    let (first, each) = (&plan.settings.first, &plan.settings.each);
    let mut settings = quote_spanned!(here=> ());
    if !first.is_empty() {
        let found = writer.closure(first);
        settings = quote_spanned!(here=> #private::First(#found));
    }
    if !each.is_empty() {
        let found = writer.closure(each);
        settings = quote_spanned!(here=> #private::Each(&mut own, #settings, #found));
    }
    let brings = plan.limiter.is_some() && plan.key.is_none();
    let begin = if !brings && first.is_empty() && each.is_empty() {
        quote_spanned!(here=> #private::Begin::PLAIN)
    } else {
        quote_spanned!(here=> #private::Begin { limiter: #limiter, settings: #settings })
    };
    if plan.key.is_some() && !plan.off {
        return call_of_key(plan, private, &begin);
    }
    if !plan.charges.is_empty() && !plan.off {
        let costs = row_writer::costs(&plan.charges, private);
        return quote_spanned! {here=>
            #private::Site::call_with_costs(&__PACED_SITE, #begin, &mut costs, #costs)
        };
    }
    let function = Ident::new(if plan.off { "call_off" } else { "call" }, here);
    quote_spanned!(here=> #private::Site::#function(&__PACED_SITE, #begin))
}

/// Returns the expression that begins a call of a key.
fn call_of_key(plan: &Plan, private: &TokenStream, begin: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    let (keyed, key) = (keyed(plan, private), key(plan, private));
    let further = further_keys(plan, private);
    let keys = if further.is_some() { "keys" } else { "key" };
    let further = further.map(|further| quote_spanned!(here=> , #further));
    if plan.charges.is_empty() {
        let function = Ident::new(&format!("call_of_{keys}"), here);
        return quote_spanned! {here=>
            #private::Site::#function(&__PACED_SITE, #begin, #keyed, #key #further)
        };
    }
    let function = Ident::new(&format!("call_of_{keys}_with_costs"), here);
    let costs = row_writer::costs(&plan.charges, private);
    quote_spanned! {here=>
        #private::Site::#function(&__PACED_SITE, #begin, #keyed, #key #further, &mut costs, #costs)
    }
}

/// Returns the array of the further keys, if there are any.
fn further_keys(plan: &Plan, private: &TokenStream) -> Option<TokenStream> {
    let here = Span::mixed_site();
    let keys = plan.further_keys.iter().map(|key| {
        let function = quote_spanned!(here=> #private::further_key);
        // A reference to a reference, because the key may be of an unsized type, such as `*text`.
        Place::of(key).call(function, by_two_references(key))
    });
    (!plan.further_keys.is_empty()).then(|| quote_spanned!(here=> [#(#keys),*]))
}

/// Returns the limiters of keys that the call brings, as an option.
fn keyed(plan: &Plan, private: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    let Some(limiter) = &plan.limiter else {
        return quote_spanned!(here=> ::core::option::Option::None);
    };
    // Shown at the limiter, whose type may be wrong.
    let function = quote_spanned!(here=> #private::keyed);
    Place::of(limiter).call(function, by_reference(limiter))
}

/// Returns a reference to the key, shown at the expression, whose type may be wrong.
fn key(plan: &Plan, private: &TokenStream) -> Option<TokenStream> {
    let key = plan.key.as_ref()?;
    let function = quote_spanned!(Span::mixed_site()=> #private::key);
    Some(Place::of(key).call(function, by_reference(key)))
}
