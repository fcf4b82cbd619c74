//! Annotated functions of every kind in a crate that denies all warnings, and most of what only clippy or no tool warns
//! about by default.

#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    future_incompatible,
    keyword_idents,
    let_underscore,
    nonstandard_style,
    refining_impl_trait,
    rust_2018_compatibility,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused,
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    closure_returning_async_block,
    deprecated_in_future,
    explicit_outlives_requirements,
    impl_trait_redundant_captures,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

#[path = "lints/functions.rs"]
mod functions;

/// Not among the others, for `#[async_trait]` itself allows lints.
mod with_async_trait {
    use async_trait::async_trait;
    use paced::rate_limited;

    #[async_trait]
    trait Fetch {
        async fn fetch(&self, text: &str) -> Result<usize, paced::Error>;
    }

    #[async_trait]
    impl Fetch for usize {
        #[rate_limited(rate = 1000, max_wait = "1s")]
        async fn fetch(&self, text: &str) -> Result<Self, paced::Error> {
            tokio::task::yield_now().await;
            Ok(*self + text.len())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_annotated_function_runs_under_deny() {
        assert_eq!(1.fetch("ab").await.ok(), Some(3));
    }
}
