//! Planning another attempt: when it comes, and whether that is within the call's bounds.

use tokio::runtime::Handle;

use crate::clock;
use crate::context;
use crate::context::Pause;
use crate::failure::Failure;
use crate::limiter::Shared;
use crate::time::Instant;
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
            self.tell_retry(failure, 0);
            if let Some(scope) = &mut self.scope {
                scope.advance(failure, 0, u64::MAX, next.throttle);
            }
            return true;
        }
        let NextAttempt {
            base, wait, now, ..
        } = next;
        let Ok(setup) = self.setup else {
            return false;
        };
        let limiter = self.limiter();
        let forecast = limiter.map(|limiter| limiter.forecast(self.function()));
        let [permit, closed_until] = forecast.map_or([0; 2], |(permit, opens)| {
            [permit, opens].map(Instant::nanos)
        });
        let not_before = base.saturating_add(wait);
        let latest = latest_start(&setup.config, self.deadline(), now);
        let patience = self.patience(true);
        let pause = not_before.max(closed_until).saturating_sub(now);
        let too_late = permit.max(not_before) > latest || pause > patience;
        if too_late || limiter.is_some_and(Shared::is_shut) || Handle::try_current().is_err() {
            context::with_current(|outer| outer.spend(failure));
            return false;
        }
        self.tell_retry(failure, pause);
        // Where the limiter is closed for as long, the wait is one in its queue.
        if not_before > now && not_before > closed_until {
            if let Some(limiter) = limiter {
                let [delay, slow] = [not_before - now, setup.config.slow].map(Span::from_nanos);
                limiter.add_backoff(delay, slow);
            }
            let sleep = tokio::time::sleep_until(clock::instant(Instant::from_nanos(not_before)));
            self.wait = Phase::Backoff(Box::pin(sleep));
            self.pause(Pause::Backoff, not_before - now, not_before);
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
