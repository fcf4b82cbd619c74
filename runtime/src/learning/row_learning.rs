//! What a row learns from responses: how much of a server's window is left for it, or what the server's bucket holds.
//!
//! It only ever tightens: the row's own bucket stays as it was declared, and a call waits for both.

use crate::bucket::Bucket;
use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

use super::gate::Gate;
use super::gate::GateKind;
use super::gate::Spread;
use super::gate::bucket;
use super::gate::float;
use super::routing::Routes;
use super::spoken::Spoken;
use super::window::ResetMeaning;
use super::window::Statement;
use super::window::TrackedWindow;
use super::windows::DeclaredBucket;
use super::windows::MOST;
use super::windows::Observation;
use super::windows::Pace;
use super::windows::bounded;
use super::windows::whole;

/// State of what a row has learnt. Empty, and without memory of its own, until a response told of a window that is
/// about the row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowLearning {
    windows: Vec<RowWindow>,
}

/// One window, by its name.
#[derive(Clone, Debug, PartialEq)]
struct RowWindow {
    name: Box<str>,
    /// `None`: the server does not tell its limit or its reset.
    tracked: Option<TrackedWindow>,
    gate: Option<Gate>,
    /// Instant at which the newest call about this window was sent.
    sent: Instant,
}

/// State of a row as a response finds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowState {
    /// Shape of the declared bucket.
    pub(crate) declared: Shape,
    /// Whole tokens in the declared bucket, if they are this process's alone.
    pub(crate) left: Option<u64>,
    /// Tokens that the answered attempt took from the row.
    pub(crate) cost: u64,
    /// Tokens that were taken from the row after that attempt took its own.
    pub(crate) taken_since: u64,
}

/// Consequences of a hint for a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowAssessment {
    /// Instant until which nothing is left of a window, if one is exhausted.
    pub(crate) closed_until: Option<Instant>,
    /// Whether so little is left that it is spread, or that the server's bucket sets the pace.
    pub(crate) scarce: bool,
}

impl RowState {
    /// Returns the declared bucket, where its state is known.
    fn own(&self) -> Option<DeclaredBucket> {
        let burst = self.declared.capacity / self.declared.interval.max(Span::SHORTEST);
        Some(DeclaredBucket {
            burst: u32::try_from(burst).unwrap_or(u32::MAX),
            left: self.left?,
        })
    }
}

impl RowLearning {
    /// State of a row that has learnt nothing.
    pub(crate) const NOTHING: Self = Self {
        windows: Vec::new(),
    };

    /// Returns whether nothing restricts the row beyond its own bucket.
    pub(crate) fn is_nothing(&self) -> bool {
        self.gates().next().is_none()
    }

    /// Records the windows of a response that are about `row`, which this is. Returns their consequences.
    pub(crate) fn hear(
        &mut self,
        routes: &Routes<'_>,
        row: usize,
        heard: &Observation<'_>,
        state: &RowState,
    ) -> RowAssessment {
        let mut assessment = RowAssessment::default();
        let several = routes.of_row(row).nth(1).is_some();
        let known = RowState {
            // With several windows it is not known which of them the declared bucket is about.
            left: state.left.filter(|_| !several),
            ..*state
        };
        for spoken in routes.of_row(row) {
            if let Some(gate) = self.hear_of(spoken, heard, &known) {
                let closed = gate.is_closed().then_some(gate.until);
                assessment.closed_until = assessment.closed_until.max(closed);
                assessment.scarce |= gate.pace().is_some();
            }
        }
        assessment
    }

    /// Returns the earliest instant, from `now` on, at which `cost` tokens can be taken after `ahead` others: those of
    /// waiters ahead. A cost of zero waits for nothing.
    pub(crate) fn earliest(&self, ahead: u64, cost: u64, now: Instant) -> Instant {
        let all = self.gates().map(|gate| gate.earliest(ahead, cost, now));
        all.max().unwrap_or(now)
    }

    /// Records that tokens are taken from the row at `now`: those of an attempt, or those that it used beyond its cost.
    pub(crate) fn take(&mut self, tokens: u64, now: Instant) {
        for window in &mut self.windows {
            if let Some(gate) = &mut window.gate {
                gate.take(tokens, now);
            }
        }
    }

