//! A permit that was granted, and the reports of the response to its request.

use core::time::Duration;

#[cfg(feature = "http")]
use http::HeaderMap;
#[cfg(feature = "http")]
use http::StatusCode;

use crate::backoff::Backoff;
use crate::clock;
use crate::costs::Costs;
use crate::failure::Failure;
#[cfg(feature = "http")]
use crate::headers::Parser;
use crate::hint::Hint;
use crate::learning::Observation;
use crate::retry::Advice;
use crate::time::Instant;
use crate::time::Span;

use crate::limiter::FailedResponse;
use crate::limiter::Function;
use crate::limiter::LONGEST_COOLDOWN;
use crate::limiter::Limiter;
use crate::limiter::Spread;
use crate::limiter::THROTTLE_BELOW;
use crate::limiter::reports::attempt_report::AttemptReport;
use crate::limiter::reports::attempt_report::AttemptResult;

/// Permit of a [`Limiter`] for one request, which is sent now.
///
/// Its tokens are spent as soon as it is granted. Dropping it gives no token back and reports nothing, so
/// `limiter.acquire().await?;` is all that pacing needs. On a limiter with
/// [`max_concurrency`](crate::LimiterBuilder::max_concurrency) it holds a slot until it is dropped: keep it until the
/// response has been read. For a limiter that also learns from the server, report each
/// response: by [`observe`](Self::observe) where the server speaks HTTP, and by [`accepted`](Self::accepted) or
/// [`refused`](Self::refused) where it does not. The request counts as sent at the instant at which the permit was
/// granted. Report one response for each permit.
///
/// A permit is not bound to one of the server's resources, such as GitHub's `search`: a limit that a response tells of
/// applies to the whole limiter.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use core::time::Duration;
/// use paced::{Limiter, Permit, Quota};
///
/// static QUEUE: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
/// let permit: Permit<'static> = QUEUE.acquire().await?;
/// // In a program: a request, and the server's answer.
/// let busy_for = Some(Duration::from_secs(30));
/// permit.refused(busy_for);
/// assert_eq!(QUEUE.snapshot().cooldown, busy_for);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Permit<'a> {
    limiter: &'a Limiter,
    /// Instant at which it was granted.
    sent: Instant,
    /// It holds a slot.
    pub(in crate::limiter) slot: bool,
}

impl Drop for Permit<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.slot {
            self.limiter.shared().release_slot();
        }
    }
}

impl<'a> Permit<'a> {
    #[inline]
    pub(in crate::limiter) const fn new(limiter: &'a Limiter, sent: Instant) -> Self {
        Self::in_slot(limiter, sent, false)
    }

    #[inline]
    pub(in crate::limiter) const fn in_slot(
        limiter: &'a Limiter,
        sent: Instant,
        slot: bool,
    ) -> Self {
        Self {
            limiter,
            sent,
            slot,
        }
    }

    /// Reports the response to the request, as an annotated function does.
    ///
    /// A refusal with a wait, such as a 429 with `Retry-After`, closes the limiter for as long, from now on and for an
    /// hour at most. A refusal without one closes it for 1 s, and for longer while refusals go on. Headers that tell
    /// that little is left of a quota slow it down. Every other status below 500 is a success. See
    /// [`headers`](crate::headers) for what is read.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use http::Response;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let permit = limiter.acquire().await?;
    /// // In a program: the response of a client.
    /// let response = Response::builder().status(429).header("retry-after", "7").body(()).unwrap();
    /// permit.observe(response.status(), response.headers());
    ///
    /// let start = tokio::time::Instant::now();
    /// limiter.acquire().await?;
    /// assert_eq!(start.elapsed(), Duration::from_secs(7));
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "http")]
    pub fn observe(&self, status: StatusCode, headers: &HeaderMap) {
        let hint = Parser::new().read(status, headers, clock::wall);
        let failure = (status.as_u16() >= 400).then(|| Failure::Status(status.as_u16()));
        self.report(failure, hint.as_ref());
    }

    /// Reports that the server carried out the request, and what it told of its limits: nothing with an empty
    /// [`Hint`].
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Hint, Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// let permit = limiter.acquire().await?;
    /// let used_up = Hint::new().with_limit(100.0).with_remaining(0.0).with_reset_after(Duration::from_secs(60));
    /// permit.accepted(&used_up);
    /// assert_eq!(limiter.snapshot().cooldown, Some(Duration::from_secs(60)));
    ///
    /// let other = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// other.acquire().await?.accepted(&Hint::new());
    /// assert_eq!(other.snapshot().cooldown, None);
    /// # Ok(()) }
    /// ```
    pub fn accepted(&self, hint: &Hint) {
        self.report(None, Some(hint).filter(|hint| !hint.is_empty()));
    }

    /// Reports that the server refused the request because of a limit of its own, and for how long it asked its
    /// clients to wait. The limiter is closed for as long, from now on and for an hour at most.
    ///
    /// `None` and zero: it asked for no wait. The limiter is closed for 1 s, and for longer while refusals go on.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{Limiter, Quota};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// limiter.acquire().await?.refused(None);
    /// assert_eq!(limiter.snapshot().cooldown, Some(Duration::from_secs(1)));
    /// # Ok(()) }
    /// ```
    pub fn refused(&self, retry_after: Option<Duration>) {
        let hint = retry_after.map(|wait| Hint::new().with_retry_after(wait));
        self.report(Some(Failure::Status(429)), hint.as_ref());
    }

    /// Reports the outcome of the request. `None` as failure is a success.
    fn report(&self, failure: Option<Failure>, hint: Option<&Hint>) {
        #[cfg(feature = "test-util")]
        if crate::context::unpaced::is_on() {
            return;
        }
        let received = clock::now();
        // Permits do not wait for resources, so the limiter itself has to keep to what was told of one.
        let hint = hint.map(|hint| hint.clone().without_resource());
        let heard = hint.as_ref().map(|hint| Observation {
            hint,
            sent: self.sent,
            received,
            below: THROTTLE_BELOW,
            longest: Span::of(LONGEST_COOLDOWN),
        });
        let advice = hint.as_ref().map(|hint| Advice::of(hint, false));
        let advice = advice.unwrap_or_default();
        let shared = self.limiter.shared();
        shared.fast_path.count_reported();
        let response = FailedResponse {
            sent: self.sent,
            received,
            failure: failure.unwrap_or(Failure::Other),
            advice,
            heard,
            backoff: Backoff::new(),
            spread: Spread::NONE,
            longest: Span::of(LONGEST_COOLDOWN),
        };
        let result = result(failure, &response);
        let is_refusal = matches!(result, AttemptResult::Refused(_));
        shared.report(&AttemptReport {
            function: Function::NONE,
            sent: self.sent,
            received: Some(received),
            retry: false,
            heard: heard.filter(|_| !is_refusal),
            resource: None,
            spread: Spread::NONE,
            result,
            may_retry: false,
            costs: Costs::ONE,
            settlement: None,
            slot: false,
        });
    }
}

/// Returns the result of a request. `None` as failure is a success.
fn result<'a>(failure: Option<Failure>, response: &FailedResponse<'a>) -> AttemptResult<'a> {
    let advice = response.advice;
    match failure {
        failure if advice.refuses(failure) => {
            let wait = advice.retry_after.filter(|wait| !wait.is_zero());
            AttemptResult::Refused(response.refusal(wait))
        }
        None => AttemptResult::Passed,
        Some(Failure::Status(..500)) => AttemptResult::LetThrough,
        Some(_) => AttemptResult::Failed(response.fault()),
    }
}
