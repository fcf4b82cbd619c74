//! Limiters that an attribute names by an expression.

use core::ops::Deref;

use crate::limiter::Limiter;

/// Limiter, or a type that dereferences to one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no limiter",
    label = "expected a limiter",
    note = "a limiter is a `paced::Limiter`, or something that dereferences to one, like an `Arc<Limiter>`; functions share one by its name with `limiter = \"github\"`"
)]
pub trait ToLimiter {
    /// The limiter.
    fn to_limiter(&self) -> &Limiter;
}

impl ToLimiter for Limiter {
    fn to_limiter(&self) -> &Limiter {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T> ToLimiter for T
where
    T: Deref<Target: ToLimiter> + ?Sized,
{
    fn to_limiter(&self) -> &Limiter {
        self.deref().to_limiter()
    }
}

/// The value of `limiter`.
#[inline]
pub fn limiter<L: ToLimiter + ?Sized>(limiter: &L) -> Option<&Limiter> {
    Some(limiter.to_limiter())
}
