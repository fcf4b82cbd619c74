//! One call of a rate-limited function: admission, attempts and what follows from each.

mod attempt;
mod config;
mod outcome;

use core::marker::PhantomData;
use core::ops::ControlFlow;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::time::Sleep;

pub use self::attempt::Attempt;
pub use self::attempt::Attempted;
pub(crate) use self::config::Config;
pub use self::outcome::Can;
pub use self::outcome::Cannot;
pub use self::outcome::Keep;
pub use self::outcome::Keeper;
pub use self::outcome::Kept;
pub use self::outcome::Lost;
pub use self::outcome::Read;
pub use self::outcome::ReadOutcome;
pub use self::outcome::Refuse;
pub use self::outcome::Refuser;

use crate::clock;
use crate::context;
use crate::context::Scope;
use crate::error::Error;
use crate::error::Kind;
use crate::failure::Failure;
use crate::limiter::Denial;
use crate::limiter::Refusal;
use crate::limiter::Request;
use crate::limiter::Shared;
use crate::limiter::Ticket;
use crate::retry::Advice;
use crate::retry::Judgement;
use crate::verdict::Verdict;

/// One call of a rate-limited function.
///
/// `S` is what is kept of the last outcome while a retry waits, `R` whether the function's error
/// can say that a call was refused. Both follow from the function's return type.
#[derive(Debug)]
pub struct Call<S, R> {
    core: Core,
    kept: Option<S>,
    refuses: PhantomData<fn() -> R>,
}

/// The part of a call that does not depend on types.
#[derive(Debug)]
struct Core {
    setup: Result<&'static Config, Error>,
    limiter: Limits,
    /// `None` before the first admission, and while it is lent to the body.
    scope: Option<Scope>,
    phase: Phase,
    /// Nanoseconds of the delay before this attempt.
    delay: u64,
}

/// The limiter of a call: a function's own lives as long as the program.
#[derive(Debug)]
pub(crate) enum Limits {
    Static(&'static Arc<Shared>),
    Owned(Arc<Shared>),
}

impl core::ops::Deref for Limits {
    type Target = Shared;

    #[inline]
    fn deref(&self) -> &Shared {
        match self {
            Self::Static(shared) => shared,
            Self::Owned(shared) => shared,
        }
    }
}

/// Where an attempt is.
#[derive(Debug)]
enum Phase {
    /// Wants a permit.
    Outside,
    /// Waits for the end of its backoff.
    BackingOff(Pin<Box<Sleep>>),
    /// Waits in the limiter's queue.
    Queued(Ticket),
    /// The body runs.
    Running {
        since: u64,
        /// Ends the attempt; made when the body first has to wait.
        cut: Option<Pin<Box<Sleep>>>,
    },
}

impl<S: Keep, R: Refuse> Call<S, R> {
    pub(crate) const fn new(setup: Result<&'static Config, Error>, limiter: Limits) -> Self {
        let core = Core { setup, limiter, scope: None, phase: Phase::Outside, delay: 0 };
        Self { core, kept: None, refuses: PhantomData }
    }

    /// Takes a permit and runs the body once.
    pub const fn attempt<F: Future>(&mut self, body: F) -> Attempt<'_, S, R, F> {
        Attempt::new(self, body)
    }

    /// Decides what follows from an attempt: the outcome of the call, or another attempt.
    pub fn settle<O>(
        &mut self,
        attempted: Attempted<O>,
        reader: impl ReadOutcome<O>,
        refuse: Refuser<R, O>,
        keep: Keeper<S, O>,
    ) -> ControlFlow<O> {
        match attempted {
            Attempted::Done(out) if self.core.settle(reader.read(&out)) => {
                self.kept = Some(keep.keep(out));
                ControlFlow::Continue(())
            }
            Attempted::Done(out) => ControlFlow::Break(out),
            Attempted::TimedOut(_) if self.core.settle(Read::TIMEOUT) => {
                self.kept = None;
                ControlFlow::Continue(())
            }
            Attempted::TimedOut(limit) => {
                ControlFlow::Break(refuse.with(Error::new(Kind::AttemptTimeout(limit))))
            }
            Attempted::Refused(error) => {
                let last = self.kept.take().and_then(|kept| keep.restore(kept));
                ControlFlow::Break(last.unwrap_or_else(|| refuse.with(error)))
            }
        }
    }

    /// [`settle`](Self::settle) for a call that is never retried.
    pub fn settle_once<O>(
        &mut self,
        attempted: Attempted<O>,
        reader: impl ReadOutcome<O>,
        refuse: Refuser<R, O>,
        _: Keeper<S, O>,
    ) -> O {
        match attempted {
            Attempted::Done(out) => {
                self.core.settle(reader.read(&out));
                out
            }
            Attempted::TimedOut(limit) => {
                self.core.settle(Read::TIMEOUT);
                refuse.with(Error::new(Kind::AttemptTimeout(limit)))
            }
            Attempted::Refused(error) => refuse.with(error),
        }
    }

    /// Whether something can be returned without an attempt.
    fn can_refuse(&self) -> bool {
        R::CAN || (S::CAN && self.kept.is_some())
    }
}

