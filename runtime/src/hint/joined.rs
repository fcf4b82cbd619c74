//! Two statements about one response, as one: that of its headers, and that of its body.

use core::time::Duration;

use super::Hint;
use super::Window;

impl Hint {
    /// Adds what an earlier statement about the same response said, `age` ago. Windows of it are added if the limiter has
    /// not been told of them (`is_news`). Of two waits the longer counts.
    #[must_use]
    pub(crate) fn joined(mut self, earlier: &Self, age: Duration, is_news: bool) -> Self {
        let rest = |wait: Duration| wait.saturating_sub(age);
        self.retry_after = self.retry_after.max(earlier.retry_after.map(rest));
        self.limited |= earlier.limited;
        self.too_many_in_flight |= earlier.too_many_in_flight;
        self.server_says_retry = self.server_says_retry.or(earlier.server_says_retry);
        if !self.has_counts() {
            self.limit = earlier.limit;
            self.remaining = earlier.remaining;
            self.reset_after = earlier.reset_after.map(rest);
            self.counts_requests = earlier.counts_requests;
            self.reset_is_instant = earlier.reset_is_instant;
            self.resource = self.resource.or_else(|| earlier.resource.clone());
            self.windows.clone_from(&earlier.windows);
        } else if is_news && earlier.has_counts() {
            let own = self.listed();
            self.windows = earlier.listed();
            self.windows.extend(own);
        }
        self
    }

    /// Returns whether it tells of a window.
    fn has_counts(&self) -> bool {
        self.describes_a_window() || !self.windows.is_empty()
    }

    /// Returns whether a window is described by the hint itself.
    fn describes_a_window(&self) -> bool {
        self.limit.is_some() || self.remaining.is_some() || self.reset_after.is_some()
    }

    /// Returns its windows, with the one that only the hint itself describes.
    fn listed(&self) -> Vec<Window> {
        if !self.windows.is_empty() || !self.describes_a_window() {
            return self.windows.clone();
        }
        let unit = if self.counts_requests { "requests" } else { "" };
        let mut window = Window::new().with_unit(unit);
        if let Some(resource) = &self.resource {
            window = window.with_name(resource.clone());
        }
        if let Some(limit) = self.limit {
            window = window.with_limit(limit);
        }
        if let Some(remaining) = self.remaining {
            window = window.with_remaining(remaining);
        }
        if let Some(reset) = self.reset_after {
            window = window.with_reset_after(reset);
        }
        vec![window]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn headers() -> Hint {
        let hint = Hint::new().with_limit(60.0).with_remaining(50.0);
        hint.with_reset_after(30 * SECOND)
            .with_retry_after(5 * SECOND)
    }

    fn points() -> Window {
        Window::new().with_unit("points").with_remaining(7.0)
    }

    #[test]
    fn the_longer_wait_counts_and_time_has_passed_meanwhile() {
        let wait = |body: u64, age: u64| {
            let body = Hint::new().with_retry_after(Duration::from_secs(body));
            body.joined(&headers(), Duration::from_secs(age), true)
                .retry_after()
        };
        assert_eq!(wait(9, 0), Some(9 * SECOND));
        assert_eq!(wait(1, 2), Some(3 * SECOND));
        assert_eq!(wait(0, 9), Some(Duration::ZERO));
    }

    #[test]
    fn a_wait_alone_keeps_the_windows_of_the_headers() {
        let joined = Hint::new().with_limited(true);
        let joined = joined.joined(&headers(), SECOND, false);
        assert_eq!(
            (joined.limit(), joined.remaining()),
            (Some(60.0), Some(50.0))
        );
        assert_eq!(joined.reset_after(), Some(29 * SECOND));
        assert!(joined.limited());
    }

    #[test]
    fn windows_are_listed_together_unless_they_have_been_told() {
        let body = Hint::new().with_windows(vec![points()]);
        let both = body.clone().joined(&headers(), Duration::ZERO, true);
        let units: Vec<_> = both.windows().iter().map(Window::unit).collect();
        assert_eq!(units, ["requests", "points"]);
        assert_eq!(both.windows()[0].remaining(), Some(50.0));
        let own = body.joined(&headers(), Duration::ZERO, false);
        assert_eq!(own.windows(), [points()]);
    }
}
