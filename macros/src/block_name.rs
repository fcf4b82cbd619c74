//! The name of an `impl` block: that of its type, as a user would write it.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{
    Attribute, GenericArgument, Generics, Ident, Path, PathArguments, PathSegment, Token, Type,
    TypeParamBound,
};

use crate::pattern::bare;
use crate::tokens::is_mark;

/// Type of a block, and the trait that it implements.
struct Header {
    implemented: Option<Type>,
    ty: Type,
    /// Types and constants of `impl<..>`.
    params: Vec<Ident>,
}

/// Returns the name of the block with this header: `Api`, or `<Api as Remote>` for the implementation of a trait.
pub(crate) fn of(header: &TokenStream) -> String {
    let Ok(header) = read_header.parse2(header.clone()) else {
        return "impl".to_owned();
    };
    let names = Names(&header.params);
    let ty = names.of_type(&header.ty);
    match &header.implemented {
        Some(implemented) => format!("<{ty} as {}>", names.of_type(implemented)),
        None => ty,
    }
}

fn read_header(input: ParseStream<'_>) -> syn::Result<Header> {
    input.call(Attribute::parse_outer)?;
    while !input.peek(Token![impl]) {
        input.parse::<TokenTree>()?;
    }
    input.parse::<Token![impl]>()?;
    let generics: Generics = input.parse()?;
    input.parse::<Option<Token![const]>>()?;
    let first: Type = input.parse()?;
    let (implemented, ty) = if input.peek(Token![for]) {
        input.parse::<Token![for]>()?;
        (Some(first), input.parse()?)
    } else {
        (None, first)
    };
    input.parse::<TokenStream>()?;
    let types = generics.type_params().map(|param| param.ident.clone());
    let constants = generics.const_params().map(|param| param.ident.clone());
    Ok(Header {
        implemented,
        ty,
        params: types.chain(constants).collect(),
    })
}

/// Writes types without lifetimes, and without arguments that are parameters of the block.
struct Names<'a>(&'a [Ident]);

impl Names<'_> {
    fn of_type(&self, ty: &Type) -> String {
        match bare(ty) {
            Type::Path(ty) if ty.qself.is_none() => self.of_path(&ty.path),
            Type::Reference(reference) => {
                let mutable = reference.mutability.as_ref().map_or("", |_| "mut ");
                format!("&{mutable}{}", self.of_type(&reference.elem))
            }
            Type::Slice(slice) => format!("[{}]", self.of_type(&slice.elem)),
            Type::Tuple(tuple) => {
                let elems: Vec<_> = tuple.elems.iter().map(|elem| self.of_type(elem)).collect();
                format!("({})", elems.join(", "))
            }
            Type::TraitObject(object) => {
                let traits = object.bounds.iter().filter_map(|bound| match bound {
                    TypeParamBound::Trait(bound) => Some(self.of_path(&bound.path)),
                    _ => None,
                });
                format!("dyn {}", traits.collect::<Vec<_>>().join(" + "))
            }
            other => text(other.to_token_stream()),
        }
    }

    fn of_path(&self, path: &Path) -> String {
        path.segments
            .last()
            .map(|segment| self.of_segment(segment))
            .unwrap_or_default()
    }

    fn of_segment(&self, segment: &PathSegment) -> String {
        let name = segment.ident.unraw().to_string();
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
            return name;
        };
        let arguments: Vec<_> = arguments
            .args
            .iter()
            .filter_map(|arg| self.of_argument(arg))
            .collect();
        if arguments.is_empty() {
            name
        } else {
            format!("{name}<{}>", arguments.join(", "))
        }
    }

    fn of_argument(&self, arg: &GenericArgument) -> Option<String> {
        match arg {
            GenericArgument::Lifetime(_) => None,
            GenericArgument::Type(Type::Path(ty))
                if ty
                    .path
                    .get_ident()
                    .is_some_and(|name| self.0.contains(name)) =>
            {
                None
            }
            GenericArgument::Type(ty) => Some(self.of_type(ty)),
            other => Some(text(other.to_token_stream())),
        }
    }
}

/// Writes tokens without lifetimes, and with spaces only between words and after commas.
fn text(tokens: TokenStream) -> String {
    let mut text = String::new();
    let mut trees = tokens.into_iter();
    while let Some(tree) = trees.next() {
        if is_mark(&tree, '\'') {
            trees.next();
            continue;
        }
        let word = tree.to_string();
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ',';
        if text.ends_with(is_word) && word.starts_with(is_word) && word != "," {
            text.push(' ');
        }
        text.push_str(&word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_named_by_their_types() {
        for (header, name) in [
            ("impl Api", "Api"),
            ("#[a] unsafe impl crate::client::Api", "Api"),
            (
                "impl<'a, T: Http, const N: usize> Api<'a, T, N> where T: Clone",
                "Api",
            ),
            ("impl Api<'_>", "Api"),
            ("impl Api<Live>", "Api<Live>"),
            ("impl<T> Api<T, http::Live>", "Api<Live>"),
            ("impl<T> Api<Vec<T>>", "Api<Vec>"),
            ("impl Api<3>", "Api<3>"),
            ("impl r#Api", "Api"),
            ("impl Remote for Api", "<Api as Remote>"),
            (
                "impl<T: Http> remote::Remote<T> for &'a mut Api<T>",
                "<&mut Api as Remote>",
            ),
            ("impl Remote<Live> for Api", "<Api as Remote<Live>>"),
            ("impl<T: Http> Remote for T", "<T as Remote>"),
            ("impl Remote for [Api]", "<[Api] as Remote>"),
            ("impl Remote for (Api, u8)", "<(Api, u8) as Remote>"),
            ("impl dyn Remote + Send + 'static", "dyn Remote + Send"),
            ("impl", "impl"),
        ] {
            let tokens = header.parse().expect("tokens");
            assert_eq!(of(&tokens), name, "{header}");
        }
    }
}