impl Core {
    /// Waits for what the attempt has to wait for.
    fn admit(&mut self, can_refuse: bool, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            match &mut self.phase {
                Phase::Running { .. } => return Poll::Ready(Ok(())),
                Phase::BackingOff(sleep) => {
                    core::task::ready!(sleep.as_mut().poll(cx));
                    self.phase = Phase::Outside;
                }
                Phase::Queued(ticket) => {
                    let granted = core::task::ready!(ticket.poll(cx));
                    let now = clock::now();
                    self.phase = Phase::Running { since: now, cut: None };
                    return Poll::Ready(granted.map_err(|refusal| {
                        self.refusal(Denial::Refused(refusal), now)
                    }));
                }
                Phase::Outside => match self.enter(can_refuse, cx) {
                    Ok(phase) => self.phase = phase,
                    Err(error) => return Poll::Ready(Err(error)),
                },
            }
        }
    }

    /// Asks the limiter for a permit or a place in its queue.
    #[inline]
    fn enter(&mut self, can_refuse: bool, cx: &Context<'_>) -> Result<Phase, Error> {
        let config = self.setup.clone()?;
        let now = clock::now();
        let scope = self.scope.get_or_insert_with(|| {
            let outer = context::with_current(|outer| outer.deadline);
            Scope::new(now.saturating_add(config.deadline).min(outer.unwrap_or(u64::MAX)))
        });
        let (deadline, retry) = (scope.deadline, scope.number > 1);
        if can_refuse && now >= deadline {
            return Err(Error::new(Kind::Deadline(Duration::ZERO)));
        }
        if self.limiter.pass(1, now) {
            return Ok(Phase::Running { since: now, cut: None });
        }
        let longest = config.max_wait.map_or(u64::MAX, |wait| now.saturating_add(wait));
        let latest = if can_refuse { deadline.min(longest) } else { u64::MAX };
        match self.limiter.enter(Request { cost: 1, latest, retry }, now, cx) {
            Ok(None) => Ok(Phase::Running { since: now, cut: None }),
            Ok(Some(ticket)) => Ok(Phase::Queued(ticket)),
            Err(denial) => Err(self.refusal(denial, now)),
        }
    }

    #[cold]
    fn refusal(&self, denial: Denial, now: u64) -> Error {
        let deadline = self.scope.as_ref().map_or(u64::MAX, |scope| scope.deadline);
        Error::new(match denial {
            Denial::NoRuntime => Kind::NoRuntime,
            Denial::Refused(Refusal::TooLarge { burst }) => {
                Kind::InsufficientCapacity { cost: 1, burst }
            }
            Denial::Refused(Refusal::Late { until }) => {
                let wait = Duration::from_nanos(until.saturating_sub(now));
                if until >= deadline { Kind::Deadline(wait) } else { Kind::MaxWait(wait) }
            }
        })
    }

    /// Lets the limiter know what the outcome tells; whether there will be another attempt.
    fn settle(&mut self, read: Read) -> bool {
        let (Ok(config), Some(scope)) = (&self.setup, &mut self.scope) else { return false };
        self.phase = Phase::Outside;
        let observed = read.needs_observation(scope);
        let (failure, advice) = read.conclude(scope, observed);
        let judgement = match read.verdict {
            Verdict::Auto => config.retry.judge(failure, advice),
            verdict => Judgement::of(verdict),
        };
        if judgement.verdict == Verdict::Done {
            return false;
        }
        let now = clock::now();
        let base = if observed { scope.received } else { now };
        let previous = Duration::from_nanos(self.delay);
        let step = config.retry.decide(judgement, scope.number, previous, rand::random());
        if let Some(cooldown) = step.cooldown {
            self.limiter.cool_down(base.saturating_add(clock::nanos(cooldown)));
        }
        let retried = step.retry_in.filter(|_| !scope.spent).is_some_and(|wait| {
            let wait = clock::nanos(wait);
            self.delay = wait;
            self.plan(base.saturating_add(wait), now, failure.unwrap_or(Failure::Other))
        });
        if !retried && judgement.retry && self.scope.as_ref().is_some_and(|s| s.number > 1) {
            context::with_current(|outer| outer.spent = true);
        }
        retried
    }

    /// Plans another attempt, not before an instant, if it fits in the call's bounds.
    fn plan(&mut self, not_before: u64, now: u64, failure: Failure) -> bool {
        let (Ok(config), Some(scope)) = (&self.setup, &mut self.scope) else { return false };
        let (permit, closed_until) = self.limiter.forecast(now);
        let expected = permit.max(not_before);
        let longest = config.max_wait.map_or(u64::MAX, |wait| now.saturating_add(wait));
        if expected > scope.deadline.min(longest) || Handle::try_current().is_err() {
            return false;
        }
        scope.advance(failure);
        // Where the limiter is closed for as long, the wait is one in its queue.
        if not_before > now && not_before > closed_until {
            self.limiter.add_backoff(not_before - now);
            let sleep = tokio::time::sleep_until(clock::instant(not_before));
            self.phase = Phase::BackingOff(Box::pin(sleep));
        }
        true
    }

    /// Lets the limiter hear at once what the body has observed.
    fn heed(&mut self) {
        let Some(scope) = &mut self.scope else { return };
        if !core::mem::take(&mut scope.unheard) {
            return;
        }
        let advice = Advice::of(scope.hint.as_deref());
        let throttled = scope.status.is_some_and(|status| Failure::Status(status).is_throttle());
        if let (true, Some(wait)) = (throttled || advice.limited, advice.retry_after) {
            self.limiter.cool_down(scope.received.saturating_add(clock::nanos(wait)));
        }
    }
}
