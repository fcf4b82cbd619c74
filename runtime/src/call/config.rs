//! Settings of the calls of one function.

use std::sync::Arc;

use crate::backoff::Backoff;
use crate::bucket::TIMER_SLACK;
use crate::context::ResetUnit;
use crate::keyed::Keys;
use crate::limiter::Function;
use crate::limiter::KnownUnits;
use crate::limiter::LONGEST_COOLDOWN;
use crate::limiter::SLOW;
use crate::limiter::Shared;
use crate::limiter::Spread;
use crate::limiter::THROTTLE_BELOW;
use crate::report::Report;
use crate::retry::RetryPolicy;
use crate::retry_on::RetryOn;
use crate::time::Instant;
use crate::time::Span;

use super::origin::Origin;

/// Settings and limiter that the calls of one function have in common.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) config: Config,
    /// `None` where each call brings its limiter, or names a key.
    pub(crate) limiter: Option<Arc<Shared>>,
    /// Limiters of the keys, where each call names one.
    pub(crate) keys: Option<Arc<Keys>>,
    pub(crate) function: Function,
    pub(crate) origin: Origin,
    pub(crate) hooks: Hooks,
    /// Units that the function's costs and settlements name, in their order.
    pub(crate) units: &'static [&'static str],
    /// The same, as they were looked up in the limiter or in those of the keys.
    pub(crate) known: KnownUnits,
}

/// Functions of the user's program that are called at certain events, without any lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) on_retry: Option<Hook>,
    pub(crate) on_give_up: Option<Hook>,
}

/// Function of the user's program that is called at an event.
pub(crate) type Hook = fn(&Report<'_>);

impl Hooks {
    pub(crate) const NONE: Self = Self {
        on_retry: None,
        on_give_up: None,
    };
}

/// Settings of the calls of one function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    pub(crate) retry: RetryPolicy,
    /// Time that the whole call may take, also an attempt that is under way. `None`: its cooldowns and
    /// backoffs are bounded instead.
    pub(crate) deadline: Option<Span>,
    pub(crate) attempt_timeout: Option<Span>,
    pub(crate) max_wait: Option<Span>,
    /// Hints in headers count.
    pub(crate) respects_headers: bool,
    /// Unit of a bare number in a reset field.
    pub(crate) reset_unit: ResetUnit,
    /// Share of a server's limit below which the rest is spread until the reset.
    pub(crate) throttle_below: f64,
    /// Longest wait that a server may ask for.
    pub(crate) max_cooldown: Span,
    /// A pause may end later by this share of what the server asked for.
    pub(crate) hint_spread: f64,
    /// Longest wait that is not announced.
    pub(crate) slow: Span,
    /// No limiter holds the calls back.
    pub(crate) off: bool,
    /// The function blocks its thread, and needs no runtime of its caller's.
    pub(crate) blocking: bool,
}

impl Config {
    /// The defaults of the attribute.
    pub(crate) const DEFAULT: Self = Self {
        retry: RetryPolicy {
            max_retries: 5,
            max_throttles: 0,
            backoff: Backoff::new(),
            retry_on: RetryOn::standard(),
        },
        deadline: None,
        attempt_timeout: None,
        max_wait: None,
        respects_headers: true,
        reset_unit: ResetUnit::Guess,
        throttle_below: THROTTLE_BELOW,
        max_cooldown: Span::of(LONGEST_COOLDOWN),
        hint_spread: 0.0,
        slow: SLOW,
        off: false,
        blocking: false,
    };

    /// Returns by how much a pause may end later than the server asked.
    pub(super) fn spread(&self) -> Spread {
        let share = self.hint_spread;
        let draw = if share > 0.0 { rand::random() } else { 0.0 };
        Spread { share, draw }
    }
}

/// Returns the latest instant at which an attempt may start that begins to wait now.
pub(super) fn latest_start(config: &Config, deadline: Instant, now: Instant) -> Instant {
    let longest = config.max_wait.map_or(Instant::FAR, |wait| now.after(wait));
    longest.min(last_useful(deadline))
}

/// Returns the last instant at which a permit is of use: one that comes only at the deadline itself, where a
/// timer is late, is not.
pub(super) const fn last_useful(deadline: Instant) -> Instant {
    deadline.before(TIMER_SLACK)
}
