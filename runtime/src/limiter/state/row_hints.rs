//! Restrictions of one limit by what the server says about it, beside the limit's own bucket.

use crate::bucket::Shape;
use crate::learning::Observation;
use crate::learning::Pace;
use crate::learning::Routes;
use crate::learning::RowLearning;
use crate::learning::RowUse;
use crate::run_log::RunLog;
use crate::time::Instant;
use crate::time::Span;

/// Time for which tokens that were taken are remembered: no answer takes longer.
const REMEMBERED: Span = Span::from_secs(600);

/// Restrictions of one limit.
#[derive(Debug)]
pub(super) struct RowHints {
    learning: RowLearning,
    /// Tokens that were taken, once the server has said anything about the limit.
    taken: Option<RunLog>,
    /// Instant until which a refusal has closed the limit.
    closed_until: Instant,
}

impl RowHints {
    pub(super) const NONE: Self = Self {
        learning: RowLearning::NOTHING,
        taken: None,
        closed_until: Instant::EPOCH,
    };

    /// Returns the instant, from `now` on, at which the last of `tokens` can be taken.
    #[inline]
    pub(super) fn earliest(&self, tokens: u64, now: Instant) -> Instant {
        if tokens == 0 {
            return now;
        }
        let told = self.learning.earliest(0, tokens, now);
        told.max(self.closed_until).max(now)
    }

    /// Records that tokens are taken.
    #[inline]
    pub(super) fn take(&mut self, tokens: u64, now: Instant) {
        self.learning.take(tokens, now);
        if let Some(taken) = &mut self.taken {
            taken.take(tokens, now, REMEMBERED);
        }
    }

    /// Records that no request was sent with tokens that were taken at `since`.
    pub(super) fn give_back(&mut self, tokens: u64, since: Instant) {
        self.learning.give_back(tokens);
        if let Some(taken) = &mut self.taken {
            taken.give_back(tokens, since);
        }
    }

    /// Returns the tokens that the server has left, if it said so.
    pub(super) fn available(&self, now: Instant) -> Option<u64> {
        if self.closed_until > now {
            return Some(0);
        }
        self.learning.available(now)
    }

    /// Records what a response said about the limit at `row`, whose bucket has this shape and as many tokens `left`.
    pub(super) fn hear(
        &mut self,
        routes: &Routes<'_>,
        row: usize,
        heard: &Observation<'_>,
        (declared, left): (Shape, u64),
        now: Instant,
    ) {
        if !routes.concern(row) {
            return;
        }
        let used = RowUse {
            declared,
            left: Some(left),
            cost: 1,
            taken_since: self
                .taken
                .as_ref()
                .map_or(0, |it| it.taken_after(heard.sent)),
        };
        self.taken.get_or_insert_with(|| RunLog::new(u32::MAX));
        self.learning.hear(routes, row, heard, &used);
        self.age(now);
    }

    /// Returns the declared shape, slowed down to what the server says.
    pub(super) fn tighten(&self, declared: Shape) -> Shape {
        self.learning.tighten(declared)
    }

    /// Returns the instant until which the server's limit is used up, if it is.
    pub(super) fn closed_until(&self) -> Instant {
        let told = self.learning.closed_until();
        told.unwrap_or(Instant::EPOCH).max(self.closed_until)
    }

    /// Returns the pace that the server asks for at `now`.
    pub(super) fn pace(&self, now: Instant) -> Option<Pace> {
        self.learning.pace().filter(|pace| pace.until > now)
    }

    /// Doubts what is only a guess: a refusal has shown that it was wrong.
    pub(super) fn doubt(&mut self) {
        self.learning.doubt();
    }

    /// Closes the limit until `until`.
    pub(super) fn close(&mut self, until: Instant) {
        self.closed_until = self.closed_until.max(until);
    }

    /// Ends the restrictions whose time is over.
    pub(super) fn age(&mut self, now: Instant) {
        if self.learning.ages_at().is_some_and(|at| at <= now) {
            self.learning.age(now);
        }
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        *self = Self::NONE;
    }
}
