//! Calls with a key: a permit of the key's bucket, or the key's whole limiter where there is more to it.

use core::time::Duration;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::clock;
use crate::context::Scope;
use crate::error::Error;
use crate::failure::Failure;
use crate::keyed::CallKey;
use crate::keyed::Taken;
use crate::limiter::Counts;
use crate::limiter::Shared;
use crate::time::Instant;
use crate::time::Span;
use crate::verdict::Verdict;

use super::payment::CallTerms;
use super::payment::KeyOfCall;
use super::payment::OwnCosts;
use super::payment::Paying;
use super::phase::Phase;
use super::untyped::Core;

/// Bounds of the time after which a call looks for a place for its key again, if it cannot be refused.
const LOOKS: (Span, Span) = (Span::from_millis(10), Span::from_millis(1000));

/// The key of a call, and what it costs.
#[derive(Debug)]
pub struct KeyAndCosts<'s> {
    /// `None`: the call is refused because of its settings.
    pub(crate) key: Option<CallKey<'s>>,
    pub(crate) own: Option<&'s OwnCosts>,
}

impl Paying for KeyAndCosts<'_> {
    #[inline]
    fn own(&self) -> Option<&OwnCosts> {
        self.own
    }

    #[inline]
    fn key(&self) -> Option<&CallKey<'_>> {
        self.key.as_ref()
    }
}

/// Result of looking for a permit of a key.
#[derive(Debug)]
pub(super) enum Sought {
    /// It is taken.
    Granted,
    /// The call goes through its limiter.
    Limiter,
    /// There is no place for the key, and the call waits for one.
    Later,
}

impl Core<'_> {
    /// Takes a permit of the call's key (`true`), or finds the limiter that decides (`None`), unless the call has it.
    /// `false`: there is no place for the key.
    #[inline(never)]
    pub(super) fn pass_key(&mut self, terms: CallTerms<'_>, now: Instant) -> Option<bool> {
        let key = terms.key?;
        #[cfg(feature = "test-util")]
        if self.is_unpaced() {
            return None;
        }
        if key.is_joint() {
            return Some(self.pass_joint(terms, key, now));
        }
        if self.brought.is_some() {
            return None;
        }
        match key.admit(first_cost(terms), now) {
            Some(Taken::Granted) => Some(true),
            Some(Taken::Limiter(limiter)) => {
                self.brought = Some(limiter);
                None
            }
            None => Some(false),
        }
    }

    /// Looks for a permit of the call's key again, for a call that did not get it at once.
    #[cold]
    pub(super) fn seek(&mut self, terms: CallTerms<'_>) -> Result<Sought, Error> {
        let is_sought = |key: &&CallKey<'_>| self.brought.is_none() || key.is_joint();
        let Some(key) = terms.key.filter(is_sought) else {
            return Ok(Sought::Limiter);
        };
        #[cfg(feature = "test-util")]
        if self.is_unpaced() {
            return Ok(Sought::Limiter);
        }
        let now = clock::now();
        if terms.can_refuse && now >= self.deadline() {
            return Ok(Sought::Limiter);
        }
        if key.is_joint() {
            return self.seek_joint(terms, key);
        }
        match key.admit(first_cost(terms), now) {
            Some(Taken::Granted) => {
                self.wait.begin(now);
                Ok(Sought::Granted)
            }
            Some(Taken::Limiter(limiter)) => {
                self.brought = Some(limiter);
                self.name_limiter();
                if !self.is_retry() {
                    self.count(Counts::call);
                }
                Ok(Sought::Limiter)
            }
            None if terms.can_refuse || Handle::try_current().is_err() => Err(key.exhausted()),
            None => {
                let sleep = tokio::time::sleep(time_of_look(key));
                *self.wait = Phase::Backoff(Box::pin(sleep));
                Ok(Sought::Later)
            }
        }
    }

    /// Gives the call the whole limiter of its key, because there is something to tell of its attempt.
    #[cold]
    pub(super) fn adopt(&mut self, key: KeyOfCall<'_>) {
        adopt(&mut self.brought, key, self.scope.as_ref());
    }
}

/// [`Core::adopt`] while parts of the call are borrowed.
#[cold]
pub(super) fn adopt(brought: &mut Option<Arc<Shared>>, key: KeyOfCall<'_>, scope: Option<&Scope>) {
    #[cfg(feature = "test-util")]
    if scope.is_some_and(Scope::is_unpaced) {
        return;
    }
    let (None, Some(key), Some(_)) = (&brought, key, scope) else {
        return;
    };
    // Where there is no room for the key any more, nothing is known of it, and nothing can be kept.
    if let Ok(limiter) = key.limiter() {
        limiter.count_earlier_attempt();
        key.end_recounted();
        *brought = Some(limiter);
    }
}

/// Returns whether a limiter learns from an outcome that tells nothing of the server's limits: a refusal, or a failure of
/// the server. A success and an error of the caller's own, such as a 404, say nothing.
pub(super) const fn is_news(verdict: Verdict, failure: Option<Failure>) -> bool {
    match (verdict, failure) {
        (Verdict::Done, _) => false,
        (Verdict::Stop, Some(Failure::Status(status))) => status >= 500 || status == 429,
        _ => true,
    }
}

/// Returns the time after which a call looks for a place for its key again.
pub(super) fn time_of_look(key: &CallKey<'_>) -> Duration {
    Duration::from(key.interval().max(LOOKS.0).min(LOOKS.1))
}

/// Returns the cost of a call in the only limit of its key. Several limits need a whole limiter.
pub(super) fn first_cost(terms: CallTerms<'_>) -> u32 {
    terms.own.map_or(1, OwnCosts::first)
}
