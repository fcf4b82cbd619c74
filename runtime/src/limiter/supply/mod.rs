//! Where the permits of a limiter come from that shares its limit through a store: tokens drawn in
//! advance, just as many as are waited for, and what happens while the store is away.
//!
//! Takes the time as an argument and does no I/O: what is to be sent to the store is put among the
//! orders, and whoever holds the limiter's lock carries them out after releasing it.

mod answers;
mod orders;
mod share;
mod slots;
mod terms;

use std::sync::Arc;

use crate::bucket::Shape;
use crate::store::OnStoreError;
use crate::store::Request;
use crate::store::State;
use crate::store::StoreError;

pub(super) use self::answers::News;
use self::share::Share;
use self::slots::Slots;
pub(super) use self::terms::Terms;

/// A token that has been waited for is used only if the store has been heard of within this time, or
/// within a round trip if that is longer: there may have been a pause.
const FRESH: u64 = 5_000_000;

/// A request was lost with its runtime; another one is sent after this time.
const LOST: u64 = 10_000_000;

/// A store that has rejected a request is asked again after this time.
const REJECTED: u64 = 1_000_000_000;

/// What is used of this process's share of the rate while the store is away.
const CAUTION: f64 = 0.9;

/// A request on its way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    id: u64,
    tokens: u32,
    sent: u64,
    ends: u64,
}

/// A request to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) request: Request,
}

/// What the store said last.
#[derive(Clone, Copy, Debug)]
struct Known {
    state: State,
    /// The store's time then.
    now: u64,
    /// When it was received.
    received: u64,
}

/// How the store is doing.
#[derive(Clone, Debug)]
enum Mode {
    Up,
    /// It does not answer; it is asked again at this instant.
    Away {
        probe_at: u64,
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
}

/// What came of asking for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supplied {
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
}

#[derive(Debug)]
pub(super) struct Supply {
    terms: Terms,
    mode: Mode,
    slots: Slots,
    flights: Vec<Flight>,
    orders: Vec<Order>,
    ids: u64,
    known: Option<Known>,
    /// How long requests take, on average.
    round_trip: u64,
    /// How long the slowest of the last ones took.
    slowest: u64,
    /// No draw before this.
    not_before: u64,
    /// The next draw has to make up for what was sent while the store was away.
    drain: bool,
    share: Share,
    /// Tokens wanted by somebody who does not wait.
    wanted: u32,
    /// Until when a server wants no calls, as one of this process's own calls was told.
    told_until: u64,
    /// What the store was told of a server's pace.
    told_pace: Option<(u64, u64)>,
    news: Option<News>,
}

impl Supply {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            mode: Mode::Up,
            slots: Slots::new(),
            flights: Vec::new(),
            orders: Vec::new(),
            ids: 0,
            known: None,
            round_trip: 0,
            slowest: 0,
            not_before: 0,
            drain: false,
            share: Share::of_processes(terms.processes),
            wanted: 0,
            told_until: 0,
            told_pace: None,
            news: None,
        }
    }

    /// Asks for `cost` tokens at `now`.
    pub(super) fn pay(&mut self, cost: u32, shape: Shape, now: u64) -> Supplied {
        let can_be_asked = match self.mode {
            Mode::Up => true,
            Mode::Broken { again_at, .. } => now >= again_at,
            Mode::Away { .. } => false,
        };
        match self.slots.ready_at(cost, now) {
            // There may have been a pause since: first the store is asked.
            Some(due) if due <= now && can_be_asked && now > self.fresh_until() => {
                return Supplied::At(u64::MAX);
            }
            Some(due) if due <= now => return Supplied::Until(self.slots.remove(cost)),
            Some(due) => return Supplied::At(due),
            None => {}
        }
        match (&self.mode, self.terms.on_error) {
            (Mode::Away { .. }, OnStoreError::Local) => Supplied::Own(self.own(shape)),
            // For those who cannot be refused.
            (Mode::Broken { again_at, .. }, _) if now < *again_at => Supplied::Own(self.own(shape)),
            (Mode::Away { .. }, OnStoreError::Open) => Supplied::Until(u64::MAX),
            _ => Supplied::At(u64::MAX),
        }
    }

    /// Why nobody is served at all, if that is so: then nobody waits.
    pub(super) fn refusal(&self, now: u64) -> Option<Arc<str>> {
        match &self.mode {
            Mode::Broken { again_at, why } if now < *again_at => Some(Arc::clone(why)),
            Mode::Away { probe_at } if self.terms.on_error == OnStoreError::Closed => {
                let asked = !self.flights.is_empty() || now >= *probe_at;
                (!asked).then(|| Arc::from("the store cannot be reached"))
            }
            _ => None,
        }
    }

    /// Where the last of `cost` tokens comes from, and when, as far as anybody knows.
    pub(super) fn due(&self, cost: u64, now: u64) -> Due {
        if let Some(due) = self.slots.due(cost) {
            return Due::At(due.max(now));
        }
        let cost = cost.saturating_sub(self.slots.count());
        match (&self.mode, self.terms.on_error) {
            (Mode::Away { .. }, OnStoreError::Local) => Due::Alone(cost),
            (Mode::Up, _) if self.known.is_some() => Due::Drawn(cost),
            _ => Due::At(now),
        }
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

    /// The limiter's own bucket while the store is away: this process's share, nothing saved up.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an interval is below 2^52 ns, a share at least a thousandth"
    )]
    pub(super) fn own(&self, shape: Shape) -> Shape {
        let interval = (shape.interval as f64 / (self.share.value() * CAUTION)).ceil() as u64;
        Shape {
            interval,
            capacity: interval,
        }
    }

    /// Until when what the store said last is taken to be so. News that are asked for a round trip
    /// before they are needed arrive in time.
    fn fresh_until(&self) -> u64 {
        self.known.map_or(0, |known| {
            known.received.saturating_add(FRESH.max(self.slowest))
        })
    }

    fn fail(&mut self, why: &StoreError, now: u64) {
        let probe_at = now.saturating_add(self.terms.probe_every);
        if why.is_rejected() {
            let again_at = now.saturating_add(REJECTED);
            let why: Arc<str> = why.to_string().into();
            let known = matches!(&self.mode, Mode::Broken { why: known, .. } if *known == why);
            if !known {
                self.news = Some(News::Rejected(Arc::clone(&why)));
            }
            self.mode = Mode::Broken { again_at, why };
            return;
        }
        if matches!(self.mode, Mode::Up) {
            self.news = Some(News::Away(why.to_string().into()));
        }
        if !matches!(self.mode, Mode::Broken { .. }) {
            self.mode = Mode::Away { probe_at };
        }
    }
}
