//! The result of a function, and the way in which it is asynchronous.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, Attribute, FnArg, GenericArgument, Ident, Pat, PathArguments,
    PathSegment, ReceiverKind, ReturnType, Signature, Token, Type, TypeInfer, TypeParamBound,
    TypePath,
};

use crate::diag::Errors;
use crate::func::Func;
use crate::pattern::bare;
use crate::tokens::{borrows, mentions};

pub(crate) struct Output {
    pub(crate) kind: OutputKind,
    /// Type of a call's result, with `_` for each `impl Trait`.
    pub(crate) ret: Type,
    /// The returned future borrows nothing, by its type.
    pub(crate) owned: bool,
    /// The result has an `impl Trait` without a `Send` bound: in the function itself the compiler cannot tell whether it is
    /// `Send`.
    pub(crate) hidden: bool,
}

pub(crate) enum OutputKind {
    /// `async fn`
    Async,
    /// `-> impl Future<Output = ..>`
    Future,
    /// `-> Pin<Box<dyn Future<Output = ..>>>`, which `#[async_trait]` makes, too; with that type.
    Boxed(Box<Type>),
    /// A plain `fn`, which blocks its thread.
    Blocking,
}

impl Output {
    pub(crate) fn of(func: &Func, errors: &mut Errors) -> Option<Self> {
        let sig = &func.sig;
        let declared = match &sig.output {
            ReturnType::Type(_, declared) => bare(declared),
            // Of the two mistakes, the one to mend first.
            ReturnType::Default if sig.asyncness.is_none() && not_paced(func).is_some() => {
                errors.extend(not_paced(func));
                return None;
            }
            ReturnType::Default => {
                errors.at(&sig.ident, NO_RESULT);
                return None;
            }
        };
        if let Type::Never(never) = declared {
            errors.at(never, NEVER);
            return None;
        }
        if sig.asyncness.is_some() {
            return Some(Self {
                kind: OutputKind::Async,
                ret: erased(declared),
                owned: false,
                hidden: is_hidden(declared),
            });
        }
        let found = impl_future(declared).or_else(|| boxed_future(declared));
        match &found {
            None => {
                let refused = not_paced(func);
                let found = refused.is_none().then(|| Self::of_plain(declared));
                errors.extend(refused);
                return found;
            }
            // `#[async_trait]` makes this of a function that returns nothing.
            Some(found) if matches!(&found.ret, Type::Tuple(tuple) if tuple.elems.is_empty()) => {
                errors.at(&sig.ident, NO_RESULT);
            }
            Some(_) => {}
        }
        found
    }

    /// Returns whether calls of the function give futures.
    pub(crate) fn is_future(sig: &Signature) -> bool {
        let declared = match &sig.output {
            ReturnType::Type(_, declared) => bare(declared),
            ReturnType::Default => return sig.asyncness.is_some(),
        };
        let is_future = || {
            impl_future(declared)
                .or_else(|| boxed_future(declared))
                .is_some()
        };
        sig.asyncness.is_some() || is_future()
    }

    /// Returns the output of a plain function with this return type.
    fn of_plain(declared: &Type) -> Self {
        Self {
            kind: OutputKind::Blocking,
            ret: erased(declared),
            owned: false,
            hidden: false,
        }
    }

    pub(crate) fn is_blocking(&self) -> bool {
        matches!(self.kind, OutputKind::Blocking)
    }

    /// Returns an argument that the body borrows, although the future that it makes borrows nothing.
    pub(crate) fn borrowed_for_good(&self, func: &Func) -> Option<Ident> {
        if !self.owned {
            return None;
        }
        func.sig.inputs.iter().find_map(|arg| {
            let (name, borrowed) = match arg {
                FnArg::Receiver(receiver) => {
                    let name = Ident::new("self", receiver.self_token.span);
                    (name, matches!(receiver.kind, ReceiverKind::Reference(..)))
                }
                FnArg::Typed(typed) => match &*typed.pat {
                    Pat::Ident(pat) => (pat.ident.clone(), borrows(typed.ty.to_token_stream())),
                    _ => return None,
                },
            };
            (borrowed && mentions(func.body.clone(), &name.to_string())).then_some(name)
        })
    }

