//! State of the current attempt. The body reads it by `attempt`, and writes it by `observe`, `hint`, `spent`, `refund` and
//! `meter`.
//!
//! An attempt puts its [`Scope`] into a thread-local variable for the time of each poll of its body, and takes
//! it back afterwards. This allocates nothing, and works for a task that moves to another thread between polls.

mod amounts;
mod attempt;
mod bounds;
mod current;
mod hinted;
mod meter;
mod paying;
mod progress;
mod scope;
mod slots;
mod spending;
mod stopwatch;
mod told;
mod tries;
#[cfg(feature = "test-util")]
pub(crate) mod unpaced;
mod waited;

#[cfg(feature = "http")]
use core::num::NonZeroU16;

use crate::hint::Hint;
use crate::time::Instant;
use crate::time::Span;

pub(crate) use self::amounts::Amounts;
pub use self::attempt::Attempt;
pub use self::attempt::IdempotencyKey;
use self::bounds::Bounds;
use self::current::Current;
pub use self::meter::Meter;
pub(crate) use self::meter::SettleLater;
pub use self::paying::meter;
pub use self::paying::refund;
pub use self::paying::spent;
pub(crate) use self::progress::Progress;
pub(crate) use self::scope::Scope;
pub(crate) use self::slots::holds_slot;
pub(crate) use self::spending::Spending;
pub use self::told::ResetUnit;
pub(crate) use self::waited::Pause;

thread_local! {
    static CURRENT: Current = const { Current::new() };
}

/// Guard of the time for which a scope is the thread's current one. Its reference holds the outer scope meanwhile.
/// Dropping it swaps both back, also when the body panics.
pub(crate) struct Loan<'a>(&'a mut Scope);

impl Drop for Loan<'_> {
    #[inline]
    fn drop(&mut self) {
        CURRENT.with(|current| current.swap(self.0));
        if self.0.told.is_special() {
            leave(self.0);
        }
    }
}

/// Enters the call's span, and records its slot.
#[cold]
fn enter(scope: &Scope, limiter: impl FnOnce() -> usize) {
    scope.enter_span();
    if scope.has_slot() {
        slots::enter(limiter());
    }
}

/// Ends what [`enter`] began.
#[cold]
fn leave(scope: &Scope) {
    if scope.has_slot() {
        slots::leave();
    }
    scope.leave_span();
}

/// Makes `scope` the thread's current one. `limiter`: the address of the limiter of which the attempt may hold a slot.
#[inline]
pub(crate) fn lend(scope: &mut Option<Scope>, limiter: impl FnOnce() -> usize) -> Loan<'_> {
    let scope = scope.get_or_insert(Scope::NONE);
    if scope.told.is_special() {
        enter(scope, limiter);
    }
    CURRENT.with(|current| current.swap(scope));
    Loan(scope)
}

/// Makes the scope of a call that begins at `now`. Inside of another call it ends no later than that one. It is made
/// in its place, because it is large.
#[inline]
pub(crate) fn begin(
    place: &mut Option<Scope>,
    deadline: Option<Span>,
    unit: ResetUnit,
    now: Instant,
) -> &mut Scope {
    let outer = CURRENT.with(|current| current.bounds.get());
    let scope = place.insert(Scope::new(
        Bounds::of(deadline, now, outer.deadline()),
        unit,
    ));
    if outer.has_pause_budget() {
        inherit_pauses(scope);
    }
    #[cfg(feature = "test-util")]
    if unpaced::is_on() {
        scope.told.set_unpaced();
    }
    scope
}

#[cold]
fn inherit_pauses(scope: &mut Scope) {
    if let Some(paused) = with_current(|outer| Bounds::PAUSE_BUDGET.minus(outer.pause_left())) {
        scope.inherit(paused);
    }
}

/// Returns the unit of resets in responses to the current attempt; `None` outside of one.
#[cfg(feature = "http")]
#[inline]
pub(crate) fn reset_unit() -> Option<ResetUnit> {
    CURRENT.with(|current| (current.number.get() > 0).then(|| current.told.get().unit()))
}

