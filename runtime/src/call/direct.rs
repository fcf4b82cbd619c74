//! Calls without the attribute: a closure in the place of a function's body.

use core::borrow::Borrow;
use core::future::Future;
use core::marker::PhantomData;
use core::ops::ControlFlow;
use core::panic::Location;
use std::sync::Arc;

use crate::context::ResetUnit;
use crate::error::Error;
use crate::limiter::Limiter;
use crate::limiter::Shared;
use crate::signal::Reading;
use crate::verdict::Verdict;

use super::Call;
use super::by_type::ByTypes;
use super::by_type::Readable;
use super::by_type::Reader;
use super::call_error::CallError;
use super::config::Setup;
use super::named_costs::NamedCosts;
use super::options::CallOptions;
use super::outcome::Can;
use super::outcome::Kept;
use super::outcome::ReadOutcome;
use super::outcome::Refuse;
use super::payment::OwnCosts;

/// Outcome of a call without the attribute: that of its closure, or a refusal.
type Direct<T, E> = Result<Result<T, E>, Error>;

impl Limiter {
    /// Makes a call through this limiter: waits for a permit, runs the closure, and repeats both where that makes sense.
    ///
    /// It does what `#[rate_limited(limiter = ..)]` does for a function, with the [defaults](CallOptions::new) of all
    /// options: 5 retries, no deadline. It is for SDKs that own their HTTP client, and for code that cannot take an
    /// attribute.
    /// [`call_with`](Self::call_with) takes options. The closure is called once for each attempt, after the permit was
    /// granted. Inside of it [`attempt`](crate::attempt()) and `observe` work as in the body of an annotated function,
    /// and so do middlewares that call `observe`. Events and reports name the call by the file and the line of the
    /// caller.
    ///
    /// The meaning of the outcome is read from its type:
    ///
    /// * in an `Err`: an error that implements [`Signal`](crate::Signal); a standard or boxed error that is a
    ///   `reqwest::Error`, a `tonic::Status`, a `ureq::Error`, a `std::io::Error` or a tokio timeout, or has one in its
    ///   chain of sources. A type that is a standard error and implements `Signal` too is ambiguous ("type annotations
    ///   needed"): choose by [`CallOptions::by_signal`]. For other types there is [`CallOptions::unreadable`].
    /// * in an `Ok`: the status and the headers of a `reqwest::Response`, and of an `http::Response` with a body of
    ///   type `()`, `String`, `Vec<u8>` or `ureq::Body`. Show other responses to `observe` in the closure.
    ///
    /// The future is `Send` where the closure, its futures, `T` and `E` are: the last outcome is kept while a retry
    /// waits.
    ///
    /// # Errors
    ///
    /// * [`CallError::Failed`]: the closure's last error, unchanged. A last `Ok` is returned as well, also where it is a
    ///   response with status 429.
    /// * [`CallError::Refused`]: `paced` ended the call without an outcome of the closure: the limiter
    ///   [is closed](Error::is_closed), cooldowns take [longer](Error::is_deadline) than 300 s in all, there is
    ///   [no runtime](Error::is_no_runtime), or the [store](Error::is_store) of the limit refuses.
    ///
    /// # Panics
    ///
    /// If it has to wait on a tokio runtime whose time driver is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call. Its place in the queue, and a permit that no attempt has used, go to the next
    /// caller at once. An attempt under way is dropped with its future, whose request may have been sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{CallError, Limiter, Quota};
    /// use std::io;
    ///
    /// static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    ///
    /// // Of an SDK that has a client of its own.
    /// async fn user(id: u64) -> io::Result<String> {
    ///     match paced::attempt().number() {
    ///         1 => Err(io::ErrorKind::ConnectionRefused.into()),
    ///         _ => Ok(format!("user {id}")),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), CallError<io::Error>> {
    /// assert_eq!(API.call(|| user(7)).await?, "user 7");
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn call<F, Fut, T, E, How>(
        &self,
        body: F,
    ) -> impl Future<Output = Result<T, CallError<E>>> + use<F, Fut, T, E, How>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        T: 'static,
        E: Readable<How>,
    {
        run::<_, _, _, _, _, ByTypes, How>(self, CallOptions::DEFAULT, Location::caller(), body)
    }

