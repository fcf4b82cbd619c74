//! The same for functions in an `impl` block that has the attribute.

use std::io;

use paced::rate_limited;

use super::ONCE;
use super::RETRYING;
use super::allocations;
use super::plain;
use super::request;
use super::runtime;

struct Api;

#[rate_limited(rate = 1000, max_retries = 3)]
impl Api {
    async fn retrying(id: u64) -> io::Result<u64> {
        Ok(request().await? + id)
    }

    #[rate_limited(inherit, max_retries = 0)]
    async fn once(id: u64) -> io::Result<u64> {
        Ok(request().await? + id)
    }
}

#[test]
fn a_function_of_a_block_costs_what_another_one_does() {
    let added = |future: usize| future - size_of_val(&plain(1));
    assert!(added(size_of_val(&Api::retrying(1))) <= RETRYING);
    assert!(added(size_of_val(&Api::once(1))) <= ONCE);
    let runtime = runtime();
    let bare = allocations(&runtime, || plain(1));
    assert_eq!(allocations(&runtime, || Api::retrying(1)), bare);
    assert_eq!(allocations(&runtime, || Api::once(1)), bare);
}
