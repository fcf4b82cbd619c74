//! Types that are copied where they are moved, as far as their names tell.

use syn::{Path, Type, TypePath};

use crate::pattern::bare;

const NAMES: &[&str] = &[
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

/// Returns whether the path names such a type.
pub(crate) fn is_copied_path(path: &Path) -> bool {
    let last = path.segments.last();
    last.is_some_and(|last| last.arguments.is_none() && NAMES.iter().any(|name| last.ident == name))
}

/// Returns whether values of the type are seen to be copied.
pub(crate) fn is_copied(ty: &Type) -> bool {
    match bare(ty) {
        Type::Path(TypePath {
            qself: None, path, ..
        }) => is_copied_path(path),
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_copied),
        Type::Array(array) => is_copied(&array.elem),
        _ => false,
    }
}
