//! Where the permits of a limiter come from that shares its limit through a store: tokens drawn in
//! advance, just as many as are waited for, and what happens while the store is away.
//!
//! Takes the time as an argument and does no I/O: what is to be sent to the store is put among the
//! orders, and whoever holds the limiter's lock carries them out after releasing it.

pub(super) mod client;
mod config;
mod outage;
mod replies;
mod requests;
mod resuming;
mod slots;
mod usage;

use std::sync::Arc;

use crate::bucket::Shape;
use crate::store::OnStoreError;
use crate::store::Request;
use crate::store::State;

pub(super) use self::config::RemoteConfig;
pub(super) use self::outage::StoreEvent;
use self::slots::Slots;
use self::usage::Usage;

/// A token that has been waited for is used only if the store has been heard of within this time, or
/// within a round trip if that is longer: there may have been a pause.
const FRESH: u64 = 5_000_000;

/// Least time from a draw that brought no token to the next draw.
const AFTER_EMPTY_DRAW: u64 = 1_000_000;

/// A request was lost with its runtime; another one is sent after this time.
const LOST: u64 = 10_000_000;

/// A store that has rejected a request is asked again after this time.
const REJECTED: u64 = 1_000_000_000;

/// Longest time that a late answer is waited for, by callers that would be refused without it.
const PATIENCE: u64 = 30_000_000_000;

/// Longest time between two answers over which the store's clock is compared with this process's.
const COMPARABLE: u64 = 60_000_000_000;

/// What is used of this process's share of the rate while the store is away.
const CAUTION: f64 = 0.9;

/// What a request is about, where its answer is looked at for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Pause,
    Resume,
    Else,
}

/// A request on its way.
#[derive(Clone, Copy, Debug)]
struct InFlight {
    id: u64,
    tokens: u32,
    sent: u64,
    /// Instant from which callers go on without the answer, where they can.
    late_at: u64,
    /// Instant at which it is given up.
    ends: u64,
    late: bool,
    /// Sent while others are late, to see whether the store answers again; given up when it is late.
    spare: bool,
    about: About,
    /// Empties the bucket, to make up for tokens used without the store.
    drains: bool,
}

/// A request to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outgoing {
    pub(super) id: u64,
    pub(super) request: Request,
    /// Nanoseconds after which it is given up.
    pub(super) patience: u64,
}

/// What the store said last.
#[derive(Clone, Copy, Debug)]
struct StoreView {
    state: State,
    /// The store's time then.
    now: u64,
    /// When it was received.
    received: u64,
    /// Earliest instant at which it can have said so.
    earliest: u64,
    /// Latest instant at which it can have said so.
    latest: u64,
    /// Instant of the store's next free token; 0 if one is free now.
    next_token_at: u64,
}

/// How the store is doing.
#[derive(Clone, Debug)]
enum Mode {
    Up,
    /// It does not answer; it is asked again at this instant.
    Away {
        probe_at: u64,
        /// No request has failed: those under way may still be answered.
        late: bool,
    },
    /// It will not do what it is asked until somebody mends it; it is asked again at this instant.
    Broken {
        again_at: u64,
        why: Arc<str>,
    },
}

/// Who waits, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    /// Tokens asked for by all who wait.
    pub(super) tokens: u64,
    /// Tokens asked for by the first of them.
    pub(super) first: u32,
    /// The first of them has no use for any after this.
    pub(super) latest: u64,
    /// Instant before which none of them gives up.
    pub(super) soonest: u64,
}

/// What came of asking for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payment {
    /// It is granted and may be used until this instant.
    Until(u64),
    /// Not before this instant; later if it is not known when.
    At(u64),
    /// The limiter's own bucket decides, with this shape.
    Own(Shape),
}

/// When a permit can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// At this instant.
    At(u64),
    /// With the last of so many tokens of the bucket in the store.
    Drawn(u64),
    /// With the last of so many tokens of this process's own bucket.
    Alone(u64),
    /// With the last of so many tokens of the bucket in the store, which was to be full at an instant, if
    /// the store answers late.
    Late { cost: u64, full_at: u64 },
}

#[derive(Debug)]
pub(super) struct Remote {
    config: RemoteConfig,
    mode: Mode,
    slots: Slots,
    in_flight: Vec<InFlight>,
    outgoing: Vec<Outgoing>,
    ids: u64,
    known: Option<StoreView>,
    /// How long requests take, on average.
    round_trip: u64,
    /// How long the slowest of the last ones took, late ones aside.
    slowest: u64,
    /// How long the fastest of the last ones took.
    fastest: u64,
    /// No draw before this.
    not_before: u64,
    /// Tokens used without the store that have not been made up for; no more than the bucket holds.
    spent: u64,
    usage: Usage,
    /// Tokens wanted by somebody who does not wait.
    wanted: u32,
    /// Until when a server wants no calls, as one of this process's own calls was told.
    told_until: u64,
    /// When a person ended all pauses, as long as the store has not confirmed it.
    resumed_at: Option<u64>,
    /// What the store was told of a server's pace.
    told_pace: Option<(u64, u64)>,
    event: Option<StoreEvent>,
    /// Waiters may have to be refused.
    unsettled: bool,
}

