//! Lessons of a row from responses: how much of a server's window is left for it, or what the server's bucket holds.
//!
//! It only ever tightens: the row's own bucket stays as it was declared, and a call waits for both.

use crate::bucket::Shape;
use crate::time::Instant;
use crate::time::Span;

use super::restriction::Restriction;
use super::restriction::float;
use super::routing::Routes;
use super::row_window::RowUse;
use super::row_window::RowWindow;
use super::row_window::drained;
use super::row_window::rest;
use super::spoken::Spoken;
use super::window::Statement;
use super::window::TrackedWindow;
use super::windows::MOST;
use super::windows::Observation;
use super::windows::Pace;
use super::windows::bounded;

/// State of what a row has learnt. Empty, and without memory of its own, until a response told of a window that is
/// about the row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowLearning {
    windows: Vec<RowWindow>,
}

/// Consequences of a hint for a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowAssessment {
    /// Instant until which nothing is left of a window, if one is exhausted.
    pub(crate) closed_until: Option<Instant>,
    /// Whether so little is left that it is spread, or that the server's bucket sets the pace.
    pub(crate) scarce: bool,
}

impl RowLearning {
    /// State of a row that has learnt nothing.
    pub(crate) const NOTHING: Self = Self {
        windows: Vec::new(),
    };

    /// Records the windows of a response that are about `row`, which this is. Returns their consequences.
    pub(crate) fn hear(
        &mut self,
        routes: &Routes<'_>,
        row: usize,
        heard: &Observation<'_>,
        used: &RowUse,
    ) -> RowAssessment {
        let mut assessment = RowAssessment::default();
        let several = routes.of_row(row).nth(1).is_some();
        let known = RowUse {
            // With several windows it is not known which of them the declared bucket is about.
            left: used.left.filter(|_| !several),
            ..*used
        };
        for spoken in routes.of_row(row) {
            if let Some(restriction) = self.hear_of(spoken, heard, &known) {
                let closed = restriction.is_closed().then_some(restriction.until);
                assessment.closed_until = assessment.closed_until.max(closed);
                assessment.scarce |= restriction.pace().is_some();
            }
        }
        assessment
    }

    /// Returns the earliest instant, from `now` on, at which `cost` tokens can be taken after `ahead` others: those of
    /// waiters ahead. A cost of zero waits for nothing.
    pub(crate) fn earliest(&self, ahead: u64, cost: u64, now: Instant) -> Instant {
        let all = self.restrictions().map(|it| it.earliest(ahead, cost, now));
        all.max().unwrap_or(now)
    }

    /// Records that tokens are taken from the row at `now`: those of an attempt, or those that it used beyond its cost.
    pub(crate) fn take(&mut self, tokens: u64, now: Instant) {
        for window in &mut self.windows {
            if let Some(restriction) = &mut window.restriction {
                restriction.take(tokens, now);
            }
        }
    }

    /// Records that tokens were taken and that no attempt was sent with them.
    pub(crate) fn give_back(&mut self, tokens: u64) {
        for window in &mut self.windows {
            if let Some(restriction) = &mut window.restriction {
                restriction.give_back(tokens);
            }
        }
    }

    /// Returns the number of whole tokens that the server has for the row. `None` if it is not known.
    pub(crate) fn available(&self, now: Instant) -> Option<u64> {
        self.restrictions().map(|it| it.available(now)).min()
    }

    /// Returns the instant until which nothing is left for the row, if a window is exhausted.
    pub(crate) fn closed_until(&self) -> Option<Instant> {
        let closed = self.restrictions().filter(|it| it.is_closed());
        closed.map(|it| it.until).max()
    }

    /// Returns the pace in force: the slowest one of all windows.
    pub(crate) fn pace(&self) -> Option<Pace> {
        let paces = self.restrictions().filter_map(Restriction::pace);
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
            let ended = window.restriction.take_if(|it| it.ends_at() <= now);
            ended.is_some()
        };
        self.windows
            .iter_mut()
            .fold(false, |any, window| ended(window) | any)
    }

    /// Returns the instant at which the next restriction ends.
    pub(crate) fn ages_at(&self) -> Option<Instant> {
        self.restrictions().map(Restriction::ends_at).min()
    }

    /// Removes the windows whose kind is only a guess: a refusal has shown that they were wrong.
    pub(crate) fn doubt(&mut self) {
        let is_proven = |window: &TrackedWindow| window.is_proven();
        self.windows
            .retain(|window| window.tracked.as_ref().is_some_and(is_proven));
    }

    fn restrictions(&self) -> impl Iterator<Item = &Restriction> {
        self.windows
            .iter()
            .filter_map(|window| window.restriction.as_ref())
    }

    /// Records one window. Returns its restriction, if there is one.
    fn hear_of(
        &mut self,
        spoken: &Spoken<'_>,
        heard: &Observation<'_>,
        used: &RowUse,
    ) -> Option<Restriction> {
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
                window.follow(&told, heard, used)?;
                window
            }
            (Some(reset), None) => {
                let window = self.find(spoken.name, heard.sent);
                let left = remaining - float(used.taken_since);
                let until = heard.believed(heard.received.after(reset));
                window.keep(rest(left, until, None), heard);
                window
            }
            (None, limit) => {
                let window = self.find(spoken.name, heard.sent);
                window.keep(drained(limit, remaining, heard, used), heard);
                window
            }
        };
        window.restriction
    }

    /// Returns the window of this name, and adds it if it is new.
    fn find(&mut self, name: &str, sent: Instant) -> &mut RowWindow {
        let known = self.windows.iter().position(|it| *it.name == *name);
        let at = known.unwrap_or_else(|| {
            if self.windows.len() == MOST {
                let oldest = (0..MOST).min_by_key(|&at| self.windows[at].sent);
                self.windows.swap_remove(oldest.unwrap_or_default());
            }
            self.windows.push(RowWindow::new(name, sent));
            self.windows.len() - 1
        });
        &mut self.windows[at]
    }
}

#[cfg(test)]
mod tests;
