//! Remote: a limit in a store. Tokens are drawn in advance, as many as callers wait for; while the store is
//! away, the policy decides.
//!
//! Takes the time as an argument and does no I/O: requests to the store are collected, and sent by the holder
//! of the limiter's lock after unlocking.

mod call_draws;
mod call_replies;
mod call_requests;
mod calls;
mod charges;
mod charging;
pub(super) mod client;
mod config;
mod confirming;
mod corrections;
mod drawn_tokens;
mod forgetting;
mod grant_log;
mod held_calls;
mod held_quotas;
mod leases;
mod outage;
mod replies;
mod requests;
mod resuming;
mod store_limits;
mod trying;
mod usage;

use std::sync::Arc;

use crate::bucket::Shape;
use crate::learning::Pace;
use crate::quota::Rate;
use crate::store::OnStoreError;
use crate::store::Request;
use crate::store::State;
use crate::store::Ticks;
use crate::time::Instant;
use crate::time::Span;

use self::call_draws::CallDraws;
pub(super) use self::call_draws::CallPayment;
pub(super) use self::call_requests::FRONT;
use self::charges::Charges;
pub(super) use self::config::RemoteConfig;
use self::drawn_tokens::DrawnTokens;
pub(super) use self::forgetting::Knowledge;
use self::held_quotas::HeldQuota;
pub(super) use self::outage::StoreEvent;
pub(super) use self::store_limits::StoreLimits;
use self::usage::Usage;

/// A token that was waited for is used only if the store has replied within this time, or within a round trip
/// if that is longer: there may have been a pause.
const FRESH: Span = Span::from_millis(5);

/// Least time from a draw that brought no token to the next draw.
const AFTER_EMPTY_DRAW: Span = Span::from_millis(1);

/// Time after which a request that was lost with its runtime is repeated.
const LOST: Span = Span::from_millis(10);

/// Time after which a store that has rejected a request is asked again.
const REJECTED: Span = Span::from_secs(1);

/// Longest wait for a late answer, for callers that would be refused without it.
const LONGEST_WAIT: Span = Span::from_secs(30);

/// Longest time between two answers over which the store's clock is compared with this process's.
const COMPARABLE: Span = Span::from_secs(60);

/// Part of this process's share of the rate that is used while the store is away.
const CAUTION: f64 = 0.9;

/// Request in flight.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "its actions can be of several kinds at once"
)]
struct InFlight {
    id: u64,
    tokens: u32,
    sent: Instant,
    /// Instant from which callers go on without the answer, where they can.
    late_at: Instant,
    /// Instant at which it is given up.
    ends: Instant,
    late: bool,
    /// Sent while others are late, to see whether the store answers again; given up when it is late.
    spare: bool,
    /// Pauses, or extends a pause.
    pauses: bool,
    /// Ends a pause.
    resumes: bool,
    /// Empties the bucket, to make up for tokens used without the store.
    drains: bool,
}

/// Request to be sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) id: u64,
    pub(super) request: Request,
    /// Time after which it is given up.
    pub(super) ends_after: Span,
}

/// Last reply of the store.
#[derive(Clone, Debug)]
struct StoreView {
    state: State,
    /// Time of the store's clock.
    now: Ticks,
    /// Instant at which it was received.
    received: Instant,
    /// Earliest instant at which the store can have sent it.
    earliest: Instant,
    /// Latest instant at which the store can have sent it.
    latest: Instant,
    /// Instant of the store's next free token; `None` if one is free now.
    next_token_at: Option<Instant>,
}

/// Condition of the store.
#[derive(Clone, Debug)]
enum Mode {
    Up,
    /// It does not answer; it is asked again at this instant.
    Away {
        probe_at: Instant,
        /// No request has failed: those in flight may still be answered.
        late: bool,
    },
    /// It rejects requests until a person mends it; it is asked again at this instant.
    Broken {
        again_at: Instant,
        why: Arc<str>,
    },
}

/// Demand of the waiters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    /// Tokens asked for by all waiters.
    pub(super) tokens: u64,
    /// Tokens asked for by the first waiter.
    pub(super) first: u32,
    /// Instant after which the first waiter has no use for tokens.
    pub(super) latest: Instant,
    /// Instant before which no waiter gives up.
    pub(super) soonest: Instant,
    /// The first waiter waits for permits of other limiters: nothing is asked for before it has them.
    pub(super) waits_elsewhere: bool,
}

