//! Planning another attempt: when it comes, and whether that is within the call's bounds.

use tokio::runtime::Handle;

use crate::clock;
use crate::context;
use crate::context::Pause;
use crate::failure::Failure;
#[cfg(feature = "test-util")]
use crate::time::Instant;
#[cfg(feature = "test-util")]
use crate::time::Span;

use super::config::latest_start;
use super::next::NextAttempt;
use super::phase::Phase;
use super::untyped::Core;

impl Core<'_> {
    /// Plans another attempt, `wait` after `base` or later, if it fits in the call's bounds.
    pub(super) fn plan(&mut self, next: NextAttempt, failure: Failure) -> bool {
        #[cfg(feature = "test-util")]
        if self.is_unpaced() {
            self.tell_retry(failure, Span::ZERO);
            if let Some(scope) = &mut self.scope {
                scope.advance(failure, Span::ZERO, Instant::FAR, next.throttle);
            }
            return true;
        }
        let NextAttempt {
            base,
            wait,
            now,
            forecast,
            ..
        } = next;
        let Ok(setup) = self.setup else {
            return false;
        };
        let not_before = base.after(wait);
        let latest = latest_start(&setup.config, self.deadline(), now);
        let pause = not_before.max(forecast.closed_until).since(now);
        let starts = forecast.permit_at.max(not_before);
        let too_late = starts > latest || pause > self.pause_left(true);
        if too_late || forecast.is_shut || Handle::try_current().is_err() {
            context::with_current(|outer| outer.spend(failure));
            return false;
        }
        self.tell_retry(failure, pause);
        // Where the limiter is closed for as long, the wait is one in its queue.
        if not_before > now && not_before > forecast.closed_until {
            let backoff = not_before.since(now);
            if let Some(limiter) = self.limiter().filter(|_| backoff > setup.config.slow) {
                limiter.announce_backoff(backoff, forecast.ahead, now);
            }
            let sleep = tokio::time::sleep_until(clock::instant(not_before));
            self.wait = Phase::Backoff(Box::pin(sleep));
            self.pause(Pause::Backoff, backoff, not_before);
        }
        let waits = self.wait.is_on();
        if let Some(scope) = &mut self.scope {
            if waits {
                scope.waited.press(now);
            }
            scope.advance(failure, wait, latest, next.throttle);
        }
        true
    }
}
