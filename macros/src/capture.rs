//! Which arguments an attempt must borrow by `&mut`, so that the future is `Send` whenever the plain function's is.
//!
//! An attempt borrows what the body uses. A body that only reads an argument `x: T` would borrow it by `&T`, which is
//! `Send` only where `T: Sync`; the plain function owns `x` and needs `T: Send`. A `&mut T` needs just that, too.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::{
    Attribute, FnArg, Ident, Pat, PatType, Path, Receiver, ReceiverKind, Signature, Token, Type,
};

pub(crate) struct Capture {
    /// The `#[cfg(..)]` of the argument.
    pub(crate) cfgs: Vec<TokenStream>,
    pub(crate) name: Ident,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An argument by value: it must be rebound as `mut` first.
    Owned,
    /// An argument by value that is `mut` already.
    Mutable,
    /// `self` by value, which cannot be rebound: the signature says `mut`.
    OwnedSelf,
    /// An argument that is a `&mut` already.
    Reborrowed,
}

/// The captures that a call in a loop needs; `ret` is what the function comes to.
pub(crate) fn captures(sig: &Signature, ret: &Type, body: &TokenStream) -> Vec<Capture> {
    // A result that borrows from a `&mut` argument leaves the loop, which a unique borrow of all of it could not.
    let borrows = has_lifetime(ret.to_token_stream());
    let mut found = Vec::new();
    for arg in &sig.inputs {
        match arg {
            FnArg::Receiver(receiver) => found.extend(of_receiver(receiver, body)),
            FnArg::Typed(typed) => of_argument(typed, &mut found),
        }
    }
    found.retain(|capture| {
        let allowed = capture.kind != Kind::Reborrowed || !borrows;
        // An argument that the body does not name is not captured, and stays unused for the compiler.
        allowed && mentions(body.clone(), &capture.name.unraw().to_string())
    });
    found
}

fn of_receiver(receiver: &Receiver, body: &TokenStream) -> Option<Capture> {
    let span = receiver.self_token.span;
    let kind = match &receiver.kind {
        ReceiverKind::Reference(_, _, Some(_)) => Kind::Reborrowed,
        ReceiverKind::Reference(..) => return None,
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(reference) if reference.mutability.is_none() => return None,
            Type::Reference(_) => Kind::Reborrowed,
            _ => Kind::OwnedSelf,
        },
        _ => Kind::OwnedSelf,
    };
    // This is what `#[async_trait]` calls it in the body.
    let renamed = mentions(body.clone(), "__self");
    let (name, kind) = match kind {
        Kind::OwnedSelf if renamed => ("__self", Kind::Owned),
        kind if renamed => ("__self", kind),
        kind => ("self", kind),
    };
    let name = Ident::new(name, span);
    Some(Capture {
        cfgs: cfgs(&receiver.attrs),
        name,
        kind,
    })
}

fn of_argument(typed: &PatType, found: &mut Vec<Capture>) {
    let kind = match (&*typed.ty, &*typed.pat) {
        (Type::Reference(reference), Pat::Ident(_)) if reference.mutability.is_some() => {
            Kind::Reborrowed
        }
        (Type::Reference(_), _) => return,
        (Type::Path(ty), _) if is_sync(&ty.path) => return,
        _ => Kind::Owned,
    };
    let mut names = Vec::new();
    bindings(&typed.pat, &mut names);
    found.extend(names.into_iter().map(|binding| Capture {
        cfgs: cfgs(&typed.attrs),
        name: binding.name,
        kind: match kind {
            Kind::Owned if binding.mutable => Kind::Mutable,
            kind => kind,
        },
    }));
}

/// Types of the standard library that every thread may read: there is nothing to gain for them.
fn is_sync(path: &Path) -> bool {
    const NAMES: [&str; 17] = [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
        "i128", "isize", "f32", "f64", "String",
    ];
    path.get_ident()
        .is_some_and(|name| NAMES.iter().any(|known| name == known))
}

struct Binding {
    name: Ident,
    mutable: bool,
}

fn bindings(pat: &Pat, names: &mut Vec<Binding>) {
    match pat {
        Pat::Ident(binding) => {
            // A capital begins the name of a unit struct, which binds nothing.
            if !binding.ident.to_string().starts_with(char::is_uppercase) {
                names.push(Binding {
                    name: binding.ident.clone(),
                    mutable: binding.by_ref.is_none() && binding.mutability.is_some(),
                });
            }
            if let Some((_, inner)) = &binding.subpat {
                bindings(inner, names);
            }
        }
        Pat::Paren(paren) => bindings(&paren.pat, names),
        Pat::Reference(reference) => bindings(&reference.pat, names),
        Pat::Slice(slice) => slice.elems.iter().for_each(|pat| bindings(pat, names)),
        Pat::Struct(fields) => fields
            .fields
            .iter()
            .for_each(|field| bindings(&field.pat, names)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|pat| bindings(pat, names)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|pat| bindings(pat, names)),
        _ => {}
    }
}