/// Result of asking for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payment {
    /// It is granted and may be used until this instant.
    Until(Instant),
    /// It is not granted before this instant; [`Instant::FAR`] if it is not known when.
    At(Instant),
    /// The limiter's own bucket decides, with this shape.
    Own(Shape),
}

/// Offer of a permit, before it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// The store has handed it out.
    Held,
    /// It is not there before this instant.
    At(Instant),
    /// The store has to be asked first.
    Unknown,
    /// The limiter's own bucket decides.
    Own,
    /// Nothing holds it back.
    Open,
}

/// Expected time of a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// At this instant.
    At(Instant),
    /// With the last of so many tokens of the bucket in the store.
    Drawn(u64),
    /// With the last of so many tokens of this process's own bucket.
    Alone(u64),
    /// With the last of so many tokens of the bucket in the store, which was to be full at an instant, if
    /// the store answers late.
    Late { cost: u64, full_at: Instant },
}

/// Waiter that waits for the store's answer.
#[derive(Clone, Copy, Debug)]
struct Confirming {
    index: u32,
    /// The last request whose answer it waits for.
    last: u64,
}

#[derive(Debug)]
pub(super) struct Remote {
    config: RemoteConfig,
    mode: Mode,
    slots: DrawnTokens,
    in_flight: Vec<InFlight>,
    outgoing: Vec<Outgoing>,
    ids: u64,
    known: Option<StoreView>,
    /// Average duration of requests, zero until one has taken time.
    round_trip: Span,
    /// Decaying maximum of the duration of requests, late ones aside.
    slowest: Span,
    /// Slowly growing minimum of the duration of requests, the longest span before the first.
    fastest: Span,
    /// Instant before which nothing is drawn.
    not_before: Instant,
    /// Tokens used without the store that have not been made up for; no more than the bucket holds.
    spent: u64,
    usage: Usage,
    /// Tokens wanted by a caller that does not wait.
    wanted: u32,
    /// End of the pause that a server asked of one of this process's own calls.
    told_until: Instant,
    /// Instant at which a person ended all pauses, until the store has confirmed it.
    resumed_at: Option<Instant>,
    /// Pace of the server that the store was told.
    told_pace: Option<Pace>,
    /// Tokens of calls that were not held back.
    charges: Charges,
    event: Option<StoreEvent>,
    /// Quota that other processes hold tighter than this one.
    held_quota: HeldQuota,
    /// Draws of calls, if the limiter has several limits, or one that is settled.
    calls: Option<Box<CallDraws>>,
    /// Waiter that has the permits of other limiters, until the store has answered whether its own is still there.
    confirming: Option<Confirming>,
    /// Waiters may have to be refused.
    unsettled: bool,
    /// Period of the declared rate.
    period: Ticks,
}

impl Remote {
    pub(super) fn new(config: RemoteConfig) -> Self {
        Self {
            config,
            mode: Mode::Up,
            slots: DrawnTokens::new(),
            in_flight: Vec::new(),
            outgoing: Vec::new(),
            ids: 0,
            known: None,
            round_trip: Span::ZERO,
            slowest: Span::ZERO,
            fastest: Span::LONGEST,
            not_before: Instant::EPOCH,
            spent: 0,
            usage: Usage::of_processes(config.processes),
            wanted: 0,
            told_until: Instant::EPOCH,
            resumed_at: None,
            told_pace: None,
            charges: Charges::default(),
            event: None,
            held_quota: HeldQuota::NONE,
            calls: None,
            confirming: None,
            unsettled: false,
            period: Ticks::SECOND,
        }
    }

    /// Follows the period of the declared rate.
    pub(super) fn set_period(&mut self, rate: Rate) {
        self.period = Ticks::from_span_up(rate.period());
    }

    /// Asks for `cost` tokens at `now`.
    pub(super) fn pay(&mut self, cost: u32, shape: Shape, now: Instant) -> Payment {
        self.give_up(now);
        match self.slots.ready_at(cost, now) {
            // There may have been a pause since the last reply: the store is asked first.
            Some(due) if due <= now && self.can_be_asked(now) && !self.is_fresh(now) => {
                return Payment::At(Instant::FAR);
            }
            Some(due) if due <= now => return Payment::Until(self.slots.remove(cost)),
            Some(due) => return Payment::At(due),
            None => {}
        }
        match self.offer_without_store(now) {
            Offer::Own => Payment::Own(self.own_for(cost, shape)),
            Offer::Open => {
                self.spend(cost, shape);
                Payment::Until(Instant::FAR)
            }
            Offer::Held | Offer::At(_) | Offer::Unknown => Payment::At(Instant::FAR),
        }
    }