    /// Returns whether a lifetime is written in the last argument of `Result<T, E>`.
    pub(crate) fn error_borrows(&self) -> bool {
        let error = last_segment(&self.ret).and_then(last_type);
        error.is_some_and(|error| borrows(error.to_token_stream()))
    }
}

const NEVER: &str = "this function never returns, so there is nothing to retry: write `-> Result<Infallible, YourError>`";

/// Returns the error about a function that is not asynchronous. `None`: it may block its thread.
fn not_paced(func: &Func) -> Option<syn::Error> {
    let sentence = why_not(func, cfg!(feature = "blocking"))?;
    Some(syn::Error::new(func.sig.fn_token.span, sentence))
}

/// Returns why a function is not paced that is not asynchronous. `takes_plain`: plain functions are.
fn why_not(func: &Func, takes_plain: bool) -> Option<&'static str> {
    if is_made_blocking(func, takes_plain) {
        return Some(MADE_BLOCKING);
    }
    match &func.sig.output {
        ReturnType::Type(_, declared) if is_named_future(declared) => Some(NAMED_FUTURE),
        _ => (!takes_plain).then_some(NOT_ASYNC),
    }
}

const MADE_BLOCKING: &str = "this function blocks: if an attribute like `#[tokio::main]` or `#[tokio::test]` has made it so, write \
                             `#[rate_limited]` above that one; else write `async fn`";

const NAMED_FUTURE: &str =
    "write the future out: `Pin<Box<dyn Future<Output = Result<..>> + Send>>`";

const NOT_ASYNC: &str = "write `async fn`, or let this function block its thread while it waits: add \
                         `features = [\"blocking\"]` to the dependency on `paced`";

/// Guesses whether the function was `async` before an attribute put its body into a runtime, or made a test of it.
///
/// A plain function may use a runtime as well: `takes_plain` asks for the words of tokio's attributes.
fn is_made_blocking(func: &Func, takes_plain: bool) -> bool {
    let is_test = |attr: &Attribute| {
        let name = attr.path().segments.last();
        name.is_some_and(|name| name.ident == "test")
    };
    let says = |words| mentions(func.body.clone(), words);
    func.attrs.iter().any(is_test)
        || says("block_on") && (!takes_plain || says("Failed building the Runtime"))
}

/// Returns whether a type is `Self::Future`, or an alias whose name ends like that.
fn is_named_future(declared: &Type) -> bool {
    last_segment(declared).is_some_and(|segment| segment.ident.to_string().ends_with("Future"))
}

const NO_RESULT: &str = "this function returns nothing, so a failed call cannot be told from a good one: \
                         write `-> Result<(), YourError>`";

fn impl_future(declared: &Type) -> Option<Output> {
    let Type::ImplTrait(future) = declared else {
        return None;
    };
    let output = future_output(&future.bounds)?;
    Some(Output {
        kind: OutputKind::Future,
        ret: erased(output),
        hidden: is_hidden(output),
        owned: future.bounds.iter().any(captures_nothing),
    })
}

/// Reads `Pin<Box<dyn Future<Output = R>>>`, or one of the usual aliases `BoxFuture<R>` and `LocalBoxFuture<R>`.
fn boxed_future(declared: &Type) -> Option<Output> {
    let segment = last_segment(declared)?;
    let inner = last_type(segment)?;
    let (ret, owned) = match segment.ident.to_string().as_str() {
        "BoxFuture" | "LocalBoxFuture" => (erased(inner), false),
        "Pin" => pinned_output(inner)?,
        _ => return None,
    };
    Some(Output {
        kind: OutputKind::Boxed(Box::new(erased(declared))),
        ret,
        owned,
        hidden: false,
    })
}

