//! Writes the plan as code. It cannot fail: all rules have been checked before.
//!
//! Every generated token resolves at `mixed_site`, so that no generated name can collide with one of the user's. Only
//! the location is borrowed from the user's code, so that rustc shows its errors there.
//! Functions are called by their paths, and methods have reserved names: a plain method call could find a method of a
//! trait that the user has implemented for every type.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use crate::blocking;
use crate::capture::{Capture, CaptureKind};
use crate::instrumented;
use crate::krate;
use crate::output::OutputKind;
use crate::place::{Place, by_reference, grouped, located};
use crate::plan::Plan;
use crate::row_writer;
use crate::site::site;
use crate::tokens::is_semicolon;

pub(crate) fn expand(plan: &Plan) -> TokenStream {
    let func = &plan.func;
    let mut tokens = TokenStream::new();
    for attr in &func.attrs {
        attr.to_tokens(&mut tokens);
    }
    tokens.extend(blocking::caller(func, &plan.output));
    func.vis.to_tokens(&mut tokens);
    func.sig.to_tokens(&mut tokens);
    func.brace.surround(&mut tokens, |tokens| {
        for attr in &func.inner_attrs {
            attr.to_tokens(tokens);
        }
        let private = krate::private(plan.krate.as_ref());
        statements(plan, &private).to_tokens(tokens);
    });
    tokens
}