fn cfgs(attrs: &[Attribute]) -> Vec<TokenStream> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .map(ToTokens::to_token_stream)
        .collect()
}

/// Lets the signature say `mut self` where a capture needs it.
pub(crate) fn make_self_mutable(sig: &mut Signature, captures: &[Capture], mutable: Token![mut]) {
    let needed = captures
        .iter()
        .any(|capture| capture.kind == Kind::OwnedSelf);
    match sig.inputs.first_mut() {
        Some(FnArg::Receiver(receiver)) if needed => receiver.mutability = Some(mutable),
        _ => {}
    }
}

fn has_lifetime(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        TokenTree::Group(group) => has_lifetime(group.stream()),
        _ => false,
    })
}

/// Whether `name` occurs as a word of its own, or inside a literal, where `"{name}"` would use it.
fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word.unraw() == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Literal(literal) => literal.to_string().contains(name),
        TokenTree::Punct(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use syn::ReturnType;

    use super::*;

    fn found(sig: &str, body: &str) -> Vec<(String, Kind)> {
        let sig: Signature = syn::parse_str(sig).expect("a signature");
        let ret = match &sig.output {
            ReturnType::Type(_, ret) => ret.to_token_stream(),
            ReturnType::Default => TokenStream::new(),
        };
        let body = body.parse().expect("tokens");
        let captures = captures(&sig, &Type::Verbatim(ret), &body);
        captures
            .iter()
            .map(|capture| (capture.name.to_string(), capture.kind))
            .collect()
    }

    /// A signature, a body, and the captures of the two.
    type Case = (&'static str, &'static str, &'static [(&'static str, Kind)]);

    #[test]
    fn arguments_by_value_and_by_unique_reference() {
        let cases: &[Case] = &[
            (
                "async fn f(a: T, b: T)",
                "use_it(&a)",
                &[("a", Kind::Owned)],
            ),
            ("async fn f(a: &T, b: u64, c: String)", "(a, b, c)", &[]),
            ("async fn f(a: &mut T)", "a.b()", &[("a", Kind::Reborrowed)]),
            ("async fn f(a: &mut T) -> &str", "a.b()", &[]),
            ("async fn f(a: T) -> R<'_>", "a.b()", &[("a", Kind::Owned)]),
            (
                "async fn f(a: T)",
                "format!(\"{a}\")",
                &[("a", Kind::Owned)],
            ),
            (
                "async fn f(r#type: T)",
                "r#type",
                &[("r#type", Kind::Owned)],
            ),
            ("async fn f(&self)", "self.a()", &[]),
            (
                "async fn f(&mut self)",
                "self.a()",
                &[("self", Kind::Reborrowed)],
            ),
            ("async fn f(self)", "self.a()", &[("self", Kind::OwnedSelf)]),
            (
                "async fn f(self: Arc<Self>)",
                "self.a()",
                &[("self", Kind::OwnedSelf)],
            ),
            ("async fn f(self: &Self)", "self.a()", &[]),
            (
                "fn f<'a>(&'a mut self)",
                "__self.a()",
                &[("__self", Kind::Reborrowed)],
            ),
            ("fn f(self)", "__self.a()", &[("__self", Kind::Owned)]),
            (
                "async fn f((a, [b, ..]): T)",
                "a + b",
                &[("a", Kind::Owned), ("b", Kind::Owned)],
            ),
            (
                "async fn f(S { a, b: (c, _), .. }: S)",
                "a + b + c",
                &[("a", Kind::Owned), ("c", Kind::Owned)],
            ),
            ("async fn f(Json(a): Json<T>)", "a", &[("a", Kind::Owned)]),
            ("async fn f((a, b): &mut (T, T))", "a + b", &[]),
            ("async fn f(Unit: Unit)", "Unit", &[]),
            ("async fn f(mut a: T)", "a", &[("a", Kind::Mutable)]),
            ("async fn f(ref mut a: T)", "a", &[("a", Kind::Owned)]),
        ];
        for (sig, body, captures) in cases {
            let captures: Vec<_> = captures
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), *kind))
                .collect();
            assert_eq!(found(sig, body), captures, "{sig}");
        }
    }
}
