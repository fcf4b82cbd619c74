//! One attempt as a future: admission, then the body.

use core::future::Future;
use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use core::task::ready;
use core::time::Duration;

use crate::clock;
use crate::context;
use crate::error::Error;
use crate::error::Kind;
use crate::time::Instant;

use super::Call;
use super::Config;
use super::Paying;
use super::Refusing;
use super::UsualCosts;
use super::payment::CallTerms;
use super::payment::KeyOfCall;
use super::phase::Cut;
use super::phase::Phase;
use super::under_way::slot_address;
use super::untyped::Core;

pin_project_lite::pin_project! {
    /// The future of one attempt: takes a permit and runs the body.
    #[must_use = "futures do nothing unless awaited"]
    pub struct RunningAttempt<'c, 's, S, R, F, C: Paying = UsualCosts> {
        // What it is an attempt of.
        call: &'c mut Call<'s, S, R, C>,
        // The body, once.
        #[pin]
        body: F,
    }
}

/// Outcome of an attempt.
#[derive(Debug)]
pub enum Attempted<O> {
    /// The body returned.
    Done(O),
    /// The body took longer than it may.
    TimedOut(Error),
    /// There was no permit in time.
    Refused(Error),
}

impl<S, R: Refusing, F: Future, C: Paying> Future for RunningAttempt<'_, '_, S, R, F, C> {
    type Output = Attempted<F::Output>;

    /// Compiled for every annotated function and every closure, so all that does not need the body is elsewhere.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.call.poll(this.body, cx)
    }
}

impl<'s, S, R: Refusing, C: Paying> Call<'s, S, R, C> {
    /// Returns the next attempt, with the body.
    #[inline]
    pub const fn attempt<F: Future>(&mut self, body: F) -> RunningAttempt<'_, 's, S, R, F, C> {
        RunningAttempt { call: self, body }
    }

    /// Compiled for every type of outcome: the body is any future that yields one.
    #[inline]
    fn poll<O>(
        &mut self,
        body: Pin<&mut (dyn Future<Output = O> + '_)>,
        cx: &mut Context<'_>,
    ) -> Poll<Attempted<O>> {
        if let Some(early) = self.before(cx) {
            return early;
        }
        let Core {
            setup,
            brought,
            scope,
            ..
        } = &mut *self.core;
        let loan = context::lend(scope, || slot_address(brought.as_ref(), setup));
        let polled = body.poll(cx);
        drop(loan);
        self.after(polled, cx)
    }

    /// Waits for the permit. `None` once the body can run.
    #[inline]
    fn before<O>(&mut self, cx: &mut Context<'_>) -> Option<Poll<Attempted<O>>> {
        // An outcome can be returned without an attempt.
        let terms = CallTerms {
            own: self.costs.own(),
            key: self.costs.key(),
            can_refuse: R::CAN || self.kept.is_some(),
        };
        match self.core.admit(terms, cx) {
            Poll::Pending => Some(Poll::Pending),
            Poll::Ready(Err(error)) => Some(Poll::Ready(Attempted::Refused(error))),
            Poll::Ready(Ok(())) => {
                // The previous outcome is not needed any more, and may hold a connection.
                self.kept = None;
                None
            }
        }
    }

    /// Handles a poll of the body. What a body has observed that runs on is reported at once.
    #[inline]
    fn after<O>(&mut self, polled: Poll<O>, cx: &mut Context<'_>) -> Poll<Attempted<O>> {
        if let Poll::Ready(out) = polled {
            return Poll::Ready(Attempted::Done(out));
        }
        let key = self.costs.key();
        self.core.heed(self.costs.own(), key);
        if R::CAN {
            return self.core.time_out(key, cx).map(Attempted::TimedOut);
        }
        Poll::Pending
    }
}

impl Core<'_> {
    /// Waits for the end of the attempt's time, and returns the error of it.
    fn time_out(&mut self, key: KeyOfCall<'_>, cx: &mut Context<'_>) -> Poll<Error> {
        if let (Phase::Running(since), Ok(setup), Some(scope)) =
            (&*self.wait, self.setup, &self.scope)
        {
            let since = *since;
            let Some(end) = end_of_attempt(&setup.config, since, scope.bounds.deadline()) else {
                return Poll::Pending;
            };
            let sleep = Box::pin(tokio::time::sleep_until(clock::instant(end)));
            *self.wait = Phase::Timed(Box::new(Cut { since, end, sleep }));
        }
        let Phase::Timed(cut) = &mut *self.wait else {
            return Poll::Pending;
        };
        ready!(cut.sleep.as_mut().poll(cx));
        let overdue = self
            .scope
            .as_ref()
            .is_some_and(|scope| cut.end >= scope.bounds.deadline());
        let took = Duration::from(cut.end.since(cut.since));
        self.adopt(key);
        let kind = if overdue {
            Kind::Overdue
        } else {
            Kind::AttemptTimeout(took)
        };
        let error = self.located(Error::new(kind));
        self.tell_cut_off(&error);
        Poll::Ready(error)
    }
}

fn end_of_attempt(config: &Config, since: Instant, deadline: Instant) -> Option<Instant> {
    let timeout = config.attempt_timeout.map(|timeout| since.after(timeout));
    let deadline = (config.deadline.is_some() || timeout.is_some()).then_some(deadline);
    [timeout, deadline].into_iter().flatten().min()
}
