//! The `tracing` events of `paced`, with the target `paced`: all of them in one place.
//!
//! Without the feature `tracing` the functions do nothing. No event has a URL, a header's value or a key in it.

use core::fmt;
use core::time::Duration;

use crate::error::Error;
use crate::failure::Failure;
use crate::lasting::Lasting;
use crate::mode::Mode;
use crate::report::Report;

/// An event with these fields.
macro_rules! say {
    ($level:ident: $($name:ident = $value:expr),+; $text:literal) => {
        #[cfg(feature = "tracing")]
        tracing::$level!(target: "paced", $($name = %$value,)+ $text);
        #[cfg(not(feature = "tracing"))]
        { $(let _ = &$value;)+ }
    };
}

/// A call fails and is tried again.
pub(crate) fn retry(report: &Report<'_>, failure: Failure, delay: Duration) {
    say!(debug: limiter = report.limiter(), function = report.function(), attempt = report.attempts(),
        reason = failure, delay = Lasting(delay); "the attempt is tried again");
}

/// A call ends with a failure that another attempt might have mended.
pub(crate) fn give_up(report: &Report<'_>, why: &dyn fmt::Display) {
    let waits = report.waits();
    say!(warn: limiter = report.limiter(), function = report.function(), attempts = report.attempts(),
        failures = report.list(), queue = Lasting(waits.queue), cooldown = Lasting(waits.cooldown),
        backoff = Lasting(waits.backoff), why = why; "the call is given up");
}

/// A call ends without an attempt.
pub(crate) fn refused(report: &Report<'_>, why: &dyn fmt::Display) {
    say!(debug: limiter = report.limiter(), function = report.function(), why = why; "the call is refused");
}

/// An attempt is ended under way, by its deadline or its timeout.
pub(crate) fn cut_off(report: &Report<'_>, why: &Error) {
    say!(debug: limiter = report.limiter(), function = report.function(), attempt = report.attempts(), why = why;
        "the attempt is cut off");
}

/// A function's settings are wrong, or there is no runtime: no call of it is made.
pub(crate) fn misconfigured(why: &Error) {
    say!(error: why = why; "the call cannot be made");
}

/// Nothing is known of a function's errors.
pub(crate) fn unread(function: &str) {
    say!(warn: function = function;
        "an error is not understood, so that no call is retried or held back for one: show the response \
         to `observe` in the body, implement `paced::Signal` for the error, or judge it with `classify`; \
         https://docs.rs/paced/latest/paced/guide/clients/index.html has recipes for other clients");
}

/// An attempt has ended, and its costs stand or are corrected.
pub(crate) fn settled(
    limiter: &str,
    function: &str,
    attempt: u32,
    cost: &dyn fmt::Display,
    spent: &dyn fmt::Display,
) {
    say!(debug: limiter = limiter, function = function, attempt = attempt, cost = cost, spent = spent;
        "the attempt is settled");
}

/// An attempt says that it took something of which the limiter has no limit.
pub(crate) fn unknown_unit(limiter: &str, function: &str, unit: &str, why: &Error) {
    say!(warn: limiter = limiter, function = function, unit = unit, why = why;
        "an attempt took a unit that the limiter does not count, which is ignored");
}

/// Calls of a function name no cost, and so take nothing of limits that count something else than requests.
pub(crate) fn no_cost(limiter: &str, function: &str, units: &str) {
    say!(warn: limiter = limiter, function = function, units = units;
        "a call names no cost and takes nothing of a limit: write what it takes, such as `cost(tokens = 500)`, or \
         `cost(tokens = 0)` where that is nothing");
}

/// Two limiters of one name in one store are declared with different quotas.
pub(crate) fn quotas_differ(limiter: &str, quota: &dyn fmt::Display, other: &dyn fmt::Display) {
    say!(warn: limiter = limiter, quota = quota, other = other;
        "limiters that share one name in a store are declared with different quotas: the tightest holds for all");
}

/// A limiter is declared for which a configuration has changes that do not fit it.
pub(crate) fn configuration_unfit(limiter: &str, key: &str, why: &str) {
    say!(error: limiter = limiter, key = key, why = why;
        "the configuration of the limiter does not fit it and is ignored: the limits are those that were declared");
}

/// A store is late or away. `left_out`: number of such events that were not emitted since the last one.
pub(crate) fn store_away(limiter: &str, left_out: u32, news: &dyn fmt::Display) {
    say!(warn: limiter = limiter, left_out = left_out; "{news}");
    // Without the feature nothing else reads it.
    let _ = news;
}

