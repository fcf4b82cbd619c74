//! The options of one attribute, as a constant.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::backoff::Backoff;
use crate::call::Config;
use crate::call::Hooks;
use crate::context::ResetUnit;
use crate::error::Error;
use crate::mode::Mode;
use crate::quota::Quota;
use crate::quota::Rate;
use crate::report::Report;
use crate::retry_on::RetryOn;
use crate::row::MaxConcurrency;
use crate::row::Row;
use crate::row::Rows;
use crate::store::OnStoreError;
use crate::store::Policy;
use crate::time::Span;

use super::blocks::Block;
use super::stores::Http;
use super::stores::StoreChoice;

/// The options of one attribute.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub(super) quota: Option<Quota>,
    burst: Option<NonZeroU32>,
    starts_empty: bool,
    /// The limits of `limits`. Empty: the quota is the only one.
    pub(super) rows: &'static [Row],
    pub(super) concurrency: Option<MaxConcurrency>,
    /// Units that the options `cost` and `settle` of the function name.
    pub(super) units: &'static [&'static str],
    pub(super) name: Option<&'static str>,
    /// `impl` block whose functions share the limiter that is declared here.
    pub(super) block: Option<&'static Block>,
    /// Each call names a key.
    pub(super) keyed: Option<KeySettings>,
    pub(super) store: Option<StoreChoice>,
    pub(super) policy: Policy,
    pub(super) mode: Option<Mode>,
    pub(super) config: Config,
    pub(super) hooks: Hooks,
}

