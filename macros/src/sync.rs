//! Types of the standard library, by their names, that need no more than `Sync` to be lent to another thread.

use syn::{GenericArgument, Path, PathArguments, Type, TypePath};

use crate::pattern::bare;

/// Beside those that are copied.
const OWNED: &[&str] = &["String", "PathBuf", "OsString"];

/// An `Arc` is `Send` only where what is in it is `Sync`.
const SHARED: &[&str] = &["Arc"];

const CONTAINERS: &[&str] = &[
    "Vec",
    "Option",
    "Result",
    "Box",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "VecDeque",
    "BinaryHeap",
    "Cow",
    "Range",
];

/// Whether values of the type can be read by every thread that may own them: then there is nothing to gain from a
/// unique borrow, and the body may do no more than in the plain function.
pub(crate) fn is_sync(path: &Path) -> bool {
    let Some(last) = path.segments.last() else {
        return false;
    };
    let named = |names: &[&str]| names.iter().any(|name| last.ident == name);
    match &last.arguments {
        PathArguments::None => named(COPIED) || named(OWNED),
        PathArguments::AngleBracketed(generics) => {
            named(SHARED) || (named(CONTAINERS) && generics.args.iter().all(is_sync_argument))
        }
        PathArguments::Parenthesized(_) => false,
    }
}

const COPIED: &[&str] = &[
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "Duration",
    "Instant",
    "IpAddr",
    "SocketAddr",
    "SystemTime",
    "Ordering",
];

/// Whether values of the type are seen to be copied where they are moved.
pub(crate) fn is_copied(ty: &Type) -> bool {
    match bare(ty) {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path
            .segments
            .last()
            .is_some_and(|last| COPIED.iter().any(|name| last.ident == name)),
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_copied),
        Type::Array(array) => is_copied(&array.elem),
        _ => false,
    }
}

fn is_sync_argument(argument: &GenericArgument) -> bool {
    match argument {
        GenericArgument::Type(ty) => is_sync_type(ty),
        GenericArgument::Lifetime(_) | GenericArgument::Const(_) => true,
        _ => false,
    }
}

fn is_sync_type(ty: &Type) -> bool {
    match bare(ty) {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => path.is_ident("str") || is_sync(path),
        Type::Reference(reference) => {
            // A `&T` is `Send` only where `T` is `Sync`.
            reference.mutability.is_none() || is_sync_type(&reference.elem)
        }
        Type::Tuple(tuple) => tuple.elems.iter().all(is_sync_type),
        Type::Array(array) => is_sync_type(&array.elem),
        Type::Slice(slice) => is_sync_type(&slice.elem),
        _ => false,
    }
}
