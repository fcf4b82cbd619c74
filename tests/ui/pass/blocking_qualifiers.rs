//! Qualifiers of plain functions stay, and `main` may be one.

#![deny(warnings)]

use paced::rate_limited;

#[rate_limited(rate = 1000)]
unsafe fn read(n: *const u8) -> Result<u8, paced::Error> {
    // SAFETY: the caller says that `n` is valid.
    Ok(unsafe { *n })
}

#[rate_limited(rate = 1000)]
unsafe extern "Rust" fn read_for_others(n: *const u8) -> Result<u8, paced::Error> {
    // SAFETY: the caller says that `n` is valid.
    Ok(unsafe { *n })
}

#[expect(improper_ctypes_definitions)]
#[rate_limited(rate = 1000)]
extern "C" fn for_c(n: u8) -> Result<u8, paced::Error> {
    Ok(n)
}

#[inline(always)]
#[must_use]
#[rate_limited(rate = 1000)]
fn inlined(n: u8) -> Result<u8, paced::Error> {
    Ok(n)
}

#[rate_limited(rate = 1000)]
fn main() -> Result<(), paced::Error> {
    let n = 7;
    // SAFETY: `n` outlives both calls.
    assert_eq!(unsafe { read(&raw const n) }?, 7);
    // SAFETY: as above.
    assert_eq!(unsafe { read_for_others(&raw const n) }?, 7);
    assert_eq!(for_c(n)?, 7);
    assert_eq!(inlined(n)?, 7);
    Ok(())
}
