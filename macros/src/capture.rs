//! Arguments that an attempt borrows by `&mut`, so that the future is `Send` whenever the plain function's is.
//!
//! An attempt borrows the arguments that the body uses. A body that only reads an argument `x: T` would borrow it by
//! `&T`, which is `Send` only where `T: Sync`. The plain function owns `x` and needs just `T: Send`, as a `&mut T` does.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::{Attribute, FnArg, Ident, Pat, PatType, Receiver, ReceiverKind, Signature, Token, Type};

use crate::pattern::{bare, each_binding, read};
use crate::sync::is_sync;
use crate::tokens::{has_lifetime, mentions, words_before};

pub(crate) struct Capture {
    /// The `#[cfg(..)]` of the argument.
    pub(crate) cfgs: Vec<TokenStream>,
    pub(crate) name: Ident,
    pub(crate) kind: CaptureKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaptureKind {
    /// An argument by value: its pattern must say `mut`.
    Owned,
    /// An argument by value that is `mut` already.
    Mutable,
    /// `self` or `__self`, behind a `&mut`.
    ReborrowedSelf,
    /// An argument that is a `&mut` already.
    Reborrowed,
}

/// Use that the body makes of its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Use {
    /// The body calls `self` by the name `__self`.
    pub(crate) renamed: bool,
    /// The body runs once, and may consume its arguments.
    pub(crate) once: bool,
    /// The body moves arguments that it should borrow, whatever their types.
    pub(crate) takes: bool,
}

/// Returns the captures of the body of a function whose result is `ret`.
pub(crate) fn captures(sig: &Signature, ret: &Type, body: &TokenStream, used: Use) -> Vec<Capture> {
    // A result that borrows from a `&mut` argument leaves the loop; a unique borrow of all of the argument could not.
    let leaves = !used.once && has_lifetime(ret.to_token_stream());
    let mut found = Vec::new();
    for arg in &sig.inputs {
        match arg {
            FnArg::Receiver(receiver) => found.extend(of_receiver(receiver, used)),
            FnArg::Typed(typed) => of_argument(typed, used, &mut found),
        }
    }
    found.retain(|capture| {
        // An argument that the body does not name is not captured, and stays unused for the compiler.
        !(capture.is_reborrowed() && leaves) && capture.is_in(body)
    });
    // The order in which the body itself would capture them: where another macro makes a future of all this, they are
    // dropped in that order.
    found.sort_by_key(|capture| words_before(body.clone(), &capture.name));
    found
}

impl Capture {
    pub(crate) fn is_reborrowed(&self) -> bool {
        matches!(
            self.kind,
            CaptureKind::Reborrowed | CaptureKind::ReborrowedSelf
        )
    }

    fn is_in(&self, body: &TokenStream) -> bool {
        mentions(body.clone(), &self.name.unraw().to_string())
    }
}

fn of_receiver(receiver: &Receiver, used: Use) -> Option<Capture> {
    let kind = match &receiver.kind {
        ReceiverKind::Reference(_, _, Some(_)) => CaptureKind::ReborrowedSelf,
        ReceiverKind::Reference(..) => return None,
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(reference) if reference.mutability.is_none() => return None,
            Type::Reference(_) => CaptureKind::ReborrowedSelf,
            Type::Path(ty) if is_sync(&ty.path) && !used.takes => return None,
            _ if receiver.mutability.is_some() => CaptureKind::Mutable,
            _ => CaptureKind::Owned,
        },
        _ if receiver.mutability.is_some() => CaptureKind::Mutable,
        _ => CaptureKind::Owned,
    };
    // `#[async_trait]` gives it this name in the body.
    let name = if used.renamed { "__self" } else { "self" };
    Some(Capture {
        cfgs: cfgs(&receiver.attrs),
        name: Ident::new(name, receiver.self_token.span),
        kind,
    })
}

