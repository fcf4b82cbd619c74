//! The one error type of the crate.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

/// Why `paced` refused to make a call, or to build a limiter.
///
/// Returned only where the function produced no outcome: its own errors are passed through unchanged.
/// A function whose error is of another type returns one that was made of this; [`Error::find`]
/// finds it there. Ask with the `is_*` methods; the message is for people.
#[derive(Clone)]
pub struct Error {
    kind: Kind,
}

/// Limiter and circumstances of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// The limiter's name, or that of the first function that called through it.
    pub(crate) limiter: Arc<str>,
    /// Number of other waiters.
    pub(crate) ahead: usize,
    /// The call had made an attempt before.
    pub(crate) sent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A value that cannot be meant.
    Invalid(&'static str),
    /// The same, with a sentence of its own: with the function that it belongs to.
    Misconfigured(Arc<str>),
    /// Settings that contradict others, with the whole sentence.
    Conflict(Arc<str>),
    /// More tokens asked for than the bucket can ever hold.
    InsufficientCapacity { cost: u32, burst: u32 },
    /// No permit now; one after this long.
    NotYet(Duration),
    /// The wait for a permit would be longer than `max_wait`.
    MaxWait(Duration),
    /// The wait for a permit would end after the call's deadline, or the deadline is over.
    Deadline(Duration),
    /// The limiter stays closed for longer than a call without a deadline waits.
    Closed(Duration),
    /// The limiter was closed by the program.
    Shut,
    /// The deadline was over while an attempt was under way.
    Overdue,
    /// One attempt took longer than `attempt_timeout`.
    AttemptTimeout(Duration),
    /// Waiting needs a tokio runtime, and there is none here.
    NoRuntime,
    /// The store that the limit is shared through does not serve.
    Store(Arc<str>),
    /// One of the others, and where it happened. Behind a pointer, because an error is part of what every call returns.
    At(Arc<(Kind, Context)>),
}

