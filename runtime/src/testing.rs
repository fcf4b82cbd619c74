//! Helpers for tests of programs that use this crate.
//!
//! # Examples
//!
//! ```
//! use core::num::NonZeroU32;
//! use paced::{Limiter, Quota, testing};
//!
//! let limiter = Limiter::new(Quota::per_hour(NonZeroU32::MIN));
//! let unpaced = testing::unpaced();
//! assert!(limiter.try_acquire().is_ok() && limiter.try_acquire().is_ok());
//! drop(unpaced);
//! assert_eq!(limiter.snapshot().counts.granted, 0, "the limiter has seen none of it");
//! ```

use core::marker::PhantomData;

use crate::context::unpaced;

/// Lets calls that begin in this thread go on without waiting, as long as the guard lives.
///
/// Annotated functions and [`Limiter::acquire`](crate::Limiter::acquire) take no permit, wait for no cooldown and no
/// backoff, and tell their limiter nothing: it counts and learns nothing, and is not closed by what a mock server
/// answers, so tests that share a limiter do not disturb each other. Retries are made as usual, but at once; deadlines
/// and `attempt_timeout` hold.
///
/// The guard concerns its own thread alone. On a runtime of one thread, which is what `#[tokio::test]` starts, that is
/// the test with all the tasks that it spawns, and no other test. On a runtime of several threads tasks that run on
/// other threads wait as usual. Guards may be nested.
///
/// # Examples
///
/// ```
/// use paced::rate_limited;
///
/// #[rate_limited(rate = "1/h")]
/// async fn report() -> Result<u32, std::io::Error> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), std::io::Error> {
/// let _unpaced = paced::testing::unpaced();
/// for _ in 0..100 {
///     assert_eq!(report().await?, 7);
/// }
/// # Ok(()) }
/// ```
pub fn unpaced() -> Unpaced {
    unpaced::begin();
    Unpaced(PhantomData)
}

/// Guard that [`unpaced`] returns. Calls of this thread wait again as soon as the last one is dropped.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::testing::{Unpaced, unpaced};
/// use paced::{Limiter, Quota};
///
/// let limiter = Limiter::new(Quota::per_hour(NonZeroU32::MIN));
/// limiter.try_acquire()?;
/// let guard: Unpaced = unpaced();
/// assert!(limiter.try_acquire().is_ok());
/// drop(guard);
/// assert!(limiter.try_acquire().is_err());
/// # Ok::<(), paced::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "calls wait again as soon as it is dropped"]
pub struct Unpaced(PhantomData<*const ()>);

impl Drop for Unpaced {
    fn drop(&mut self) {
        unpaced::end();
    }
}
