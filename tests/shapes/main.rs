//! Every shape of function runs under the attribute. In most tests the first call is throttled and the next one
//! succeeds; what they assert is the answer, and how often the body ran.
//!
//! | shape | test |
//! | --- | --- |
//! | free function | `functions::free_function` |
//! | early `return` and `?` | `functions::early_return_and_question_mark` |
//! | type parameters, bounds, `where`, generic constants | `functions::generics_bounds_where_and_const_generics` |
//! | named lifetimes | `functions::lifetimes` |
//! | patterns as arguments | `functions::patterns_as_arguments` |
//! | `impl Trait` as argument and in the result | `functions::impl_trait_as_argument_and_result` |
//! | `impl Trait` as the error | `functions::impl_trait_as_error` |
//! | `mut` arguments, `&mut` arguments | `functions::mutable_arguments_keep_their_value` |
//! | raw identifiers | `functions::raw_identifiers` |
//! | recursion through `Box::pin` | `functions::recursion_through_a_box` |
//! | owned argument that the body consumes, `max_retries = 0` | `functions::owned_argument_consumed_without_retries` |
//! | function inside of a function | `functions::nested_function` |
//! | `-> impl Future` | `functions::function_that_returns_a_future` |
//! | the same with an owned argument | `functions::future_that_reads_an_owned_argument` |
//! | the same with statements before the `async` block | `functions::future_after_a_preparation` |
//! | `-> Pin<Box<dyn Future>>` | `functions::function_that_returns_a_boxed_future` |
//! | the same with `max_retries = 0` | `functions::boxed_future_that_consumes_without_retries` |
//! | `-> BoxFuture` | `functions::boxed_future_by_its_alias` |
//! | `&self` in a generic `impl` | `methods::shared_self_in_a_generic_impl` |
//! | `&mut self` | `methods::exclusive_self` |
//! | `&'a str` from `&self` | `methods::result_borrowed_from_self` |
//! | `&str` from `&mut self` | `methods::result_borrowed_from_exclusive_self_in_a_loop` |
//! | `&mut T` from `&mut self`, `max_retries = 0` | `methods::exclusive_result_without_retries` |
//! | `self`, `max_retries = 0` | `methods::owned_self_without_retries` |
//! | `self` that is `Copy` | `methods::copied_self` |
//! | `self: Arc<Self>`, `pub(crate)` | `methods::self_behind_an_arc` |
//! | `-> Result<Self, E>`, `where Self: Sized` | `methods::self_as_result_with_a_where_clause` |
//! | native `async fn` of a trait, default body | `traits::native_async_fn_with_a_default_body` |
//! | native `async fn` of a trait, in an `impl` | `traits::native_async_fn_in_an_impl` |
//! | `async fn` for a declared `-> impl Future + Send` | `traits::async_fn_for_a_declared_future` |
//! | `-> impl Future` of a trait, default body | `traits::declared_future_with_a_default_body` |
//! | `self` of a trait, `where Self: Sized` | `traits::owned_self_where_sized` |
//! | `#[async_trait]`, default body | `async_traits::async_trait_default_body` |
//! | `#[async_trait]`, in an `impl` | `async_traits::async_trait_impl` |
//! | `#[async_trait]`, `&mut self`, owned argument | `async_traits::async_trait_exclusive_self_and_owned_argument` |
//! | `#[async_trait]`, generics, pattern, `mut` argument | `async_traits::async_trait_generics_patterns_and_mutable_arguments` |
//! | `#[async_trait]`, `self`, `max_retries = 0` | `async_traits::async_trait_owned_self_without_retries` |
//! | `#[async_trait(?Send)]` | `async_traits::async_trait_without_send` |
//! | `#[tracing::instrument]` below | `attributes::instrument_below_opens_one_span_per_call` |
//! | `#[tracing::instrument]` above | `attributes::instrument_above_opens_one_span_per_attempt` |
//! | docs, `#[must_use]`, `#[inline]`, `cfg` and lints on arguments | `attributes::attributes_and_cfg_on_arguments` |
//! | `#![..]` in the body | `attributes::inner_attributes` |
//! | arguments, locals, constants named like ours | `names::arguments_locals_and_constants_named_like_ours` |
//! | function named like a local of ours | `names::function_named_like_a_local_of_ours` |
//! | `core`, `std`, `paced`, `Option`, `Box`, `Result` shadowed | `names::shadowed_crates_and_prelude` |
//! | traits of every type with methods named like the runtime's | `names::blanket_trait_in_scope` |
//! | return type shadowed in the body | `names::return_type_shadowed_in_the_body` |
//! | function written by a `macro_rules` | `names::function_written_by_a_macro` |
//! | type alias of one's own | `results::alias_of_ones_own` |
//! | `std::io::Result` | `results::io_alias` |
//! | `reqwest::Result` | `results::reqwest_alias` |
//! | `Ok(reqwest::Response)` | `results::throttled_response_as_a_value` |
//! | `anyhow::Result` | `results::anyhow_alias` |
//! | `Box<dyn Error>` | `results::boxed_errors` |
//! | errors that borrow from `self`, of an associated type, of a type parameter | `errors::errors_that_borrow` |
//! | errors that borrow an argument, boxes with lifetimes, `impl Error` | `errors::errors_that_borrow_an_argument` |
//! | `&io::Error`, `Arc<io::Error>`, `Box<io::Error>` | `errors::errors_of_known_types_behind_pointers` |
//! | `From<paced::Error>` for an error that borrows | `errors::errors_that_borrow_and_are_made_of_a_refusal` |
//! | values coerced to the declared type | `results::results_are_coerced_to_the_declared_type` |
//! | type parameter as error, with the bound | `results::generic_error_with_the_bound` |
//! | type parameter as error, without it | `results::generic_error_without_the_bound` |
//! | functions, `Send` and not | `sending::functions_are_send_like_the_plain_ones` |
//! | functions with `max_retries = 0`, `Send` | `sending::functions_without_retries_are_send_like_the_plain_ones` |
//! | methods, `Send` and not | `sending::methods_are_send_like_the_plain_ones` |
//! | `tokio::spawn` | `sending::spawned` |
//! | constants as values | `values::constants_are_values` |
//! | statics as values | `values::statics_are_values` |
//! | `Self::CONST` as value | `values::associated_constant` |
//! | generic constants as values of the call | `values::generic_constants_are_values_of_each_call` |
//! | arguments as values of the call | `values::values_of_each_call` |
//! | expressions as values | `values::run_time_values` |
//! | wrong value at run time | `values::wrong_run_time_value_is_the_callers_error` |
//! | limiter by field, reference, static, argument | `values::limiter_by_any_expression` |
//! | limiter by name | `values::limiter_by_name` |
//! | `cost` and `settle`: closures, paths, literals, generics, `impl Trait`, `&mut`, recursion, `max_retries = 0` | `costs::functions_with_costs_run` |
//! | `cost` and `settle` of `&self`, `&mut self`, `#[async_trait]` | `costs::methods_with_costs_run` |
//! | several limits | `costs::functions_with_several_limits_compile` |
//! | `classify` by path and by closure | `values::verdict_by_path_and_by_closure` |
//! | plain functions in these shapes | `blocking::functions`, `blocking::methods`, `blocking::others` |
//! | limits with keys of their own | `row_keys::functions_with_keys_of_limits`, `row_keys::methods_with_keys_of_limits` |
//!
//! `unsafe` and `extern` functions are in `ui/pass`, as this package forbids `unsafe`.

mod async_traits;
mod attributes;
#[expect(
    clippy::double_must_use,
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    reason = "functions as their authors write them"
)]
mod blocking;
mod costs;
mod errors;
mod functions;
mod methods;
mod names;
mod results;
mod row_keys;
mod sending;
mod support;
mod traits;
mod values;