impl Error {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self { kind }
    }

    /// The same, saying where it happened.
    #[cold]
    pub(crate) fn at(self, context: Context) -> Self {
        Self::new(Kind::At(Arc::new((self.kind, context))))
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

    pub(crate) const fn invalid(sentence: &'static str) -> Self {
        Self::new(Kind::Invalid(sentence))
    }

    /// The same, with a sentence that is only known now.
    #[cold]
    pub(crate) fn misconfigured(sentence: impl Into<Arc<str>>) -> Self {
        Self::new(Kind::Misconfigured(sentence.into()))
    }

    #[cold]
    pub(crate) fn conflict(sentence: impl Into<Arc<str>>) -> Self {
        Self::new(Kind::Conflict(sentence.into()))
    }

    /// The same, naming the function whose settings are wrong.
    #[cold]
    pub(crate) fn in_function(self, name: &str) -> Self {
        match self.kind {
            Kind::Invalid(sentence) => Self::misconfigured(format!("{name}: {sentence}")),
            Kind::Misconfigured(sentence) => Self::misconfigured(format!("{name}: {sentence}")),
            Kind::Conflict(sentence) => Self::conflict(format!("{name}: {sentence}")),
            kind => Self::new(kind),
        }
    }

    /// The sentence of an error that a constant made, for messages at compile time.
    pub(crate) const fn sentence(&self) -> &'static str {
        match self.kind {
            Kind::Invalid(sentence) => sentence,
            _ => "invalid settings for a rate limit",
        }
    }

    /// A setting that cannot be meant, such as a rate of 0.
    pub fn is_invalid(&self) -> bool {
        matches!(self.kind(), Kind::Invalid(_) | Kind::Misconfigured(_))
    }

    /// Two declarations of one named limiter that differ, or a name that nobody declared.
    pub fn is_conflict(&self) -> bool {
        matches!(self.kind(), Kind::Conflict(_))
    }

    /// More tokens asked for at once than the bucket can ever hold.
    pub fn is_insufficient_capacity(&self) -> bool {
        matches!(self.kind(), Kind::InsufficientCapacity { .. })
    }

    /// No permit is free at this moment; only the methods that do not wait say so.
    pub fn is_not_yet(&self) -> bool {
        matches!(self.kind(), Kind::NotYet(_))
    }

    /// The wait for a permit would have been longer than `max_wait`.
    pub fn is_max_wait(&self) -> bool {
        matches!(self.kind(), Kind::MaxWait(_))
    }

    /// The call could not be made, or its last attempt not be ended, before its deadline. A call without a
    /// deadline counts as having one of 300 s for its cooldowns and backoffs in all.
    pub fn is_deadline(&self) -> bool {
        matches!(
            self.kind(),
            Kind::Deadline(_) | Kind::Closed(_) | Kind::Overdue
        )
    }

    /// The call had made an attempt before it was ended: the last one was cut off under way, or a retry was refused.
    /// The server may have carried out the request. Where this is `false`, nothing was sent.
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

    /// Returns the name of the limiter that refused the call, or of the first function that called through it where it
    /// has no name. `None` where no limiter was asked.
    pub fn limiter(&self) -> Option<&str> {
        self.context().map(|context| &*context.limiter)
    }

    /// Returns how many others were waiting for a permit when the call was refused.
    pub fn ahead(&self) -> Option<usize> {
        self.context().map(|context| context.ahead)
    }

    /// The last attempt took longer than `attempt_timeout`.
    pub fn is_attempt_timeout(&self) -> bool {
        matches!(self.kind(), Kind::AttemptTimeout(_))
    }

    /// There was no tokio runtime to wait on.
    pub fn is_no_runtime(&self) -> bool {
        matches!(self.kind(), Kind::NoRuntime)
    }

    /// The store through which the limit is shared cannot be reached or does not do what it is asked:
    /// the message says which.
    pub fn is_store(&self) -> bool {
        matches!(self.kind(), Kind::Store(_))
    }

    /// The limiter was [closed](crate::Limiter::close) by the program, and refuses all calls until it is
    /// [reset](crate::Limiter::reset).
    pub fn is_closed(&self) -> bool {
        matches!(self.kind(), Kind::Shut)
    }

    /// How long after this error was made the same call can be expected to pass, where that is known.
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
        self.kind().fmt(f)?;
        match self.context() {
            Some(Context { limiter, ahead, .. }) if *ahead > 0 => {
                write!(f, " (limiter \"{limiter}\", {ahead} waiting)")
            }
            Some(Context { limiter, .. }) => write!(f, " (limiter \"{limiter}\")"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Invalid(sentence) => f.write_str(sentence),
            Kind::Misconfigured(sentence) | Kind::Conflict(sentence) => f.write_str(sentence),
            Kind::InsufficientCapacity { cost, burst } => {
                write!(
                    f,
                    "a call costs {cost} tokens, but the bucket holds at most {burst}"
                )
            }
            Kind::NotYet(wait) => write!(f, "no permit now, the next in {wait:?}"),
            Kind::MaxWait(wait) => {
                write!(
                    f,
                    "refused: a permit comes in {wait:?}, later than `max_wait` allows"
                )
            }
            Kind::Deadline(wait) if wait.is_zero() => {
                f.write_str("refused: no time is left before the call's deadline")
            }
            Kind::Closed(wait) => {
                write!(
                    f,
                    "refused: the server asked for no calls, and a permit comes in {wait:?}; the cooldowns \
                     and backoffs of a call without a deadline take at most 300s in all"
                )
            }
            Kind::Deadline(wait) => {
                write!(
                    f,
                    "refused: a permit comes in {wait:?}, after the call's deadline"
                )
            }
            Kind::Shut => f.write_str("refused: the program has closed the limiter"),
            Kind::Overdue => f.write_str("the attempt did not end before the call's deadline"),
            Kind::AttemptTimeout(limit) => write!(f, "the attempt took longer than {limit:?}"),
            Kind::NoRuntime => f.write_str("waiting for a permit needs a tokio runtime"),
            Kind::At(located) => located.0.fmt(f),
            Kind::Store(why) => write!(f, "the limit is shared through a store: {why}"),
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