impl Remote {
    pub(super) fn new(config: RemoteConfig) -> Self {
        Self {
            config,
            mode: Mode::Up,
            slots: Slots::new(),
            in_flight: Vec::new(),
            outgoing: Vec::new(),
            ids: 0,
            known: None,
            round_trip: 0,
            slowest: 0,
            fastest: u64::MAX,
            not_before: 0,
            spent: 0,
            usage: Usage::of_processes(config.processes),
            wanted: 0,
            told_until: 0,
            resumed_at: None,
            told_pace: None,
            event: None,
            unsettled: false,
        }
    }

    /// Asks for `cost` tokens at `now`.
    pub(super) fn pay(&mut self, cost: u32, shape: Shape, now: u64) -> Payment {
        self.give_up(now);
        let can_be_asked = match self.mode {
            Mode::Up => true,
            Mode::Broken { again_at, .. } => now >= again_at,
            Mode::Away { .. } => false,
        };
        match self.slots.ready_at(cost, now) {
            // There may have been a pause since: first the store is asked.
            Some(due) if due <= now && can_be_asked && now > self.fresh_until() => {
                return Payment::At(u64::MAX);
            }
            Some(due) if due <= now => return Payment::Until(self.slots.remove(cost)),
            Some(due) => return Payment::At(due),
            None => {}
        }
        match (&self.mode, self.config.on_error) {
            (Mode::Away { .. }, OnStoreError::Local) => Payment::Own(self.own_for(cost, shape)),
            // For those who cannot be refused.
            (Mode::Broken { again_at, .. }, _) if now < *again_at => {
                Payment::Own(self.own_for(cost, shape))
            }
            (Mode::Away { .. }, OnStoreError::Open) => {
                self.spend(cost, shape);
                Payment::Until(u64::MAX)
            }
            _ => Payment::At(u64::MAX),
        }
    }

    /// Where the last of `cost` tokens comes from, and when, as far as anybody knows.
    pub(super) fn due(&self, cost: u64, now: u64) -> Due {
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
                let full_at = known.local(known.state.full_at[0]);
                match self.beyond_requests(known, cost.saturating_add(self.spent)) {
                    0 => Due::At(now),
                    cost => Due::Late { cost, full_at },
                }
            }
            _ => Due::At(now),
        }
    }

    /// Returns the part of `cost` that requests under way do not bring. The state that is `known` may already
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

    /// Tokens that can be used at once.
    pub(super) fn usable(&self, now: u64) -> u64 {
        self.slots.usable(now)
    }

    pub(super) fn put_back(&mut self, cost: u32, until: u64, now: u64) {
        self.slots.put_back(cost, until, now);
    }

    /// Somebody wants tokens who does not wait for them.
    pub(super) fn want(&mut self, cost: u32) {
        self.wanted = self.wanted.max(cost);
    }

    /// Takes note of tokens used without the store.
    pub(super) fn spend(&mut self, cost: u32, shape: Shape) {
        let most = shape.capacity / shape.interval;
        self.spent = self.spent.saturating_add(u64::from(cost)).min(most);
    }

    /// Takes note that some of them were not used.
    pub(super) fn unspend(&mut self, tokens: u64) {
        self.spent = self.spent.saturating_sub(tokens);
    }

    /// The limiter's own bucket while the store is away: this process's share, nothing saved up.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an interval is below 2^52 ns, a share at least a thousandth"
    )]
    pub(super) fn own(&self, shape: Shape) -> Shape {
        let interval = (shape.interval as f64 / (self.usage.value() * CAUTION)).ceil() as u64;
        Shape {
            interval,
            capacity: interval,
        }
    }

    /// The same for a call that takes `cost` tokens: all of them once nothing is owed for the calls before.
    fn own_for(&self, cost: u32, shape: Shape) -> Shape {
        let own = self.own(shape);
        Shape {
            capacity: own.price(u64::from(cost)),
            ..own
        }
    }

    /// Until when what the store said last is taken to be so. News that are asked for a round trip
    /// before they are needed arrive in time.
    fn fresh_until(&self) -> u64 {
        self.known.map_or(0, |known| {
            known.received.saturating_add(FRESH.max(self.slowest))
        })
    }
}