/// Returns the new body of the function.
fn statements(plan: &Plan, private: &TokenStream) -> TokenStream {
    let run = run(plan, private);
    // The location of the user's own block, for errors about it as a whole.
    let start = plan.opened.as_ref().map(|opened| opened.start);
    let here = start.map_or_else(Span::mixed_site, located);
    let run = grouped(Delimiter::Brace, run, here);
    let early = early(plan);
    match &plan.output.kind {
        OutputKind::Async | OutputKind::Blocking => run.stream(),
        // The last expression, so that other macros find the future, too. The `{}` keeps it from being the only one: lints
        // would then ask for an `async fn`, which the user's function may not be.
        OutputKind::Future => quote_spanned!(here=> {} #early async move #run),
        OutputKind::Boxed(_) => {
            let pin = at(here, quote_spanned!(here=> #private::Box::pin));
            quote_spanned!(here=> #early #pin(async move #run))
        }
    }
}

/// Moves the location of the tokens to `span`.
fn at(span: Span, tokens: TokenStream) -> TokenStream {
    let shown = |mut tree: TokenTree| {
        tree.set_span(tree.span().located_at(span));
        tree
    };
    tokens.into_iter().map(shown).collect()
}

/// Returns the statement that makes the only attempt's future at the call, as the plain function does.
fn early(plan: &Plan) -> Option<TokenStream> {
    let returns_future = matches!(plan.output.kind, OutputKind::Future | OutputKind::Boxed(_));
    (plan.once && plan.opened.is_none() && returns_future).then(|| made_future(plan))
}

/// Returns `let future = ..;` with the body that makes the future, in a closure: its `return` and `?` give a future, not
/// the result of one.
fn made_future(plan: &Plan) -> TokenStream {
    let here = Span::mixed_site();
    let body = users_block(plan.func.body.clone(), plan.func.brace.span.join());
    let ret = match &plan.output.kind {
        OutputKind::Boxed(future) => Some(quote_spanned!(here=> -> #future)),
        OutputKind::Async | OutputKind::Future | OutputKind::Blocking => None,
    };
    quote_spanned!(here=> let future = (|| #ret #body)();)
}

fn run(plan: &Plan, private: &TokenStream) -> TokenStream {
    let site = site(plan, private);
    let prologue = plan.opened.as_ref().map(|opened| &opened.prologue);
    let attempt = attempt(plan, private);
    let ret = &plan.output.ret;
    let probe = probe(plan, private);
    let settle = settle_arguments(plan);
    let Settlement {
        statement: spent,
        function,
        argument,
    } = settlement(plan);
    let here = Span::mixed_site();
    if plan.once {
        return quote_spanned! {here=>
            #site
            #prologue
            let out: #private::Attempted<#ret> = #attempt;
            #probe
            #spent
            #private::Call::#function(&mut call, #argument #settle)
        };
    }
    quote_spanned! {here=>
        #site
        #prologue
        loop {
            let out: #private::Attempted<#ret> = #attempt;
            #probe
            #spent
            match #private::Call::#function(&mut call, #argument #settle) {
                ::core::ops::ControlFlow::Break(out) => break out,
                ::core::ops::ControlFlow::Continue(()) => {}
            }
        }
    }
}

/// Settlement of an attempt.
struct Settlement {
    /// Statement that finds out what the attempt took.
    statement: Option<TokenStream>,
    /// Name of the runtime's method.
    function: Ident,
    /// First argument of the method.
    argument: Option<TokenStream>,
}

fn settlement(plan: &Plan) -> Settlement {
    let here = Span::mixed_site();
    let spent = row_writer::spent(&plan.charges);
    let is_settled = spent.is_some() && !plan.off;
    let function = match (is_settled, plan.once) {
        (false, false) => "settle",
        (false, true) => "settle_once",
        (true, false) => "settle_spent",
        (true, true) => "settle_spent_once",
    };
    let statement = if plan.off {
        // Without a limiter nothing is charged: the functions are only checked.
        spent.map(|spent| quote_spanned!(here=> if false { let _ = #spent; }))
    } else {
        spent.map(|spent| quote_spanned!(here=> let spent = #spent;))
    };
    Settlement {
        statement,
        function: Ident::new(function, here),
        argument: is_settled.then(|| quote_spanned!(here=> &spent,)),
    }
}

/// Returns the expression that runs the body once under the limiter.
fn attempt(plan: &Plan, private: &TokenStream) -> TokenStream {
    let here = Span::mixed_site();
    let ret = &plan.output.ret;
    let (body, span) = match &plan.opened {
        Some(opened) => (&opened.body, opened.span),
        None => (&plan.func.body, plan.func.brace.span.join()),
    };
    let edge = edge(plan);
    let loosened =
        (!plan.once).then(|| instrumented::loosen(body, &edge, plan.reborrowed_self().as_ref()));
    let body = loosened.flatten().unwrap_or_else(|| body.clone());
    let body = users_block(body, span);
    let result = match &plan.output.kind {
        _ if plan.opened.is_some() => body.into_token_stream(),
        OutputKind::Async | OutputKind::Blocking => body.into_token_stream(),
        OutputKind::Boxed(_) | OutputKind::Future => {
            let made = (!plan.once).then(|| made_future(plan));
            let awaited = Place::of(ret).spread(quote_spanned!(here=> future.await));
            quote_spanned!(here=> #made #awaited)
        }
    };
    let again = plan
        .captures
        .iter()
        .filter_map(|capture| again(plan, capture));
    let body = quote_spanned!(here=> #edge #(#again)* #result);
    if plan.output.is_blocking() {
        return blocking::attempt(private, &body);
    }
    let body = quote_spanned!(here=> async { #body });
    quote_spanned!(here=> #private::Call::attempt(&mut call, #body).await)
}

/// Puts the user's braces round the user's body. Their span has the user's edition, which decides when temporaries are
/// dropped.
fn users_block(body: TokenStream, span: Span) -> Group {
    let mut tokens = TokenStream::new();
    if !body.clone().into_iter().any(|tree| is_semicolon(&tree)) {
        // The compiler would ask to remove the braces of a block that is one expression.
        tokens.extend(quote_spanned!(Span::mixed_site()=> const _: () = ();));
    }
    tokens.extend(body);
    let mut block = Group::new(Delimiter::Brace, tokens);
    block.set_span(span);
    block
}

/// Returns dead code for the type checker: it fixes the type of `return`, and the way in which arguments are captured.
fn edge(plan: &Plan) -> TokenStream {
    let ret = &plan.output.ret;
    let captures = plan.captures.iter().map(|capture| captured(plan, capture));
    quote_spanned! {Place::of(ret).start=>
        if let ::core::option::Option::Some(r) = ::core::option::Option::None::<#ret> {
            #(#captures)*
            return r;
        }
    }
}

/// Returns the statement that asks the types of the outcome for their abilities; the compiler shows its errors at the
/// types and options that the user wrote.
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
    // The outcome is the last argument: an earlier one could be dropped in a second place, while the others are evaluated.
    let keep = if plan.output.is_blocking() {
        "__paced_keep_here"
    } else if plan.output.hidden {
        "__paced_lose"
    } else {
        "__paced_keep"
    };
    let keep = Ident::new(keep, here);
    quote_spanned!(here=> &#reader, probe.__paced_refuse(), probe.#keep(), out)
}

/// Returns the statement that reborrows an argument that is a `&mut` for one attempt, whose body may pass it on.
///
/// With `ref mut` it is a generated binding for lints about names that are used again.
fn again(plan: &Plan, capture: &Capture) -> Option<TokenStream> {
    let (cfgs, name) = (&capture.cfgs, &capture.name);
    let reborrowed = capture.kind == CaptureKind::Reborrowed && !plan.once;
    reborrowed.then(|| quote_spanned!(Span::mixed_site()=> #(#cfgs)* let ref mut #name = *#name;))
}

/// Returns the statement that captures all of an argument by `&mut`, so that the future is `Send` whenever the plain
/// function's is.
fn captured(plan: &Plan, capture: &Capture) -> TokenStream {
    let (cfgs, name) = (&capture.cfgs, &capture.name);
    let here = Span::mixed_site();
    match capture.kind {
        CaptureKind::Owned | CaptureKind::Mutable => {
            quote_spanned!(here=> #(#cfgs)* let _ = &mut #name;)
        }
        // The result of the only attempt may borrow from it.
        _ if plan.once => quote_spanned!(here=> #(#cfgs)* let _ = { #name };),
        CaptureKind::Reborrowed | CaptureKind::ReborrowedSelf => {
            quote_spanned!(here=> #(#cfgs)* let _ = &mut *#name;)
        }
    }
}