    /// Records that tokens were taken and that no attempt was sent with them.
    pub(crate) fn give_back(&mut self, tokens: u64) {
        for window in &mut self.windows {
            if let Some(gate) = &mut window.gate {
                gate.give_back(tokens);
            }
        }
    }

    /// Returns the number of whole tokens that the server has for the row. `None` if it is not known.
    pub(crate) fn available(&self, now: Instant) -> Option<u64> {
        self.gates().map(|gate| gate.available(now)).min()
    }

    /// Returns the instant until which nothing is left for the row, if a window is exhausted.
    pub(crate) fn closed_until(&self) -> Option<Instant> {
        let closed = self.gates().filter(|gate| gate.is_closed());
        closed.map(|gate| gate.until).max()
    }

    /// Returns the pace in force: the slowest one of all windows.
    pub(crate) fn pace(&self) -> Option<Pace> {
        let paces = self.gates().filter_map(Gate::pace);
        paces.max_by_key(|pace| pace.interval)
    }

    /// Returns the declared bucket at the pace in force: as many tokens, and the time between them that the pace asks
    /// for.
    pub(crate) fn tighten(&self, declared: Shape) -> Shape {
        match self.pace() {
            Some(pace) if pace.interval > declared.interval => {
                let tokens = declared.capacity / declared.interval.max(Span::SHORTEST);
                let capacity = pace.interval.times(tokens).min(crate::bucket::MAX_CAPACITY);
                Shape {
                    interval: pace.interval,
                    capacity: capacity.max(pace.interval),
                }
            }
            _ => declared,
        }
    }

    /// Removes the restrictions that have ended. Returns whether there were any.
    pub(crate) fn age(&mut self, now: Instant) -> bool {
        let ended = |window: &mut RowWindow| {
            let ended = window.gate.take_if(|gate| gate.ends_at() <= now);
            ended.is_some()
        };
        self.windows
            .iter_mut()
            .fold(false, |any, window| ended(window) | any)
    }

    /// Returns the instant at which the next restriction ends.
    pub(crate) fn ages_at(&self) -> Option<Instant> {
        self.gates().map(Gate::ends_at).min()
    }

    /// Removes the windows whose kind is only a guess: a refusal has shown that they were wrong.
    pub(crate) fn doubt(&mut self) {
        let is_proven = |window: &TrackedWindow| window.is_proven();
        self.windows
            .retain(|window| window.tracked.as_ref().is_some_and(is_proven));
    }

    fn gates(&self) -> impl Iterator<Item = &Gate> {
        self.windows
            .iter()
            .filter_map(|window| window.gate.as_ref())
    }

    /// Records one window. Returns its restriction, if there is one.
    fn hear_of(
        &mut self,
        spoken: &Spoken<'_>,
        heard: &Observation<'_>,
        state: &RowState,
    ) -> Option<Gate> {
        let remaining = spoken.remaining?;
        let reset = spoken.reset.map(bounded);
        let window = match (reset, spoken.limit) {
            // A window that ends now says nothing about what follows.
            (Some(Span::ZERO), _) => return None,
            (Some(_), Some(limit)) if limit < 1.0 => return None,
            (Some(reset), Some(limit)) => {
                let told = Statement {
                    limit,
                    remaining,
                    reset,
                    sent: heard.sent,
                    received: heard.received,
                };
                let window = self.find(spoken.name, heard.sent);
                window.follow(&told, heard, state)?;
                window
            }
            (Some(reset), None) => {
                let window = self.find(spoken.name, heard.sent);
                let left = remaining - float(state.taken_since);
                let until = heard.believed(heard.received.after(reset));
                window.keep(rest(left, until, None), heard);
                window
            }
            (None, limit) => {
                let window = self.find(spoken.name, heard.sent);
                window.keep(drained(limit, remaining, heard, state), heard);
                window
            }
        };
        window.gate
    }