/// Leases of slots have ended while their calls are in flight.
pub(crate) fn leases_ended(limiter: &str, calls: u32) {
    say!(warn: limiter = limiter, calls = calls; "the leases of calls in flight have ended, because this process was stopped or did not reach the store: other processes may have as many more in flight");
}

/// A store is back.
pub(crate) fn store_back(limiter: &str, news: &dyn fmt::Display) {
    say!(info: limiter = limiter; "{news}");
    // Without the feature nothing else reads it.
    let _ = news;
}

/// A store refuses a request. `left_out`: number of such events that were not emitted since the last one.
pub(crate) fn store_refuses(limiter: &str, left_out: u32, news: &dyn fmt::Display) {
    say!(error: limiter = limiter, left_out = left_out; "{news}");
    // Without the feature nothing else reads it.
    let _ = news;
}

/// Another process has declared a tighter quota, which holds for all.
pub(crate) fn quota_held(limiter: &str, news: &dyn fmt::Display) {
    say!(warn: limiter = limiter; "{news}");
    // Without the feature nothing else reads it.
    let _ = news;
}

/// A long wait that is about to begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LongWait {
    pub(crate) wait: Duration,
    /// Tokens for which other callers wait ahead of the call.
    pub(crate) ahead: u64,
    pub(crate) why: &'static str,
    /// Unit of the limit that is waited for, where there are several.
    pub(crate) unit: Option<&'static str>,
    /// The call could be refused.
    pub(crate) refusable: bool,
}

/// A call is going to wait for long.
pub(crate) fn long_wait(limiter: &str, long: &LongWait) {
    let message = if long.refusable {
        "a call waits for long"
    } else {
        "a call waits for long and cannot be refused, since its error type does not implement `From<paced::Error>`"
    };
    let (wait, ahead, why) = (Lasting(long.wait), long.ahead, long.why);
    match long.unit {
        None => {
            say!(warn: limiter = limiter, wait = wait, ahead = ahead, why = why; "{message}");
        }
        Some(unit) => {
            say!(warn: limiter = limiter, wait = wait, ahead = ahead, why = why, unit = unit; "{message}");
        }
    }
    // Without the feature nothing else reads it.
    let _ = message;
}

/// A call that a limiter which observes would have held back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldBack {
    /// Time that it would have waited. `None`: it would have been refused.
    pub(crate) wait: Option<Duration>,
    /// Unit of the limit that it would have waited for. `None`: it would have waited for the end of a pause.
    pub(crate) unit: Option<&'static str>,
    /// Reason where there is no unit.
    pub(crate) why: &'static str,
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.wait {
            Some(wait) => write!(f, "a call would have waited {}", Lasting(wait))?,
            None => f.write_str("a call would have been refused")?,
        }
        match self.unit {
            Some(unit) => write!(f, " for `{unit}`"),
            None => write!(f, ": {}", self.why),
        }
    }
}

/// A limiter that observes would have held a call back.
pub(crate) fn held_back(limiter: &str, call: &HeldBack) {
    say!(info: limiter = limiter; "{call}");
    // Without the feature nothing else reads it.
    let _ = call;
}

/// The program has changed a limiter's mode.
pub(crate) fn mode_changed(limiter: &str, mode: Mode) {
    say!(info: limiter = limiter, mode = mode; "the limiter's mode is changed");
}

/// A server says that more is left of a limit than the limit itself.
pub(crate) fn above_limit(limiter: &str) {
    say!(warn: limiter = limiter; "the server says that more is left than its limit, which is ignored");
}

/// A server says that its limit is zero.
pub(crate) fn zero_limit(limiter: &str) {
    say!(warn: limiter = limiter; "the server says that its limit is zero, which is ignored where it accepts calls");
}

/// A limiter closes.
pub(crate) fn paused(limiter: &str, wait: Duration, why: &str) {
    say!(info: limiter = limiter, wait = Lasting(wait), why = why; "a pause begins");
}

/// A limiter that is closed stays so for longer.
pub(crate) fn pause_extended(limiter: &str, wait: Duration, why: &str) {
    say!(debug: limiter = limiter, wait = Lasting(wait), why = why; "the pause is extended");
}

