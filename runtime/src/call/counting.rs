//! Counts and events of a call.

use core::fmt;
use core::time::Duration;

use crate::clock;
use crate::context;
use crate::error::Error;
use crate::events;
use crate::events::CallSpan;
use crate::events::EnteredSpan;
use crate::failure::Failure;
use crate::limiter::Counts;
use crate::limiter::Shared;
use crate::report::Report;
use crate::time::Span;

use super::config::Hooks;
use super::untyped::Core;

impl Core<'_> {
    /// Counts a rare event.
    #[cold]
    pub(super) fn count(&self, what: impl FnOnce(&mut Counts)) {
        if let Some(limiter) = self.limiter() {
            limiter.count(what);
        }
    }

    /// Begins the call, where it has not begun at once.
    pub(super) fn begin(&mut self) {
        let (Ok(setup), None) = (self.setup, &self.scope) else {
            return;
        };
        let heard = CallSpan::may_be_heard();
        let span = heard.then(|| CallSpan::open(setup.origin.name())).flatten();
        let now = clock::now();
        let scope = context::begin(
            &mut self.scope,
            setup.config.deadline,
            setup.config.reset_unit,
            now,
        );
        if let Some(span) = span {
            scope.open(span);
        }
    }

    /// Enters the call's span, if a subscriber listens.
    pub(super) fn enter_span(&self) -> Option<EnteredSpan> {
        let scope = self.scope.as_ref()?;
        Some(scope.span()?.enter())
    }

    /// Labels the limiter by the function, if it has no name.
    pub(super) fn name_limiter(&self) {
        if let (Ok(setup), Some(limiter)) = (self.setup, self.limiter()) {
            limiter.used_by(|| setup.origin.name());
        }
    }

    /// Reports that another attempt follows, not before `delay` is over.
    #[cold]
    pub(super) fn tell_retry(&self, failure: Failure, delay: Span) {
        let delay = Duration::from(delay);
        let Some((report, hooks)) = self.report(self.number(), Some(delay)) else {
            return;
        };
        events::retry(&report, failure, delay);
        if let Some(hook) = hooks.on_retry {
            hook(&report);
        }
    }

    /// Reports that an attempt was cut off.
    #[cold]
    pub(super) fn tell_cut_off(&self, why: &Error) {
        let _entered = self.enter_span();
        if let Some((report, _)) = self.report(self.number(), None) {
            events::cut_off(&report, why);
        }
    }

    /// Reports that the call ends with a failure that another attempt might have mended.
    #[cold]
    pub(super) fn give_up(&self, attempts: u32, why: &dyn fmt::Display) {
        if let Some(limiter) = self.limiter() {
            limiter.count_given_up();
        }
        let Some((report, hooks)) = self.report(attempts, None) else {
            return;
        };
        events::give_up(&report, why);
        if let Some(hook) = hooks.on_give_up {
            hook(&report);
        }
    }

    /// Reports that the call ends because it was refused a permit.
    #[cold]
    pub(super) fn end_refused(&self, why: &Error) {
        let _entered = self.enter_span();
        if let Err(error) = self.setup {
            return events::misconfigured(error);
        }
        // The attempt that was refused has not begun.
        let attempts = self.number().saturating_sub(1);
        if attempts > 0 {
            return self.give_up(attempts, why);
        }
        if let Some(limiter) = self.limiter() {
            limiter.count_refused();
        }
        if let Some((report, _)) = self.report(attempts, None) {
            events::refused(&report, why);
        }
    }

    /// Returns the report of the call so far.
    fn report(&self, attempts: u32, retry_in: Option<Duration>) -> Option<(Report<'_>, Hooks)> {
        let (setup, scope) = (self.setup.as_ref().ok()?, self.scope.as_ref()?);
        let function = setup.origin.name();
        let report = Report {
            function,
            limiter: self.declared_limiter().map_or(function, Shared::label),
            attempts,
            failures: scope.failures(),
            waits: scope.waits(),
            retry_in,
        };
        Some((report, setup.hooks))
    }

    /// Returns the number of the current attempt.
    pub(super) fn number(&self) -> u32 {
        self.scope.as_ref().map_or(0, |scope| scope.number)
    }
}
