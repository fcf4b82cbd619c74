//! Statements about calls in flight.

use super::Hint;
use super::Window;

/// Unit of windows that bound calls in flight, in the IETF's draft.
const CONCURRENT: &str = "concurrent-requests";

impl Hint {
    /// Returns whether the server refused the call because too many are in flight. Default: `false`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// assert!(!Hint::new().too_many_in_flight());
    /// ```
    pub const fn too_many_in_flight(&self) -> bool {
        self.too_many_in_flight
    }

    /// Sets [`too_many_in_flight`](Self::too_many_in_flight). A limiter with `max_concurrency = "auto"` counts such a refusal
    /// against its calls in flight, and not against the rate.
    ///
    /// # Examples
    ///
    /// ```
    /// # use paced::Hint;
    /// let hint = Hint::new().with_limited(true).with_too_many_in_flight(true);
    /// assert!(hint.too_many_in_flight());
    /// ```
    #[must_use]
    pub const fn with_too_many_in_flight(mut self, too_many: bool) -> Self {
        self.too_many_in_flight = too_many;
        self
    }

    /// Returns whether a refusal names the calls in flight as its reason.
    pub(crate) fn names_concurrency(&self) -> bool {
        let is_full = |window: &Window| window.unit() == CONCURRENT && is_at_zero(window);
        self.too_many_in_flight || self.windows.iter().any(is_full)
    }

    /// Returns whether the server says that a window is used up.
    pub(crate) fn is_used_up(&self) -> bool {
        let is_used_up = |window: &Window| window.unit() != CONCURRENT && is_at_zero(window);
        let is_own = self.windows.is_empty() && self.remaining.is_some_and(|left| left < 1.0);
        is_own || self.windows.iter().any(is_used_up)
    }
}

fn is_at_zero(window: &Window) -> bool {
    window.remaining().is_some_and(|left| left < 1.0)
}
