//! `max_concurrency`, as expansions set it.

use core::num::NonZeroU32;

use crate::row::MaxConcurrency;

use super::settings::Settings;

impl Settings {
    /// Sets `max_concurrency`. Zero is ignored: the macro refuses it.
    #[must_use]
    pub const fn max_concurrency(mut self, max: u32) -> Self {
        if let Some(max) = NonZeroU32::new(max) {
            self.concurrency = Some(MaxConcurrency::Fixed(max));
        }
        self
    }

    /// Sets `max_concurrency = "auto"`.
    #[must_use]
    pub const fn auto_concurrency(mut self) -> Self {
        self.concurrency = Some(self.auto());
        self
    }

    /// Sets the bound with which `max_concurrency(auto, ..)` begins.
    #[must_use]
    pub const fn concurrency_from(mut self, start: u32) -> Self {
        if let MaxConcurrency::Auto { max, .. } = self.auto() {
            let start = NonZeroU32::new(start);
            self.concurrency = Some(MaxConcurrency::Auto { start, max });
        }
        self
    }

    /// Sets the highest bound of `max_concurrency(auto, ..)`.
    #[must_use]
    pub const fn concurrency_to(mut self, max: u32) -> Self {
        if let MaxConcurrency::Auto { start, .. } = self.auto() {
            let max = NonZeroU32::new(max);
            self.concurrency = Some(MaxConcurrency::Auto { start, max });
        }
        self
    }

    /// Returns the bound that is found by refusals, with what was set of it before.
    const fn auto(&self) -> MaxConcurrency {
        match self.concurrency {
            Some(auto @ MaxConcurrency::Auto { .. }) => auto,
            _ => MaxConcurrency::Auto {
                start: None,
                max: None,
            },
        }
    }
}