/// A limiter opens again.
pub(crate) fn resumed(limiter: &str) {
    say!(info: limiter = limiter; "the pause is over");
}

/// A person has ended a limiter's pause.
pub(crate) fn resumed_by_hand(limiter: &str) {
    say!(info: limiter = limiter; "the limiter is resumed by hand");
}

/// A person has made a limiter as new.
pub(crate) fn reset(limiter: &str) {
    say!(info: limiter = limiter; "the limiter is reset by hand");
}

/// The program has closed a limiter.
pub(crate) fn closed(limiter: &str, refused: usize) {
    say!(info: limiter = limiter, refused = refused; "the limiter is closed: it refuses all calls");
}

/// Calls wait at a closed limiter.
pub(crate) fn stuck(limiter: &str, waiting: usize) {
    say!(warn: limiter = limiter, waiting = waiting;
        "the limiter is closed, and calls stay pending until they are dropped: their error types do not implement `From<paced::Error>`");
}

/// A limiter has learnt that less passes than was declared.
pub(crate) fn cut(
    limiter: &str,
    unit: Option<&str>,
    rate: &dyn fmt::Display,
    declared: &dyn fmt::Display,
) {
    match unit {
        None => {
            say!(info: limiter = limiter, rate = rate, declared = declared; "the rate is cut to what the server lets through");
        }
        Some(unit) => {
            say!(info: limiter = limiter, unit = unit, rate = rate, declared = declared;
                "the rate is cut to what the server lets through");
        }
    }
}

/// A limiter is back at what was declared.
pub(crate) fn whole(limiter: &str, unit: Option<&str>, rate: &dyn fmt::Display) {
    match unit {
        None => {
            say!(info: limiter = limiter, rate = rate; "the full rate is used again");
        }
        Some(unit) => {
            say!(info: limiter = limiter, unit = unit, rate = rate; "the full rate is used again");
        }
    }
}

/// A limiter spreads what is left of a server's limit.
pub(crate) fn paced(limiter: &str, rate: &dyn fmt::Display, until: Duration) {
    say!(debug: limiter = limiter, rate = rate, lasts = Lasting(until);
        "what is left of the server's limit is spread until its reset");
}

/// It does not any more.
pub(crate) fn unpaced(limiter: &str) {
    say!(debug: limiter = limiter; "the server's limit has begun anew");
}

#[cfg(feature = "tracing")]
type Inner = tracing::Span;
#[cfg(not(feature = "tracing"))]
type Inner = ();

/// Span of a call in which a subscriber is interested.
#[derive(Clone, Debug)]
pub(crate) struct CallSpan(Inner);

/// The time for which a span is the current one.
pub(crate) struct EnteredSpan(CallSpan);

impl Drop for EnteredSpan {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl CallSpan {
    /// Returns whether a subscriber may be interested in spans: two loads, and no call.
    #[inline]
    pub(crate) fn may_be_heard() -> bool {
        #[cfg(feature = "tracing")]
        {
            let debug = tracing::Level::DEBUG;
            debug <= tracing::level_filters::STATIC_MAX_LEVEL
                && debug <= tracing::level_filters::LevelFilter::current()
        }
        #[cfg(not(feature = "tracing"))]
        false
    }

    /// Returns a span, if a subscriber is interested in it.
    #[cold]
    pub(crate) fn open(function: &str) -> Option<Self> {
        #[cfg(feature = "tracing")]
        {
            let span = tracing::debug_span!(target: "paced", "call", function);
            (!span.is_disabled()).then_some(Self(span))
        }
        #[cfg(not(feature = "tracing"))]
        {
            let _ = function;
            None
        }
    }

    /// Makes it the current span, until [`end`](Self::end).
    pub(crate) fn begin(&self) {
        #[cfg(feature = "tracing")]
        self.0.with_subscriber(|(id, dispatch)| dispatch.enter(id));
        #[cfg(not(feature = "tracing"))]
        let () = self.0;
    }

    /// Ends what [`begin`](Self::begin) began.
    pub(crate) fn end(&self) {
        #[cfg(feature = "tracing")]
        self.0.with_subscriber(|(id, dispatch)| dispatch.exit(id));
        #[cfg(not(feature = "tracing"))]
        let () = self.0;
    }

    /// The same for as long as what it returns lives.
    #[cold]
    pub(crate) fn enter(&self) -> EnteredSpan {
        self.begin();
        EnteredSpan(self.clone())
    }
}
