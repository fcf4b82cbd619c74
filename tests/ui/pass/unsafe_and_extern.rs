//! Qualifiers stay: an `unsafe` function is called in an `unsafe` block.

#![deny(warnings)]

use paced::rate_limited;

#[rate_limited(rate = 1000)]
async unsafe fn read(n: *const u8) -> Result<u8, paced::Error> {
    // SAFETY: the caller says that `n` is valid.
    Ok(unsafe { *n })
}

#[rate_limited(rate = 1000)]
async unsafe extern "Rust" fn read_for_others(n: *const u8) -> Result<u8, paced::Error> {
    // SAFETY: the caller says that `n` is valid.
    Ok(unsafe { *n })
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let n = 7;
    // SAFETY: `n` outlives both calls.
    assert_eq!(unsafe { read(&raw const n) }.await.ok(), Some(7));
    // SAFETY: as above.
    assert_eq!(unsafe { read_for_others(&raw const n) }.await.ok(), Some(7));
}