/// Returns the output of the future; `true` if the future borrows nothing, by its type.
fn pinned_output(boxed: &Type) -> Option<(Type, bool)> {
    let segment = last_segment(boxed).filter(|segment| segment.ident == "Box")?;
    let Type::TraitObject(object) = bare(last_type(segment)?) else {
        return None;
    };
    let is_lifetime = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(name) if name.ident != "static");
    let owned = !object.bounds.iter().any(is_lifetime);
    Some((erased(future_output(&object.bounds)?), owned))
}

fn is_hidden(declared: &Type) -> bool {
    let tokens = declared.to_token_stream();
    mentions(tokens.clone(), "impl") && !mentions(tokens, "Send")
}

/// Returns whether a bound is `use<>`.
fn captures_nothing(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::PreciseCapture(captures) if captures.params.is_empty())
}

fn last_segment(declared: &Type) -> Option<&PathSegment> {
    match bare(declared) {
        Type::Path(TypePath { path, .. }) => path.segments.last(),
        _ => None,
    }
}

fn last_type(segment: &PathSegment) -> Option<&Type> {
    generics(segment)?
        .args
        .iter()
        .rev()
        .find_map(|arg| match arg {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// Returns the `R` of `Future<Output = R> + ..`.
fn future_output(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<&Type> {
    let future = bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .filter(|segment| segment.ident == "Future"),
        _ => None,
    })?;
    generics(future)?.args.iter().find_map(|arg| match arg {
        GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(&assoc.ty),
        _ => None,
    })
}

fn generics(segment: &PathSegment) -> Option<&AngleBracketedGenericArguments> {
    match &segment.arguments {
        PathArguments::AngleBracketed(generics) => Some(generics),
        _ => None,
    }
}

/// Replaces each `impl Trait` of the type, which cannot be named inside of a function, by `_`.
fn erased(declared: &Type) -> Type {
    let tokens = declared.to_token_stream();
    // These are the tokens of a type, so reading them cannot fail.
    let mut ty = syn::parse2(tokens.clone()).unwrap_or(Type::Verbatim(tokens));
    erase(&mut ty);
    ty
}

fn erase(ty: &mut Type) {
    match ty {
        Type::ImplTrait(opaque) => {
            *ty = Type::Infer(TypeInfer {
                attrs: Vec::new(),
                underscore_token: Token![_](opaque.impl_token.span),
            });
        }
        Type::Array(array) => erase(&mut array.elem),
        Type::Group(group) => erase(&mut group.elem),
        Type::Paren(paren) => erase(&mut paren.elem),
        Type::Ptr(pointer) => erase(&mut pointer.elem),
        Type::Reference(reference) => erase(&mut reference.elem),
        Type::Slice(slice) => erase(&mut slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(erase),
        Type::Path(TypePath { path, .. }) => path.segments.iter_mut().for_each(erase_segment),
        _ => {}
    }
}

fn erase_segment(segment: &mut PathSegment) {
    let PathArguments::AngleBracketed(generics) = &mut segment.arguments else {
        return;
    };
    for arg in &mut generics.args {
        match arg {
            GenericArgument::Type(ty) => erase(ty),
            GenericArgument::AssocType(assoc) => erase(&mut assoc.ty),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_functions_need_the_feature() {
        let cases = [
            ("fn f() -> Result<(), E> { ask() }", None),
            (
                "fn f() -> Result<(), E> { runtime().block_on(ask()) }",
                None,
            ),
            ("fn f() -> BoxedFuture { ask() }", Some(NAMED_FUTURE)),
            (
                "#[test] fn f() -> Result<(), E> { ask() }",
                Some(MADE_BLOCKING),
            ),
            (
                "fn main() -> Result<(), E> { build().expect(\"Failed building the Runtime\").block_on(ask()) }",
                Some(MADE_BLOCKING),
            ),
        ];
        for (item, expected) in cases {
            let func = Func::parse(item.parse().expect("tokens")).expect("a function");
            assert_eq!(why_not(&func, true), expected, "{item}");
            let without = why_not(&func, false).expect("a mistake");
            let names_it = without.contains("features = [\"blocking\"]");
            let is_plain = expected.is_none() && !item.contains("block_on");
            assert_eq!(names_it, is_plain, "{item}: {without}");
        }
    }
}