    /// Returns whether the store is asked for permits.
    fn can_be_asked(&self, now: Instant) -> bool {
        match self.mode {
            Mode::Up => true,
            Mode::Broken { again_at, .. } => now >= again_at,
            Mode::Away { .. } => false,
        }
    }

    /// Returns what there is for a permit for which the store has handed out nothing.
    fn offer_without_store(&self, now: Instant) -> Offer {
        match (&self.mode, self.config.on_error) {
            (Mode::Away { .. }, OnStoreError::Local) => Offer::Own,
            // For callers that cannot be refused.
            (Mode::Broken { again_at, .. }, _) if now < *again_at => Offer::Own,
            (Mode::Away { .. }, OnStoreError::Open) => Offer::Open,
            _ => Offer::Unknown,
        }
    }

    /// Returns where the last of `cost` tokens comes from, and when, as far as is known.
    pub(super) fn due(&self, cost: u64, now: Instant) -> Due {
        if let Some(due) = self.slots.due(cost) {
            return Due::At(due.max(now));
        }
        let cost = cost.saturating_sub(self.slots.count());
        match (&self.mode, self.config.on_error, &self.known) {
            (Mode::Away { .. }, OnStoreError::Local, _) if !self.is_awaited() => Due::Alone(cost),
            (Mode::Up, _, Some(known)) => match self.beyond_requests(known, cost) {
                0 => Due::At(now),
                cost => Due::Drawn(cost),
            },
            // A caller that a late answer can serve in time is not refused.
            (Mode::Away { .. }, OnStoreError::Local | OnStoreError::Closed, Some(known)) => {
                let full_at = known.local(known.state.rows[0].full_at);
                match self.beyond_requests(known, cost.saturating_add(self.spent)) {
                    0 => Due::At(now),
                    cost => Due::Late { cost, full_at },
                }
            }
            _ => Due::At(now),
        }
    }

    /// Returns the part of `cost` that requests in flight do not bring. The state that is `known` may already
    /// lack the tokens of requests sent before it was received: their answers can come at any time.
    fn beyond_requests(&self, known: &StoreView, cost: u64) -> u64 {
        let sent = self
            .in_flight
            .iter()
            .filter(|flight| flight.sent < known.received);
        let under_way: u64 = sent.map(|flight| u64::from(flight.tokens)).sum();
        cost.saturating_sub(under_way)
    }

    /// Returns whether the store has handed out this many tokens that are not used yet.
    pub(super) const fn holds(&self, tokens: u64) -> bool {
        self.slots.count() >= tokens
    }

    /// Returns the tokens that can be used at once.
    pub(super) fn usable(&self, now: Instant) -> u64 {
        self.slots.usable(now)
    }

    pub(super) fn put_back(&mut self, cost: u32, until: Instant, now: Instant) {
        self.slots.put_back(cost, until, now);
    }

    /// Records the tokens that a caller which does not wait wants.
    pub(super) fn want(&mut self, cost: u32) {
        self.wanted = self.wanted.max(cost);
    }

    /// Records tokens used without the store.
    pub(super) fn spend(&mut self, cost: u32, shape: Shape) {
        let most = shape.capacity / shape.interval;
        self.spent = self.spent.saturating_add(u64::from(cost)).min(most);
    }

    /// Records that some of them were not used.
    pub(super) fn unspend(&mut self, tokens: u64) {
        self.spent = self.spent.saturating_sub(tokens);
    }

    /// Returns the shape of this process's own bucket while the store is away: its share of the rate, and a
    /// burst of 1.
    pub(super) fn own(&self, shape: Shape) -> Shape {
        let slower = shape.interval.to_f64() / (self.usage.value() * CAUTION);
        let interval = Span::from_f64(slower.ceil());
        Shape {
            interval,
            capacity: interval,
        }
    }

    /// Returns the same shape with room for the `cost` tokens of a call.
    fn own_for(&self, cost: u32, shape: Shape) -> Shape {
        let own = self.own(shape);
        Shape {
            capacity: own.price(u64::from(cost)),
            ..own
        }
    }

    /// Returns whether the last reply counts as current at `instant`. A request that is sent a round trip before
    /// the reply is needed brings it in time.
    fn is_fresh(&self, instant: Instant) -> bool {
        let lasts = FRESH.max(self.slowest);
        self.known
            .as_ref()
            .is_some_and(|known| instant <= known.received.after(lasts))
    }

    /// Returns when the last reply was received.
    fn heard_at(&self) -> Option<Instant> {
        self.known.as_ref().map(|known| known.received)
    }
}
