//! The options of one attribute, as constants.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::backoff;
use crate::backoff::Jitter;
use crate::call::Config;
use crate::call::Hooks;
use crate::clock::nanos;
use crate::context::ResetUnit;
use crate::error::Error;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::report::Report;
use crate::retry_on::RetryOn;
use crate::store::OnStoreError;
use crate::store::Policy;

use super::stores::Http;
use super::stores::StoreChoice;

/// The options of one attribute.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub(super) quota: Option<Quota>,
    starts_empty: bool,
    pub(super) name: Option<&'static str>,
    pub(super) store: Option<StoreChoice>,
    pub(super) policy: Policy,
    pub(super) config: Config,
    pub(super) hooks: Hooks,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Settings {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            quota: None,
            starts_empty: false,
            name: None,
            store: None,
            policy: Policy::new(),
            config: Config::DEFAULT,
            hooks: Hooks::NONE,
        }
    }

    pub(super) const fn of(config: Config) -> Self {
        Self {
            config,
            ..Self::new()
        }
    }

    /// `rate`, with its default burst: to be followed by [`burst`](Self::burst) if that is given.
    #[must_use]
    pub const fn rate(self, rate: Rate) -> Self {
        Self {
            quota: Some(Quota::new(rate)),
            ..self
        }
    }

    /// `burst`; 0 and a burst without a rate are left out.
    #[must_use]
    pub const fn burst(self, burst: u32) -> Self {
        match (self.quota, NonZeroU32::new(burst)) {
            (Some(quota), Some(burst)) => Self {
                quota: Some(quota.with_burst(burst)),
                ..self
            },
            _ => self,
        }
    }

    /// `limiter = "name"`.
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// `store`.
    #[must_use]
    pub const fn store(self, store: StoreChoice) -> Self {
        Self {
            store: Some(store),
            ..self
        }
    }

    /// `on_store_error`.
    #[must_use]
    pub const fn on_store_error(self, choice: OnStoreError) -> Self {
        Self {
            policy: self.policy.on_error(choice),
            ..self
        }
    }

    /// `max_retries`.
    #[must_use]
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.config.retry.max_retries = retries;
        self
    }

    /// `max_throttles`.
    #[must_use]
    pub const fn max_throttles(mut self, throttles: u32) -> Self {
        self.config.retry.max_throttles = throttles;
        self
    }

    /// `backoff`.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.config.retry.backoff = backoff.0;
        self
    }

    /// `deadline`, which also ends an attempt under way.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.config.deadline = Some(nanos(deadline));
        self
    }

    /// `attempt_timeout`.
    #[must_use]
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.config.attempt_timeout = Some(nanos(timeout));
        self
    }

    /// `max_wait`.
    #[must_use]
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.config.max_wait = Some(nanos(wait));
        self
    }

    /// `respect_headers`.
    #[must_use]
    pub const fn respect_headers(mut self, respected: bool) -> Self {
        self.config.respects_headers = respected;
        self
    }

    /// `headers(reset = ..)`.
    #[must_use]
    pub const fn headers(mut self, reset: ResetUnit) -> Self {
        self.config.reset_unit = reset;
        self
    }

    /// `throttle_below`.
    #[must_use]
    pub const fn throttle_below(mut self, share: f64) -> Self {
        self.config.throttle_below = share;
        self
    }

    /// `max_cooldown`.
    #[must_use]
    pub const fn max_cooldown(mut self, longest: Duration) -> Self {
        self.config.max_cooldown = nanos(longest);
        self
    }

    /// `hint_spread`.
    #[must_use]
    pub const fn hint_spread(mut self, share: f64) -> Self {
        self.config.hint_spread = share;
        self
    }

    /// `slow`.
    #[must_use]
    pub const fn slow(mut self, wait: Duration) -> Self {
        self.config.slow = nanos(wait);
        self
    }

    /// `start = "empty"`.
    #[must_use]
    pub const fn start_empty(mut self) -> Self {
        self.starts_empty = true;
        self
    }

    /// `mode = "off"`.
    #[must_use]
    pub const fn off(mut self) -> Self {
        self.config.off = true;
        self
    }

    /// The quota of a limiter that is declared here.
    pub(super) fn declared(&self) -> Option<Quota> {
        let quota = self.quota?;
        Some(if self.starts_empty {
            quota.starting_empty()
        } else {
            quota
        })
    }

    /// `on_retry`.
    #[must_use]
    pub const fn on_retry(mut self, hook: fn(&Report<'_>)) -> Self {
        self.hooks.on_retry = Some(hook);
        self
    }

    /// `on_give_up`.
    #[must_use]
    pub const fn on_give_up(mut self, hook: fn(&Report<'_>)) -> Self {
        self.hooks.on_give_up = Some(hook);
        self
    }

    /// `retry_on`; to be followed by [`idempotent`](Self::idempotent) if that is given.
    #[must_use]
    pub const fn retry_on(mut self, retry_on: RetryOn) -> Self {
        self.config.retry.retry_on = retry_on;
        self
    }

    /// `idempotent`.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.config.retry.retry_on = self.config.retry.retry_on.ambiguous();
        self
    }
}

/// `backoff(..)`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff(backoff::Backoff);

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

impl Backoff {
    /// The defaults.
    pub const fn new() -> Self {
        Self(backoff::Backoff::new())
    }

    /// `base`.
    #[must_use]
    pub const fn base(self, base: Duration) -> Self {
        Self(self.0.base(base))
    }

    /// `max`.
    #[must_use]
    pub const fn max(self, max: Duration) -> Self {
        Self(self.0.max(max))
    }

    /// `jitter`.
    #[must_use]
    pub const fn jitter(self, jitter: Jitter) -> Self {
        Self(self.0.jitter(jitter))
    }

    /// `factor`, checked by the macro or by [`FactorValue`](super::FactorValue).
    ///
    /// # Panics
    ///
    /// At compile time, on a factor that cannot be meant.
    #[must_use]
    pub const fn factor(self, factor: f64) -> Self {
        Self(checked(self.0.factor(factor)))
    }
}

/// A rate of `count` tokens in `nanos` nanoseconds.
///
/// # Panics
///
/// At compile time, on a rate that cannot be meant.
#[expect(clippy::cast_precision_loss, reason = "periods are far below 2^52 ns")]
pub const fn rate(count: f64, nanos: u64) -> Rate {
    checked(Rate::of(count, nanos as f64))
}

/// The unit of `headers(reset = ..)`, where headers are read at all.
pub const fn reset_unit<F: Http>(unit: ResetUnit) -> ResetUnit {
    unit
}

/// A duration in nanoseconds.
pub const fn duration(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

/// The value of a constant, or our sentence as the compiler's error.
#[track_caller]
pub(super) const fn checked<T: Copy>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => {
            core::mem::forget(result);
            value
        }
        Err(ref error) => {
            let sentence = error.sentence();
            core::mem::forget(result);
            panic!("{}", sentence)
        }
    }
}