fn of_argument(typed: &PatType, used: Use, found: &mut Vec<Capture>) {
    let kind = match (bare(&typed.ty), &*typed.pat) {
        (Type::Reference(reference), Pat::Ident(_)) if reference.mutability.is_some() => {
            CaptureKind::Reborrowed
        }
        (Type::Reference(_), _) => return,
        (Type::Path(ty), _) if is_sync(&ty.path) && !used.takes => return,
        _ => CaptureKind::Owned,
    };
    let mut pat = read(typed.pat.to_token_stream());
    each_binding(&mut pat, &typed.ty, &mut |binding| {
        let kind = match (kind, &binding.by_ref, &binding.mutability) {
            (CaptureKind::Owned, None, Some(_)) => CaptureKind::Mutable,
            (CaptureKind::Owned, Some(_), Some(_)) => CaptureKind::Reborrowed,
            // A shared reference to an argument that the function owns.
            (_, Some(_), None) => return,
            (kind, ..) => kind,
        };
        if found.iter().all(|capture| capture.name != binding.ident) {
            found.push(Capture {
                cfgs: cfgs(&typed.attrs),
                name: binding.ident.clone(),
                kind,
            });
        }
    });
}

fn cfgs(attrs: &[Attribute]) -> Vec<TokenStream> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .map(ToTokens::to_token_stream)
        .collect()
}

/// Adds `mut` to the patterns of arguments whose capture needs it, except where the body declares the name itself, as
/// `declared` says.
///
/// The signature is changed, and the arguments are not rebound, so that they are dropped in the plain function's order.
pub(crate) fn make_mutable(
    sig: &mut Signature,
    captures: &[Capture],
    declared: &dyn Fn(&Ident) -> bool,
) {
    let needed = |name: &Ident| {
        let owned = |capture: &Capture| capture.kind == CaptureKind::Owned && capture.name == *name;
        captures.iter().any(owned) && !declared(name)
    };
    for arg in &mut sig.inputs {
        match arg {
            FnArg::Receiver(receiver) => {
                let name = Ident::new("self", receiver.self_token.span);
                if needed(&name) {
                    receiver.mutability = Some(Token![mut](name.span()));
                }
            }
            FnArg::Typed(typed) => {
                let PatType { pat, ty, .. } = typed;
                // `mut` has the user's span: otherwise the compiler would leave the name out of its errors.
                each_binding(pat, ty, &mut |binding| {
                    if needed(&binding.ident) && binding.by_ref.is_none() {
                        binding.mutability = Some(Token![mut](binding.ident.span()));
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use syn::ReturnType;

    use super::CaptureKind as Kind;
    use super::*;

    fn found(sig: &str, body: &str) -> Vec<(String, Kind)> {
        let sig: Signature = syn::parse_str(sig).expect("a signature");
        let ret = match &sig.output {
            ReturnType::Type(_, ret) => ret.to_token_stream(),
            ReturnType::Default => TokenStream::new(),
        };
        let body: TokenStream = body.parse().expect("tokens");
        let used = Use {
            renamed: mentions(body.clone(), "__self"),
            once: false,
            takes: false,
        };
        let captures = captures(&sig, &Type::Verbatim(ret), &body, used);
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
                &[("self", Kind::ReborrowedSelf)],
            ),
            ("async fn f(self)", "self.a()", &[("self", Kind::Owned)]),
            ("async fn f(self: Arc<Self>)", "self.a()", &[]),
            (
                "async fn f(self: Box<Self>)",
                "self.a()",
                &[("self", Kind::Owned)],
            ),
            (
                "async fn f(mut self)",
                "self.a()",
                &[("self", Kind::Mutable)],
            ),
            ("async fn f(self: &Self)", "self.a()", &[]),
            (
                "fn f<'a>(&'a mut self)",
                "__self.a()",
                &[("__self", Kind::ReborrowedSelf)],
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
            ("async fn f(ref mut a: T)", "a", &[("a", Kind::Reborrowed)]),
            ("async fn f(ref a: T)", "a", &[]),
            (
                "async fn f((Ok(a) | Err(a)): Result<T, T>)",
                "a",
                &[("a", Kind::Owned)],
            ),
            ("async fn f(Name: T)", "Name", &[("Name", Kind::Owned)]),
            ("async fn f(unit: unit)", "unit", &[]),
            (
                "async fn f(a: Vec<u8>, b: Option<(std::time::Duration, &str)>, c: Arc<T>)",
                "(a, b, c)",
                &[],
            ),
            (
                "async fn f(a: Vec<T>, b: Box<dyn Send>)",
                "(a, b)",
                &[("a", Kind::Owned), ("b", Kind::Owned)],
            ),
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
