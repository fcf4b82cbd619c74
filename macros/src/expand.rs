//! The plan as code. It cannot fail: all rules are behind it.
//!
//! Every token of ours resolves at `mixed_site`, so that no name of ours can meet one of the user's. Only the place
//! where rustc shows a token is borrowed from the user's code, for the errors that the compiler finds.
//! Functions are called by their paths, and methods have reserved names: a plain method call could find one of a
//! trait of the user's that every type has.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Token;

use crate::capture::{Capture, Kind as CaptureKind};
use crate::output::Kind as OutputKind;
use crate::place::{Place, by_reference, grouped};
use crate::plan::Plan;
use crate::site::site;

pub(crate) fn expand(plan: &Plan) -> TokenStream {
    let func = &plan.func;
    let mut tokens = TokenStream::new();
    for attr in &func.attrs {
        attr.to_tokens(&mut tokens);
    }
    func.vis.to_tokens(&mut tokens);
    func.sig.to_tokens(&mut tokens);
    func.brace.surround(&mut tokens, |tokens| {
        for attr in &func.inner_attrs {
            attr.to_tokens(tokens);
        }
        statements(plan, &private(plan)).to_tokens(tokens);
    });
    tokens
}

/// The path of everything that expansions may name.
fn private(plan: &Plan) -> TokenStream {
    let here = Span::mixed_site();
    let krate = plan.krate.as_ref().map(ToTokens::to_token_stream);
    let paced = krate.unwrap_or_else(|| quote_spanned!(here=> ::paced));
    quote_spanned!(here=> #paced::__private)
}

/// The new body of the function.
fn statements(plan: &Plan, private: &TokenStream) -> TokenStream {
    let run = run(plan, private);
    let here = Span::mixed_site();
    match &plan.output.kind {
        OutputKind::Async => run,
        // A bare block would look like a function that should be an `async fn`, which the user's may not be.
        OutputKind::Future => quote_spanned!(here=> ::core::convert::identity(async move { #run })),
        OutputKind::Boxed(_) => quote_spanned!(here=> #private::Box::pin(async move { #run })),
    }
}

fn run(plan: &Plan, private: &TokenStream) -> TokenStream {
    let owned = plan.captures.iter().map(rebound);
    let site = site(plan, private);
    let prologue = plan.opened.as_ref().map(|opened| &opened.prologue);
    let attempt = attempt(plan, private);
    let ret = &plan.output.ret;
    let probe = probe(plan, private);
    let settle = settle_arguments(plan);
    let here = Span::mixed_site();
    if plan.once {
        return quote_spanned! {here=>
            let mut call = #site;
            #prologue
            let out: #private::Attempted<#ret> = #attempt;
            #probe
            #private::Call::settle_once(&mut call, #settle)
        };
    }
    quote_spanned! {here=>
        let mut call = #site;
        #prologue
        #(#owned)*
        loop {
            let out: #private::Attempted<#ret> = #attempt;
            #probe
            match #private::Call::settle(&mut call, #settle) {
                ::core::ops::ControlFlow::Break(out) => break out,
                ::core::ops::ControlFlow::Continue(()) => {}
            }
        }
    }
}

/// The body as a future, run under the limiter.
fn attempt(plan: &Plan, private: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    let (body, span) = match &plan.opened {
        Some(opened) => (&opened.body, opened.span),
        None => (&plan.func.body, plan.func.brace.span.join()),
    };
    let body = grouped(Delimiter::Brace, body.clone(), span);
    // Without a loop the body may own what it uses, as in the plain function.
    let by_value = plan.once.then(|| quote_spanned!(here=> move));
    // Where the body makes a future, `return` and `?` in it are about that future, not about its result.
    let awaited = Place::of(&plan.output.ret).spread(quote_spanned!(here=> future.await));
    let result = match &plan.output.kind {
        _ if plan.opened.is_some() => body.into_token_stream(),
        OutputKind::Async => body.into_token_stream(),
        OutputKind::Boxed(future) => quote_spanned! {here=>
            let future = (#by_value || -> #future #body)();
            #awaited
        },
        OutputKind::Future => quote_spanned! {here=>
            let future = (#by_value || #body)();
            #awaited
        },
    };
    let edge = edge(plan);
    quote_spanned!(here=> #private::Attempt { call: &mut call, body: async #by_value { #edge #result } }.await)
}

/// Dead code for the type checker: it says what `return` takes, and which arguments are borrowed by `&mut`.
fn edge(plan: &Plan) -> TokenStream {
    let ret = &plan.output.ret;
    let captures = plan.captures.iter().map(borrowed);
    quote_spanned! {Place::of(ret).start=>
        if let ::core::option::Option::Some(r) = ::core::option::Option::None::<#ret> {
            #(#captures)*
            return r;
        }
    }
}

/// The question to the types of the outcome; what is wrong with them is shown where the user wrote them.
fn probe(plan: &Plan, private: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    let place = Place::of(&plan.output.ret);
    let out = place.spread(quote_spanned!(here=> &out));
    let probe = place.call(quote_spanned!(here=> #private::probe), out);
    let need = plan.need.as_ref().map(|need| {
        let (method, option) = (Ident::new(need.method, here), Ident::new(need.option, here));
        let question = quote_spanned!(here=> probe.#method::<#private::option::#option>);
        let question = need.place.call(question, TokenStream::new());
        quote_spanned!(here=> #question;)
    });
    quote_spanned! {here=>
        let probe = #probe;
        #need
    }
}

fn settle_arguments(plan: &Plan) -> TokenStream {
    let here = Span::mixed_site();
    let error = if plan.output.error_borrows() {
        "__paced_borrowed_err"
    } else {
        "__paced_err"
    };
    let error = Ident::new(error, here);
    let reader = quote_spanned!(here=> (probe.__paced_ok(), probe.#error()));
    let reader = match &plan.classify {
        Some(verdict) => {
            let classify = quote_spanned!(here=> probe.__paced_classify);
            let function = by_reference(verdict);
            Place::of(verdict).call(classify, quote_spanned!(here=> #function, #reader))
        }
        None => reader,
    };
    // The outcome is the last: until it is handed over, it is in one place to be dropped from.
    quote_spanned!(here=> &#reader, probe.__paced_refuse(), probe.__paced_keep(), out)
}

fn rebound(capture: &Capture) -> Option<TokenStream> {
    let (cfgs, name) = (&capture.cfgs, &capture.name);
    // All of the pattern is the user's for the compiler, which would else leave the name out of its errors.
    let mutable = Token![mut](name.span());
    let rebound = quote_spanned!(Span::mixed_site()=> #(#cfgs)* let #mutable #name = #name;);
    (capture.kind == CaptureKind::Owned).then_some(rebound)
}

fn borrowed(capture: &Capture) -> TokenStream {
    let (cfgs, name) = (&capture.cfgs, &capture.name);
    let here = Span::mixed_site();
    match capture.kind {
        CaptureKind::Owned | CaptureKind::Mutable | CaptureKind::OwnedSelf => {
            quote_spanned!(here=> #(#cfgs)* let _ = &mut #name;)
        }
        CaptureKind::Reborrowed => quote_spanned!(here=> #(#cfgs)* let _ = &mut *#name;),
    }
}