    /// Returns the window of this name, and adds it if it is new.
    fn find(&mut self, name: &str, sent: Instant) -> &mut RowWindow {
        let known = self.windows.iter().position(|it| *it.name == *name);
        let at = known.unwrap_or_else(|| {
            if self.windows.len() == MOST {
                let oldest = (0..MOST).min_by_key(|&at| self.windows[at].sent);
                self.windows.swap_remove(oldest.unwrap_or_default());
            }
            self.windows.push(RowWindow {
                name: name.into(),
                tracked: None,
                gate: None,
                sent,
            });
            self.windows.len() - 1
        });
        &mut self.windows[at]
    }
}

impl RowWindow {
    /// Replaces the restriction by that of a newer response. An older one only tightens it.
    fn keep(&mut self, gate: Gate, heard: &Observation<'_>) {
        let is_older = heard.sent < self.sent;
        self.sent = self.sent.max(heard.sent);
        match (&mut self.gate, gate.kind) {
            (
                Some(Gate {
                    kind: GateKind::Rest { left, .. },
                    ..
                }),
                GateKind::Rest { left: older, .. },
            ) if is_older => *left = left.min(older),
            (Some(_), _) if is_older => {}
            (known, _) => *known = Some(gate),
        }
    }

    /// Records a response, and what follows from it. `None` if it is about a window that is over.
    fn follow(
        &mut self,
        told: &Statement,
        heard: &Observation<'_>,
        state: &RowState,
    ) -> Option<()> {
        match &mut self.tracked {
            Some(window) if window.is_of(told.limit) => {
                if !window.hear(told) {
                    return None;
                }
            }
            new => *new = Some(TrackedWindow::new(told)),
        }
        let window = self.tracked?;
        let ends = window.kind() == ResetMeaning::Renews && window.is_proven();
        if !ends && state.own().is_some_and(|own| own.explains(told)) {
            self.gate = None;
            return Some(());
        }
        let scarce = told.remaining < told.limit * heard.below;
        if window.kind() == ResetMeaning::Refills {
            let interval = whole(window.interval().ceil());
            let used = told.limit - told.remaining + float(state.taken_since);
            let bucket = bucket(told.limit, used, interval, told.sent);
            let kind = GateKind::Bucket {
                bucket,
                scarce: scarce && interval > state.declared.interval,
            };
            let until = heard.believed(Instant::FAR);
            self.keep(Gate { until, kind }, heard);
            return Some(());
        }
        // Calls that are sent after the end tell about the next window.
        if window.ends() <= heard.received {
            self.gate = None;
            return Some(());
        }
        let until = heard.believed(window.ends());
        let left = window
            .remaining()
            .min(told.remaining - float(state.taken_since));
        let spread = scarce.then(|| spread(told, until, state)).flatten();
        self.keep(rest(left, until, spread), heard);
        Some(())
    }
}

const fn rest(left: f64, until: Instant, spread: Option<Spread>) -> Gate {
    let kind = GateKind::Rest { left, spread };
    Gate { until, kind }
}

/// Returns the distances by which calls like the answered one use up the rest of a window until its end. `None` if the
/// declared rate is slower. The last call comes one distance before the end.
fn spread(told: &Statement, until: Instant, state: &RowState) -> Option<Spread> {
    let cost = state.cost.max(1);
    let tokens = told.remaining + float(cost);
    let interval = whole((until.since(told.sent).to_f64() / tokens).ceil());
    let spread = Spread {
        interval,
        next: told.sent,
    };
    let taken = spread.price(cost.saturating_add(state.taken_since));
    (interval > state.declared.interval).then_some(Spread {
        next: told.sent.after(taken),
        ..spread
    })
}

/// Returns the restriction by a rest without a reset. The server's bucket is taken to fill at the row's own rate, which
/// a user declares by the server's.
fn drained(limit: Option<f64>, remaining: f64, heard: &Observation<'_>, state: &RowState) -> Gate {
    let Shape { interval, capacity } = state.declared;
    let interval = interval.max(Span::SHORTEST);
    let limit = limit.unwrap_or_else(|| float(capacity / interval).max(remaining));
    let used = limit - remaining + float(state.taken_since);
    let bucket: Bucket = bucket(limit, used, interval, heard.sent);
    let kind = GateKind::Bucket {
        bucket,
        scarce: false,
    };
    let until = heard.believed(Instant::FAR);
    Gate { until, kind }
}

#[cfg(test)]
mod tests;
