//! Types of the standard library, by their names, that are `Sync` whenever they are `Send`.

use syn::{GenericArgument, Path, PathArguments, Type, TypePath};

use crate::copied::is_copied_path;
use crate::pattern::bare;

/// Types beside those that are copied.
const OWNED: &[&str] = &["String", "PathBuf", "OsString"];

/// Types that are `Send` only where their content is `Sync`.
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

/// Returns whether every thread that may own values of the type may read them, too. Then a unique borrow gains nothing,
/// and the body may do no more than in the plain function.
pub(crate) fn is_sync(path: &Path) -> bool {
    let Some(last) = path.segments.last() else {
        return false;
    };
    let named = |names: &[&str]| names.iter().any(|name| last.ident == name);
    match &last.arguments {
        PathArguments::None => is_copied_path(path) || named(OWNED),
        PathArguments::AngleBracketed(generics) => {
            named(SHARED) || (named(CONTAINERS) && generics.args.iter().all(is_sync_argument))
        }
        PathArguments::Parenthesized(_) => false,
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