/// Settings of calls that name a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeySettings {
    pub(super) max_keys: usize,
    /// Costs are corrected later.
    pub(super) settles: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Settings {
    const DEFAULT: Self = Self {
        quota: None,
        burst: None,
        starts_empty: false,
        rows: &[],
        concurrency: None,
        units: &[],
        name: None,
        block: None,
        keyed: None,
        store: None,
        policy: Policy::new(),
        mode: None,
        config: Config::DEFAULT,
        hooks: Hooks::NONE,
    };

    /// Returns the defaults.
    pub const fn new() -> Self {
        // The compiler evaluates a constant once, and this function for each annotated function.
        Self::DEFAULT
    }

    /// Returns settings with the options of a call, and none of a limiter.
    pub(super) const fn of(config: Config) -> Self {
        Self {
            config,
            ..Self::new()
        }
    }

    /// Sets `rate`, with its default burst. [`burst`](Self::burst) has to be called after it.
    #[must_use]
    pub const fn rate(mut self, rate: Rate) -> Self {
        self.quota = Some(Quota::new(rate));
        self
    }

    /// Sets `burst`. Zero, and a burst without a rate, are ignored: the macro refuses them.
    #[must_use]
    pub const fn burst(mut self, burst: u32) -> Self {
        if let (Some(quota), Some(burst)) = (self.quota, NonZeroU32::new(burst)) {
            self.quota = Some(quota.with_burst(burst));
            self.burst = Some(burst);
        }
        self
    }

    /// Sets `window = "strict"`. It has to be called after [`rate`](Self::rate) and [`burst`](Self::burst).
    pub(super) fn try_strict(mut self) -> Result<Self, Error> {
        if let Some(quota) = self.quota {
            self.quota = Some(Quota::in_strict_window(quota.rate(), self.burst)?);
        }
        Ok(self)
    }

    /// Sets `limits`, at least one.
    #[must_use]
    pub const fn limits(self, rows: &'static [Row]) -> Self {
        Self { rows, ..self }
    }

    /// Sets the units that `cost` and `settle` name. Costs and settlements are in this order.
    #[must_use]
    pub const fn units(self, units: &'static [&'static str]) -> Self {
        Self { units, ..self }
    }

    /// Sets `limiter = "name"`.
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// Sets the `impl` block with which the function shares its limiter.
    #[must_use]
    pub const fn in_block(self, block: &'static Block) -> Self {
        Self {
            block: Some(block),
            ..self
        }
    }

    /// Sets `store`.
    #[must_use]
    pub const fn store(self, store: StoreChoice) -> Self {
        Self {
            store: Some(store),
            ..self
        }
    }

    /// Sets `on_store_error`.
    #[must_use]
    pub const fn on_store_error(self, choice: OnStoreError) -> Self {
        Self {
            policy: self.policy.on_error(choice),
            ..self
        }
    }

    /// Sets `max_retries`.
    #[must_use]
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.config.retry.max_retries = retries;
        self
    }

    /// Sets `max_throttles`.
    #[must_use]
    pub const fn max_throttles(mut self, throttles: u32) -> Self {
        self.config.retry.max_throttles = throttles;
        self
    }

    /// Sets `backoff`.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.config.retry.backoff = backoff;
        self
    }

    /// Sets `deadline`, which also ends an attempt in flight.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.config.deadline = Some(Span::of(deadline));
        self
    }

    /// Sets `attempt_timeout`.
    #[must_use]
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.config.attempt_timeout = Some(Span::of(timeout));
        self
    }

    /// Sets `max_wait`.
    #[must_use]
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.config.max_wait = Some(Span::of(wait));
        self
    }

    /// Sets `respect_headers`.
    #[must_use]
    pub const fn respect_headers(mut self, respected: bool) -> Self {
        self.config.respects_headers = respected;
        self
    }

    /// Sets `headers(reset = ..)`.
    #[must_use]
    pub const fn headers(mut self, reset: ResetUnit) -> Self {
        self.config.reset_unit = reset;
        self
    }

    /// Sets `throttle_below`.
    #[must_use]
    pub const fn throttle_below(mut self, share: f64) -> Self {
        self.config.throttle_below = share;
        self
    }

    /// Sets `max_cooldown`.
    #[must_use]
    pub const fn max_cooldown(mut self, longest: Duration) -> Self {
        self.config.max_cooldown = Span::of(longest);
        self
    }

    /// Sets `hint_spread`.
    #[must_use]
    pub const fn hint_spread(mut self, share: f64) -> Self {
        self.config.hint_spread = share;
        self
    }

    /// Sets `slow`.
    #[must_use]
    pub const fn slow(mut self, wait: Duration) -> Self {
        self.config.slow = Span::of(wait);
        self
    }

    /// Sets `start = "empty"`.
    #[must_use]
    pub const fn start_empty(mut self) -> Self {
        self.starts_empty = true;
        self
    }

    /// Sets `mode = "observe"`.
    #[must_use]
    pub const fn observe(mut self) -> Self {
        self.mode = Some(Mode::Observe);
        self
    }

    /// Sets `mode = "off"`.
    #[must_use]
    pub const fn off(mut self) -> Self {
        self.config.off = true;
        self
    }

    /// Records that the function blocks its thread.
    #[cfg(feature = "blocking")]
    #[must_use]
    pub const fn blocking(mut self) -> Self {
        self.config.blocking = true;
        self
    }

    /// Returns the limits of a limiter that is declared here.
    pub(super) fn declared(&self) -> Option<Rows> {
        let only = self.quota.map(Row::only);
        let rows = self.rows.iter().copied().chain(only);
        let started = |row: Row| Row {
            quota: row.quota.starting_empty(),
            ..row
        };
        let rows = rows.map(|row| if self.starts_empty { started(row) } else { row });
        Some(Rows::of(rows)?.with_concurrency(self.concurrency))
    }

    /// Sets `on_retry`.
    #[must_use]
    pub const fn on_retry(mut self, hook: fn(&Report<'_>)) -> Self {
        self.hooks.on_retry = Some(hook);
        self
    }

    /// Sets `on_give_up`.
    #[must_use]
    pub const fn on_give_up(mut self, hook: fn(&Report<'_>)) -> Self {
        self.hooks.on_give_up = Some(hook);
        self
    }

    /// Sets `retry_on`. [`idempotent`](Self::idempotent) has to be called after it.
    #[must_use]
    pub const fn retry_on(mut self, retry_on: RetryOn) -> Self {
        self.config.retry.retry_on = retry_on;
        self
    }

    /// Sets `idempotent`.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.config.retry.retry_on = self.config.retry.retry_on.ambiguous();
        self
    }
}

/// Sets `window = "strict"`, after the rate and the burst.
///
/// # Panics
///
/// At compile time, on a rate that has to be rounded, or a burst that is not less than the window.
#[track_caller]
pub const fn strict(mut settings: Settings) -> Settings {
    if let Some(quota) = settings.quota {
        let quota = Quota::in_strict_window(quota.rate(), settings.burst);
        settings.quota = Some(checked(quota));
    }
    settings
}

/// Returns a rate of `count` tokens in `nanos` nanoseconds.
///
/// # Panics
///
/// At compile time, if the rate is out of range.
#[expect(clippy::cast_precision_loss, reason = "periods are far below 2^52 ns")]
pub const fn rate(count: f64, nanos: u64) -> Rate {
    checked(Rate::of(count, nanos as f64))
}

/// Returns the unit of `headers(reset = ..)`. It compiles only if the crate reads headers.
pub const fn reset_unit<F: Http>(unit: ResetUnit) -> ResetUnit {
    unit
}

/// Returns a duration of `nanos` nanoseconds.
pub const fn duration(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

/// Returns the value of a constant.
///
/// # Panics
///
/// On an error: its sentence becomes the compiler's message.
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