    /// Makes a call through this limiter as [`call`](Self::call) does, with these options instead of the defaults.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and [`CallError::Refused`] for what the options ask for:
    /// [`is_max_wait`](Error::is_max_wait), [`is_deadline`](Error::is_deadline),
    /// [`is_attempt_timeout`](Error::is_attempt_timeout), [`is_insufficient_capacity`](Error::is_insufficient_capacity),
    /// [`is_conflict`](Error::is_conflict) for a cost in a unit that the limiter does not count.
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    ///
    /// # Cancel safety
    ///
    /// As [`call`](Self::call).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use core::time::Duration;
    /// use paced::{CallError, CallOptions, Limiter, Quota, Verdict};
    ///
    /// static API: Limiter = Limiter::new(Quota::per_second(NonZeroU32::new(5).unwrap()));
    /// const OPTIONS: CallOptions = CallOptions::new().max_retries(2).deadline(Duration::from_secs(30));
    ///
    /// // Of an SDK whose errors say nothing to `paced`.
    /// async fn send() -> Result<u32, String> {
    ///     match paced::attempt().number() {
    ///         1 => Err("slow down".to_owned()),
    ///         number => Ok(number),
    ///     }
    /// }
    ///
    /// fn judge(out: &Result<u32, String>) -> Verdict {
    ///     match out {
    ///         Err(text) if text == "slow down" => Verdict::Throttled { retry_after: None },
    ///         _ => Verdict::Auto,
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), CallError<String>> {
    /// assert_eq!(API.call_with(OPTIONS.unreadable().classify(judge), send).await?, 2);
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn call_with<F, Fut, T, E, R, How>(
        &self,
        options: CallOptions<R>,
        body: F,
    ) -> impl Future<Output = Result<T, CallError<E>>> + use<F, Fut, T, E, R, How>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        T: 'static,
        R: Reader<T, E, How>,
    {
        run::<_, _, _, _, _, R, How>(self, options, Location::caller(), body)
    }
}

/// Makes a call. `options` are owned or borrowed: copying them takes longer than the rest of the call.
fn run<F, Fut, T, E, O, R, How>(
    limiter: &Limiter,
    options: O,
    caller: &'static Location<'static>,
    mut body: F,
) -> impl Future<Output = Result<T, CallError<E>>> + use<F, Fut, T, E, O, R, How>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    O: Borrow<CallOptions<R>>,
    R: Reader<T, E, How>,
{
    let limiter = Arc::clone(limiter.shared());
    // An `async fn` would move its arguments once more.
    async move {
        let mut own = OwnCosts::new();
        let setup = Ok(options.borrow().setup(caller));
        let (setup, own) = pay(options.borrow().named_costs(), &mut own, &setup, &limiter);
        let mut call: Call<'_, Kept<Direct<T, E>>, Can, _> =
            Call::paying(setup, Some(limiter), own);
        loop {
            let attempted = call.attempt(async { Ok(body().await) }).await;
            let reader = DirectReader(options.borrow().reader(), PhantomData);
            let next = call.settle(&reader, Refuse::CAN, PhantomData, attempted);
            match next {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(Ok(out)) => return out.map_err(CallError::Failed),
                ControlFlow::Break(Err(refusal)) => return Err(CallError::Refused(refusal)),
            }
        }
    }
}

/// Sets the costs of a call, where its options name any. Returns the setup that it has to use, which refuses the call if
/// they are wrong.
#[inline]
fn pay<'s>(
    named: &NamedCosts,
    own: &'s mut OwnCosts,
    setup: &'s Result<Setup, Error>,
    limiter: &Shared,
) -> (&'s Result<Setup, Error>, Option<&'s OwnCosts>) {
    let (Ok(known), false) = (setup, named.is_empty()) else {
        return (setup, None);
    };
    let located = |error: Error| error.in_function(known.origin.name());
    let (setup, own) = own.fill(setup, |own| named.set(own, limiter).map_err(located));
    (setup, Some(own))
}

/// Reads the outcome of the closure.
struct DirectReader<'r, R, How>(&'r R, PhantomData<fn() -> How>);

impl<T, E, R: Reader<T, E, How>, How> ReadOutcome<Direct<T, E>> for DirectReader<'_, R, How> {
    fn reading(&self, out: &Direct<T, E>, unit: ResetUnit) -> Reading {
        match out {
            Ok(out) => self.0.reading(out, unit),
            Err(refusal) => Reading::refused(refusal),
        }
    }

    fn verdict(&self, out: &Direct<T, E>) -> Verdict {
        let out = out.as_ref().ok();
        out.map_or(Verdict::Auto, |out| self.0.verdict(out))
    }
}
