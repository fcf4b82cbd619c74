//! The same functions in a crate that forbids lints: there an `allow` in an expansion would be an error.

#![forbid(
    warnings,
    future_incompatible,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    unused,
    unreachable_code,
    unreachable_pub,
    unsafe_code,
    missing_docs,
    clippy::all
)]

#[path = "lints/functions.rs"]
mod functions;
