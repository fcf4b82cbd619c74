//! The one error type of the crate.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::sync::Arc;

use crate::lasting::Lasting;

/// Error of a call that `paced` refused or ended, or of a limiter that it could not build.
///
/// It is returned only where the function produced no outcome: the function's own errors are passed through
/// unchanged. A function with an error type of its own returns that type, converted from this one;
/// [`Error::find`] finds this error inside of it. The `is_*` methods tell the cause, and one of them is true for
/// each error; [`is_sent`](Self::is_sent) is a second question. The text of the message may change.
///
/// # Examples
///
/// ```
/// use core::num::NonZeroU32;
/// use paced::{Limiter, Quota};
///
/// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
/// limiter.try_acquire()?;
/// let error = limiter.try_acquire().unwrap_err();
/// assert!(error.is_not_yet());
/// assert!(error.retry_after().is_some());
/// # Ok::<(), paced::Error>(())
/// ```
#[derive(Clone)]
pub struct Error {
    kind: Kind,
}

/// Limiter and circumstances of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// The limiter's name, or that of the first function that called through it.
    pub(crate) limiter: Cow<'static, str>,
    /// Number of other waiters.
    pub(crate) ahead: usize,
    /// Whether the call had made an attempt before.
    pub(crate) sent: bool,
    /// How much longer the limiter is closed, or one of its resources or limits, and why.
    pub(crate) closed: Option<(Duration, &'static str)>,
    /// Resource of the server, or unit of the limit, that is closed. `None`: the limiter is.
    pub(crate) resource: Option<Arc<str>>,
    /// Unit of the limit that is the reason, where the limiter has several.
    pub(crate) unit: Option<&'static str>,
    /// Time that the call had waited. `None`: not measured.
    pub(crate) waited: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Setting out of range, as a fixed sentence: the only kind that constants can make.
    Invalid(&'static str),
    /// Setting out of range, as a sentence made at run time.
    Misconfigured(Arc<str>),
    /// Settings that contradict other settings, as a sentence.
    Conflict(Arc<str>),
    /// Cost that exceeds the capacity of the bucket.
    InsufficientCapacity { cost: u32, burst: u32 },
    /// Time until the next permit, for a caller that does not wait.
    NotYet(Duration),
    /// Time until the permit, longer than `max_wait`.
    MaxWait(Duration),
    /// Time until the permit, which is after the call's deadline; zero if the deadline has passed.
    Deadline(Duration),
    /// Time until the permit, longer than the cooldowns for which a call without a deadline waits.
    Closed(Duration),
    /// The program has closed the limiter.
    Shut,
    /// The deadline passed during an attempt.
    Overdue,
    /// The `attempt_timeout` that an attempt exceeded.
    AttemptTimeout(Duration),
    /// No tokio runtime to wait on.
    NoRuntime,
    /// A function that blocks its thread was called on one that runs tasks.
    #[cfg(feature = "blocking")]
    BlockingInAsync,
    /// Failure of the store, as a sentence.
    Store(Arc<str>),
    /// Maximum number of keys, all of which are limited.
    KeysExhausted(usize),
    /// Another kind, with the limiter and the circumstances. Boxed, because the size of the error adds to the size
    /// of every call's result.
    At(Arc<(Kind, Context)>),
}

impl Error {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self { kind }
    }

    /// Adds the limiter and the circumstances.
    #[cold]
    pub(crate) fn at(self, context: Context) -> Self {
        Self::new(Kind::At(Arc::new((self.kind, context))))
    }

    /// Adds the time that the call had waited, where the circumstances are known.
    #[cold]
    pub(crate) fn after(mut self, waited: Duration) -> Self {
        if let Kind::At(located) = &mut self.kind {
            Arc::make_mut(located).1.waited = Some(waited);
        }
        self
    }

    fn kind(&self) -> &Kind {
        match &self.kind {
            Kind::At(located) => &located.0,
            kind => kind,
        }
    }

    fn context(&self) -> Option<&Context> {
        match &self.kind {
            Kind::At(located) => Some(&located.1),
            _ => None,
        }
    }

    /// Returns the error of a setting that is out of range.
    pub(crate) const fn invalid(sentence: &'static str) -> Self {
        Self::new(Kind::Invalid(sentence))
    }

    /// Returns the error of a setting that is out of range, with a sentence made at run time.
    #[cold]
    pub(crate) fn misconfigured(sentence: impl Into<Arc<str>>) -> Self {
        Self::new(Kind::Misconfigured(sentence.into()))
    }

    /// Returns the error of settings that contradict others.
    #[cold]
    pub(crate) fn conflict(sentence: impl Into<Arc<str>>) -> Self {
        Self::new(Kind::Conflict(sentence.into()))
    }

    /// Puts the name of the function before the sentence about its settings.
    #[cold]
    pub(crate) fn in_function(self, name: &str) -> Self {
        match self.kind {
            Kind::Invalid(sentence) => Self::misconfigured(format!("{name}: {sentence}")),
            Kind::Misconfigured(sentence) => Self::misconfigured(format!("{name}: {sentence}")),
            Kind::Conflict(sentence) => Self::conflict(format!("{name}: {sentence}")),
            kind => Self::new(kind),
        }
    }

    /// Returns the sentence of an error that a constant made, for messages at compile time.
    pub(crate) const fn sentence(&self) -> &'static str {
        match self.kind {
            Kind::Invalid(sentence) => sentence,
            _ => "invalid settings for a rate limit",
        }
    }

    /// Returns whether a setting is out of range, for example a rate of zero.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(paced::Rate::from_hz(0.0).unwrap_err().is_invalid());
    /// ```
    pub fn is_invalid(&self) -> bool {
        matches!(self.kind(), Kind::Invalid(_) | Kind::Misconfigured(_))
    }

    /// Returns whether two declarations of one named limiter differ, or a function uses a name that no function
    /// has declared.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let quota = Quota::per_second(NonZeroU32::MIN);
    /// let limiter = Limiter::builder(quota).name("search").build()?;
    /// let other = quota.with_burst(NonZeroU32::MAX);
    /// assert!(Limiter::builder(other).name("search").build().unwrap_err().is_conflict());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind(), Kind::Conflict(_))
    }

    /// Returns whether a call costs more tokens than the bucket can ever hold.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// assert!(limiter.try_acquire_many(2).unwrap_err().is_insufficient_capacity());
    /// ```
    pub fn is_insufficient_capacity(&self) -> bool {
        matches!(self.kind(), Kind::InsufficientCapacity { .. })
    }

    /// Returns whether no permit was free. Only methods that do not wait, such as
    /// [`Limiter::try_acquire`](crate::Limiter::try_acquire), return this error.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// limiter.try_acquire()?;
    /// assert!(limiter.try_acquire().unwrap_err().is_not_yet());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn is_not_yet(&self) -> bool {
        matches!(self.kind(), Kind::NotYet(_))
    }

    /// Returns whether the wait for a permit would have been longer than `max_wait`.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::rate_limited;
    ///
    /// #[rate_limited(rate = 1, burst = 1, max_wait = "100ms")]
    /// async fn ping() -> Result<(), paced::Error> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// ping().await?;
    /// assert!(ping().await.unwrap_err().is_max_wait());
    /// # Ok(()) }
    /// ```
    pub fn is_max_wait(&self) -> bool {
        matches!(self.kind(), Kind::MaxWait(_))
    }

    /// Returns whether the call's deadline passed, or would have passed before the next permit.
    ///
    /// A call without a deadline gets this error when its cooldowns and backoffs would take more than 300 s in all.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::rate_limited;
    ///
    /// #[rate_limited(rate = 1, burst = 1, deadline = "500ms")]
    /// async fn ping() -> Result<(), paced::Error> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// ping().await?;
    /// assert!(ping().await.unwrap_err().is_deadline());
    /// # Ok(()) }
    /// ```
    pub fn is_deadline(&self) -> bool {
        matches!(
            self.kind(),
            Kind::Deadline(_) | Kind::Closed(_) | Kind::Overdue
        )
    }

    /// Returns whether the body ran at least once before the call ended: an attempt was cut off, or a retry was
    /// refused. So a request may have been sent, and the server may have carried it out. `false`: the body never ran,
    /// and nothing was sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::rate_limited;
    /// use std::time::Duration;
    ///
    /// #[rate_limited(rate = 5, deadline = "1s")]
    /// async fn pay() -> Result<(), paced::Error> {
    ///     tokio::time::sleep(Duration::from_secs(60)).await;
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let error = pay().await.unwrap_err();
    /// assert!(error.is_deadline() && error.is_sent());
    /// # }
    /// ```
    pub fn is_sent(&self) -> bool {
        let sent = self.context().is_some_and(|context| context.sent);
        sent || matches!(self.kind(), Kind::Overdue | Kind::AttemptTimeout(_))
    }

    /// Returns the name of the limiter that refused the call. A limiter without a name has that of the first function
    /// that called through it. `None` where no limiter was asked, from methods that do not wait, such as
    /// [`Limiter::try_acquire`](crate::Limiter::try_acquire), and from [`Limiter::acquire`](crate::Limiter::acquire) of a
    /// limiter without a name.
    ///
    /// # Examples
    ///
    /// ```
    /// #[paced::rate_limited(rate = 1, burst = 1, limiter = "reports", max_wait = "100ms")]
    /// async fn report() -> Result<(), paced::Error> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// report().await?;
    /// assert_eq!(report().await.unwrap_err().limiter(), Some("reports"));
    /// # Ok(()) }
    /// ```
    pub fn limiter(&self) -> Option<&str> {
        self.context().map(|context| &*context.limiter)
    }

    /// Returns the number of other callers that were waiting for a permit when the call was refused. `None` where
    /// [`limiter`](Self::limiter) is.
    ///
    /// # Examples
    ///
    /// ```
    /// #[paced::rate_limited(rate = 1, burst = 1, max_wait = "100ms")]
    /// async fn export() -> Result<(), paced::Error> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// export().await?;
    /// assert_eq!(export().await.unwrap_err().ahead(), Some(0));
    /// # Ok(()) }
    /// ```
    pub fn ahead(&self) -> Option<usize> {
        self.context().map(|context| context.ahead)
    }

    /// Returns the unit of the limit that the call was refused for: its cost is more than the limit holds, or its tokens
    /// would have come too late. `None` for a limiter with one limit of requests, and for other errors.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let quota = Quota::per_minute(NonZeroU32::new(500).unwrap());
    /// let tokens = Quota::per_minute(NonZeroU32::new(30_000).unwrap());
    /// let openai = Limiter::builder(quota).row("tokens", tokens).build()?;
    /// let error = openai.try_acquire_costs(&[("tokens", 40_000)]).unwrap_err();
    /// assert!(error.is_insufficient_capacity());
    /// assert_eq!(error.unit(), Some("tokens"));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn unit(&self) -> Option<&str> {
        self.context().and_then(|context| context.unit)
    }

    /// Returns whether the last attempt took longer than `attempt_timeout`.
    ///
    /// # Examples
    ///
    /// ```
    /// use paced::rate_limited;
    /// use std::time::Duration;
    ///
    /// #[rate_limited(rate = 5, attempt_timeout = "1s")]
    /// async fn slow() -> Result<(), paced::Error> {
    ///     tokio::time::sleep(Duration::from_secs(60)).await;
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let error = slow().await.unwrap_err();
    /// assert!(error.is_attempt_timeout() && error.is_sent());
    /// # }
    /// ```
    pub fn is_attempt_timeout(&self) -> bool {
        matches!(self.kind(), Kind::AttemptTimeout(_))
    }

    /// Returns whether the call had to wait and there was no tokio runtime to wait on.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::future::Future as _;
    /// use core::num::NonZeroU32;
    /// use core::pin::pin;
    /// use core::task::{Context, Poll, Waker};
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// limiter.try_acquire()?;
    /// let polled = pin!(limiter.acquire()).poll(&mut Context::from_waker(Waker::noop()));
    /// assert!(matches!(polled, Poll::Ready(Err(error)) if error.is_no_runtime()));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn is_no_runtime(&self) -> bool {
        matches!(self.kind(), Kind::NoRuntime)
    }

    /// Returns whether a plain function was called on a thread that runs tokio tasks, where blocking would stop them.
    /// Call it inside of `tokio::task::spawn_blocking`.
    ///
    /// # Examples
    ///
    /// ```
    /// #[paced::rate_limited(rate = 5)]
    /// fn ping() -> Result<(), paced::Error> {
    ///     Ok(())
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// ping()?;
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// # runtime.block_on(async {
    /// // In an `async fn`:
    /// assert!(ping().unwrap_err().is_blocking_in_async());
    /// tokio::task::spawn_blocking(ping).await??;
    /// # Ok(()) }) }
    /// ```
    #[cfg(feature = "blocking")]
    pub fn is_blocking_in_async(&self) -> bool {
        matches!(self.kind(), Kind::BlockingInAsync)
    }

    /// Returns whether the store of a shared limit failed: it could not be reached, or its answer was wrong. The
    /// message tells which.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = paced::Rate::parse("fast").unwrap_err();
    /// assert!(!error.is_store());
    /// ```
    pub fn is_store(&self) -> bool {
        matches!(self.kind(), Kind::Store(_))
    }

    /// Returns whether the program has [closed](crate::Limiter::close) the limiter. It refuses all calls until it is
    /// [reset](crate::Limiter::reset).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// limiter.close();
    /// assert!(limiter.try_acquire().unwrap_err().is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        matches!(self.kind(), Kind::Shut)
    }

    /// Returns whether the key of the call is a new one, and there is no room for it: all of the
    /// [`max_keys`](crate::KeyedBuilder::max_keys) that there can be are limited now. A key that is limited is never
    /// forgotten; a place is free as soon as the bucket of some key is full again.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Keyed, Quota};
    ///
    /// let tenants: Keyed<str> = Keyed::builder(Quota::per_hour(NonZeroU32::MIN)).max_keys(1).build()?;
    /// tenants.try_acquire("acme")?;
    /// assert!(tenants.try_acquire("globex").unwrap_err().is_keys_exhausted());
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn is_keys_exhausted(&self) -> bool {
        matches!(self.kind(), Kind::KeysExhausted(_))
    }

    /// Returns the time that the call had waited when it was refused: in queues, for the end of cooldowns, and in its
    /// backoffs. Zero if it was refused at once. `None` where [`limiter`](Self::limiter) is, and from methods that return
    /// permits, such as [`Limiter::acquire`](crate::Limiter::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use paced::{Limiter, rate_limited};
    ///
    /// #[rate_limited(limiter = limiter, max_wait = "10s")]
    /// async fn export(limiter: &Limiter) -> Result<(), paced::Error> {
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), paced::Error> {
    /// # use core::num::NonZeroU32;
    /// # use paced::Quota;
    /// let limiter = Limiter::new(Quota::per_minute(NonZeroU32::new(12).unwrap()).with_burst(NonZeroU32::MIN));
    /// export(&limiter).await?;
    /// // The next call would get its permit after 5 s, but meanwhile the server asks for a longer wait.
    /// let stop = async {
    ///     tokio::time::sleep(Duration::from_secs(4)).await;
    ///     limiter.cooldown_for(Duration::from_secs(60));
    /// };
    /// let (refused, ()) = tokio::join!(export(&limiter), stop);
    /// let error = refused.unwrap_err();
    /// assert_eq!(error.waited(), Some(Duration::from_secs(4)));
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    /// # Ok(()) }
    /// ```
    pub fn waited(&self) -> Option<Duration> {
        self.context().and_then(|context| context.waited)
    }

    /// Returns the time, from this error on, after which the same call can be expected to get a permit. Zero where a call
    /// has waited for as long as it may, and nothing is known but that its permit is overdue. `None` where waiting does not
    /// help, or the time is not known.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use paced::{Limiter, Quota};
    /// use std::time::Duration;
    ///
    /// let limiter = Limiter::new(Quota::per_second(NonZeroU32::MIN));
    /// limiter.try_acquire()?;
    /// let wait = limiter.try_acquire().unwrap_err().retry_after().expect("a token comes");
    /// assert!(wait <= Duration::from_secs(1));
    /// # Ok::<(), paced::Error>(())
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind() {
            Kind::NotYet(wait)
            | Kind::MaxWait(wait)
            | Kind::Deadline(wait)
            | Kind::Closed(wait) => Some(*wait),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waited = self.waited().unwrap_or_default();
        self.kind().write(waited, f)?;
        let Some(context) = self.context() else {
            return Ok(());
        };
        let Context {
            limiter,
            ahead,
            unit,
            ..
        } = context;
        if let (Some((left, why)), Some(_)) = (context.closed, self.retry_after()) {
            match &context.resource {
                None => f.write_str("; the limiter")?,
                Some(resource) => write!(f, "; \"{resource}\"")?,
            }
            write!(f, " is closed for another {}: {why}", Lasting(left))?;
        }
        write!(f, " (limiter \"{limiter}\"")?;
        if *ahead > 0 {
            write!(f, ", {ahead} waiting")?;
        }
        if let Some(unit) = unit {
            write!(f, ", limit of \"{unit}\"")?;
        }
        f.write_str(")")
    }
}

