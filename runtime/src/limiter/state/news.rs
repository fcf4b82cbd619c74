//! Changes of a limiter that events report: pauses, rates that are learnt, and long waits before they begin.

use crate::events;
use crate::events::HeldBack;
use crate::events::LongWait;
use crate::learning::Oddities;
use crate::limiter::counts::event_interval::EVERY;
use crate::limiter::counts::event_interval::EventInterval;
use crate::quota::Rate;
use crate::time::Instant;
use crate::time::Span;

use super::why;

/// Change that the program made by a method of the limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::limiter) enum ByHand {
    Resumed,
    Reset,
    Closed { refused: usize },
}

/// State that the last events reported.
#[derive(Clone, Copy, Debug)]
pub(in crate::limiter) struct Announced {
    /// Reason of the current pause, or of the last one.
    pub(in crate::limiter) why: &'static str,
    /// End of the pause that was announced, until its end has been announced as well.
    pub(super) closed_until: Option<Instant>,
    /// Share of the declared rate that is in force.
    pub(super) share: f64,
    pub(super) cut: bool,
    pub(super) spread: bool,
    /// Long wait to be announced, unless one was not long ago.
    pub(super) wait: Option<LongWait>,
    /// Call to be announced that a limiter which observes would have held back.
    pub(super) held_back: Option<HeldBack>,
    /// Statements of the server that cannot be meant, to be announced.
    pub(super) odd: Oddities,
    /// Change by hand to be announced.
    pub(in crate::limiter) by_hand: Option<ByHand>,
    /// Instant of the last announcement of calls that cannot be refused.
    pub(super) stuck_at: Option<Instant>,
    /// Number of such calls to be announced.
    pub(super) stuck: usize,
    /// Number of calls in flight whose lease of a slot has ended, to be announced.
    pub(super) lost: u32,
}

/// Changes, in the order in which they are announced.
#[derive(Clone, Debug, Default)]
pub(in crate::limiter) struct News {
    pub(super) resumed: bool,
    /// Remaining time, reason, and whether it extends a pause that was announced.
    pub(super) paused: Option<(Span, &'static str, bool)>,
    pub(super) shares: Vec<ShareNews>,
    pub(super) spread: Option<(Rate, Span)>,
    pub(super) unspread: bool,
    pub(super) wait: Option<LongWait>,
    pub(super) held_back: Option<HeldBack>,
    pub(super) by_hand: Option<ByHand>,
    pub(super) odd: Oddities,
    pub(super) stuck: usize,
    pub(super) lost: u32,
}

/// Change of the part of a declared rate that is in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShareNews {
    /// Unit of the limit, where there are several.
    pub(super) unit: Option<&'static str>,
    pub(super) rate: Rate,
    pub(super) declared: Rate,
    /// Whether the rate is cut, or whole again.
    pub(super) is_cut: bool,
}

impl Announced {
    pub(in crate::limiter) const NOTHING: Self = Self {
        why: why::BY_HAND,
        closed_until: None,
        share: 1.0,
        cut: false,
        spread: false,
        wait: None,
        held_back: None,
        odd: Oddities::NONE,
        by_hand: None,
        stuck_at: None,
        stuck: 0,
        lost: 0,
    };

    /// Forgets all but the times of announcements that are made now and then.
    pub(in crate::limiter) const fn forget(&mut self) {
        *self = Self {
            closed_until: self.closed_until,
            stuck_at: self.stuck_at,
            ..Self::NOTHING
        };
    }

    /// Ends the pause that was announced.
    pub(super) fn lift(&mut self, now: Instant) {
        self.closed_until = self.closed_until.map(|ends| ends.min(now));
    }

    /// Records calls that cannot be refused, if they have to be announced.
    pub(super) fn stuck(&mut self, stuck: usize, now: Instant) {
        if self.stuck_at.is_none_or(|last| now >= last + EVERY) {
            (self.stuck_at, self.stuck) = (Some(now), stuck);
        }
    }
}

impl News {
    /// Emits the events. Not under the lock: a subscriber can call back.
    pub(in crate::limiter) fn tell(&self, limiter: &str, long_waits: &EventInterval, now: Instant) {
        match self.by_hand {
            None => {}
            Some(ByHand::Resumed) => events::resumed_by_hand(limiter),
            Some(ByHand::Reset) => events::reset(limiter),
            Some(ByHand::Closed { refused }) => events::closed(limiter, refused),
        }
        tell_odd(self.odd, limiter);
        if self.stuck > 0 {
            events::stuck(limiter, self.stuck);
        }
        if self.lost > 0 {
            events::leases_ended(limiter, self.lost);
        }
        if self.resumed {
            events::resumed(limiter);
        }
        if let Some((wait, why, extends)) = self.paused {
            let wait = wait.into();
            if extends {
                events::pause_extended(limiter, wait, why);
            } else {
                events::paused(limiter, wait, why);
            }
        }
        for of in &self.shares {
            if of.is_cut {
                events::cut(limiter, of.unit, &of.rate, &of.declared);
            } else {
                events::whole(limiter, of.unit, &of.rate);
            }
        }
        if self.unspread {
            events::unpaced(limiter);
        }
        if let Some((rate, lasts)) = self.spread {
            events::paced(limiter, &rate, lasts.into());
        }
        if let Some(call) = self.held_back {
            events::held_back(limiter, &call);
        }
        if let Some(long) = self.wait.filter(|_| long_waits.try_begin(now)) {
            events::long_wait(limiter, &long);
        }
    }
}

/// Emits the events of statements that cannot be meant.
fn tell_odd(odd: Oddities, limiter: &str) {
    if odd.contains(Oddities::ABOVE_LIMIT) {
        events::above_limit(limiter);
    }
    if odd.contains(Oddities::ZERO_LIMIT) {
        events::zero_limit(limiter);
    }
}