/// Records a response to the current attempt.
#[cfg(feature = "http")]
pub(crate) fn observe(status: u16, hint: Option<Hint>) {
    if hint.is_some() || CURRENT.with(Current::has_notes) {
        with_current(|scope| scope.observe(status, hint));
    } else {
        CURRENT.with(|current| current.status.set(NonZeroU16::new(status)));
    }
}

/// Calls `act` with the current scope. `None` outside of an attempt.
pub(crate) fn with_current<T>(act: impl FnOnce(&mut Scope) -> T) -> Option<T> {
    let mut scope = Scope::NONE;
    CURRENT.with(|current| current.swap(&mut scope));
    let result = (scope.number > 0).then(|| act(&mut scope));
    CURRENT.with(|current| current.swap(&mut scope));
    result
}

/// Returns the current attempt, at any depth of the body of a rate-limited function or of the closure of
/// [`Limiter::call`](crate::Limiter::call), on the same task.
///
/// Outside of both, and in tasks that the body spawns, it returns the first attempt of a call
/// without a deadline, with a new idempotency key each time.
///
/// # Examples
///
/// ```
/// # use paced::rate_limited;
/// #[rate_limited(rate = 5)]
/// async fn pay(cents: u64) -> Result<String, std::io::Error> {
///     let attempt = paced::attempt();
///     Ok(format!("Idempotency-Key: {} (attempt {})", attempt.idempotency_key(), attempt.number()))
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// assert!(pay(250).await?.ends_with("(attempt 1)"));
/// # Ok(()) }
/// ```
pub fn attempt() -> Attempt {
    with_current(Scope::attempt)
        .unwrap_or_else(|| Scope::new(Bounds::NONE, ResetUnit::Guess).attempt())
}

/// Tells the limiter of the call that the body belongs to what a server said about its limits, where no header says it:
/// in the body of a response, for example.
///
/// It is [`observe`](crate::observe) for such servers, and needs no feature. Waits count from this call on. What headers
/// of the same response said before stays true: of two waits the longer counts.
///
/// With [`limited`](Hint::with_limited) the response counts as a 429, also one with a status of 200: the call is retried,
/// after [`retry_after`](Hint::with_retry_after) if the server asked for a wait. Without it the call goes on, and the
/// limiter learns what is left. The option `respect_headers = false` applies to such hints too.
///
/// Outside of a rate-limited function, and in tasks that the body spawns, it does nothing. Nor does an
/// [empty](Hint::is_empty) hint.
///
/// # Examples
///
/// A server that answers with a status of 200 and a wait in the body, as Google's `RetryInfo` is:
///
/// ```
/// use paced::{Hint, rate_limited};
/// use std::time::Duration;
///
/// struct Reply {
///     retry_delay: Option<Duration>,
/// }
///
/// #[rate_limited(rate = 5)]
/// async fn generate() -> Result<Reply, std::io::Error> {
///     // In a program: the body of a response.
///     let retry_delay = (paced::attempt().number() == 1).then_some(Duration::from_millis(57_239));
///     let reply = Reply { retry_delay };
///     if let Some(wait) = reply.retry_delay {
///         paced::hint(Hint::new().with_limited(true).with_retry_after(wait));
///     }
///     Ok(reply)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> std::io::Result<()> {
/// let start = tokio::time::Instant::now();
/// assert_eq!(generate().await?.retry_delay, None);
/// assert_eq!(start.elapsed(), Duration::from_millis(57_239));
/// # Ok(()) }
/// ```
///
/// Points in the body, as in the `throttleStatus` of Shopify's GraphQL:
///
/// ```
/// use paced::Hint;
/// use paced::hint::Window;
///
/// fn heed(maximum_available: f64, currently_available: f64) {
///     let points = Window::new().with_unit("points").with_limit(maximum_available);
///     let points = points.with_remaining(currently_available);
///     paced::hint(Hint::new().with_windows(vec![points]));
/// }
/// # heed(2000.0, 1500.0);
/// ```
pub fn hint(hint: Hint) {
    if !hint.is_empty() {
        with_current(|scope| scope.hear(hint));
    }
}