#[cfg(feature = "blocking")]
const BLOCKING_IN_ASYNC: &str = "the function blocks its thread, which runs tokio tasks: call it inside of \
                                 `tokio::task::spawn_blocking`";

fn too_large(cost: impl fmt::Display, burst: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "a call costs {cost} tokens, but the bucket holds at most {burst}"
    )
}

/// Beginning of the text of a refusal after this wait.
struct Refused(Duration);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            return f.write_str("refused:");
        }
        write!(f, "refused after a wait of {}:", Lasting(self.0))
    }
}

/// Part of the text of a refusal that says when a permit comes.
struct NextPermit {
    wait: Duration,
    waited: Duration,
}

impl fmt::Display for NextPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let another = if self.waited.is_zero() {
            ""
        } else {
            "another "
        };
        write!(f, "a permit comes in {another}{}", Lasting(self.wait))
    }
}

impl Kind {
    /// Writes the text. `waited`: the time that the call had waited.
    fn write(&self, waited: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = Refused(waited);
        match self {
            Kind::Invalid(sentence) => f.write_str(sentence),
            Kind::Misconfigured(sentence) | Kind::Conflict(sentence) => f.write_str(sentence),
            Kind::InsufficientCapacity { cost, burst } => too_large(*cost, *burst, f),
            Kind::NotYet(wait) => {
                write!(f, "no permit is free: the next comes in {}", Lasting(*wait))
            }
            Kind::MaxWait(wait) | Kind::Deadline(wait) | Kind::Closed(wait) => {
                write!(f, "{refused} ")?;
                self.write_too_late(*wait, waited, f)
            }
            Kind::Shut => write!(f, "{refused} the program has closed the limiter"),
            Kind::Overdue => f.write_str("the attempt did not end before the call's deadline"),
            Kind::AttemptTimeout(limit) => {
                write!(f, "the attempt took longer than {}", Lasting(*limit))
            }
            Kind::NoRuntime => f.write_str("waiting for a permit needs a tokio runtime"),
            #[cfg(feature = "blocking")]
            Kind::BlockingInAsync => f.write_str(BLOCKING_IN_ASYNC),
            Kind::At(located) => located.0.write(waited, f),
            Kind::Store(why) => write!(f, "the store of the limit failed: {why}"),
            Kind::KeysExhausted(most) => write!(
                f,
                "{refused} there is no room for another key, since all {most} keys (`max_keys`) are limited now"
            ),
        }
    }

    /// Writes that a permit which comes after `wait` comes too late. `wait` is zero where the call has waited for as long as it
    /// may.
    fn write_too_late(
        &self,
        wait: Duration,
        waited: Duration,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let next = NextPermit { wait, waited };
        match self {
            Kind::MaxWait(Duration::ZERO) => {
                f.write_str("no permit came in the time that `max_wait` allows")
            }
            Kind::MaxWait(_) => write!(f, "{next}, later than `max_wait` allows"),
            Kind::Deadline(Duration::ZERO) if waited.is_zero() => {
                f.write_str("no time is left before the call's deadline")
            }
            Kind::Deadline(Duration::ZERO) => {
                f.write_str("no permit came before the call's deadline")
            }
            Kind::Deadline(_) => write!(f, "{next}, after the call's deadline"),
            _ => write!(
                f,
                "{next}, after a cooldown; a call without a deadline waits at most 300s in all for cooldowns \
                 and backoffs"
            ),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("Error");
        tuple.field(self.kind());
        if let Some(context) = self.context() {
            tuple.field(context);
        }
        tuple.finish()
    }
}

impl core::error::Error for Error {}
